"""What AWS does, the simulator does: members, names, identities, refusals. Sources: API reference, design/3-aws.md."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from auditor.simulator import Simulator, state
from auditor.simulator.wire import now

from .clients import REGION, ROLE, client, refusal

INVALID, MISSING, IN_USE = ("ValidationException", 400), ("ResourceNotFound", 400), ("ResourceInUse", 400)
PROFILE = {"DomainId": "d-iam", "UserProfileName": "ana"}
SPACE = {"DomainId": "d-iam", "SpaceName": "lab"}
APP = {**SPACE, "AppType": "JupyterLab", "AppName": "default"}
NOBODY = {"DomainId": "d-iam", "UserProfileName": "nobody"}
NOWHERE = {"DomainId": "d-iam", "SpaceName": "nowhere"}

# What is set, what comes back


def test_user_settings_that_were_not_set_are_absent(studio: Any) -> None:
    studio.create_user_profile(**PROFILE)
    assert "UserSettings" not in studio.describe_user_profile(**PROFILE)


def test_only_members_that_were_set_come_back(studio: Any) -> None:
    """DescribeUserProfile does not fill in what the profile inherits, nor AWS's defaults."""
    studio.create_user_profile(**PROFILE, UserSettings={"StudioWebPortalSettings": {"HiddenAppTypes": []}})
    settings = studio.describe_user_profile(**PROFILE)["UserSettings"]
    assert settings == {"StudioWebPortalSettings": {"HiddenAppTypes": []}}
    domain = studio.describe_domain(DomainId="d-iam")
    assert domain["DefaultUserSettings"] == {"ExecutionRole": ROLE, "DefaultLandingUri": "studio::"}
    assert "DefaultSpaceSettings" not in domain
    assert "SingleSignOnUserValue" not in studio.describe_user_profile(**PROFILE)


def test_the_api_s_own_default_of_the_network_access_comes_back(studio: Any) -> None:
    """CreateDomain: "The default value is PublicInternetOnly"."""
    assert studio.describe_domain(DomainId="d-iam")["AppNetworkAccessType"] == "PublicInternetOnly"


def test_a_domain_without_efs_has_no_file_system(studio: Any) -> None:
    for name, creation in (("with", "Enabled"), ("without", "Disabled")):
        domain_id = studio.create_domain(
            DomainName=name, AuthMode="IAM", DefaultUserSettings={}, HomeEfsFileSystemCreation=creation
        )["DomainId"]
        assert ("HomeEfsFileSystemId" in studio.describe_domain(DomainId=domain_id)) == (creation == "Enabled")


def test_an_update_leaves_what_it_does_not_name(studio: Any) -> None:
    studio.create_user_profile(**PROFILE, UserSettings={"AutoMountHomeEFS": "Disabled"})
    studio.update_user_profile(**PROFILE, UserSettings={"DefaultLandingUri": "studio::"})
    settings = studio.describe_user_profile(**PROFILE)["UserSettings"]
    assert settings == {"AutoMountHomeEFS": "Disabled", "DefaultLandingUri": "studio::"}


def test_last_modified_moves_on_update_and_creation_does_not(studio: Any) -> None:
    studio.create_user_profile(**PROFILE)
    studio.create_space(**SPACE)
    for describe, update, key in (
        (studio.describe_domain, studio.update_domain, {"DomainId": "d-iam"}),
        (studio.describe_user_profile, studio.update_user_profile, PROFILE),
        (studio.describe_space, studio.update_space, SPACE),
    ):
        before = describe(**key)
        update(**key)
        first = describe(**key)
        update(**key)
        second = describe(**key)
        assert before["LastModifiedTime"] < first["LastModifiedTime"] < second["LastModifiedTime"]
        assert before["CreationTime"] == second["CreationTime"]


