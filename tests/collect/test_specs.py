"""What is collected, as data, held against botocore's own model of the services; and the policy computed from it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.model import OperationModel, ServiceModel

from auditor.collect.aws import CollectOptions, collect, permissions
from auditor.collect.aws.evidence_request import EvidenceOptions
from auditor.collect.aws.specs import OTHER_PERMISSIONS, SPECS, Spec, app_tag_path
from auditor.model.snapshot import KINDS
from auditor.simulator import Simulator
from auditor.simulator.estate import load_estate
from auditor.studio.evidence_sources import EVIDENCE_KINDS, EVIDENCE_SOURCES

from .conftest import AWAY, HOME
from .rich import IMAGE

#: IAM's name for a service where it is not the one in the call counter.
IAM_NAMES = {"tagging": "tag", "sso-admin": "sso", "service-quotas": "servicequotas"}
#: botocore's name for a service of the policy, where it is not IAM's.
BOTOCORE_NAMES = {"tag": "resourcegroupstaggingapi", "sso": "sso-admin", "servicequotas": "service-quotas"}
#: Actions that only read, though their names do not say so: access level "Read" in the service authorization reference
#: (CloudTrail, IAM). The design asks for both by name (3-aws.md: sign-ins, permissions).
READS = {"cloudtrail:LookupEvents", "iam:SimulatePrincipalPolicy"}
#: Calls that AWS lets everyone make.
FREE = {"sts:GetCallerIdentity"}

every_spec = pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.kind)
described = pytest.mark.parametrize("spec", [s for s in SPECS if s.describe_operation], ids=lambda s: s.kind)


@cache
def _service(name: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(name)


def _operation(spec: Spec, name: str) -> OperationModel:
    model = _service(spec.service)
    assert name in model.operation_names
    return model.operation_model(name)


def _item(spec: Spec) -> Any:
    """The shape of one entry of the list."""
    result = _operation(spec, spec.list_operation).output_shape.members[spec.result]
    assert result.type_name == "list"
    return result.member


def _actions() -> set[str]:
    (statement,) = permissions()["Statement"]
    return set(statement["Action"])


@every_spec
def test_the_list_covers_a_whole_region_page_by_page(spec: Spec) -> None:
    """No parameter is required, so one list serves all domains; pages are asked for within the service's range."""
    operation = _operation(spec, spec.list_operation)
    assert operation.input_shape.required_members == []
    assert {"MaxResults", "NextToken"} <= set(operation.input_shape.members)
    assert "NextToken" in operation.output_shape.members
    range_ = operation.input_shape.members["MaxResults"].metadata
    assert range_["min"] <= spec.page_size <= range_["max"]
    assert _item(spec).type_name == "structure"


@described
def test_the_describe_call_takes_what_the_list_gives(spec: Spec) -> None:
    taken = _operation(spec, spec.describe_operation).input_shape
    assert set(spec.keys) <= set(taken.members)
    assert set(taken.required_members) <= set(spec.keys)
    assert set(spec.keys) <= set(_item(spec).members)


@described
def test_the_describe_answer_holds_its_keys(spec: Spec) -> None:
    """An answer without them is taken for no answer."""
    assert set(spec.keys) <= set(_operation(spec, spec.describe_operation).output_shape.members)


def test_only_described_kinds_have_keys() -> None:
    assert all(bool(spec.keys) == bool(spec.describe_operation) for spec in SPECS)


@every_spec
def test_the_id_is_made_of_members_of_the_list(spec: Spec) -> None:
    """So that a resource which could not be described has the same id as one which was."""
    members = _item(spec).members
    record_id = spec.record_id({name: f"<{name}>" for name in members})
    used = re.findall(r"<(\w+)>", record_id)
    assert used
    assert set(used) <= set(members)
    # An ARN ends with the name that the describe call takes.
    assert set(spec.keys) <= set(used) or used == [f"{spec.keys[0].removesuffix('Name')}Arn"]


def test_an_app_s_id_says_whose_it_is() -> None:
    (spec,) = (s for s in SPECS if s.kind == "app")
    app = {"DomainId": "d-1", "AppType": "JupyterLab", "AppName": "default"}
    assert spec.record_id(app | {"SpaceName": "Ana"}) == "d-1/space/Ana/JupyterLab/default"
    assert spec.record_id(app | {"UserProfileName": "Ana"}) == "d-1/profile/Ana/JupyterLab/default"
    # An app of a profile: AWS's ARNs hold names and types in lower case.
    assert app_tag_path("d-1/profile/Ana/JupyterLab/default") == "app/d-1/ana/jupyterlab/default"


