"""What neighbours decide: a person's other profiles, a space's owner, what a domain's EFS is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from auditor.evaluate.audit import load_tables
from auditor.model.snapshot import SCHEMA_VERSION, Header, Kind, Record, Scope, Snapshot
from auditor.store.snapshot_file import write_snapshot

PLACE = ("111122223333", "eu-west-1")
Document = Mapping[str, Any]


def _record(kind: Kind, id_: str, document: Document, *gaps: str) -> Record:
    return Record(*PLACE, kind=kind, id=id_, document=document, gaps=gaps)


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


@pytest.fixture
def rows(tmp_path: Path) -> Any:
    def rows(table: str, *records: Record, unlisted: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
        """Rows of a table, by name."""
        everything = (*records, _record("account_region", PLACE[1], {}, *unlisted))
        header = Header(SCHEMA_VERSION, "aws", "2026-11-23T02:00:00Z", "0.2.0", "1.44.5", "", (Scope(*PLACE),))
        path = tmp_path / "snapshot.jsonl"
        write_snapshot(path, Snapshot(header, everything))
        con, _ = load_tables([path])
        cursor = con.execute(f"select * from {table}")
        names = [d[0] for d in cursor.description or ()]
        return {row[names.index("name")]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}

    return rows


def _idle(shutdown: str) -> dict[str, Any]:
    return {"AppLifecycleManagement": {"IdleSettings": {"LifecycleManagement": shutdown}}}


def _volumes(maximum: int) -> dict[str, Any]:
    sizes = {"DefaultEbsVolumeSizeInGb": 5, "MaximumEbsVolumeSizeInGb": maximum}
    return {"SpaceStorageSettings": {"DefaultEbsStorageSettings": sizes}}


def test_profiles_of_one_person_are_counted_in_their_domain(rows: Any) -> None:
    found = rows(
        "user_profile", _domain(), _domain("d-2"),
        _profile("ana", sso="ana@example.com"), _profile("ana-2", sso="ANA@example.com"),
        _profile("ana-far", of="d-2", sso="ana@example.com"), _profile("ben", sso="ben"), _profile("nobody"),
    )  # fmt: skip
    assert {name: row["sso_user_profiles"] for name, row in found.items()} == {
        "ana": 2, "ana-2": 2, "ana-far": 1, "ben": 1, "nobody": 0,
    }  # fmt: skip


@pytest.mark.parametrize("unlisted", [(), ("user_profile",)])
def test_one_profile_is_certain_only_where_all_were_seen(rows: Any, unlisted: tuple[str, ...]) -> None:
    """Another profile of the person may be the one that was not seen; two that were seen are two."""
    unseen = () if unlisted else (_profile("unseen", None, "*"),)
    found = rows(
        "user_profile", _domain(), *unseen, _profile("ana", sso="ana"), _profile("ana-2", sso="ana"),
        _profile("ben", sso="ben"), unlisted=unlisted,
    )  # fmt: skip
    assert [found[name]["sso_user_profiles"] for name in ("ana", "ana-2", "ben")] == [2, 2, None]


ANA = "111122223333/eu-west-1/user_profile/d-1/ana"


def test_a_private_space_follows_its_owner_and_a_shared_one_the_domain(rows: Any) -> None:
    user = {**_volumes(500), "JupyterLabAppSettings": _idle("ENABLED")}
    shared = {**_volumes(50), "JupyterLabAppSettings": _idle("DISABLED")}
    found = rows(
        "space", _domain(DefaultSpaceSettings=shared), _profile("ana", user, sso="ana.lee@example.com"),
        _space("own", "ANA"), _space("editor", "ana", app_type="CodeEditor"), _space("board", "ana", "Shared"),
        _space("shared-editor", "ana", "Shared", "CodeEditor"), _space("canvas", "ana", app_type="Canvas"),
        _space("orphan", "gone"), _space("old", sharing=""),
        _space("unseen", "ana", "", "JupyterLab", "SpaceSharingSettings"),
    )  # fmt: skip
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


def test_an_owner_who_was_not_seen_leaves_the_space_open(rows: Any) -> None:
    found = rows("space", _domain(), _profile("ana", None, "*"), _space("own", "ana"), _space("board", "ana", "Shared"))
    columns = ("ebs_limit_gb", "idle_shutdown", "owner_key")
    assert [found["own"][c] for c in columns] == [None, None, ANA]
    assert [found["board"][c] for c in columns] == [100, "DISABLED", ANA]
    (unlisted,) = rows("space", _domain(), _space("own", "ana"), unlisted=("user_profile",)).values()
    assert [unlisted[c] for c in columns] == [None, None, None]


def test_a_space_s_own_timeout_and_instance_are_those_of_its_app_type(rows: Any) -> None:
    both = {
        f"{app}AppSettings": {
            "AppLifecycleManagement": {"IdleSettings": {"IdleTimeoutInMinutes": minutes}},
            "DefaultResourceSpec": {"InstanceType": instance},
        }
        for app, minutes, instance in (("JupyterLab", 90, "ml.t3.medium"), ("CodeEditor", 600, "ml.g5.xlarge"))
    }
    found = rows(
        "space", _domain(), _profile("ana"), _space("lab", "ana", **both),
        _space("editor", "ana", "Private", "CodeEditor", **both),
        _space("classic", "ana", "Shared", "JupyterServer", **both), _space("bare", "ana"),
        _record("space", "d-1/unseen", {"DomainId": "d-1", "SpaceName": "unseen"}, "*"),
    )  # fmt: skip
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


@pytest.mark.parametrize("case", EFS)
def test_what_needs_an_efs(rows: Any, case: str) -> None:
    records, unlisted, needed = EFS[case]
    assert rows("domain", _domain(), *records, unlisted=unlisted)["d-1"]["efs_needed"] is needed


@pytest.mark.parametrize(
    ("change", "needed"),
    [
        ({"DomainSettings": {"RStudioServerProDomainSettings": {"DomainExecutionRoleArn": "arn:r"}}}, True),
        ({"DefaultUserSettings": {"AutoMountHomeEFS": "Disabled", **CLASSIC}}, True),
        ({"DefaultUserSettings": {}}, True),
        ({"DefaultUserSettings": {}, "HomeEfsFileSystemCreation": "Disabled"}, False),
        ({"CreationTime": "2023-11-30T10:00:00Z"}, None),
    ],
)
def test_what_a_new_profile_would_need(rows: Any, change: Document, needed: bool | None) -> None:
    """AWS's own default is to mount; on the day that Studio became the default the landing page is unknown."""
    assert rows("domain", _domain(**change))["d-1"]["efs_needed"] is needed