def test_the_lists_carry_what_their_summaries_have(studio: Any) -> None:
    """A space's type, sharing and owner are in its summary; a profile's settings are not."""
    studio.create_user_profile(**PROFILE, UserSettings={"AutoMountHomeEFS": "Disabled"})
    studio.create_space(
        **SPACE,
        OwnershipSettings={"OwnerUserProfileName": "ana"},
        SpaceSharingSettings={"SharingType": "Shared"},
        SpaceSettings={"AppType": "CodeEditor"},
    )
    (profile,) = studio.list_user_profiles()["UserProfiles"]
    assert set(profile) == {"DomainId", "UserProfileName", "Status", "CreationTime", "LastModifiedTime"}
    (space,) = studio.list_spaces()["Spaces"]
    assert space["SpaceSettingsSummary"] == {"AppType": "CodeEditor"}
    assert space["SpaceSharingSettingsSummary"] == {"SharingType": "Shared"}
    assert space["OwnershipSettingsSummary"] == {"OwnerUserProfileName": "ana"}


# Names and identities


def test_profile_names_are_case_insensitive(studio: Any) -> None:
    studio.create_user_profile(DomainId="d-iam", UserProfileName="foo")
    assert refusal(studio.create_user_profile, DomainId="d-iam", UserProfileName="Foo") == IN_USE
    for name in ("foo", "Foo", "FOO"):
        found = studio.describe_user_profile(DomainId="d-iam", UserProfileName=name)
        assert found["UserProfileName"] == "foo"
    studio.delete_user_profile(DomainId="d-iam", UserProfileName="FOO")
    assert studio.list_user_profiles()["UserProfiles"] == []


def test_the_same_name_in_another_domain_is_another_profile(studio: Any) -> None:
    studio.create_user_profile(DomainId="d-iam", UserProfileName="foo")
    sso = {"SingleSignOnUserIdentifier": "UserName", "SingleSignOnUserValue": "foo@example.com"}
    studio.create_user_profile(DomainId="d-sso", UserProfileName="foo", **sso)
    found = {(p["DomainId"], p["UserProfileName"]) for p in studio.list_user_profiles()["UserProfiles"]}
    assert found == {("d-iam", "foo"), ("d-sso", "foo")}
    (only,) = studio.list_user_profiles(DomainIdEquals="d-sso")["UserProfiles"]
    assert only["DomainId"] == "d-sso"


def test_single_sign_on_is_required_where_the_domain_has_it_and_forbidden_elsewhere(studio: Any) -> None:
    identifier, value = {"SingleSignOnUserIdentifier": "UserName"}, {"SingleSignOnUserValue": "ana@example.com"}
    create, sso = studio.create_user_profile, {"DomainId": "d-sso", "UserProfileName": "ana"}
    for part in ({}, identifier, value):
        assert refusal(create, **sso, **part) == INVALID
    create(**sso, **identifier, **value)
    assert studio.describe_user_profile(**sso)["SingleSignOnUserValue"] == "ana@example.com"
    for part in (identifier, value, identifier | value):
        assert refusal(create, **PROFILE, **part) == INVALID
    create(**PROFILE)


@pytest.mark.parametrize(
    ("own", "refused"),
    [
        ({"StudioWebPortal": "DISABLED"}, True),  # the domain's landing page is studio::
        ({"StudioWebPortal": "DISABLED", "DefaultLandingUri": "studio::"}, True),
        ({"StudioWebPortal": "DISABLED", "DefaultLandingUri": "app:JupyterServer:"}, False),
        ({"StudioWebPortal": "ENABLED", "DefaultLandingUri": "studio::"}, False),
        ({"DefaultLandingUri": "app:JupyterServer:"}, False),
    ],
)
def test_no_disabled_portal_with_studio_as_the_landing_page(studio: Any, own: dict[str, str], refused: bool) -> None:
    studio.create_user_profile(DomainId="d-iam", UserProfileName="old")
    update = {"DomainId": "d-iam", "UserProfileName": "old", "UserSettings": own}
    if refused:
        assert refusal(studio.create_user_profile, **PROFILE, UserSettings=own) == INVALID
        assert refusal(studio.update_user_profile, **update) == INVALID
        assert "UserSettings" not in studio.describe_user_profile(DomainId="d-iam", UserProfileName="old")
        assert refusal(studio.update_domain, DomainId="d-iam", DefaultUserSettings=own) == INVALID
    else:
        studio.create_user_profile(**PROFILE, UserSettings=own)
        studio.update_user_profile(**update)
        assert studio.describe_user_profile(**PROFILE)["UserSettings"] == own