@every_spec
def test_tags_are_asked_for_by_the_resource_type_of_the_arn(spec: Spec) -> None:
    """Service authorization reference: arn:…:sagemaker:…:TYPE/… and TagResource's "sagemaker:TYPE"."""
    service, _, resource = spec.taggable.partition(":")
    assert (service, resource) in {("sagemaker", spec.kind.replace("_", "-")), ("", "")}
    if spec.arn:
        assert spec.arn == f"{resource}/{{id}}"


def test_each_kind_is_collected_once() -> None:
    kinds = [spec.kind for spec in SPECS]
    assert len(set(kinds)) == len(kinds)
    assert {*kinds, *EVIDENCE_KINDS, "account_region"} == set(KINDS)
    # What is listed as evidence has its module, and nothing else has.
    listed = {kind for source in EVIDENCE_SOURCES if source.module == "listing" for kind in source.kinds}
    assert {spec.kind for spec in SPECS if spec.optional} == listed


@every_spec
def test_every_call_of_a_kind_is_permitted(spec: Spec) -> None:
    calls = {f"{spec.service}:{name}" for name in (spec.list_operation, spec.describe_operation) if name}
    assert set(spec.permissions) == calls
    assert calls <= _actions()


def test_the_policy_only_reads_and_opens_nothing() -> None:
    """CreatePresignedDomainUrl is a log-in as anyone."""
    assert _actions() >= READS
    for action in _actions() - READS:
        assert re.fullmatch(r"[a-z0-9]+:(List|Describe|Get)[A-Z]\w+", action), action
    assert "presigned" not in json.dumps(permissions()).lower()
    (statement,) = permissions()["Statement"]
    assert statement["Effect"] == "Allow"
    assert "NotAction" not in statement
    assert permissions()["Version"] == "2012-10-17"


def test_every_action_of_the_policy_exists() -> None:
    """IAM's action is the API operation's name for each of these services."""
    for action in _actions():
        prefix, _, operation = action.partition(":")
        assert operation in _service(BOTOCORE_NAMES.get(prefix, prefix)).operation_names, action


def _called(simulator: Simulator) -> set[str]:
    """What was asked of the simulator, as actions of a policy."""
    parts = (name.partition(":") for name in simulator.calls)
    return {f"{IAM_NAMES.get(service, service)}:{operation}" for service, _, operation in parts}


def test_an_audit_calls_what_is_permitted(simulated: Callable[..., Simulator]) -> None:
    simulator = simulated("acme")
    collect(CollectOptions(regions=(HOME, AWAY)))
    assert _called(simulator) - FREE <= _actions()
    # Every call of the table, that is.
    assert {a for spec in SPECS for a in spec.permissions} <= _called(simulator)


def test_the_policy_allows_no_more_than_an_audit_of_everything_calls(simulated: Callable[..., Simulator]) -> None:
    """A domain that signs in with Identity Center, one with a key, a space, a trail, and all regions."""
    estate = load_estate("generated:1x1")
    estate.data["domains"][0] |= {"AuthMode": "SSO", "spaces": [{"SpaceName": "lab"}]}
    estate.data["domains"][0]["profiles"] = [{"UserProfileName": "dora", "sso": "dora@acme.example"}]
    key = {"KmsKeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"}
    estate.data["domains"].append({"DomainName": "iam", "AuthMode": "IAM", "profiles": ["ana"], **key})
    estate.data["domains"][1]["DefaultUserSettings"] = {"SecurityGroups": ["sg-1"], **IMAGE}
    people = {
        "identity_center": {"users": ["dora@acme.example"], "groups": {"data": ["dora@acme.example"]}},
        "partner_apps": [{"Name": "comet", "Type": "comet"}],
        "lifecycle_configs": [{"name": "tools", "script": "true"}],
        "image_versions": [{"ImageName": "own", "BaseImage": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:1"}],
        "mlflow": [{"TrackingServerName": "runs", "ArtifactStoreUri": "s3://b/a", "RoleArn": "role:mlflow"}],
        "mlflow_apps": [{"Name": "runs", "ArtifactStoreUri": "s3://b/a", "RoleArn": "role:mlflow"}],
    }
    estate = replace(
        estate,
        data={
            **estate.data,
            **people,
            "trails": [{"name": "everything", "filters": ["{ $.eventName = UpdateDomain }"]}],
            "event_rules": [{"name": "studio", "pattern": {"source": ["aws.sagemaker"]}}],
        },
    )
    simulator = simulated(estate)
    collect(CollectOptions(regions=("all",)))
    assert _called(simulator) - FREE == _actions()
    assert set(OTHER_PERMISSIONS) <= _actions()


def test_an_audit_without_evidence_asks_for_none(simulated: Callable[..., Simulator]) -> None:
    simulator = simulated("acme")
    collect(CollectOptions(regions=(HOME, AWAY), evidence=EvidenceOptions(names=())))
    core = {a for spec in SPECS if not spec.optional for a in spec.permissions}
    assert _called(simulator) - FREE == core | {"tag:GetResources"}
