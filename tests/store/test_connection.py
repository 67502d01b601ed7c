"""Should the guard miss something: the connection that rules run on is shut off from files, extensions and settings."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from auditor.evaluate.audit import load_tables
from auditor.store.connection import connect, lock
from tests.evaluate.helpers import domain, snapshot_file


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> tuple[duckdb.DuckDBPyConnection, Path]:
    folder = tmp_path_factory.mktemp("locked")
    (folder / "secret.csv").write_text("a,b\n1,2\n")
    con, _ = load_tables([snapshot_file(folder / "snapshot.jsonl", domain())])
    return con, folder


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('{folder}/secret.csv')",
        "select * from read_text('{folder}/secret.csv')",
        "select * from '{folder}/secret.csv'",
        "select * from read_json('{folder}/snapshot.jsonl')",
        "select * from glob('{folder}/*')",
        "copy (select 1) to '{folder}/out.csv'",
        "copy domain to '{folder}/out.parquet' (format parquet)",
        "export database '{folder}/out'",
        "attach '{folder}/out.db' as other",
        "install httpfs",
        "load httpfs",
        "load '{folder}/extension.duckdb_extension'",
        "set enable_external_access = true",
        "set lock_configuration = false",
        "reset enable_external_access",
        "set allowed_directories = ['{folder}']",
        "pragma enable_external_access = true",
        "set memory_limit = '1GB'",
    ],
)
def test_the_connection_itself_is_shut(sql: str, locked: tuple[duckdb.DuckDBPyConnection, Path]) -> None:
    """Should the guard miss something: no file is read or written, no extension loaded, no setting changed."""
    con, folder = locked
    before = sorted(folder.iterdir())
    with pytest.raises(duckdb.Error):
        con.execute(sql.format(folder=folder)).fetchall()
    assert sorted(folder.iterdir()) == before
    assert con.execute("select count(*) from domain").fetchall() == [(1,)]


def test_the_guard_checks_on_a_shut_connection() -> None:
    """A lock cannot be undone on the connection that it was put on."""
    con = connect()
    lock(con)
    with pytest.raises(duckdb.Error):
        con.execute("set enable_external_access = true")


def test_no_bar_is_drawn_into_a_notebook() -> None:
    assert connect().execute("select current_setting('enable_progress_bar')").fetchall() == [(False,)]
