"""What neighbours decide: a person's other profiles, a space's owner, what a domain's EFS is for."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.model.snapshot import Kind, Record

from .builder import ACCOUNT, REGION, Apart, Document, Together, place

together = Together()


def _record(kind: Kind, id_: str, document: Document, *gaps: str) -> Record:
    return Record(ACCOUNT, REGION, kind=kind, id=id_, document=document, gaps=gaps)


def _domain(id_: str = "d-1", *gaps: str, **document: Any) -> Record:
    base = {"DomainId": id_, "DomainName": id_, "CreationTime": "2025-02-03T10:00:00Z", "AuthMode": "SSO",
            "HomeEfsFileSystemId": "fs-1", "DefaultUserSettings": {"AutoMountHomeEFS": "Disabled"}}  # fmt: skip
    return _record("domain", id_, {**base, **document}, *gaps)


def _profile(name: str, user: Document | None = None, *gaps: str, of: str = "d-1", sso: str | None = None) -> Record:
    document: dict[str, Any] = {"DomainId": of, "UserProfileName": name, "UserSettings": user or {}}
    if sso is not None:
        document["SingleSignOnUserValue"] = sso
    return _record("user_profile", f"{of}/{name}", document, *gaps)


def _space(
    name: str, owner: str = "", sharing: str = "Private", app_type: str = "JupyterLab", *gaps: str, **settings: Any
) -> Record:
    settings = {"AppType": app_type, **settings}
    document: dict[str, Any] = {"DomainId": "d-1", "SpaceName": name, "SpaceSettings": settings}
    if sharing:
        document["SpaceSharingSettings"] = {"SharingType": sharing}
    if owner:
        document["OwnershipSettings"] = {"OwnerUserProfileName": owner}
    return _record("space", f"d-1/{name}", document, *gaps)


def _app(name: str, app_type: str, status: str, created: str = "2026-11-22T14:00:01Z") -> Record:
    document = {"DomainId": "d-1", "UserProfileName": "ana", "AppType": app_type, "AppName": name, "Status": status,
                "CreationTime": created}  # fmt: skip
    return _record("app", f"d-1/profile/ana/{app_type}/{name}", document)


def _idle(shutdown: str) -> dict[str, Any]:
    return {"AppLifecycleManagement": {"IdleSettings": {"LifecycleManagement": shutdown}}}


def _volumes(maximum: int) -> dict[str, Any]:
    sizes = {"DefaultEbsVolumeSizeInGb": 5, "MaximumEbsVolumeSizeInGb": maximum}
    return {"SpaceStorageSettings": {"DefaultEbsStorageSettings": sizes}}


ONE_PERSON = together(
    _domain(), _domain("d-2"), _profile("ana", sso="ana@example.com"), _profile("ana-2", sso="ANA@example.com"),
    _profile("ana-far", of="d-2", sso="ana@example.com"), _profile("ben", sso="ben"), _profile("nobody"),
)  # fmt: skip


def test_profiles_of_one_person_are_counted_in_their_domain() -> None:
    found = ONE_PERSON.by_name("user_profile")
    assert {name: row["sso_user_profiles"] for name, row in found.items()} == {
        "ana": 2, "ana-2": 2, "ana-far": 1, "ben": 1, "nobody": 0,
    }  # fmt: skip


TWO_OF_ANA = (_domain(), _profile("ana", sso="ana"), _profile("ana-2", sso="ana"), _profile("ben", sso="ben"))


@pytest.mark.parametrize(
    "tables",
    [together(*TWO_OF_ANA, _profile("unseen", None, "*")), together(*TWO_OF_ANA, place(["user_profile"]))],
    ids=["one that was not seen", "unlisted"],
)
def test_one_profile_is_certain_only_where_all_were_seen(tables: Apart) -> None:
    """Another profile of the person may be the one that was not seen; two that were seen are two."""
    found = tables.by_name("user_profile")
    assert [found[name]["sso_user_profiles"] for name in ("ana", "ana-2", "ben")] == [2, 2, None]


ANA = "111122223333/eu-west-1/user_profile/d-1/ana"


SPACES = together(
    _domain(DefaultSpaceSettings={**_volumes(50), "JupyterLabAppSettings": _idle("DISABLED")}),
    _profile("ana", {**_volumes(500), "JupyterLabAppSettings": _idle("ENABLED")}, sso="ana.lee@example.com"),
    _space("own", "ANA"), _space("editor", "ana", app_type="CodeEditor"), _space("board", "ana", "Shared"),
    _space("shared-editor", "ana", "Shared", "CodeEditor"), _space("canvas", "ana", app_type="Canvas"),
    _space("orphan", "gone"), _space("old", sharing=""),
    _space("unseen", "ana", "", "JupyterLab", "SpaceSharingSettings"),
)  # fmt: skip


def test_a_private_space_follows_its_owner_and_a_shared_one_the_domain() -> None:
    found = SPACES.by_name("space")
    assert {name: (row["ebs_limit_gb"], row["idle_shutdown"], row["owner_key"]) for name, row in found.items()} == {
        "own": (500, "ENABLED", ANA),
        "editor": (500, "DISABLED", ANA),
        "board": (50, "DISABLED", ANA),
        "shared-editor": (50, "DISABLED", ANA),
        "canvas": (500, "", ANA),
        "orphan": (0, "", ""),
        "old": (50, "DISABLED", ""),  # neither sharing settings nor an owner: shared
        "unseen": (None, None, ANA),
    }


OWNER_UNSEEN = together(_domain(), _profile("ana", None, "*"), _space("own", "ana"), _space("board", "ana", "Shared"))
OWNER_UNLISTED = together(_domain(), _space("own", "ana"), place(["user_profile"]))


def test_an_owner_who_was_not_seen_leaves_the_space_open() -> None:
    found = OWNER_UNSEEN.by_name("space")
    columns = ("ebs_limit_gb", "idle_shutdown", "owner_key")
    assert [found["own"][c] for c in columns] == [None, None, ANA]
    assert [found["board"][c] for c in columns] == [100, "DISABLED", ANA]
    (unlisted,) = OWNER_UNLISTED.rows("space")
    assert [unlisted[c] for c in columns] == [None, None, None]


BOTH = {
    f"{app}AppSettings": {
        "AppLifecycleManagement": {"IdleSettings": {"IdleTimeoutInMinutes": minutes}},
        "DefaultResourceSpec": {"InstanceType": instance},
    }
    for app, minutes, instance in (("JupyterLab", 90, "ml.t3.medium"), ("CodeEditor", 600, "ml.g5.xlarge"))
}
APP_TYPES = together(
    _domain(), _profile("ana"), _space("lab", "ana", **BOTH), _space("editor", "ana", "Private", "CodeEditor", **BOTH),
    _space("classic", "ana", "Shared", "JupyterServer", **BOTH), _space("bare", "ana"),
    _record("space", "d-1/unseen", {"DomainId": "d-1", "SpaceName": "unseen"}, "*"),
)  # fmt: skip


def test_a_space_s_own_timeout_and_instance_are_those_of_its_app_type() -> None:
    found = APP_TYPES.by_name("space")
    assert {name: (row["idle_timeout"], row["instance_type"]) for name, row in found.items()} == {
        "lab": (90, "ml.t3.medium"), "editor": (600, "ml.g5.xlarge"), "classic": (0, ""), "bare": (0, ""),
        "unseen": (None, None),
    }  # fmt: skip


CLASSIC = {"DefaultLandingUri": "app:JupyterServer:"}
STUDIO = {"DefaultLandingUri": "studio::"}

#: case → (what is in the domain beside it, kinds that could not be listed, efs_needed)
EFS: dict[str, tuple[list[Record], list[str], bool | None]] = {
    "nothing": ([], [], False),
    "studio": ([_profile("ana", STUDIO), _space("own", "ana")], [], False),
    "classic profile": ([_profile("ana", STUDIO), _profile("ben", CLASSIC)], [], True),
    "auto-mount": ([_profile("ana", {"AutoMountHomeEFS": "Enabled"})], [], True),
    "classic space": ([_profile("ana"), _space("board", "ana", "Shared", "JupyterServer")], [], True),
    "classic app": ([_profile("ana"), _app("default", "JupyterServer", "InService")], [], True),
    "deleted app": ([_profile("ana"), _app("default", "JupyterServer", "Deleted")], [], False),
    "failed app": ([_profile("ana"), _app("default", "KernelGateway", "Failed")], [], False),
    "unseen profile": ([_profile("ana"), _profile("ben", None, "*")], [], None),
    "profiles unlisted": ([_profile("ana")], ["user_profile"], None),
    "spaces unlisted": ([_profile("ana")], ["space"], None),
    "apps unlisted": ([_profile("ana")], ["app"], None),
    "unlisted, but one was seen": ([_profile("ana", CLASSIC)], ["user_profile", "space", "app"], True),
}


@pytest.mark.parametrize(
    ("tables", "needed"),
    [(together(_domain(), place(unlisted), *records), needed) for records, unlisted, needed in EFS.values()],
    ids=EFS,
)
def test_what_needs_an_efs(tables: Apart, needed: bool | None) -> None:
    (row,) = tables.rows("domain")
    assert row["efs_needed"] is needed


@pytest.mark.parametrize(
    ("tables", "needed"),
    [
        (together(_domain(**change)), needed)
        for change, needed in (
            ({"DomainSettings": {"RStudioServerProDomainSettings": {"DomainExecutionRoleArn": "arn:r"}}}, True),
            ({"DefaultUserSettings": {"AutoMountHomeEFS": "Disabled", **CLASSIC}}, True),
            ({"DefaultUserSettings": {}}, True),
            ({"DefaultUserSettings": {}, "HomeEfsFileSystemCreation": "Disabled"}, False),
            ({"CreationTime": "2023-11-30T10:00:00Z"}, None),
        )
    ],
)
def test_what_a_new_profile_would_need(tables: Apart, needed: bool | None) -> None:
    """AWS's own default is to mount; on the day that Studio became the default the landing page is unknown."""
    (row,) = tables.rows("domain")
    assert row["efs_needed"] is needed


