"""What a process keeps parsed is the text of a statement: no rows, and nothing of the connection that it ran on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest

from auditor.resolve import parsed_statements
from auditor.resolve.parsed_statements import run
from auditor.store.connection import connect

SQL = "select number * 2 from numbers"


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsed_statements, "_parsed", {})
    monkeypatch.setattr(parsed_statements, "_once", set())


def _with_number(number: int) -> duckdb.DuckDBPyConnection:
    con = connect()
    con.execute("create table numbers as select ?::INTEGER as number", [number])
    return con


def test_each_connection_answers_from_its_own_rows() -> None:
    answers = []
    for number in range(4):
        with _with_number(number) as con:
            answers += run(con, SQL).fetchall()
    assert answers == [(0,), (2,), (4,), (6,)]
    assert list(parsed_statements._parsed) == [SQL]


def test_what_runs_once_is_not_kept() -> None:
    with _with_number(1) as con:
        run(con, SQL)
        run(con, f"{SQL} where true")
    assert parsed_statements._parsed == {}


def test_what_is_kept_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsed_statements, "_KEPT", 2)
    monkeypatch.setattr(parsed_statements, "_REMEMBERED", 3)
    with _with_number(1) as con:
        for number in range(5):
            for _ in range(3):
                assert run(con, f"select {number} + number from numbers").fetchall() == [(number + 1,)]
            assert len(parsed_statements._parsed) <= 2
            assert len(parsed_statements._once) <= 3


def test_a_statement_is_bound_to_the_tables_that_are_there() -> None:
    with _with_number(1) as con:
        for kind, answer in (("VARCHAR", "1 "), ("INTEGER", 11), ("VARCHAR", "1 ")):
            con.execute(f"create or replace table t (a {kind})")
            con.execute("insert into t values (1)")
            both = "select case typeof(a) when 'INTEGER' then a::INTEGER + 10 end, a::VARCHAR || ' ' from t"
            assert answer in run(con, both).fetchall()[0]


@pytest.mark.parametrize("sql", ["select", "select nothing from numbers"])
def test_an_error_stays_one(sql: str) -> None:
    with _with_number(1) as con:
        for _ in range(3):
            with pytest.raises(duckdb.Error):
                run(con, sql)


def test_threads_run_the_same_statement_at_once() -> None:
    def answer(number: int) -> int:
        with _with_number(number) as con:
            for _ in range(20):
                ((found,),) = run(con, SQL).fetchall()
                assert found == 2 * number
        return number

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(answer, range(12))) == list(range(12))
