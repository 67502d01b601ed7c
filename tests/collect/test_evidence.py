"""Evidence beside the resources: each kind is asked for in few calls, is a gap when denied, and is never partial."""

from __future__ import annotations

import base64
import sys
from copy import deepcopy
from dataclasses import replace
from types import ModuleType

import pytest

from auditor.collect.aws import evidence
from auditor.collect.aws.evidence_request import EvidenceOptions, EvidenceRequest
from auditor.collect.aws.run import Run
from auditor.collect.aws.specs import SPECS
from auditor.model.snapshot import KINDS
from auditor.simulator import Fault
from auditor.studio.evidence_sources import EVIDENCE, EVIDENCE_SOURCES, ON_REQUEST, EvidenceSource, Stage

from .conftest import ACCOUNT, HOME, Collect
from .rich import KEY, RICH, SCRIPT, SECRET, only

#: Evidence → the operations that it needs, and the kinds that are lost with each.
OPERATIONS = {
    "sign-ins": {"LookupEvents": "sign_in"},
    "changes": {"LookupEvents": "studio_call"},
    "roles": {"GetAccountAuthorizationDetails": "role"},
    "identity-center": {"ListInstances": "identity_user", "ListUsers": "identity_user"},
    "assignments": {
        "GetApplicationAssignmentConfiguration": "assignment",
        "ListApplicationAssignments": "assignment",
        "ListGroupMemberships": "assignment",
    },
    "lifecycle-configs": {"ListStudioLifecycleConfigs": "lifecycle_config"},
    "partner-apps": {"ListPartnerApps": "partner_app"},
    "mlflow": {"ListMlflowTrackingServers": "mlflow_server", "ListMlflowApps": "mlflow_app"},
    "network": {
        "DescribeVpcs": "vpc",
        "DescribeSubnets": "subnet",
        "DescribeRouteTables": "route_table",
        "DescribeVpcEndpoints": "vpc_endpoint",
    },
    "security-groups": {"DescribeSecurityGroups": "security_group"},
    "flow-logs": {"DescribeFlowLogs": "flow_log"},
    "keys": {"DescribeKey": "kms_key"},
    "images": {"DescribeImageVersion": "image_version"},
    "account": {"DescribeTrails": "trail", "DescribeLogGroups": "log_group"},
    "alarms": {
        "ListRules": "event_rule",
        "ListTargetsByRule": "event_rule",
        "DescribeMetricFilters": "metric_filter",
        "DescribeAlarms": "metric_filter",
    },
    "cost-tags": {"ListCostAllocationTags": "cost_tag"},
    "quotas": {"ListServiceQuotas": "quota"},
}
LISTS = [
    (name, operation, kind)
    for name, lists in OPERATIONS.items()
    if name in EVIDENCE
    for operation, kind in lists.items()
]


def test_every_kind_of_evidence_has_its_operations_here() -> None:
    assert {*OPERATIONS, "permissions"} == {*EVIDENCE, *ON_REQUEST}
    kinds = {source.name: set(source.kinds) for source in EVIDENCE_SOURCES}
    for name, lists in OPERATIONS.items():
        assert set(lists.values()) == kinds[name]


@pytest.mark.parametrize(("name", "operation", "kind"), LISTS, ids=[operation for _, operation, _ in LISTS])
def test_what_is_denied_is_a_gap_and_takes_nothing_with_it(
    collected: Collect, name: str, operation: str, kind: str
) -> None:
    found = collected(RICH, faults=[Fault("access_denied", operation)])
    # Nobody knows which log groups trails write to that could not be listed.
    lost = ("metric_filter",) if operation == "DescribeTrails" else ()
    only(kind, found, operation, *lost)
    assert {g.reason for g in found.gaps} == {"access_denied"}
    # Nobody knows the role of a partner app that could not be listed.
    roles = 2 if operation == "ListPartnerApps" else 3
    whole = {"user_profile": 4, "domain": 2, "sign_in": 61, "role": roles, "identity_user": 2, "partner_app": 1,
             "mlflow_server": 1, "kms_key": 1, "vpc": 1, "subnet": 2, "flow_log": 1, "security_group": 2,
             "lifecycle_config": 1, "image_version": 1, "trail": 1, "log_group": 1, "cost_tag": 1,
             "quota": 1, "event_rule": 1, "metric_filter": 0 if lost else 1}  # fmt: skip
    for other, number in whole.items():
        if other != kind:
            assert sum(1 for r in found.snapshot.records if r.kind == other) == number, other