@pytest.mark.parametrize(
    ("spaces", "unlisted", "shared"),
    [
        ([], [], False),
        ([_space("own", "ana")], [], False),
        ([_space("own", "ana"), _space("board", "ana", "Shared")], [], True),
        ([_space("unseen", "", "", "JupyterLab", "SpaceSharingSettings")], [], None),
        ([_space("own", "ana")], ["space"], None),
        ([_space("board", "ana", "Shared")], ["space"], True),
    ],
)
def test_shared_spaces(rows: Any, spaces: list[Record], unlisted: list[str], shared: bool | None) -> None:
    assert rows("domain", _domain(), *spaces, unlisted=unlisted)["d-1"]["has_shared_spaces"] is shared


def test_an_app_s_age_is_in_whole_hours(rows: Any) -> None:
    """Taken at 02:00:00 on the 23rd."""
    found = rows(
        "app", _domain(), _app("almost", "Canvas", "InService", "2026-11-20T02:00:01Z"),
        _app("exactly", "Canvas", "InService", "2026-11-20T02:00:00Z"),
        _app("new", "Canvas", "Pending", "2026-11-23T02:00:00Z"),
        _record("app", "d-1/profile/ana/Canvas/x", {"DomainId": "d-1", "AppName": "x", "AppType": "Canvas"}),
    )  # fmt: skip
    assert {name: row["age_hours"] for name, row in found.items()} == {"almost": 71, "exactly": 72, "new": 0, "x": None}
