"""Evidence beside the resources: each kind is asked for in few calls, is a gap when denied, and is never partial."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from auditor.collect.aws import CollectOptions, collect, evidence, sign_ins
from auditor.collect.aws.evidence import EVIDENCE, EvidenceOptions
from auditor.model.sign_ins import LoggedSignIns
from auditor.model.snapshot import GLOBAL, KINDS
from auditor.simulator import Fault, Simulator
from auditor.simulator.estate import Estate

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
        "identity_center": {"users": ["dora@acme.example", "emil@acme.example"]},
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
    monkeypatch.setattr(sign_ins, "_SECONDS_BETWEEN_CALLS", 0)


def _only(kind: str, found: Collected, operation: str) -> None:
    """The kind is lost, and nothing else is."""
    assert {(g.resource_type, g.resource_id, g.setting, g.operation) for g in found.gaps} == {
        (kind, "*", "*", operation)
    }
    assert found.record("account_region", HOME).gaps == (kind,)


def test_every_kind_of_evidence_has_its_operations_here() -> None:
    assert {*OPERATIONS, "permissions"} == set(EVIDENCE)
    for name, lists in OPERATIONS.items():
        assert set(lists.values()) == set(EVIDENCE[name])


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

    def test_more_pages_than_allowed_are_none_at_all(self, simulated: Callable[..., Simulator]) -> None:
        simulator = simulated(RICH)
        wanted = EvidenceOptions(("sign-ins",), max_pages=1)
        found = Collected(collect(CollectOptions(regions=(HOME,), evidence=wanted)), simulator)
        _only("sign_in", found, "LookupEvents")
        (gap,) = found.gaps
        assert gap.reason == "limit_reached"
        assert "--sign-in-pages" in gap.detail

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
        kept = sign_ins.trimmed(
            {
                "eventTime": "2026-01-01T00:00:00Z",
                "sourceIPAddress": "203.0.113.7",
                "userAgent": "console",
                "requestParameters": {"domainId": "d-1", "userProfileName": "ana", "landingUri": "secret"},
                "responseElements": {"authorizedUrl": "https://log-in"},
                "userIdentity": {"type": "IAMUser", "arn": "a", "accessKeyId": "ASIA", "userName": "ana",
                                 "sessionContext": {"sessionIssuer": {"arn": "r"}, "attributes": {"mfa": "x"}}},
            }
        )  # fmt: skip
        assert kept == {
            "eventTime": "2026-01-01T00:00:00Z",
            "errorCode": "",
            "userIdentity": {"type": "IAMUser", "arn": "a", "userName": "ana", "issuerArn": "r"},
            "requestParameters": {"domainId": "d-1", "userProfileName": "ana"},
        }

    def _logged(self, simulated: Callable[..., Simulator], begins: dict[tuple[str, str], datetime]) -> Collected:
        simulator = simulated(RICH)
        event = {
            "eventID": "e-1",
            "awsRegion": HOME,
            "recipientAccountId": ACCOUNT,
            "eventTime": "2026-01-01T00:00:00Z",
            "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/ana"},
            "requestParameters": {"domainId": "d-home", "userProfileName": "ana"},
        }
        elsewhere = {**event, "eventID": "e-2", "awsRegion": AWAY}
        logged = LoggedSignIns((event, elsewhere, {**event, "eventID": "e-3", "recipientAccountId": "1"}), begins)
        wanted = EvidenceOptions(("sign-ins",), days=30, logged=logged)
        return Collected(collect(CollectOptions(regions=(HOME,), evidence=wanted)), simulator)

    def test_log_files_stand_instead_of_the_api(self, simulated: Callable[..., Simulator]) -> None:
        found = self._logged(simulated, {(ACCOUNT, HOME): datetime.now(UTC) - timedelta(days=40)})
        assert found.ids("sign_in") == {"e-1"}
        assert found.gaps == ()
        assert found.simulator.calls["cloudtrail:LookupEvents"] == 0

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
        decided = {r["EvalActionName"]: r["EvalDecision"] for r in
                   found.record("permission", ROLE, GLOBAL).document["Results"]}  # fmt: skip
        assert decided["sagemaker:CreateTrainingJob"] == "allowed"
        assert FAR not in {r.id for r in found.snapshot.records if r.kind == "role"}

    def test_a_simulation_that_is_denied_is_a_gap_on_the_role(self, collected: Collect) -> None:
        found = collected(RICH, faults=[Fault("access_denied", "SimulatePrincipalPolicy")])
        assert {(g.resource_type, g.operation, g.reason, g.region) for g in found.gaps} == {
            ("permission", "SimulatePrincipalPolicy", "access_denied", GLOBAL)
        }
        assert ROLE in {g.resource_id for g in found.gaps}
        assert found.ids("permission", GLOBAL) == set()


class TestIdentityCenter:
    def test_only_ids_and_user_names_are_kept(self, collected: Collect) -> None:
        found = collected(RICH)
        records = [r for r in found.snapshot.records if r.kind == "identity_user"]
        assert {r.document["UserName"] for r in records} == {"dora@acme.example", "emil@acme.example"}
        assert all(set(r.document) == {"UserId", "UserName"} for r in records)

    def test_an_instance_that_is_nowhere_is_a_gap_that_says_what_to_do(
        self, simulated: Callable[..., Simulator], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        simulated(RICH)
        monkeypatch.setattr(evidence, "_find_store", lambda *_: ("", ""))
        snapshot = collect(CollectOptions(regions=(HOME,), evidence=EvidenceOptions(("identity-center",))))
        (gap,) = snapshot.gaps
        assert (gap.resource_type, gap.reason) == ("identity_user", "not_found")
        assert "--identity-store" in gap.detail

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
