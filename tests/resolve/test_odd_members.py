"""A member of a type that it cannot have is unknown: a gap of its resource, whatever wrote the snapshot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import SnapshotError
from auditor.resolve.odd_members import OddRecord, write_without
from resolve.builder import Apart, Together, domain, nest, place, profile, record, space

together = Together()


def _row(tables: Apart, table: str) -> tuple[dict[str, Any], list[tuple[str, str, str]]]:
    return tables.rows(table)[0], [gap for gap in tables.gaps if gap[2] == "unexpected_response"]


def _setting(path: str, value: object) -> Apart:
    return together(domain(), profile("ana", nest(path, value)))


VOLUME = "SpaceStorageSettings.DefaultEbsStorageSettings.MaximumEbsVolumeSizeInGb"


@pytest.mark.parametrize(
    ("path", "column", "tables"),
    [
        (path, column, _setting(path, value))
        for path, column, values in (
            ("StudioWebPortal", "studio_web_portal", [7, ["DISABLED"]]),
            ("StudioWebPortalSettings.HiddenMlTools", "hidden_ml_tools", ["Comet", ["Comet", {}], ["Comet", None]]),
            (VOLUME, "ebs_maximum_gb", ["100", 10**20, True]),
            ("JupyterServerAppSettings", "jupyter_server_settings", [7]),
            ("JupyterLabAppSettings.CodeRepositories", "jupyterlab_repositories", [[{"RepositoryUrl": 7}]]),
        )
        for value in values
    ],
)
def test_a_setting_of_another_type_is_unknown(path: str, column: str, tables: Apart) -> None:
    row, gaps = _row(tables, "user_profile")
    assert row[column] is None
    assert row[f"{column}_origin"] is None
    assert gaps == [("d-1/ana", f"UserSettings.{path}", "unexpected_response")]
    # The others are read as ever.
    assert row["auto_mount_home_efs"] is not None


@pytest.mark.parametrize(
    ("path", "column", "tables"),
    [
        (path, column, _setting(path, "text"))
        for path, column in (
            ("StudioWebPortalSettings", "hidden_ml_tools"),
            ("JupyterLabAppSettings", "jupyterlab_idle_shutdown"),
        )
    ],
)
def test_what_lies_in_a_structure_that_is_none_is_unknown(path: str, column: str, tables: Apart) -> None:
    row, gaps = _row(tables, "user_profile")
    assert row[column] is None
    assert gaps == [("d-1/ana", f"UserSettings.{path}", "unexpected_response")]


ODD_DOMAIN = together(
    domain(document={"AuthMode": ["IAM"], "DefaultUserSettings": {"StudioWebPortal": {}}}), profile("ana")
)


def test_of_a_domain_its_own_and_what_it_hands_down() -> None:
    (row,) = ODD_DOMAIN.rows("domain")
    assert (row["auth_mode"], row["default_studio_web_portal"]) == (None, None)
    (row,) = ODD_DOMAIN.rows("user_profile")
    # Without an Identity Center user it is a profile of a domain of AuthMode IAM (API_CreateUserProfile).
    assert (row["auth_mode"], row["studio_web_portal"]) == ("IAM", None)


ODD_SPACE = together(domain(), space("lab", nest("SpaceSharingSettings.SharingType", True)))
APP = {"DomainId": "d-1", "SpaceName": "lab", "AppType": "JupyterLab", "AppName": "default", "CreationTime": "then"}
ODD_APP = together(domain(), record("app", "d-1/space/lab/JupyterLab/default", APP))


def test_of_a_space_and_an_app() -> None:
    row, _ = _row(ODD_SPACE, "space")
    assert row["sharing_type"] is None
    row, gaps = _row(ODD_APP, "app")
    assert (row["app_type"], row["creation_time"]) == ("JupyterLab", None)
    assert gaps == [("d-1/space/lab/JupyterLab/default", "CreationTime", "unexpected_response")]


@pytest.mark.parametrize(
    "tables",
    [
        _setting("CustomFileSystemConfigs", [item])
        for item in ("fs-1", {"EFSFileSystemConfig": "fs-1"}, {"EFSFileSystemConfig": {"FileSystemId": 7}})
    ],
)
def test_of_structures_in_a_list(tables: Apart) -> None:
    row, gaps = _row(tables, "user_profile")
    assert (row["custom_efs"], gaps) == (
        None,
        [("d-1/ana", "UserSettings.CustomFileSystemConfigs", "unexpected_response")],
    )


ODD_TRAIL = together(record("trail", "arn", {"Status": {"IsLogging": True}, "Selectors": {"EventSelectors": 7}}))
ODD_PARTNER = together(record("partner_app", "arn", {"Type": {}, "Status": "Available"}))


def test_of_evidence() -> None:
    row, _ = _row(ODD_TRAIL, "account_region")
    assert row["management_events_recorded"] is None
    row, _ = _row(ODD_PARTNER, "account_region")
    assert (row["subscribed_partner_tools"], "partner_app" in row["unlisted"]) == (None, True)


ODD_NAME = together(place(), domain(), profile("ana"), profile("ben", also={"UserProfileName": 7}))
ODD_PORTAL = together(place(), domain(), profile("ana", {"StudioWebPortal": 7}))


def test_whoever_cannot_be_told_apart_leaves_the_list_open() -> None:
    """A profile that does not say whose it is may be a second one of anybody."""
    (row,) = ODD_NAME.rows("account_region")
    assert row["unlisted"] == ["user_profile"]
    assert ODD_PORTAL.rows("account_region")[0]["unlisted"] == []


FUTURE = together(domain(), profile("ana", {"StudioWebPortal": None, "OfTheFuture": 7}))


def test_null_is_absent_and_members_that_nobody_reads_are_left_alone() -> None:
    row, gaps = _row(FUTURE, "user_profile")
    assert (row["studio_web_portal"], gaps) == ("ENABLED", [])


@pytest.mark.parametrize("gaps", [[1.5], ["Tags", None], "Tags", {"Tags": 1}, [["Tags"]]])
def test_gaps_that_cannot_be_read_end_the_audit_in_a_sentence(gaps: object, tmp_path: Path) -> None:
    """One that was left out would be a verdict that nobody can give."""
    line = {"kind": "domain", "id": "d-1", "account": "1", "region": "eu-west-1", "domain": {"Url": 7}, "gaps": gaps}
    path = tmp_path / "odd.jsonl"
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    odd = OddRecord(1, "1", "eu-west-1", "domain", "d-1", {"Url": "a text"})
    with pytest.raises(SnapshotError, match=r"odd\.jsonl:1: the gaps of the record are not a list of texts"):
        write_without(path, [odd], tmp_path / "made.jsonl")
