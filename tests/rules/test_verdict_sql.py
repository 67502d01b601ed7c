"""Parameters become SQL literals that are worth what they were, however long they are and whatever they hold."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.rules.verdict_sql import substitute


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


# DuckDB takes no NUL in a query, and a rule file could not hold a lone surrogate.
ITEMS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@given(items=st.lists(ITEMS, max_size=40))
def test_a_list_is_the_list(items: list[str], con: duckdb.DuckDBPyConnection) -> None:
    """Short or long, with quotes, bars and empty texts in it."""
    assert con.execute(f"select {substitute('$items', {'items': items})}").fetchall() == [(items,)]


@pytest.mark.parametrize("odd", ["a|b", "'", "", "$items", "--"])
def test_a_long_list_with_an_odd_text(odd: str, con: duckdb.DuckDBPyConnection) -> None:
    items = [odd, *map(str, range(100)), odd]
    assert con.execute(f"select {substitute('$items', {'items': items})}").fetchall() == [(items,)]
    assert con.execute(f"select typeof({substitute('$items', {'items': items})})").fetchall() == [("VARCHAR[]",)]
