"""Everything that an account holds is found, as the API gives it, however the pages are cut."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import boto3
import botocore
import pytest
import yaml

import auditor
import auditor.simulator.estate
from auditor.collect.aws import CollectOptions, collect
from auditor.collect.aws.answers import plain, rfc3339
from auditor.collect.aws.evidence_request import EvidenceOptions
from auditor.model.snapshot import GLOBAL, GLOBAL_KINDS, Scope, Snapshot
from auditor.simulator import Fault, Simulator
from auditor.simulator.estate import load_estate
from auditor.store.snapshot_file import encode
from auditor.studio.evidence_sources import EVIDENCE

from .conftest import ACCOUNT, AWAY, HOME, SMALL, Collect, by_key

ACME: dict[str, Any] = yaml.safe_load(
    (Path(auditor.simulator.estate.__file__).parent / "estates/acme.yaml").read_text(encoding="utf-8")
)
BOTH = (HOME, AWAY)


def _name(profile: str | dict[str, Any]) -> str:
    return profile if isinstance(profile, str) else profile["UserProfileName"]


def _app_id(domain: str, app: dict[str, Any]) -> str:
    owner = f"space/{app['space']}" if "space" in app else f"profile/{app['profile']}"
    return f"{domain}/{owner}/{app['type']}/{app.get('AppName', 'default')}"


def _expected(region: str) -> dict[str, set[str]]:
    """The ids of a region, by kind, read from the estate's YAML."""
    domains = [d for d in ACME["domains"] if d.get("region", HOME) == region]
    return {
        "domain": {d["id"] for d in domains},
        "user_profile": {f"{d['id']}/{_name(p)}" for d in domains for p in d["profiles"]},
        "space": {f"{d['id']}/{s['SpaceName']}" for d in domains for s in d["spaces"]},
        "app": {_app_id(d["id"], a) for d in domains for a in d["apps"]},
        "account_region": {region},
    }


@pytest.mark.parametrize("region", BOTH)
def test_all_of_acme_is_found(estate_snapshot: Callable[[str], Snapshot], region: str) -> None:
    snapshot = estate_snapshot("acme")
    for kind, ids in _expected(region).items():
        assert {r.id for r in snapshot.records if (r.kind, r.region) == (kind, region)} == ids
    names = {r.document["Name"] for r in snapshot.records if (r.kind, r.region) == ("partner_app", region)}
    assert names == {p["Name"] for p in ACME["partner_apps"] if p.get("region", HOME) == region}
    vpcs = {d["vpc"] for d in ACME["domains"] if d.get("region", HOME) == region}
    assert len([r for r in snapshot.records if (r.kind, r.region) == ("vpc", region)]) == len(vpcs)
    assert snapshot.gaps == ()
    assert {r.gaps for r in snapshot.records} == {()}
    assert len(by_key(snapshot)) == len(snapshot.records)


def test_tags_are_those_of_the_estate(estate_snapshot: Callable[[str], Snapshot]) -> None:
    """What has none has none, which is not the same as "not read"."""
    expected = {}
    for domain in ACME["domains"]:
        expected["domain", domain["id"]] = domain.get("Tags", [])
        for space in domain["spaces"]:
            expected["space", f"{domain['id']}/{space['SpaceName']}"] = space.get("Tags", [])
        for profile in domain["profiles"]:
            tags = profile.get("Tags", []) if isinstance(profile, dict) else []
            expected["user_profile", f"{domain['id']}/{_name(profile)}"] = tags
    assert {kind for (kind, _), tags in expected.items() if tags} == {"domain", "space", "user_profile"}
    for record in estate_snapshot("acme").records:
        if record.kind in ("domain", "space", "user_profile"):
            wanted = expected[record.kind, record.id]
            assert sorted(record.tags or ()) == sorted((t["Key"], t["Value"]) for t in wanted), record.id
            assert record.tags is not None
        elif record.kind == "app":
            assert record.tags == ()
        else:
            assert record.tags is None


def test_the_default_vpc_is_marked_by_ec2(estate_snapshot: Callable[[str], Snapshot]) -> None:
    snapshot = estate_snapshot("acme")
    vpcs = {r.id: r.document["IsDefault"] for r in snapshot.records if r.kind == "vpc"}
    for domain in (r for r in snapshot.records if r.kind == "domain"):
        (entry,) = (d for d in ACME["domains"] if d["id"] == domain.id)
        assert vpcs[domain.document["VpcId"]] == (entry["vpc"] == "default")