def test_what_is_not_asked_for_is_unknown_not_empty(collected: Collect) -> None:
    found = collected(RICH, evidence=("network",))
    assert set(found.snapshot.header.kinds) == {
        "account_region", "app", "domain", "space", "user_profile", "vpc", "subnet", "route_table", "vpc_endpoint",
    }  # fmt: skip
    assert found.gaps == ()
    called = {name.partition(":")[0] for name in found.simulator.calls}
    assert not called & {"iam", "cloudtrail", "logs", "identitystore", "sso-admin", "sso"}


def test_all_kinds_are_asked_for_unless_told_otherwise() -> None:
    on_request = {kind for source in EVIDENCE_SOURCES if source.on_request for kind in source.kinds}
    assert EvidenceOptions().kinds == frozenset(KINDS) - on_request


@pytest.mark.parametrize("source", EVIDENCE_SOURCES, ids=lambda s: s.name)
def test_a_source_calls_and_keeps_what_its_entry_names(collected: Collect, source: EvidenceSource) -> None:
    """The policy and the permissions page follow from the entry, and so does what is unknown without the source."""
    without = collected(RICH, evidence=()).snapshot
    found = collected(RICH, evidence=(source.name,)).snapshot
    called = {c.operation for c in found.coverage} - {c.operation for c in without.coverage}
    specs = [spec for spec in SPECS if spec.kind in source.kinds]
    lists = {o for spec in specs for o in (spec.list_operation, spec.describe_operation) if o}
    assert called == {action.partition(":")[2] for action in source.permissions} | lists
    kept = {r.kind for r in found.records} - {r.kind for r in without.records}
    assert kept <= set(source.kinds)
    assert kept, "the account has some of it"


def test_a_new_source_is_an_entry_and_a_function(collected: Collect, monkeypatch: pytest.MonkeyPatch) -> None:
    def collect(run: Run, request: EvidenceRequest) -> None:
        for region in request.regions:
            run.keep(region, request.kinds[0], "made-up", {})

    module = ModuleType("auditor.collect.aws.made_up")
    module.collect = collect
    monkeypatch.setitem(sys.modules, module.__name__, module)
    made_up = EvidenceSource("made-up", ("log_group",), "made_up", Stage.RESOURCES)
    monkeypatch.setattr(evidence, "EVIDENCE_SOURCES", (made_up,))
    assert collected(RICH, evidence=("made-up",)).ids("log_group") == {"made-up"}
    assert collected(RICH, evidence=("sign-ins",)).ids("log_group") == set()


def test_of_a_security_group_only_the_sources_are_kept(collected: Collect) -> None:
    """Groups of domains and of profiles; a rule's description is anybody's text."""
    found = collected(RICH, evidence=("security-groups",))
    groups = {r.document["GroupName"]: r.document for r in found.snapshot.records if r.kind == "security_group"}
    assert set(groups) == {"apps", "ana"}
    assert groups["apps"]["IpPermissions"] == [
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}],
         "Ipv6Ranges": [{"CidrIpv6": "fd00::/8"}], "PrefixListIds": []}
    ]  # fmt: skip
    assert all(set(document) == {"GroupId", "GroupName", "VpcId", "IpPermissions"} for document in groups.values())


def test_a_script_is_judged_and_not_kept(collected: Collect) -> None:
    """Neither its text nor its base64 is anywhere in the snapshot."""
    found = collected(RICH, evidence=("lifecycle-configs",))
    (config,) = [r.document for r in found.snapshot.records if r.kind == "lifecycle_config"]
    assert [(one["Check"], one["Line"]) for one in config["Script"]] == [("secret", 2)]
    assert "StudioLifecycleConfigContent" not in config
    whole = str([dict(r.document) for r in found.snapshot.records])
    assert SECRET not in whole
    assert base64.b64encode(SCRIPT.encode()).decode()[:40] not in whole


