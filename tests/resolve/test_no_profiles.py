"""An account without a resource of some kind has the same tables, without a row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.evaluate.audit import load_tables
from auditor.model.snapshot import KINDS
from auditor.resolve import load_documents
from auditor.resolve.raw_schema import DOCUMENTS, struct_type
from auditor.resolve.table_model import documented_columns
from auditor.resolve.tables import APP, SPACE, USER_PROFILE
from auditor.store.connection import connect
from tests.evaluate.helpers import domain, snapshot_file

MADE = (USER_PROFILE, SPACE, APP)


def test_documented_tables_are_the_same(estate_file: Callable[[str], Path], tmp_path: Path) -> None:
    """Planning the queries is skipped there; columns and their types are those of any account."""
    found: dict[str, dict[str, list[tuple[str, str]]]] = {}
    without = snapshot_file(tmp_path / "none.jsonl", domain("d-1"))
    for name, file in (("some", estate_file("clean")), ("none", without)):
        con, _ = load_tables([file])
        tables = (*(table.name for table in MADE), "user_profile_resolved")
        found[name] = {t: [(c, type_) for c, type_, *_ in con.execute(f"describe {t}").fetchall()] for t in tables}
        for table in MADE:
            (number,) = con.execute(f"select count(*) from {table.name}").fetchall()[0]
            assert bool(number) == (name == "some"), table.name
    assert found["none"]["user_profile"] == found["some"]["user_profile"]
    for table in MADE:
        assert dict(found["none"][table.name]) == dict(found["some"][table.name])
        assert [column for column, _ in found["none"][table.name]] == list(documented_columns(table))
    assert set(found["some"]["user_profile_resolved"]) <= set(found["none"]["user_profile_resolved"])


def test_tables_between_are_the_same(estate_file: Callable[[str], Path], tmp_path: Path) -> None:
    """Those that are made without a query where nothing of their kinds was seen, from which others are made."""
    names = ("image_fact", "started_image", "app_use", "profile_apps", "shared_apps", "sign_in", "profile_sign_in",
             "side_role", "lifecycle_config")  # fmt: skip
    without = snapshot_file(tmp_path / "none.jsonl")
    types: list[dict[str, dict[str, str]]] = []
    for file in (estate_file("acme"), without):
        con, _ = load_tables([file])
        types.append({t: {c: type_ for c, type_, *_ in con.execute(f"describe {t}").fetchall()} for t in names})
        counts = [con.execute(f"select count(*) from {name}").fetchall()[0][0] for name in names]
        assert all(counts) if file != without else not any(counts), counts
    assert types[0] == types[1]


@pytest.mark.parametrize("placed", [False, True])
def test_raw_tables_are_the_same(placed: bool) -> None:
    """The types that a kind's empty table is given are those that the query of the others has."""
    con = connect()
    unseen = ", ".join(f"unseen_{kind} VARCHAR[]" for kind in KINDS)
    named = "filename VARCHAR, as_of TIMESTAMP, template BOOLEAN, unlisted VARCHAR[]"
    con.execute(f"create table header ({named}, {unseen})")
    columns = {**load_documents._RECORD, **({"place": load_documents._PLACE} if placed else {}), "filename": "VARCHAR"}
    columns |= {kind: struct_type(DOCUMENTS[kind]) for kind in KINDS if kind in DOCUMENTS}
    con.execute(f"create table raw ({', '.join(f'{name} {type_}' for name, type_ in columns.items())})")
    for kind in KINDS:
        con.execute(f"create table asked as {load_documents._select(kind, 'raw', placed)}")
        con.execute(f"create table made ({load_documents._columns(kind, placed)})")
        asked, made = (con.execute(f"describe {name}").fetchall() for name in ("asked", "made"))
        assert asked == made, kind
        con.execute("drop table asked")
        con.execute("drop table made")
