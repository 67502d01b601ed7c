"""AutoMountHomeEFS: every combination of profile, domain and whether there is an EFS at all."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from .builder import Apart, Together, domain, profile, space

together = Together()
ON_PROFILE = ["Enabled", "Disabled", "DefaultAsDomain", None]
ON_DOMAIN = ["Enabled", "Disabled", "DefaultAsDomain", None]
CREATION = ["Enabled", "Disabled", None]
FILE_SYSTEM = ["fs-0123", None]


def _mount(value: str | None) -> dict[str, str]:
    return {} if value is None else {"AutoMountHomeEFS": value}


def _combined() -> Apart:
    records = []
    for on_domain, creation, file_system in product(ON_DOMAIN, CREATION, FILE_SYSTEM):
        id_ = f"{on_domain}-{creation}-{file_system}"
        document: dict[str, Any] = {"DefaultUserSettings": _mount(on_domain)}
        if creation is not None:
            document["HomeEfsFileSystemCreation"] = creation
        if file_system is not None:
            document["HomeEfsFileSystemId"] = file_system
        records.append(domain(id_, document))
        records += [profile(str(value), _mount(value), of=id_) for value in ON_PROFILE]
        records.append(profile("no-settings", None, of=id_))
    return together(*records)


COMBINED = _combined()


@pytest.fixture(scope="module")
def profiles() -> dict[str, dict[str, Any]]:
    return COMBINED.by_id("user_profile")


@pytest.fixture(scope="module")
def domains() -> dict[str, dict[str, Any]]:
    return COMBINED.by_id("domain")


CASES = list(product(ON_DOMAIN, CREATION, FILE_SYSTEM))


@pytest.mark.parametrize(("on_domain", "creation", "file_system"), CASES)
class TestEveryCombination:
    """The profile's own word, then the domain's, then Enabled; and nothing is mounted where there is no EFS."""

    def test_profiles(
        self, on_domain: str | None, creation: str | None, file_system: str | None, profiles: dict[str, dict[str, Any]]
    ) -> None:
        exists = creation != "Disabled" and file_system is not None
        for on_profile in [*ON_PROFILE, "no-settings"]:
            row = profiles[f"{on_domain}-{creation}-{file_system}/{on_profile}"]
            word, layer = "Enabled", "service"
            if on_domain in ("Enabled", "Disabled"):
                word, layer = on_domain, "domain"
            if on_profile in ("Enabled", "Disabled"):
                word, layer = on_profile, "profile"
            expected = word if exists else "Disabled"
            assert row["auto_mount_home_efs"] == expected, on_profile
            assert row["domain_has_efs"] is exists
            own = on_profile == "Disabled" or (on_profile == "Enabled" and exists)
            assert row["own_settings"] == ([MOUNT] if own else []), on_profile
            if word == expected:
                assert row["auto_mount_home_efs_origin"] in ({layer} if exists else {layer, "domain"}), on_profile
            else:
                # It is the domain's missing EFS that decides.
                assert row["auto_mount_home_efs_origin"] == "domain", on_profile

    def test_domains(
        self, on_domain: str | None, creation: str | None, file_system: str | None, domains: dict[str, dict[str, Any]]
    ) -> None:
        exists = creation != "Disabled" and file_system is not None
        row = domains[f"{on_domain}-{creation}-{file_system}"]
        assert row["has_efs"] is exists
        handed = on_domain if on_domain in ("Enabled", "Disabled") else "Enabled"
        assert row["default_auto_mount_home_efs"] == (handed if exists else "Disabled")
        # As it is set, DefaultAsDomain included, which the API's text calls invalid there.
        assert row["default_auto_mount_home_efs_set"] == (on_domain or "")


EFS = {"HomeEfsFileSystemId": "fs-1", "HomeEfsFileSystemCreation": "Enabled"}
NO_EFS = {"HomeEfsFileSystemCreation": "Disabled"}
MOUNT, SYSTEM, CREATED = "AutoMountHomeEFS", "HomeEfsFileSystemId", "HomeEfsFileSystemCreation"


#: (document, gaps, what is mounted, whether there is an EFS)
NOT_SEEN: list[tuple[dict[str, Any], list[str], str | None, bool | None]] = [
    (EFS, [f"DefaultUserSettings.{MOUNT}"], None, True),
    (EFS, ["DefaultUserSettings"], None, True),
    (NO_EFS, [f"DefaultUserSettings.{MOUNT}"], "Disabled", False),
    ({"HomeEfsFileSystemCreation": "Enabled"}, [SYSTEM], None, None),
    ({"HomeEfsFileSystemId": "fs-1"}, [CREATED], None, None),
    ({}, [CREATED], "Disabled", False),
    (NO_EFS, [SYSTEM], "Disabled", False),
    ({}, ["*"], None, None),
    ({"DefaultUserSettings": {MOUNT: "Disabled"}}, [SYSTEM, CREATED], "Disabled", None),
]


def _not_seen() -> Apart:
    records = []
    for number, (document, gaps, _, _) in enumerate(NOT_SEEN):
        records += [domain(f"d-{number}", document, gaps), profile("ana", of=f"d-{number}")]
    return together(*records)


ALL_NOT_SEEN = _not_seen()


def test_what_was_not_seen() -> None:
    """Unknown only where it matters: without an EFS, or with a Disabled, nothing is mounted whatever the rest says."""
    domains, profiles = ALL_NOT_SEEN.by_id("domain"), ALL_NOT_SEEN.by_id("user_profile")
    for number, (document, gaps, mounted, has_efs) in enumerate(NOT_SEEN):
        row = domains[f"d-{number}"]
        assert (row["default_auto_mount_home_efs"], row["has_efs"]) == (mounted, has_efs), (document, gaps)
        assert profiles[f"d-{number}/ana"]["auto_mount_home_efs"] == mounted, (document, gaps)


OWN_WORD_UNSEEN = together(
    domain("d-efs", {**EFS, "DefaultUserSettings": {MOUNT: "Disabled"}}), domain("d-none", NO_EFS),
    profile("ana", gaps=[f"UserSettings.{MOUNT}"], of="d-efs"), profile("bob", gaps=["*"], of="d-none"),
)  # fmt: skip


def test_a_profile_whose_own_word_was_not_seen() -> None:
    """It could be Disabled as well as Enabled, whatever the domain says."""
    rows = OWN_WORD_UNSEEN.by_name("user_profile")
    assert rows["ana"]["auto_mount_home_efs"] is None
    assert rows["ana"]["auto_mount_home_efs_origin"] is None
    assert rows["bob"]["auto_mount_home_efs"] == "Disabled"


CONFIG = "CustomFileSystemConfigs"


def _mounts(*ids: str) -> dict[str, Any]:
    return {CONFIG: [{"EFSFileSystemConfig": {"FileSystemId": id_, "FileSystemPath": "/x"}} for id_ in ids]}


QUIET = {**EFS, "DefaultUserSettings": {MOUNT: "Disabled"}}


def _with(**members: Any) -> dict[str, Any]:
    return {**QUIET, **members}


CUSTOM = {"SpaceSettings": {"CustomFileSystems": [{"EFSFileSystem": {"FileSystemId": "fs-1"}}]}}
NEEDING = together(
    domain("none", QUIET), profile("ana", _mounts("fs-2"), of="none"),
    domain("default", _with(DefaultUserSettings={MOUNT: "Disabled", **_mounts("fs-1")})),
    domain("shared", _with(DefaultSpaceSettings=_mounts("fs-3", "fs-1"))),
    domain("profile", QUIET), profile("bob", _mounts("fs-1"), of="profile"),
    domain("space", QUIET), space("board", CUSTOM, of="space"),
    domain("unseen", QUIET), profile("eva", gaps=[f"UserSettings.{CONFIG}"], of="unseen"),
    domain("fsx", _with(DefaultSpaceSettings={CONFIG: [{"FSxLustreFileSystemConfig": {"FileSystemId": "fs-1"}}]})),
)  # fmt: skip


def test_who_needs_the_domains_efs_as_a_custom_file_system() -> None:
    """The domain's own EFS may be mounted as a custom one: by default, by a profile, in shared spaces, in a space.
    Other file systems, and FSx, need nothing of it. https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CustomFileSystemConfig.html"""
    assert {id_: row["efs_needed"] for id_, row in NEEDING.by_id("domain").items()} == {
        "none": False, "default": True, "shared": True, "profile": True, "space": True, "unseen": None, "fsx": False,
    }  # fmt: skip
