"""What an update does, and what AWS refuses; each expectation with the page that says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from auditor.simulator import Simulator
from auditor.simulator.estate import Estate
from auditor.simulator.updates import updated

from .clients import client, refusal

OLD = {"UserSettings": {"ExecutionRole": "r", "A": {"x": 1, "y": {"p": 1, "q": [1, 2]}}}}


def test_members_that_are_not_named_stay() -> None:
    """ "Edit domain settings" in the developer guide: a structure that is set cannot be unset, nor its role."""
    for nested in ("replace", "merge"):
        after = updated(OLD, {"UserSettings": {"B": 2}}, (), nested)
        assert after["UserSettings"] == {**OLD["UserSettings"], "B": 2}


def test_nested_structures_are_replaced_or_merged() -> None:
    """AWS does not say which; lists are replaced either way."""
    request = {"UserSettings": {"A": {"y": {"q": [3]}}}}
    assert updated(OLD, request, (), "replace")["UserSettings"]["A"] == {"y": {"q": [3]}}
    assert updated(OLD, request, (), "merge")["UserSettings"]["A"] == {"x": 1, "y": {"p": 1, "q": [3]}}
    assert OLD["UserSettings"]["A"] == {"x": 1, "y": {"p": 1, "q": [1, 2]}}


def test_names_of_the_request_are_not_settings() -> None:
    request = {
        "DomainId": "d-2",
        "DomainSettingsForUpdate": {"IpAddressType": "dualstack"},
        "TagPropagation": "ENABLED",
    }
    after = updated({"DomainId": "d-1"}, request, ("DomainId",), "replace")
    assert after == {"DomainId": "d-1", "DomainSettings": {"IpAddressType": "dualstack"}, "TagPropagation": "ENABLED"}


def _estate(**domain: Any) -> Estate:
    base = {
        "DomainName": "one", "id": "d-one000000001", "AuthMode": "IAM", "vpc": "main",
        "DefaultUserSettings": {"ExecutionRole": "role:a"}, "DefaultSpaceSettings": {"ExecutionRole": "role:a"},
        "profiles": ["ana"],
        "spaces": [{"SpaceName": "board", "owner": "ana", "sharing": "Shared", "app_type": "JupyterLab"}],
    }  # fmt: skip
    data = {"region": "eu-west-1", "vpcs": {"main": {}}, "domains": [{**base, **domain}]}
    return Estate("test", "123456789012", "eu-west-1", data)


def _update(simulated: Callable[..., Simulator], domain: dict[str, Any], **request: Any) -> str:
    """The error that an update of the domain gets, empty where it is carried out."""
    sagemaker = client(simulated(_estate(**domain)))
    if request.get("AppNetworkAccessType") == "VpcOnly":
        # AWS asks for both again.
        held = sagemaker.describe_domain(DomainId="d-one000000001")
        request = {"VpcId": held["VpcId"], "SubnetIds": held["SubnetIds"], **request}
    try:
        sagemaker.update_domain(DomainId="d-one000000001", **request)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


ROLE = "arn:aws:iam::123456789012:role/b"
OF_PROFILE = {"apps": [{"profile": "ana", "type": "Canvas", "instance": "system"}]}
OF_SHARED = {"apps": [{"space": "board", "type": "JupyterLab", "instance": "ml.t3.medium"}]}
STOPPED = {"apps": [{"profile": "ana", "type": "Canvas", "instance": "system", "status": "Deleted"}]}
GROUPS = {"DefaultUserSettings": {"ExecutionRole": "role:a", "SecurityGroups": ["sg-0123456789abcdef0"]}}
VPC_ONLY = {"AppNetworkAccessType": "VpcOnly"}
RSTUDIO = {"DomainSettings": {"RStudioServerProDomainSettings": {"DomainExecutionRoleArn": ROLE}}}
IDENTITY = {"DomainSettingsForUpdate": {"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"}}
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    # API_UpdateDomain, AppNetworkAccessType; API_UserSettings, SecurityGroups.
    "VpcOnly": (GROUPS, VPC_ONLY, ""),
    "VpcOnly while an app runs": ({**GROUPS, **OF_PROFILE}, VPC_ONLY, "ResourceInUse"),
    "VpcOnly once it is deleted": ({**GROUPS, **STOPPED}, VPC_ONLY, ""),
    "VpcOnly without security groups": ({}, VPC_ONLY, "ValidationException"),
    "VpcOnly with security groups in the same call": (
        {}, {**VPC_ONLY, "DefaultUserSettings": {"SecurityGroups": ["sg-0123456789abcdef0"]}}, ""),
    "VpcOnly with RStudio": ({**GROUPS, **RSTUDIO}, VPC_ONLY, "ValidationException"),
    # API_DomainSettings, ExecutionRoleIdentityConfig.
    "source identity": ({}, IDENTITY, ""),
    "source identity while an app runs": (OF_PROFILE, IDENTITY, "ResourceInUse"),
    # "Edit domain settings".
    "default role while a profile's app runs": (
        OF_PROFILE, {"DefaultUserSettings": {"ExecutionRole": ROLE}}, "ResourceInUse"),
    "default role while a shared space's app runs": (OF_SHARED, {"DefaultUserSettings": {"ExecutionRole": ROLE}}, ""),
    "space role while a shared space's app runs": (
        OF_SHARED, {"DefaultSpaceSettings": {"ExecutionRole": ROLE}}, "ResourceInUse"),
    "space role while a profile's app runs": (OF_PROFILE, {"DefaultSpaceSettings": {"ExecutionRole": ROLE}}, ""),
    "other defaults while apps run": (OF_PROFILE, {"DefaultUserSettings": {"AutoMountHomeEFS": "Disabled"}}, ""),
    # API_UpdateDomain, HomeEfsFileSystemCreation and VpcId.
    "an EFS is not taken away": ({}, {"HomeEfsFileSystemCreation": "Disabled"}, "ValidationException"),
    "an EFS is made": ({"HomeEfsFileSystemCreation": "Disabled"}, {"HomeEfsFileSystemCreation": "Enabled"}, ""),
    "another VPC": ({}, {"VpcId": "vpc-0123456789abcdef0"}, "ValidationException"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_aws_refuses(case: str, simulated: Callable[..., Simulator]) -> None:
    domain, request, error = CASES[case]
    assert _update(simulated, domain, **request) == error


def test_subnets_stay_while_apps_run(simulated: Callable[..., Simulator]) -> None:
    """API_UpdateDomain, SubnetIds."""
    for apps in (OF_PROFILE, {}):
        sagemaker = client(simulated(_estate(**apps)))
        first, *_ = sagemaker.describe_domain(DomainId="d-one000000001")["SubnetIds"]
        request = {"DomainId": "d-one000000001", "SubnetIds": [first]}
        if apps:
            assert refusal(sagemaker.update_domain, **request)[0] == "ResourceInUse"
        else:
            sagemaker.update_domain(**request)
            assert sagemaker.describe_domain(DomainId="d-one000000001")["SubnetIds"] == [first]


def test_a_domain_without_an_efs_gets_one_on_demand(simulated: Callable[..., Simulator]) -> None:
    sagemaker = client(simulated(_estate(HomeEfsFileSystemCreation="Disabled")))
    assert "HomeEfsFileSystemId" not in sagemaker.describe_domain(DomainId="d-one000000001")
    sagemaker.update_domain(DomainId="d-one000000001", HomeEfsFileSystemCreation="Enabled")
    assert sagemaker.describe_domain(DomainId="d-one000000001")["HomeEfsFileSystemId"].startswith("fs-")


@pytest.mark.parametrize("nested", ["replace", "merge"])
def test_the_reading_is_the_simulated_account_s(nested: str, simulated: Callable[..., Simulator]) -> None:
    portal = {"HiddenAppTypes": ["Canvas"], "HiddenMlTools": ["Models"]}
    ana = {"UserProfileName": "ana", "UserSettings": {"StudioWebPortalSettings": portal}}
    simulator = simulated(_estate(profiles=[ana]), nested=nested)
    sagemaker = client(simulator)
    request = {"DomainId": "d-one000000001", "UserProfileName": "ana"}
    sagemaker.update_user_profile(**request, UserSettings={"StudioWebPortalSettings": {"HiddenAppTypes": []}})
    found = sagemaker.describe_user_profile(**request)["UserSettings"]["StudioWebPortalSettings"]
    assert found == ({"HiddenAppTypes": []} if nested == "replace" else {**portal, "HiddenAppTypes": []})
    assert [name for name, _ in simulator.writes] == ["UpdateUserProfile"]
