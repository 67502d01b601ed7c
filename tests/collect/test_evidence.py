"""Evidence beside the resources: each kind is asked for in few calls, is a gap when denied, and is never partial."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from auditor.collect.aws import CollectOptions, collect, identity_center, sign_in_events
from auditor.collect.aws.answers import rfc3339
from auditor.collect.aws.evidence import EVIDENCE, EvidenceOptions
from auditor.model.sign_ins import LoggedSignIns
from auditor.model.snapshot import GLOBAL, KINDS, Snapshot
from auditor.simulator import Fault, Simulator
from auditor.simulator.estate import Estate
from auditor.simulator.surroundings import INSTANCE
from auditor.studio.evidence_sources import EVIDENCE_SOURCES

from .conftest import ACCOUNT, AWAY, HOME, Collect, Collected

FAR = "arn:aws:iam::999999999999:role/far"
#: A domain of each kind of sign-in, and everything that evidence is about.
RICH = Estate(
    "rich",
    ACCOUNT,
    HOME,
    {
        "region": HOME,
        "vpcs": {"home": {"public": True}},
        "roles": [
            {"name": "team/studio", "managed": ["AmazonSageMakerFullAccess"],
             "inline": {"own": {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}},
             "customer": {"shared": {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}}},
            "bystander",
        ],
        "missing_roles": ["gone"],
        "domains": [
            {
                "DomainName": "home", "id": "d-home", "AuthMode": "IAM", "vpc": "home",
                "Tags": [{"Key": "team", "Value": "data"}],
                "DefaultUserSettings": {"ExecutionRole": "role:team/studio"},
                "DefaultSpaceSettings": {"ExecutionRole": "role:spaces"},
                "profiles": [
                    "ana",
                    {"UserProfileName": "ben", "role": "gone"},
                    {"UserProfileName": "cleo", "UserSettings": {"ExecutionRole": FAR}},
                ],
                "sign_ins": [{"profile": "ana", "by": "user/ana", "times": 60}, {"profile": "ben", "by": "user/ben"}],
            },
            {
                "DomainName": "sso", "id": "d-sso", "AuthMode": "SSO", "vpc": "home",
                "profiles": [{"UserProfileName": "dora", "sso": "dora@acme.example"}],
            },
        ],
        "partner_apps": [{"Name": "comet", "Type": "comet"}],
        "mlflow": [{"TrackingServerName": "runs", "ArtifactStoreUri": "s3://b/a", "RoleArn": "role:team/studio"}],
        "identity_center": {"users": ["dora@acme.example", {"name": "emil@acme.example", "disabled": True}]},
        "trails": [{"name": "home", "multi_region": False}],
        "log_groups": [{"days": 30}],
    },
)  # fmt: skip
#: Evidence → the operations that it needs, and the kinds that are lost with each.
OPERATIONS = {
    "sign-ins": {"LookupEvents": "sign_in"},
    "roles": {"GetAccountAuthorizationDetails": "role"},
    "identity-center": {"ListInstances": "identity_user", "ListUsers": "identity_user"},
    "partner-apps": {"ListPartnerApps": "partner_app"},
    "mlflow": {"ListMlflowTrackingServers": "mlflow_server", "ListMlflowApps": "mlflow_app"},
    "network": {"DescribeVpcs": "vpc", "DescribeSubnets": "subnet", "DescribeRouteTables": "route_table"},
    "account": {"DescribeTrails": "trail", "DescribeLogGroups": "log_group"},
}
LISTS = [(name, operation, kind) for name, lists in OPERATIONS.items() for operation, kind in lists.items()]
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/studio"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """CloudTrail's quota is not the simulated account's."""
    monkeypatch.setattr(sign_in_events, "_SECONDS_BETWEEN_CALLS", 0)


def _only(kind: str, found: Collected, operation: str) -> None:
    """The kind is lost, and nothing else is."""
    assert {(g.resource_type, g.resource_id, g.setting, g.operation) for g in found.gaps} == {
        (kind, "*", "*", operation)
    }
    assert found.record("account_region", HOME).gaps == (kind,)


def test_every_kind_of_evidence_has_its_operations_here() -> None:
    assert {*OPERATIONS, "permissions"} == set(EVIDENCE)
    kinds = {source.name: set(source.kinds) for source in EVIDENCE_SOURCES}
    for name, lists in OPERATIONS.items():
        assert set(lists.values()) == kinds[name]


@pytest.mark.parametrize(("name", "operation", "kind"), LISTS, ids=[operation for _, operation, _ in LISTS])
def test_what_is_denied_is_a_gap_and_takes_nothing_with_it(
    collected: Collect, name: str, operation: str, kind: str
) -> None:
    found = collected(RICH, faults=[Fault("access_denied", operation)])
    _only(kind, found, operation)
    assert {g.reason for g in found.gaps} == {"access_denied"}
    whole = {"user_profile": 4, "domain": 2, "sign_in": 61, "role": 2, "identity_user": 2, "partner_app": 1,
             "mlflow_server": 1, "vpc": 1, "subnet": 2, "trail": 1, "log_group": 1}  # fmt: skip
    for other, number in whole.items():
        if other != kind:
            assert sum(1 for r in found.snapshot.records if r.kind == other) == number, other


def test_what_is_not_asked_for_is_unknown_not_empty(collected: Collect) -> None:
    found = collected(RICH, evidence=("network",))
    assert set(found.snapshot.header.kinds) == {
        "account_region", "app", "domain", "space", "user_profile", "vpc", "subnet", "route_table",
    }  # fmt: skip
    assert found.gaps == ()
    called = {name.partition(":")[0] for name in found.simulator.calls}
    assert not called & {"iam", "cloudtrail", "logs", "identitystore", "sso-admin", "sso"}


def test_all_kinds_are_asked_for_unless_told_otherwise() -> None:
    assert EvidenceOptions().kinds == frozenset(KINDS)


class TestSignIns:
    def test_every_page_is_read(self, collected: Collect) -> None:
        found = collected(RICH)
        assert len(found.ids("sign_in")) == 61
        assert found.coverage("LookupEvents").calls == 2

    def test_what_was_read_before_the_limit_is_kept(self, simulated: Callable[..., Simulator]) -> None:
        """Two people are two people, however many events there are beside."""
        simulator = simulated(RICH)
        wanted = EvidenceOptions(("sign-ins",), max_pages=1)
        found = Collected(collect(CollectOptions(regions=(HOME,), evidence=wanted)), simulator)
        _only("sign_in", found, "LookupEvents")
        (gap,) = found.gaps
        assert gap.reason == "limit_reached"
        assert "--sign-in-pages" in gap.detail
        assert len(found.ids("sign_in")) == 50
        # All that happened since the oldest of them is known.
        oldest = min(str(r.document["eventTime"]) for r in found.snapshot.records if r.kind == "sign_in")
        assert found.record("account_region", HOME).document[sign_in_events.KNOWN_SINCE] == oldest

    def _again(self, earlier: Snapshot, **options: Any) -> Snapshot:
        """A later audit that knows the earlier one."""
        wanted = EvidenceOptions(("sign-ins",), **options)
        before = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
        known = replace(earlier, header=replace(earlier.header, as_of=rfc3339(before)))
        return collect(CollectOptions(regions=(HOME,), evidence=wanted, previous=lambda *_: [known]))

    def test_events_are_carried_over_and_only_newer_ones_read(self, simulated: Callable[..., Simulator]) -> None:
        simulator = simulated(RICH)
        first = collect(CollectOptions(regions=(HOME,), evidence=EvidenceOptions(("sign-ins",))))
        before = simulator.calls["cloudtrail:LookupEvents"]
        again = self._again(first)
        assert simulator.calls["cloudtrail:LookupEvents"] - before == 1
        events = [{r.id for r in s.records if r.kind == "sign_in"} for s in (first, again)]
        assert events[0] == events[1]
        assert len(events[0]) == 61
        assert again.gaps == ()

    def test_what_is_older_than_the_window_is_not_carried_over(self, simulated: Callable[..., Simulator]) -> None:
        simulated(RICH)
        first = collect(CollectOptions(regions=(HOME,), evidence=EvidenceOptions(("sign-ins",))))
        assert [r for r in self._again(first, days=1).records if r.kind == "sign_in"] == []

    def test_what_an_earlier_audit_left_out_is_read_later(self, simulated: Callable[..., Simulator]) -> None:
        """Each audit comes further back, until the window is whole."""
        simulated(RICH)
        first = collect(CollectOptions(regions=(HOME,), evidence=EvidenceOptions(("sign-ins",), max_pages=1)))
        assert len(first.gaps) == 1
        second = self._again(first, max_pages=2)
        assert second.gaps == ()
        assert len([r for r in second.records if r.kind == "sign_in"]) == 61

    def test_an_audit_that_reads_nothing_keeps_what_was_known(self, simulated: Callable[..., Simulator]) -> None:
        simulated(RICH)
        first = collect(CollectOptions(regions=(HOME,), evidence=EvidenceOptions(("sign-ins",))))
        simulated(RICH, faults=[Fault("access_denied", "LookupEvents")])
        second = self._again(first)
        assert [g.reason for g in second.gaps] == ["access_denied"]
        assert len([r for r in second.records if r.kind == "sign_in"]) == 61
        known = [
            next(r for r in s.records if r.kind == "account_region").document[sign_in_events.KNOWN_UNTIL]
            for s in (first, second)
        ]
        assert known[0] == known[1]

    def test_the_window_is_asked_for(self, simulated: Callable[..., Simulator]) -> None:
        simulated("acme")
        counts = [
            sum(1 for r in collect(
                CollectOptions(regions=(HOME,), evidence=EvidenceOptions(("sign-ins",), days=days))
            ).records if r.kind == "sign_in")
            for days in (90, 30)
        ]  # fmt: skip
        assert counts[0] > counts[1] > 0

    def test_nothing_that_logs_in_or_locates_is_kept(self) -> None:
        kept = sign_in_events.trimmed(
            {
                "eventTime": "2026-01-01T00:00:00Z",
                "sourceIPAddress": "203.0.113.7",
                "userAgent": "Boto3/1.40 md/Botocore#1.40 exec-env/AWS_Lambda_python3.12 m/Z",
                "requestParameters": {"domainId": "d-1", "userProfileName": "ana", "landingUri": "secret"},
                "responseElements": {"authorizedUrl": "https://log-in"},
                "userIdentity": {"type": "IAMUser", "arn": "a", "accessKeyId": "ASIA", "userName": "ana",
                                 "sessionContext": {"sessionIssuer": {"arn": "r"}, "attributes": {"mfa": "x"},
                                                    "sourceIdentity": "wes"}},
            }
        )  # fmt: skip
        assert kept == {
            "eventTime": "2026-01-01T00:00:00Z",
            "errorCode": "",
            "userIdentity": {
                "type": "IAMUser",
                "arn": "a",
                "userName": "ana",
                "issuerArn": "r",
                "sourceIdentity": "wes",
                "executionEnvironment": "AWS_Lambda_python3.12",
            },
            "requestParameters": {"domainId": "d-1", "userProfileName": "ana"},
        }

    def _logged(
        self, simulated: Callable[..., Simulator], begins: dict[tuple[str, str], datetime],
        reach: dict[str, datetime] | None = None, earlier: Snapshot | None = None,
    ) -> Collected:  # fmt: skip
        simulator = simulated(RICH)
        event = {
            "eventID": "e-1",
            "awsRegion": HOME,
            "recipientAccountId": ACCOUNT,
            "eventTime": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/ana"},
            "requestParameters": {"domainId": "d-home", "userProfileName": "ana"},
        }
        elsewhere = {**event, "eventID": "e-2", "awsRegion": AWAY}
        events = (event, elsewhere, {**event, "eventID": "e-3", "recipientAccountId": "1"})
        self.asked: list[tuple[str, Sequence[str], datetime]] = []

        def source(account: str, regions: Sequence[str], since: datetime) -> LoggedSignIns:
            self.asked.append((account, tuple(regions), since))
            return LoggedSignIns(events, begins, reach or {})

        wanted = EvidenceOptions(("sign-ins",), days=30, logged=source)
        previous = None if earlier is None else lambda *_: [earlier]
        return Collected(collect(CollectOptions(regions=(HOME,), evidence=wanted, previous=previous)), simulator)

    def test_log_files_stand_instead_of_the_api(self, simulated: Callable[..., Simulator]) -> None:
        found = self._logged(simulated, {(ACCOUNT, HOME): datetime.now(UTC) - timedelta(days=40)})
        assert found.ids("sign_in") == {"e-1"}
        assert found.gaps == ()
        assert found.simulator.calls["cloudtrail:LookupEvents"] == 0

    def test_log_files_are_read_for_the_account_and_its_regions(self, simulated: Callable[..., Simulator]) -> None:
        long = datetime.now(UTC) - timedelta(days=40)
        first = self._logged(simulated, {(ACCOUNT, HOME): long})
        ((account, regions, since),) = self.asked
        assert (account, regions) == (ACCOUNT, (HOME,))
        assert abs(datetime.now(UTC) - timedelta(days=30) - since) < timedelta(minutes=1)
        # The next night only what is newer is read, and files of any region show that the trail goes on.
        minute = timedelta(minutes=1)
        before = replace(first.snapshot.header, as_of=rfc3339(datetime.now(UTC).replace(microsecond=0) - minute))
        earlier = replace(first.snapshot, header=before)
        second = self._logged(simulated, {(ACCOUNT, AWAY): datetime.now(UTC)}, earlier=earlier)
        assert self.asked[0][2] > datetime.now(UTC) - timedelta(days=1, minutes=5)
        assert second.gaps == ()
        assert second.ids("sign_in") == {"e-1"}

    def test_a_silent_region_of_a_trail_for_all_regions_is_no_gap(self, simulated: Callable[..., Simulator]) -> None:
        long, late = (datetime.now(UTC) - timedelta(days=d) for d in (40, 3))
        assert self._logged(simulated, {(ACCOUNT, AWAY): long}, {ACCOUNT: long}).gaps == ()
        assert self._logged(simulated, {(ACCOUNT, HOME): late}, {ACCOUNT: long}).gaps == ()

    def test_log_files_that_begin_too_late_are_a_gap(self, simulated: Callable[..., Simulator]) -> None:
        found = self._logged(simulated, {(ACCOUNT, HOME): datetime.now(UTC) - timedelta(days=10, hours=1)})
        _only("sign_in", found, "--cloudtrail-logs")
        assert "--sign-in-days 10" in found.gaps[0].detail

    def test_log_files_of_another_region_are_a_gap(self, simulated: Callable[..., Simulator]) -> None:
        found = self._logged(simulated, {(ACCOUNT, AWAY): datetime.now(UTC) - timedelta(days=90)})
        _only("sign_in", found, "--cloudtrail-logs")


class TestRoles:
    def test_roles_in_use_are_read_in_one_call(self, collected: Collect) -> None:
        """Whatever the number of profiles; roles that nobody uses, of another account, or gone are not there."""
        found = collected(RICH)
        assert found.ids("role", GLOBAL) == {ROLE, f"arn:aws:iam::{ACCOUNT}:role/spaces"}
        assert found.coverage("GetAccountAuthorizationDetails").calls == 1
        document: Any = found.record("role", ROLE, GLOBAL).document
        assert [p["PolicyName"] for p in document["RolePolicyList"]] == ["own"]
        assert sorted(p["PolicyName"] for p in document["AttachedManagedPolicies"]) == [
            "AmazonSageMakerFullAccess", "shared",
        ]  # fmt: skip
        (own,) = document["LocalPolicyDocuments"].values()
        assert own["Statement"][0]["Action"] == "*"
        trust = json.dumps(document["AssumeRolePolicyDocument"])
        assert "sagemaker.amazonaws.com" in trust

    def test_permissions_are_asked_once_a_role(self, collected: Collect) -> None:
        """Two calls a role of a profile; a role that is gone permits nothing, another account's cannot be asked."""
        found = collected(RICH)
        gone = f"arn:aws:iam::{ACCOUNT}:role/gone"
        assert {ROLE, gone} <= found.ids("permission", GLOBAL)
        assert found.record("permission", gone, GLOBAL).document["Results"] == []
        assert found.simulator.calls["iam:SimulatePrincipalPolicy"] <= 2 * 3
        decided = {r["EvalActionName"]: r for r in found.record("permission", ROLE, GLOBAL).document["Results"]}
        ((one,),) = [r["ResourceSpecificResults"] for a, r in decided.items() if a == "sagemaker:CreateTrainingJob"]
        assert one["EvalResourceDecision"] == "allowed"
        assert one["EvalResourceName"].startswith(f"arn:aws:sagemaker:{HOME}:{ACCOUNT}:training-job/")
        assert one["MissingContextValues"] == []
        assert FAR not in {r.id for r in found.snapshot.records if r.kind == "role"}

    def test_a_simulation_that_is_denied_is_a_gap_on_the_role(self, collected: Collect) -> None:
        found = collected(RICH, faults=[Fault("access_denied", "SimulatePrincipalPolicy")])
        assert {(g.resource_type, g.operation, g.reason, g.region) for g in found.gaps} == {
            ("permission", "SimulatePrincipalPolicy", "access_denied", GLOBAL)
        }
        assert ROLE in {g.resource_id for g in found.gaps}
        assert found.ids("permission", GLOBAL) == set()


