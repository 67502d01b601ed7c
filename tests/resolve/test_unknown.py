"""NULL means unknown, and only that: what was not seen is never a default, what was seen is never lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from auditor.evaluate.audit import load_tables
from auditor.model.snapshot import SCHEMA_VERSION, Gap, Header, Scope, Snapshot, Unseen
from auditor.resolve.table_model import handed_down
from auditor.store.snapshot_file import write_snapshot
from auditor.studio.setting import Setting
from auditor.studio.settings import SETTINGS, USER_SETTINGS, known_paths

from .builder import ACCOUNT, REGION, Apart, Together, domain, place, profile, space
from .test_precedence import OWN_DEFAULTS, USER_DEFAULTS, WITH_EFS

together = Together()
#: What follows from nothing seen.
DERIVED = [
    ("user_profile", "experience"), ("user_profile", "execution_role_profiles"), ("user_profile", "domain_has_efs"),
    ("domain", "default_experience"), ("domain", "has_efs"), ("domain", "vpc_is_default"), ("domain", "quick_setup"),
    ("space", "classic"), ("space", "owner_exists"),
]  # fmt: skip
ALL_UNSEEN = [(kind, path) for kind, paths in known_paths().items() for path in paths]


def _columns(setting: Setting) -> tuple[str, str]:
    table = {"user": "user_profile", "profile": "user_profile", "space": "space"}.get(setting.scope, "domain")
    return table, ("space_default_" if setting.scope == "space_default" else "") + setting.column


#: Of the domain: what says how people sign in as well.
BARE = {"AuthMode": None}
TOPS = {kind: sorted({path.split(".")[0] for path in paths}) for kind, paths in known_paths().items()}
#: One row a table, of resources of which nothing but the name was seen, by what says so.
BLIND = {
    "record": together(domain(document=BARE, gaps=["*"]), profile("ana", gaps=["*"]), space("s", gaps=["*"])),
    "header": together(domain(document=BARE), profile("ana"), space("s"), unseen=ALL_UNSEEN),
    "structures": together(
        domain(document=BARE, gaps=TOPS["domain"]), profile("ana", gaps=TOPS["user_profile"]),
        space("s", gaps=TOPS["space"]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("said", BLIND)
def test_what_was_not_seen_is_null(said: str) -> None:
    """Whether the record says so, each structure of it, or the SDK's model for the whole snapshot."""
    tables = BLIND[said]
    rows = {name: tables.rows(name)[0] for name in ("domain", "user_profile", "space")}
    for setting in SETTINGS:
        table, column = _columns(setting)
        assert (rows[table][column], rows[table][f"{column}_origin"]) == (None, None), (table, column)
        if setting.scope == "user":
            assert rows["domain"][handed_down("default_", setting.column)] is None, column
    for table, column in DERIVED:
        assert rows[table][column] is None, (table, column)


BESIDE_A_GAP = together(
    domain(document={"DefaultUserSettings": {"ExecutionRole": "arn:d", "StudioWebPortal": "DISABLED"}}, gaps=["*"]),
    profile("ana", {"ExecutionRole": "arn:p"}, ["*"]),
    profile("bob", {}, ["UserSettings.ExecutionRole"]),
)


def test_what_was_seen_beside_a_gap_counts() -> None:
    """A gap speaks about what the document does not hold."""
    rows = BESIDE_A_GAP.by_name("user_profile")
    assert (rows["ana"]["execution_role"], rows["ana"]["execution_role_origin"]) == ("arn:p", "profile")
    assert rows["ana"]["studio_web_portal"] is None
    # Not seen on the profile: it could be set there, so the domain's value is not the answer.
    assert (rows["bob"]["execution_role"], rows["bob"]["execution_role_origin"]) == (None, None)
    assert (rows["bob"]["studio_web_portal"], rows["bob"]["studio_web_portal_origin"]) == ("DISABLED", "domain")
    assert BESIDE_A_GAP.rows("domain")[0]["default_execution_role"] == "arn:d"


@pytest.mark.parametrize(
    ("setting", "tables"),
    [
        (s, together(domain(document=WITH_EFS), profile("ana"), unseen=[("user_profile", f"UserSettings.{s.path}")]))
        for s in USER_SETTINGS[1::13]
    ],
    ids=[s.column for s in USER_SETTINGS[1::13]],
)
def test_one_path_is_one_unknown(setting: Setting, tables: Apart) -> None:
    """A path that the SDK does not know makes its columns NULL and leaves each other one its value."""
    row = tables.rows("user_profile")[0]
    unknown = {s.column: None for s in USER_SETTINGS if s.path == setting.path}
    assert {c: row[c] for c in USER_DEFAULTS} == {**USER_DEFAULTS, **unknown}


DOMAIN_GONE = together(profile("ana", {"ExecutionRole": "arn:p", "AutoMountHomeEFS": "Disabled"}, of="d-gone"))