def test_the_header_says_what_was_looked_at(estate_snapshot: Callable[[str], Snapshot]) -> None:
    header = estate_snapshot("acme").header
    assert header.scopes == (Scope(ACCOUNT, HOME), Scope(ACCOUNT, AWAY))
    assert header.caller.split(":")[4] == ACCOUNT
    assert (header.source, header.unseen) == ("aws", ())
    assert (header.tool_version, header.botocore_version) == (auditor.__version__, botocore.__version__)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", header.as_of)
    age = datetime.now(UTC) - datetime.fromisoformat(header.as_of)
    assert 0 <= age.total_seconds() < 3600


def test_coverage_counts_the_calls(collected: Collect) -> None:
    found = collected()
    counted = {f"{c.operation}": c.calls for c in found.snapshot.coverage}
    served = {name.partition(":")[2]: calls for name, calls in found.simulator.calls.items()}
    assert counted == served
    assert counted["DescribeUserProfile"] == 3
    assert all((c.failed, c.retries, c.dropped, c.error) == (0, 0, 0, "") for c in found.snapshot.coverage)


# As the API gives it


def _json(value: Any) -> Any:
    """boto3's answer as a snapshot writes it, by another way than the collector's."""
    if isinstance(value, dict):
        return {k: _json(v) for k, v in value.items() if k != "ResponseMetadata"}
    if isinstance(value, list):
        return [_json(v) for v in value]
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value


def test_documents_are_what_the_api_answers(collected: Collect) -> None:
    found = collected("acme")
    studio, ec2 = boto3.client("sagemaker", HOME), boto3.client("ec2", HOME)
    summaries = {f"{s['DomainId']}/{s['SpaceName']}": _json(s) for s in studio.list_spaces(MaxResults=100)["Spaces"]}
    apps = [_json(a) for a in studio.list_apps(MaxResults=100)["Apps"]]
    partners = {p["Arn"]: _json(p) for p in studio.list_partner_apps(MaxResults=100)["Summaries"]}
    servers = {
        s["TrackingServerArn"]: _json(s) for s in studio.list_mlflow_tracking_servers()["TrackingServerSummaries"]
    }
    seen = set()
    for record in found.snapshot.records:
        domain, _, name = record.id.partition("/")
        document = dict(record.document)
        if record.kind == "domain":
            assert document == _json(studio.describe_domain(DomainId=domain))
        elif record.kind == "user_profile":
            assert document == _json(studio.describe_user_profile(DomainId=domain, UserProfileName=name))
        elif record.kind == "space":
            # The list's summary members stand behind those of the description.
            assert document == summaries[record.id] | _json(studio.describe_space(DomainId=domain, SpaceName=name))
        elif record.kind == "app":
            assert document in apps
        elif record.kind == "partner_app":
            # Of what the describe call answers beside the summary only what rules read is kept.
            answer = _json(studio.describe_partner_app(Arn=record.id))
            read = ("AuthType", "CurrentVersionEolDate", "EnableAutoMinorVersionUpgrade", "ExecutionRoleArn",
                    "KmsKeyId", "Tier", "Version")  # fmt: skip
            assert document == partners[record.id] | {name: answer[name] for name in read if name in answer}
        elif record.kind == "mlflow_server":
            name = document["TrackingServerName"]
            answer = _json(studio.describe_mlflow_tracking_server(TrackingServerName=name))
            read = ("ArtifactStoreUri", "RoleArn", "S3BucketOwnerAccountId", "S3BucketOwnerVerification")
            assert document == servers[record.id] | {name: answer[name] for name in read}
        elif record.kind == "vpc":
            assert document == _json(ec2.describe_vpcs(VpcIds=[record.id])["Vpcs"][0])
        elif record.kind == "subnet":
            assert document == _json(ec2.describe_subnets(SubnetIds=[record.id])["Subnets"][0])
        elif record.kind == "route_table":
            assert document == _json(ec2.describe_route_tables(RouteTableIds=[record.id])["RouteTables"][0])
        elif record.kind == "vpc_endpoint":
            assert document == _json(ec2.describe_vpc_endpoints(VpcEndpointIds=[record.id])["VpcEndpoints"][0])
        else:
            continue  # made of several answers, or trimmed on purpose
        seen.add(record.kind)
    resources = {"domain", "user_profile", "space", "app", "partner_app", "mlflow_server"}
    assert seen == resources | {"vpc", "subnet", "route_table", "vpc_endpoint"}


def test_names_keep_their_case(collected: Collect) -> None:
    """AWS compares them without case, but a document is kept as it is."""
    space = collected("acme").record("space", "d-research0001/aiko-caps")
    assert space.document["OwnershipSettings"] == {"OwnerUserProfileName": "AIKO-TANAKA"}