@pytest.mark.parametrize(
    ("tables", "shared"),
    [
        (together(_domain()), False),
        (together(_domain(), _space("own", "ana")), False),
        (together(_domain(), _space("own", "ana"), _space("board", "ana", "Shared")), True),
        (together(_domain(), _space("unseen", "", "", "JupyterLab", "SpaceSharingSettings")), None),
        (together(_domain(), _space("own", "ana"), place(["space"])), None),
        (together(_domain(), _space("board", "ana", "Shared"), place(["space"])), True),
    ],
)
def test_shared_spaces(tables: Apart, shared: bool | None) -> None:
    (row,) = tables.rows("domain")
    assert row["has_shared_spaces"] is shared


AGES = together(
    _domain(), _app("almost", "Canvas", "InService", "2026-11-20T02:00:01Z"),
    _app("exactly", "Canvas", "InService", "2026-11-20T02:00:00Z"),
    _app("new", "Canvas", "Pending", "2026-11-23T02:00:00Z"),
    _record("app", "d-1/profile/ana/Canvas/x", {"DomainId": "d-1", "AppName": "x", "AppType": "Canvas"}),
)  # fmt: skip


def test_an_app_s_age_is_in_whole_hours() -> None:
    """Taken at 02:00:00 on the 23rd."""
    found = AGES.by_name("app")
    assert {name: row["age_hours"] for name, row in found.items()} == {"almost": 71, "exactly": 72, "new": 0, "x": None}
