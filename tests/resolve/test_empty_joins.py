"""Joins of tables without a row are left out of small audits, and every table has the rows that it would have with
them."""

from __future__ import annotations

from typing import Literal

import pytest
from budgets import examples
from hypothesis import given
from hypothesis import strategies as st

from auditor.evaluate.audit import load_tables
from auditor.model.snapshot import KINDS, SCHEMA_VERSION, Header, Record, Scope, Snapshot
from auditor.resolve import parsed_statements
from auditor.resolve.empty_joins import without_empty_joins
from auditor.resolve.few_rows import plan_for_few_rows
from auditor.resolve.tables import TABLES
from auditor.store.connection import connect
from auditor.store.snapshot_file import write_snapshot
from resolve.builder import ACCOUNT, REGION
from resolve.test_alike_profiles import snapshots

TABLES_OF_JOINS = """
create table a as select * from (values (1, 'one'), (2, null), (null, 'three')) t(id, name);
create table none as select 1 as id, 'x' as name, 2 as other where false;
create table held as select 1 as id, 'x' as name, 2 as other;
"""


@pytest.mark.parametrize(
    ("sql", "left"),
    [
        ("select a.id, n.other from a left join none n on n.id = a.id and lower(a.name) = n.name", 0),
        ("select a.id, none.other from a left join none on none.id = a.id where a.id > 0", 0),
        # A condition ends where its parenthesis does, a text and a remark hold no words of SQL.
        ("select * from (select a.id, n.other from a left join none n on n.name in ('a', ') join')) order by 1", 0),
        ("select a.id, n.other from a left join none n on n.id = a.id -- left join held\n and n.name = 'x'", 0),
        ("select a.id, n.other, s.other from a left join none n on n.id = a.id left join held s on s.id = a.id", 1),
        ("select a.id, n.other, m.other from a left join none n on n.id = a.id left join none m on m.id = a.id", 0),
        ("select a.id, n.other, s.other from a left join none n on n.id = a.id join held s on s.id = a.id", 1),
        ("select a.id, n.other, b.name from a left join none n on n.id = a.id, a as b where b.id = a.id", 1),
        ("select a.id, n.other from a left join none n on n.id = a.id group by all", 0),
        ("select id, other from a left join none n using (id)", 0),
        ("select id, n.other from a left join none n using (id, name) where id > 0", 0),
        # Its own column of what is joined by name is NULL, and not to be had without that join.
        ("select id, n.id, other from a left join none n using (id)", 1),
        # A statement's own query hides the table.
        ("with none as (select * from held) select a.id, n.other from a left join none n on n.id = a.id", 1),
        ("with none as materialized (select * from held) select id in (select id from none) from a", 1),
        ("select id in (select id from none), id not in (select id from none) from a", 0),
        ("select not id in (select n.id from none n), not id not in (select id from none) from a", 1),
        ("select (id, name) in (select id, name from none) and id is null, coalesce(id in (select id from none), true)"
         " from a where name <> '' and id not in (select id from none) or name is null", 0),
        ("select id in (select id from held), id not in (select n.id from held n) from a", 2),
        ("select id in (select id from none where other = 2) from a", 1),
    ],
)  # fmt: skip
def test_a_statement_has_the_same_rows_without_joins_of_empty_tables(sql: str, left: int) -> None:
    with connect() as con:
        con.execute(TABLES_OF_JOINS)
        assert without_empty_joins(con, sql) == sql
        plan_for_few_rows(con)
        without = without_empty_joins(con, sql)
        assert con.execute(f"select * from ({without}) order by all").fetchall() == (
            con.execute(f"select * from ({sql}) order by all").fetchall()
        )
        plan = con.execute(f"explain (format json) {without}").fetchall()[0][1]
    assert plan.count('"HASH_JOIN"') == left


def test_tables_are_made_without_them_and_views_with_them() -> None:
    """Whether a table is empty is asked when a statement runs; a view is asked later."""
    made = "{} made as select a.id, n.other from a left join none n on n.id = a.id"
    with connect() as con:
        con.execute(TABLES_OF_JOINS)
        plan_for_few_rows(con)
        parsed_statements.run(con, made.format("create view"))
        con.execute("insert into none values (1, 'x', 2), (1, 'y', 3)")
        expected = [(1, 2), (1, 3), (2, None), (None, None)]
        assert con.execute("select * from made order by all").fetchall() == expected
        con.execute("drop view made")
        for _ in range(3):
            parsed_statements.run(con, made.format("create table"))
            assert con.execute("select * from made order by all").fetchall() == expected
            con.execute("drop table made")
        con.execute("delete from none")
        parsed_statements.run(con, made.format("create table"))
        assert con.execute("select * from made order by all").fetchall() == [(1, None), (2, None), (None, None)]


@examples(12)
@given(records=snapshots(), source=st.sampled_from(["aws", "cloudformation"]), all_kinds=st.booleans())
def test_every_table_is_the_same(
    records: list[Record],
    source: Literal["aws", "cloudformation"],
    all_kinds: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    kinds = KINDS if all_kinds else ("domain", "user_profile")
    path = tmp_path_factory.mktemp("joins") / "one.jsonl"
    header = Header(
        SCHEMA_VERSION, source, "2026-11-23T02:00:00Z", "0.1.0", "1.44.5", "", (Scope(ACCOUNT, REGION),), kinds=kinds
    )
    write_snapshot(path, Snapshot(header, tuple(records)))
    with pytest.MonkeyPatch.context() as monkeypatch:
        without, _ = load_tables([path])
        monkeypatch.setattr(parsed_statements, "without_empty_joins", lambda _, sql: sql)
        whole, _ = load_tables([path])
    with without, whole:
        for table in TABLES:
            asked = f"select * from {table.name} order by all"
            assert without.execute(asked).fetchall() == whole.execute(asked).fetchall(), table.name
            assert without.execute(f"describe {table.name}").fetchall() == (
                whole.execute(f"describe {table.name}").fetchall()
            )