def test_absent_and_empty_are_kept_apart(collected: Collect) -> None:
    found = collected("acme")
    assert "UserSettings" not in found.record("user_profile", "d-quicksetup01/grace-hopper").document
    portal = found.record("user_profile", "d-research0001/dmitri-volkov").document["UserSettings"]
    assert portal["StudioWebPortalSettings"]["HiddenAppTypes"] == []


def test_times_are_rfc_3339_in_utc() -> None:
    moment = datetime.fromisoformat("2026-11-23T22:42:00+02:00")
    assert plain({"At": [moment]}) == {"At": ["2026-11-23T20:42:00Z"]}
    assert rfc3339(datetime(2026, 11, 23, 20, 42, 0, 5000)) == "2026-11-23T20:42:00.005000Z"


def test_a_domain_that_failed_is_collected(collected: Collect) -> None:
    estate = load_estate("generated:1x1")
    estate.data["domains"][0]["status"] = "Failed"
    found = collected(estate)
    (domain_id,) = found.ids("domain")
    assert found.record("domain", domain_id).document["Status"] == "Failed"
    assert len(found.ids("user_profile")) == 1
    assert found.gaps == ()


# However the pages are cut


@pytest.mark.parametrize(
    ("options", "size", "pages_each"),
    [
        ({"short_pages": 3}, 3, 1),
        ({"faults": [Fault("empty_page")]}, 100, 2),
        ({"short_pages": 20, "faults": [Fault("empty_page")]}, 20, 2),
    ],
    ids=["short", "empty", "short and empty"],
)
def test_short_and_empty_pages_lose_nothing(
    estate_snapshot: Callable[[str], Snapshot], collected: Collect, options: dict[str, Any], size: int, pages_each: int
) -> None:
    whole = by_key(estate_snapshot("acme"))
    found = collected("acme", regions=BOTH, **options)
    assert by_key(found.snapshot) == whole
    assert found.gaps == ()
    profiles = len(_expected(HOME)["user_profile"])
    assert found.coverage("ListUserProfiles").calls == math.ceil(profiles / size) * pages_each


def test_more_than_a_page_of_everything_is_found(collected: Collect) -> None:
    found = collected("generated:3x120")
    domains = {d["DomainName"]: d for d in load_estate("generated:3x120").data["domains"]}
    expected = set()
    for domain_id in found.ids("domain"):
        name = found.record("domain", domain_id).document["DomainName"]
        expected |= {f"{domain_id}/{p['UserProfileName']}" for p in domains[name]["profiles"]}
    assert len(expected) == 360
    assert found.ids("user_profile") == expected
    assert found.coverage("ListUserProfiles").calls == 4
    assert found.gaps == ()


def test_tags_of_more_than_a_page_are_found(collected: Collect) -> None:
    estate = load_estate("generated:1x130")
    for profile in estate.data["domains"][0]["profiles"]:
        profile["Tags"] = [{"Key": "name", "Value": profile["UserProfileName"]}]
    found = collected(estate)
    tags = {r.document["UserProfileName"]: r.tags for r in found.snapshot.records if r.kind == "user_profile"}
    assert tags == {name: (("name", name),) for name in tags}
    assert len(tags) == 130
    assert found.coverage("GetResources").calls == 2


def test_tags_are_found_whatever_the_case_of_a_name(collected: Collect) -> None:
    """ARNs hold names and app types in lower case, documents as they were given."""
    estate = load_estate("generated:1x0")
    tags = {"Tags": [{"Key": "team", "Value": "Lab"}]}
    estate.data["domains"][0] |= {
        "profiles": [{"UserProfileName": "AnaMaria", **tags}],
        "spaces": [{"SpaceName": "NightLab", **tags}],
        "apps": [{"space": "NightLab", "type": "JupyterLab", "AppName": "Default", **tags}],
    }
    found = collected(estate)
    (domain,) = found.ids("domain")
    for kind, name in (
        ("user_profile", "AnaMaria"),
        ("space", "NightLab"),
        ("app", "space/NightLab/JupyterLab/Default"),
    ):
        assert found.record(kind, f"{domain}/{name}").tags == (("team", "Lab"),)


def _lines(snapshot: Snapshot) -> list[bytes]:
    """But for its header, its end, and how often a call was tried again, which a busy machine decides."""
    coverage = tuple(replace(c, retries=0) for c in snapshot.coverage)
    return [*encode(replace(snapshot, records=tuple(by_key(snapshot).values()), coverage=coverage))][1:-1]


