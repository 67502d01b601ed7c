"""An account without a user profile has the same tables, without a row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from auditor.evaluate.audit import load_tables
from auditor.resolve.table_model import documented_columns
from auditor.resolve.tables import USER_PROFILE
from tests.evaluate.helpers import domain, snapshot_file


def test_the_table_of_profiles_is_the_same(estate_file: Callable[[str], Path], tmp_path: Path) -> None:
    """Planning the resolution is skipped there; columns, their order and their types are those of any account."""
    found = {}
    for name, file in (("some", estate_file("clean")), ("none", snapshot_file(tmp_path / "none.jsonl", domain("d-1")))):
        con, _ = load_tables([file])
        found[name] = [(column, type_) for column, type_, *_ in con.execute("describe user_profile").fetchall()]
        resolved = {c: t for c, t, *_ in con.execute("describe user_profile_resolved").fetchall()}
        (number,) = con.execute("select count(*) from user_profile").fetchall()[0]
        assert bool(number) == (name == "some")
        found[f"{name}, resolved"] = resolved
    assert found["none"] == found["some"]
    assert [column for column, _ in found["none"]] == list(documented_columns(USER_PROFILE))
    assert found["some, resolved"].items() <= found["none, resolved"].items()