# Refusals


def test_what_does_not_exist_is_not_found(studio: Any) -> None:
    for call, key in (
        (studio.describe_domain, {"DomainId": "d-none"}),
        (studio.update_domain, {"DomainId": "d-none"}),
        (studio.delete_domain, {"DomainId": "d-none"}),
        (studio.create_user_profile, {"DomainId": "d-none", "UserProfileName": "ana"}),
        (studio.describe_user_profile, NOBODY),
        (studio.update_user_profile, NOBODY),
        (studio.delete_user_profile, NOBODY),
        (studio.describe_space, NOWHERE),
        (studio.update_space, NOWHERE),
        (studio.delete_space, NOWHERE),
        (studio.create_app, {**NOWHERE, "AppType": "JupyterLab", "AppName": "default"}),
        (studio.describe_app, APP),
        (studio.delete_app, APP),
        (studio.describe_partner_app, {"Arn": f"arn:aws:sagemaker:{REGION}:123456789012:partner-app/app-AAAAAAAAAAAA"}),
        (studio.list_tags, {"ResourceArn": f"arn:aws:sagemaker:{REGION}:123456789012:domain/d-none"}),
    ):
        assert refusal(call, **key) == MISSING, call


def test_what_exists_is_not_made_again(studio: Any) -> None:
    studio.create_user_profile(**PROFILE)
    studio.create_space(**SPACE)
    studio.create_app(**APP)
    studio.create_mlflow_tracking_server(TrackingServerName="m", ArtifactStoreUri="s3://b/m", RoleArn=ROLE)
    assert refusal(studio.create_domain, DomainName="one", AuthMode="IAM", DefaultUserSettings={}) == IN_USE
    assert refusal(studio.create_user_profile, **PROFILE) == IN_USE
    assert refusal(studio.create_space, **SPACE) == IN_USE
    assert refusal(studio.create_app, **APP) == IN_USE
    partner = {"Name": "comet", "Type": "comet", "ExecutionRoleArn": ROLE, "Tier": "small", "AuthType": "IAM"}
    studio.create_partner_app(**partner)
    assert refusal(studio.create_partner_app, **partner) == ("ConflictException", 400)


def test_what_is_in_use_is_not_deleted(studio: Any) -> None:
    """DeleteDomain, DeleteUserProfile and DeleteSpace want what hangs on them to be deleted first."""
    studio.create_user_profile(**PROFILE)
    studio.create_space(**SPACE)
    own_app = {**PROFILE, "AppType": "Canvas", "AppName": "default"}
    studio.create_app(**APP)
    studio.create_app(**own_app)
    assert refusal(studio.delete_space, **SPACE) == IN_USE
    assert refusal(studio.delete_user_profile, **PROFILE) == IN_USE
    studio.delete_app(**own_app)
    studio.delete_app(**APP)
    studio.delete_space(**SPACE)
    assert refusal(studio.delete_domain, DomainId="d-iam") == IN_USE  # the profile is left
    studio.delete_user_profile(**PROFILE)
    studio.delete_domain(DomainId="d-iam")
    assert [d["DomainId"] for d in studio.list_domains()["Domains"]] == ["d-sso"]


def test_a_deleted_app_stays_listed_as_deleted(studio: Any) -> None:
    """Developer guide: deleted apps show for a day."""
    studio.create_space(**SPACE)
    studio.create_app(**APP)
    studio.delete_app(**APP)
    assert [a["Status"] for a in studio.list_apps()["Apps"]] == ["Deleted"]
    studio.create_app(**APP)
    assert [a["Status"] for a in studio.list_apps()["Apps"]] == ["InService"]