def test_two_runs_give_the_same_lines(collected: Collect) -> None:
    """Threads finish in any order; the file does not show it, but for the moments in its header and of its regions."""
    first = collected("acme", regions=BOTH).snapshot
    again = collect(CollectOptions(regions=BOTH))
    other_order = collect(CollectOptions(regions=BOTH[::-1], concurrency=1))
    assert _lines(again) == _lines(first)
    assert by_key(other_order) == by_key(first)
    assert other_order.header.scopes == first.header.scopes


def test_the_simulated_account_is_the_same_every_time(
    estate_snapshot: Callable[[str], Snapshot], collected: Collect
) -> None:
    whole = by_key(estate_snapshot("acme"))
    assert by_key(collected("acme", regions=BOTH).snapshot) == whole


# Which regions


def test_only_the_regions_that_were_asked_for(collected: Collect) -> None:
    found = collected(regions=(AWAY,))
    assert found.snapshot.header.scopes == (Scope(ACCOUNT, AWAY),)
    assert {r.region for r in found.snapshot.records} == {AWAY, GLOBAL}
    assert {r.kind for r in found.snapshot.records if r.region == GLOBAL} <= set(GLOBAL_KINDS)


def test_no_region_is_the_default_one(collected: Collect) -> None:
    assert collected(regions=()).snapshot.header.scopes == (Scope(ACCOUNT, HOME),)


def test_a_region_named_twice_is_collected_once(collected: Collect) -> None:
    found = collected(regions=(HOME, HOME))
    assert found.snapshot.header.scopes == (Scope(ACCOUNT, HOME),)
    assert found.coverage("ListDomains").calls == 1


def test_a_region_needs_no_default_one(simulated: Callable[..., Simulator], monkeypatch: pytest.MonkeyPatch) -> None:
    simulated(SMALL)
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert collect(CollectOptions(regions=(AWAY,))).header.scopes == (Scope(ACCOUNT, AWAY),)


def test_all_regions_are_those_that_the_account_has_enabled(collected: Collect) -> None:
    found = collected(regions=("all",))
    regions = boto3.client("ec2", HOME).describe_regions()["Regions"]
    enabled = {r["RegionName"] for r in regions if r["OptInStatus"] != "not-opted-in"}
    assert len(enabled) < len(regions)
    session = boto3.Session()
    sagemaker = {r for p in session.get_available_partitions() for r in session.get_available_regions("sagemaker", p)}
    assert {s.region for s in found.snapshot.header.scopes} == enabled & sagemaker
    assert found.ids("domain", HOME) == {"d-home"}
    assert found.ids("domain", AWAY) == {"d-away"}


def test_a_region_without_domains_costs_one_call(collected: Collect) -> None:
    """Everything lies in a domain; what its evidence would say is unknown, and nothing was lost."""
    found = collected("generated:0x0", evidence=EVIDENCE)
    assert [(r.kind, r.id) for r in found.snapshot.records] == [("account_region", HOME)]
    assert found.coverage("ListDomains").calls == 1
    assert [c.operation for c in found.snapshot.coverage] == ["GetCallerIdentity", "ListDomains"]
    assert found.gaps == ()
    left_out = {"sign_in", "trail", "log_group", "lifecycle_config", "partner_app", "mlflow_server", "mlflow_app"}
    left_out |= {"cost_tag", "quota", "event_rule", "metric_filter"}
    assert set(found.record("account_region", HOME, HOME).gaps) == left_out


def test_progress_grows_to_the_total(simulated: Callable[..., Simulator]) -> None:
    simulated(SMALL)
    told: list[tuple[int, int]] = []

    class Listener:
        def advance(self, stage: str, done: int, total: int) -> None:
            told.append((done, total))

    collect(CollectOptions(regions=BOTH, evidence=EvidenceOptions(names=())), Listener())
    assert all(a[0] < b[0] for a, b in pairwise(told))
    # Four lists, tags, a domain, three profiles and a space to describe, in each region.
    assert told[-1] == (20, 20)


def test_identity_center_is_only_asked_where_a_domain_signs_in_with_it(collected: Collect) -> None:
    """An account without Identity Center lacks nothing, so it must not have a gap for it."""
    found = collected()
    assert "sso-admin:ListInstances" not in found.simulator.calls
    assert found.gaps == ()
    estate = load_estate("generated:1x0")
    estate.data["domains"][0]["AuthMode"] = "SSO"
    assert collected(estate).simulator.calls["sso-admin:ListInstances"] == 1
    # What could not be described may sign in with it.
    found = collected(faults=[Fault("access_denied", "DescribeDomain")])
    assert found.simulator.calls["sso-admin:ListInstances"] == 1