class TestIdentityCenter:
    def test_only_ids_user_names_and_status_are_kept(self, collected: Collect) -> None:
        found = collected(RICH)
        records = [r for r in found.snapshot.records if r.kind == "identity_user"]
        assert {r.document["UserName"]: r.document["UserStatus"] for r in records} == {
            "dora@acme.example": "ENABLED", "emil@acme.example": "DISABLED",
        }  # fmt: skip
        assert all(set(r.document) == {"UserId", "UserName", "UserStatus", "Instance"} for r in records)
        assert {r.document["Instance"] for r in records} == {INSTANCE}
        assert found.record("account_region", HOME).document["IdentityCenterInstances"] == [INSTANCE]

    def _instances(self, simulated: Callable[..., Simulator], *names: str, status: str = "ACTIVE") -> Snapshot:
        """The account's own store under the last name; the others are of other accounts, and empty."""
        import moto.backends as moto_backends
        from moto.ssoadmin.models import Instance

        simulated(RICH)
        backend: Any = moto_backends.get_backend("sso-admin")[ACCOUNT][HOME]
        (own,) = backend.instances
        others = [Instance(ACCOUNT, HOME) for _ in names[:-1]]
        for instance, name in zip([*others, own], names, strict=True):
            instance.instance_arn = f"arn:aws:sso:::instance/{name}"
        own.status = status
        backend.instances[:] = [*others, own]
        return collect(CollectOptions(regions=(HOME,), evidence=EvidenceOptions(("identity-center",))))

    def test_the_domains_own_instance_is_read_whatever_comes_first(self, simulated: Callable[..., Simulator]) -> None:
        snapshot = self._instances(simulated, "ssoins-aaaa", INSTANCE)
        assert snapshot.gaps == ()
        assert {r.document["Instance"] for r in snapshot.records if r.kind == "identity_user"} == {INSTANCE}

    def test_an_instance_that_is_nowhere_is_a_gap_that_says_what_to_do(
        self, simulated: Callable[..., Simulator]
    ) -> None:
        snapshot = self._instances(simulated, "ssoins-aaaa", "ssoins-bbbb")
        (gap,) = snapshot.gaps
        assert (gap.resource_type, gap.reason) == ("identity_user", "not_found")
        assert INSTANCE in gap.detail
        assert "--identity-store" in gap.detail
        (region,) = (r for r in snapshot.records if r.kind == "account_region")
        assert region.document["IdentityCenterInstances"] == []

    @pytest.mark.parametrize(
        ("names", "status", "read"),
        [
            (("ssoins-a",), "ACTIVE", [""]),
            (("ssoins-a", "ssoins-b"), "ACTIVE", []),
            (("ssoins-a",), "CREATE_FAILED", []),
        ],
    )
    def test_a_domain_that_names_none_has_the_only_one(
        self, simulated: Callable[..., Simulator], monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], status: str,
        read: list[str],
    ) -> None:  # fmt: skip
        monkeypatch.setattr(identity_center, "_INSTANCE", re.compile("names none"))
        snapshot = self._instances(simulated, *names, status=status)
        assert [g.reason for g in snapshot.gaps] == ([] if read else ["not_found"])
        (region,) = (r for r in snapshot.records if r.kind == "account_region")
        assert region.document["IdentityCenterInstances"] == read

    def test_a_store_that_is_named_is_asked_without_looking_for_it(self, simulated: Callable[..., Simulator]) -> None:
        simulator = simulated(RICH)
        store = boto3.client("sso-admin", region_name=HOME).list_instances()["Instances"][0]["IdentityStoreId"]
        before = simulator.calls["sso:ListInstances"]
        wanted = EvidenceOptions(("identity-center",), identity_store=f"{store}@{HOME}")
        snapshot = collect(CollectOptions(regions=(HOME,), evidence=wanted))
        assert sum(1 for r in snapshot.records if r.kind == "identity_user") == 2
        assert (before, simulator.calls["sso:ListInstances"]) == (1, 1)