def test_a_profile_of_a_domain_that_was_not_seen() -> None:
    """It keeps what it sets itself; what it would inherit is unknown, and so is whether anything can be mounted."""
    row = DOMAIN_GONE.rows("user_profile")[0]
    assert row["execution_role"] == "arn:p"
    assert row["auto_mount_home_efs"] == "Disabled"
    for column in ("domain_name", "rstudio_licensed", "domain_has_efs", "experience",
                   "security_groups", "hidden_app_types", "studio_web_portal", "jupyterlab_idle_shutdown"):  # fmt: skip
        assert row[column] is None, column
    assert row["unified_studio"] is False
    # AWS requires a user where people sign in through Identity Center; this profile has none.
    assert row["auth_mode"] == "IAM"
    assert row["domain_id"] == "d-gone"
    assert row["domain_key"] == f"{ACCOUNT}/{REGION}/domain/d-gone"


NO_SETTINGS = together(domain(document=WITH_EFS), profile("absent", None), profile("empty", {}))


def test_no_user_settings_at_all() -> None:
    """AWS leaves UserSettings out where nothing was set: then all is inherited, nothing is unknown."""
    rows = NO_SETTINGS.by_name("user_profile")
    for name in ("absent", "empty"):
        assert {c: rows[name][c] for c in USER_DEFAULTS} == USER_DEFAULTS, name
        assert rows[name]["experience"] == "studio"


EMPTY = together(
    place(["domain"]), gaps=[Gap(ACCOUNT, REGION, "domain", "*", "*", "ListDomains", "access_denied", "it's denied")]
)


def test_an_empty_account() -> None:
    """No rows, and its gaps as they were collected."""
    assert [EMPTY.rows(name) for name in ("domain", "user_profile", "space", "app")] == [[], [], [], []]
    assert EMPTY.rows("account_region")[0]["unlisted"] == ["domain"]
    assert EMPTY.rows("gap") == [
        {"account": ACCOUNT, "region": REGION, "resource_type": "domain", "resource_id": "*", "setting": "*",
         "operation": "ListDomains", "reason": "access_denied", "detail": "it's denied"}
    ]  # fmt: skip


def test_each_snapshot_has_its_own_blind_spots(tmp_path: Path) -> None:
    """An old SDK in one account makes nothing unknown in another."""
    paths = []
    for account, unseen in (("111122223333", ALL_UNSEEN), ("444455556666", [])):
        header = Header(SCHEMA_VERSION, "aws", "2026-11-23T02:00:00Z", "0", "1", "", (Scope(account, REGION),))
        header = replace(header, unseen=tuple(Unseen(*u) for u in unseen))
        records = tuple(replace(r, account=account) for r in (place(), domain(document=WITH_EFS), profile("ana")))
        paths.append(tmp_path / f"{account}.jsonl")
        write_snapshot(paths[-1], Snapshot(header, records))
    con, _ = load_tables(paths)
    roles = con.execute("select account, execution_role, auto_mount_home_efs from user_profile order by 1").fetchall()
    assert roles == [("111122223333", None, None), ("444455556666", "", "Enabled")]


NAMES = ["audit [prod].jsonl", "m/[ab].jsonl", "n/a*b.jsonl", "o/a?.jsonl", "it's.jsonl", "s.json.gz", "ünï cöde.jsonl"]


def _snapshot(account: str, id_: str) -> Snapshot:
    header = Header(SCHEMA_VERSION, "aws", "2026-11-23T02:00:00Z", "0", "1", "", (Scope(account, REGION),))
    gap = Gap(account, REGION, "domain", id_, "*", "DescribeDomain", "throttled")
    records = (place(), domain(id_), profile("ana", of=id_))
    return Snapshot(header, tuple(replace(r, account=account) for r in records), (gap,))


def _hold(paths: dict[str, Path]) -> None:
    """Each file's tables hold what was written into it, and nothing else."""
    con, _ = load_tables(list(paths.values()))
    for query, id_ in (
        ("select account, region, id from domain order by 1", "d-right"),
        ("select account, region, id from user_profile order by 1", "d-right/ana"),
        ("select account, region, resource_id from gap order by 1", "d-right"),
    ):
        assert con.execute(query).fetchall() == [(account, REGION, id_) for account in paths], query


def test_a_file_name_is_only_a_name(tmp_path: Path) -> None:
    """No pattern that reads its neighbours, no sign of compression."""
    files = {f"{number:012}": tmp_path / name for number, name in enumerate(NAMES)}
    for account, path in files.items():
        write_snapshot(path, _snapshot(account, "d-right"))
        for neighbour in ("a.jsonl", "b.jsonl", "ax.jsonl", "axxb.jsonl"):
            write_snapshot(path.parent / neighbour, _snapshot("999999999999", "d-wrong"))
    _hold(files)


@pytest.mark.parametrize("name", ["account=999/region=mars/s.jsonl", "kind=space/id=7/s.jsonl"])
def test_a_folder_name_is_only_a_name(name: str, tmp_path: Path) -> None:
    """No source of columns, as folders of a data lake are."""
    path = tmp_path / name
    write_snapshot(path, _snapshot(ACCOUNT, "d-right"))
    _hold({ACCOUNT: path})


def test_defaults_are_not_forgotten_here() -> None:
    """The blind rows above have no NULL that a row of a resource that was seen has as well, but for an open one."""
    assert None not in USER_DEFAULTS.values()
    assert {c for c, v in OWN_DEFAULTS.items() if v is None} == {("domain", "auth_mode")}