@pytest.mark.parametrize(("hours", "same"), [(23, True), (25, False)])
def test_an_app_that_is_restarted_within_a_day_is_the_same_one(
    studio: Any, monkeypatch: pytest.MonkeyPatch, hours: int, same: bool
) -> None:
    """API_DescribeApp, CreationTime: "applications must be restarted within 24 hours after the previous application has
    been shut down. After this time window, creation of an application is considered a new application"."""
    studio.create_space(**SPACE)
    studio.create_app(**APP)
    made = studio.describe_app(**APP)["CreationTime"]
    studio.delete_app(**APP)
    later = now() + hours * 3600
    monkeypatch.setattr(state, "now", lambda: later)
    studio.create_app(**APP)
    assert (studio.describe_app(**APP)["CreationTime"] == made) == same


def test_a_space_has_sharing_and_owner_or_neither(studio: Any) -> None:
    studio.create_user_profile(**PROFILE)
    owner = {"OwnershipSettings": {"OwnerUserProfileName": "ana"}}
    sharing = {"SpaceSharingSettings": {"SharingType": "Private"}}
    assert refusal(studio.create_space, **SPACE, **owner) == INVALID
    assert refusal(studio.create_space, **SPACE, **sharing) == INVALID
    studio.create_space(**SPACE, **owner, **sharing)


def test_an_app_belongs_to_a_profile_or_a_space(studio: Any) -> None:
    studio.create_user_profile(**PROFILE)
    studio.create_space(**SPACE)
    app = {"DomainId": "d-iam", "AppType": "JupyterServer", "AppName": "default"}
    assert refusal(studio.create_app, **app) == INVALID
    assert refusal(studio.create_app, **app, UserProfileName="ana", SpaceName="lab") == INVALID


@pytest.mark.parametrize(
    "settings",
    [
        {"StudioWebPortal": "MAYBE"},
        {"AutoMountHomeEFS": "Sometimes"},
        {"StudioWebPortalSettings": {"HiddenAppTypes": ["Minesweeper"]}},
        {"JupyterLabAppSettings": {"AppLifecycleManagement": {"IdleSettings": {"IdleTimeoutInMinutes": 525601}}}},
        {"SecurityGroups": ["sg-1", "sg-2", "sg-3", "sg-4", "sg-5", "sg-6"]},
    ],
)
def test_values_that_the_model_forbids_are_refused(studio: Any, settings: dict[str, Any]) -> None:
    """botocore sends unknown enum values and too large ones; AWS refuses them."""
    assert refusal(studio.create_user_profile, **PROFILE, UserSettings=settings) == INVALID
    assert studio.list_user_profiles()["UserProfiles"] == []


@pytest.mark.parametrize("name", ["with space", "under_score", "-dash", "dash-", "x" * 64, "dot.dot"])
def test_names_that_the_model_forbids_are_refused(studio: Any, name: str) -> None:
    assert refusal(studio.create_user_profile, DomainId="d-iam", UserProfileName=name) == INVALID


def test_members_that_do_not_exist_and_missing_ones_are_refused(account: Simulator) -> None:
    """boto3 would not send them, other programs may."""
    good = {"DomainId": "d-iam"}
    assert _raw(account, "DescribeDomain", good)[0] == 200
    for request in (good | {"Nope": 1}, {}, {"DomainId": 5}):
        status, answer = _raw(account, "DescribeDomain", request)
        assert (status, answer["__type"]) == (400, "ValidationException")


def _raw(simulator: Simulator, operation: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    credential = (
        f"AWS4-HMAC-SHA256 Credential=AKIASIMULATEDACCOUNT/20260101/{REGION}/sagemaker/aws4_request, Signature=0"
    )
    headers = {"X-Amz-Target": f"SageMaker.{operation}", "Authorization": credential}
    made = urllib.request.Request(simulator.endpoint_url, json.dumps(request).encode(), headers)
    try:
        with urllib.request.urlopen(made, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_no_log_in_can_be_had(studio: Any) -> None:
    """CreatePresignedDomainUrl is a log-in as anyone: the simulator has none."""
    studio.create_user_profile(**PROFILE)
    code, status = refusal(studio.create_presigned_domain_url, **PROFILE)
    assert (code, status) == ("UnknownOperationException", 400)


def test_regions_are_apart(account: Simulator, studio: Any) -> None:
    assert client(account, region="us-east-1").list_domains()["Domains"] == []
    assert len(studio.list_domains()["Domains"]) == 2
