"""A member of a type that it cannot have is unknown: a gap of its resource, whatever wrote the snapshot."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.model.snapshot import Record
from resolve.builder import Tables, domain, nest, place, profile, record, space


def _row(table: str, *records: Record) -> tuple[dict[str, Any], list[tuple[str, str, str]]]:
    tables = Tables(*records)
    return tables.rows(table)[0], [gap for gap in tables.gaps if gap[2] == "unexpected_response"]


@pytest.mark.parametrize(
    ("path", "column", "value"),
    [
        ("StudioWebPortal", "studio_web_portal", 7),
        ("StudioWebPortal", "studio_web_portal", ["DISABLED"]),
        ("StudioWebPortalSettings.HiddenMlTools", "hidden_ml_tools", "Comet"),
        ("StudioWebPortalSettings.HiddenMlTools", "hidden_ml_tools", ["Comet", {}]),
        ("StudioWebPortalSettings.HiddenMlTools", "hidden_ml_tools", ["Comet", None]),
        ("SpaceStorageSettings.DefaultEbsStorageSettings.MaximumEbsVolumeSizeInGb", "ebs_maximum_gb", "100"),
        ("SpaceStorageSettings.DefaultEbsStorageSettings.MaximumEbsVolumeSizeInGb", "ebs_maximum_gb", 10**20),
        ("SpaceStorageSettings.DefaultEbsStorageSettings.MaximumEbsVolumeSizeInGb", "ebs_maximum_gb", True),
        ("JupyterServerAppSettings", "jupyter_server_settings", 7),
        ("JupyterLabAppSettings.CodeRepositories", "jupyterlab_repositories", [{"RepositoryUrl": 7}]),
    ],
)
def test_a_setting_of_another_type_is_unknown(path: str, column: str, value: object) -> None:
    row, gaps = _row("user_profile", domain(), profile("ana", nest(path, value)))
    assert row[column] is None
    assert row[f"{column}_origin"] is None
    assert gaps == [("d-1/ana", f"UserSettings.{path}", "unexpected_response")]
    # The others are read as ever.
    assert row["auto_mount_home_efs"] is not None


@pytest.mark.parametrize(
    ("path", "column"),
    [("StudioWebPortalSettings", "hidden_ml_tools"), ("JupyterLabAppSettings", "jupyterlab_idle_shutdown")],
)
def test_what_lies_in_a_structure_that_is_none_is_unknown(path: str, column: str) -> None:
    row, gaps = _row("user_profile", domain(), profile("ana", nest(path, "text")))
    assert row[column] is None
    assert gaps == [("d-1/ana", f"UserSettings.{path}", "unexpected_response")]


def test_of_a_domain_its_own_and_what_it_hands_down() -> None:
    odd = domain(document={"AuthMode": ["IAM"], "DefaultUserSettings": {"StudioWebPortal": {}}})
    tables = Tables(odd, profile("ana"))
    (row,) = tables.rows("domain")
    assert (row["auth_mode"], row["default_studio_web_portal"]) == (None, None)
    (row,) = tables.rows("user_profile")
    # Without an Identity Center user it is a profile of a domain of AuthMode IAM (API_CreateUserProfile).
    assert (row["auth_mode"], row["studio_web_portal"]) == ("IAM", None)


def test_of_a_space_and_an_app() -> None:
    row, _ = _row("space", domain(), space("lab", nest("SpaceSharingSettings.SharingType", True)))
    assert row["sharing_type"] is None
    app = {"DomainId": "d-1", "SpaceName": "lab", "AppType": "JupyterLab", "AppName": "default", "CreationTime": "then"}
    row, gaps = _row("app", domain(), record("app", "d-1/space/lab/JupyterLab/default", app))
    assert (row["app_type"], row["creation_time"]) == ("JupyterLab", None)
    assert gaps == [("d-1/space/lab/JupyterLab/default", "CreationTime", "unexpected_response")]


@pytest.mark.parametrize(
    "item", ["fs-1", {"EFSFileSystemConfig": "fs-1"}, {"EFSFileSystemConfig": {"FileSystemId": 7}}]
)
def test_of_structures_in_a_list(item: Any) -> None:
    row, gaps = _row("user_profile", domain(), profile("ana", {"CustomFileSystemConfigs": [item]}))
    assert (row["custom_efs"], gaps) == (
        None,
        [("d-1/ana", "UserSettings.CustomFileSystemConfigs", "unexpected_response")],
    )


def test_of_evidence() -> None:
    trail = record("trail", "arn", {"Status": {"IsLogging": True}, "Selectors": {"EventSelectors": 7}})
    row, _ = _row("account_region", trail)
    assert row["management_events_recorded"] is None
    partner = record("partner_app", "arn", {"Type": {}, "Status": "Available"})
    row, _ = _row("account_region", partner)
    assert (row["subscribed_partner_tools"], "partner_app" in row["unlisted"]) == (None, True)


def test_whoever_cannot_be_told_apart_leaves_the_list_open() -> None:
    """A profile that does not say whose it is may be a second one of anybody."""
    odd = profile("ben", also={"UserProfileName": 7})
    tables = Tables(place(), domain(), profile("ana"), odd)
    (row,) = tables.rows("account_region")
    assert row["unlisted"] == ["user_profile"]
    assert Tables(place(), domain(), profile("ana", {"StudioWebPortal": 7})).rows("account_region")[0]["unlisted"] == []


def test_null_is_absent_and_members_that_nobody_reads_are_left_alone() -> None:
    row, gaps = _row("user_profile", domain(), profile("ana", {"StudioWebPortal": None, "OfTheFuture": 7}))
    assert (row["studio_web_portal"], gaps) == ("ENABLED", [])