class TestAccount:
    def test_trails_come_with_their_status_and_selectors(self, collected: Collect) -> None:
        found = collected(RICH)
        (trail,) = (r for r in found.snapshot.records if r.kind == "trail")
        assert trail.document["Status"] == {"IsLogging": True}
        assert trail.document["Selectors"]["EventSelectors"][0]["IncludeManagementEvents"] is True

    def test_a_trail_that_does_not_tell_leaves_the_others(self, collected: Collect) -> None:
        found = collected(RICH, faults=[Fault("access_denied", "GetEventSelectors")])
        (gap,) = found.gaps
        assert (gap.resource_type, gap.operation) == ("trail", "GetEventSelectors")
        (trail,) = (r for r in found.snapshot.records if r.kind == "trail")
        assert trail.gaps == ("Selectors",)
        assert found.record("account_region", HOME).gaps == ()

    def test_a_trail_that_refuses_is_no_gap_where_another_records(self, collected: Collect) -> None:
        """An organisation's trail refuses GetTrailStatus to its member accounts; the account's own trail counts."""
        two = Estate("two", ACCOUNT, HOME, {**RICH.data, "trails": [{"name": "organisation"}, {"name": "own"}]})
        found = collected(two, faults=[Fault("access_denied", "GetTrailStatus", match="organisation")])
        assert found.gaps == ()
        gaps = {r.document["Name"]: r.gaps for r in found.snapshot.records if r.kind == "trail"}
        assert gaps == {"organisation": ("Status",), "own": ()}
        off = {"trails": [{"name": "organisation"}, {"name": "own", "logging": False}]}
        found = collected(
            Estate("off", ACCOUNT, HOME, {**RICH.data, **off}),
            faults=[Fault("access_denied", "GetTrailStatus", match="organisation")],
        )
        assert [g.operation for g in found.gaps] == ["GetTrailStatus"]

    def test_only_studios_log_group_is_asked_for(self, collected: Collect) -> None:
        (group,) = (r for r in collected(RICH).snapshot.records if r.kind == "log_group")
        assert group.document["retentionInDays"] == 30