def test_keys_of_aws_are_not_asked_about(collected: Collect) -> None:
    """One call a key and Region; a key of another account that refuses takes no other with it."""
    estate = deepcopy(RICH)
    foreign = KEY.replace(ACCOUNT, "444455556666")
    keys = ["alias/studio", "alias/aws/elasticfilesystem", KEY, foreign]
    domains = [{"DomainName": f"n{n}", "AuthMode": "IAM", "vpc": "home", "KmsKeyId": key} for n, key in enumerate(keys)]
    estate.data["domains"].extend(domains)
    found = collected(estate, evidence=("keys",))
    assert found.simulator.calls["kms:DescribeKey"] == 3
    told = {"KeyManager": "CUSTOMER", "KeyState": "Enabled", "KeyRotationEnabled": True}
    assert found.record("kms_key", KEY).document == told
    assert found.ids("kms_key") == {KEY, "alias/studio"}
    assert [(g.resource_type, g.reason) for g in found.gaps] == [("kms_key", "access_denied")]


def test_an_aws_managed_key_by_its_arn(collected: Collect) -> None:
    estate = replace(RICH, data={**RICH.data, "aws_managed_keys": [KEY]})
    assert collected(estate, evidence=("keys",)).record("kms_key", KEY).document == {
        "KeyManager": "AWS", "KeyState": "Enabled",
    }  # fmt: skip


def test_a_rotation_that_is_refused_is_a_gap_of_the_key(collected: Collect) -> None:
    found = collected(RICH, evidence=("keys",), faults=[Fault("access_denied", "GetKeyRotationStatus")])
    assert found.record("kms_key", KEY).document == {"KeyManager": "CUSTOMER", "KeyState": "Enabled"}
    assert [(g.resource_id, g.setting, g.operation) for g in found.gaps] == [(KEY, "*", "GetKeyRotationStatus")]


def test_a_key_that_is_not_rotated(collected: Collect) -> None:
    estate = replace(RICH, data={**RICH.data, "keys_without_rotation": [KEY]})
    found = collected(estate, evidence=("keys",))
    assert found.record("kms_key", KEY).document["KeyRotationEnabled"] is False


def test_an_image_is_asked_about_once_and_one_that_is_gone_is_known_to_be(collected: Collect) -> None:
    """Of the account's own images only; what is named twice is one call."""
    arn = f"arn:aws:sagemaker:{HOME}:{{}}:image/{{}}"
    images = ["own", "gone"]
    listed = [{"ImageName": name, "AppImageConfigName": "x"} for name in images]
    specs = [arn.format(ACCOUNT, "own"), arn.format("885854791233", "sagemaker-distribution-cpu")]
    spaces = [
        {"SpaceName": f"s{n}", "owner": "ana", "app_type": "JupyterLab",
         "SpaceSettings": {"JupyterLabAppSettings": {"DefaultResourceSpec": {"SageMakerImageArn": image}}}}
        for n, image in enumerate(specs)
    ]  # fmt: skip
    settings = {"ExecutionRole": "role:team/studio", "JupyterLabAppSettings": {"CustomImages": listed}}
    domain = {"DomainName": "lab", "AuthMode": "IAM", "vpc": "home", "DefaultUserSettings": settings}
    estate = replace(RICH, data={**RICH.data, "domains": [{**domain, "profiles": ["ana"], "spaces": spaces}]})
    found = collected(estate, evidence=("images",))
    assert found.simulator.calls["sagemaker:DescribeImageVersion"] == 2
    assert found.record("image_version", "gone").document == {"ImageVersionStatus": "NOT_FOUND"}
    assert found.record("image_version", "own").document["BaseImage"].startswith(f"{ACCOUNT}.dkr.ecr.")
    assert found.gaps == ()
