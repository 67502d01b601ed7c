"""Columns of kinds of words: what ``word_kinds(column)`` means in rules, worked out once for each distinct word.

A million names hold some hundred thousand words. Each word is looked up in the rule's lists by a hash join, instead of
one word of one row after the other in lists of thousands, and put back on the rows as a column beside the words: while
the rules are evaluated, a temporary view of the table's name has these columns as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from auditor.evaluate.own_words import own_words
from auditor.evaluate.unlike_names import mark_unlike_names
from auditor.model.rule import OwnWords, Rule, UnlikeNames
from auditor.resolve.alike_profiles import KEPT_WORDS, alike_columns
from auditor.resolve.table_model import Table
from auditor.resolve.tables import TABLES
from auditor.rules.verdict_sql import Overrides, parameter_values, substitute
from auditor.rules.word_kinds import WORD, arguments
from auditor.sql_text import literal

if TYPE_CHECKING:
    import duckdb

#: A look-up that becomes a hash join: DuckDB goes through a list from its start.
_LOOKED_UP = re.compile(rf"\blist_contains\(\s*(\$\w+)\s*,\s*{WORD}\s*\)", re.IGNORECASE)
#: What the name of a list ends with where words are looked up in it.
_LISTED = "__listed"
#: Distinct words up to which a list that they are looked up in holds no others: to bind the thousands of words on the
#: lists takes longer than to look up a small account's.
_FEW = 500
#: Words of a row up to which each place has a join of its own; so few rows have more that these are put together.
_PLACES = 6
#: Bits of a code point. A letter's place in its row stands above them.
_BITS = 21


@dataclass(frozen=True, slots=True)
class KindColumns:
    """``of_rules``: rule id → column of words → column of their kinds. ``tables``: those that have a view.
    ``made``: what the views read, as ``table NAME`` or ``view NAME``."""

    of_rules: Mapping[str, Mapping[str, str]]
    tables: Sequence[str]
    made: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """One kind, and of what it is asked. ``kind``: SQL of one ``word``, with parameters that have these ``values``;
    ``own`` and ``unlike``: what words of the company's own are, and those that are formed as no name is; ``columns``:
    of words → of their kinds; ``rules``: ids of those that ask."""

    kind: str
    values: Mapping[str, Any]
    own: OwnWords | None
    unlike: UnlikeNames | None
    columns: Mapping[str, str]
    rules: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Found:
    """What is asked, and the answer: ``words`` is a table of words and their kinds, without those of the commonest
    kind, which is ``other``: most words of people's names are on no list."""

    asked: _Asked
    words: str
    other: str


def beneath(con: duckdb.DuckDBPyConnection) -> str:
    """Where the documented tables are, beneath the views: a database may hold those of changed resources as well."""
    ((database,),) = con.execute("select current_database()").fetchall()
    return f'"{database}".main'


def rows_of(con: duckdb.DuckDBPyConnection, table: str) -> tuple[str, str]:
    """Where a table's rows are, beneath the views, and the column that tells them apart: of many user profiles a
    number, which is joined in a fraction of the time that texts take."""
    if table == "user_profile" and alike_columns(con):
        return f"{beneath(con)}.user_profile_line", "line"
    return f"{beneath(con)}.{table}", "key"


def has_rows(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether a documented table has any."""
    if table == "user_profile" and alike_columns(con):
        table = "raw_user_profile"  # to plan the documented view takes a tenth of a second
    return bool(con.execute(f"select 1 from {beneath(con)}.{table} limit 1").fetchall())


def add_kind_columns(
    con: duckdb.DuckDBPyConnection,
    rules: Sequence[Rule],
    overrides: Overrides,
    account_names: Sequence[tuple[str, str]] = (),
) -> KindColumns:
    """Add the columns that the rules' conditions need. What cannot be worked out so (a kind of several letters or none,
    an error on one of the words) has no column: it is left to the expression that ``word_kinds`` stands for.
    ``account_names``: account → name, where an organization says."""
    asked = _asked(rules, overrides)
    read = {name for one in asked for name in one.columns}
    tables = {
        table.name: words
        for table in TABLES
        if (words := sorted(read & _columns_of_words(table))) and has_rows(con, table.name)
    }
    if not tables:
        return KindColumns({}, ())
    made = [_rows(con, table, words) for table, words in tables.items()]
    answers = [_classify(con, one, f"kind_words_{number}", tables, account_names) for number, one in enumerate(asked)]
    found = [answer for answer in answers if answer]
    made += [f"table {one.words}" for one in found]
    seen = [table for table, words in tables.items() if _show(con, table, words, found, made)]
    columns = {rule: one.asked.columns for one in found for rule in one.asked.rules}
    if seen:
        return KindColumns(columns, seen, made)
    drop_kind_columns(con, KindColumns(columns, seen, made))
    return KindColumns(columns, seen)


def _rows(con: duckdb.DuckDBPyConnection, table: str, words: Sequence[str]) -> str:
    """Make ``kind_rows_<table>``: the words of each row, with what tells rows apart. The words of many user profiles'
    names are kept with their documents (``auditor.resolve.alike_profiles``). Returns what was made."""
    rows, row = rows_of(con, table)
    kind = "table"
    if row == "line" and set(words) <= set(KEPT_WORDS):
        kind, rows, row = "view", f"{beneath(con)}.raw_{table}", "rowid as line"
    con.execute(f"create temp {kind} kind_rows_{table} as select {row}, {_names(words)} from {rows}").fetchall()
    return f"{kind} kind_rows_{table}"


def drop_kind_columns(con: duckdb.DuckDBPyConnection, added: KindColumns) -> None:
    """Take the columns away again: the tables hold what is documented."""
    for table in added.tables:
        con.execute(f"drop view temp.main.{table}").fetchall()
    for temporary in added.made:
        con.execute(f"drop {temporary}").fetchall()


def _asked(rules: Sequence[Rule], overrides: Overrides) -> list[_Asked]:
    documented = frozenset().union(*map(_columns_of_words, TABLES))
    kinds: dict[
        tuple[str, OwnWords | None, UnlikeNames | None], tuple[str, Mapping[str, Any], set[str], list[str]]
    ] = {}
    for rule in rules:
        named = {a.rpartition(".")[2].lower() for sql in (rule.when, rule.require) for a in arguments(sql)}
        if rule.word_kind and named & documented:
            kind, values = rule.word_kind, parameter_values(rule, overrides.get(rule.id))
            _, _, columns, asking = kinds.setdefault(
                (_kind_sql(kind, values), rule.own_words, rule.unlike_names), (kind, values, set(), [])
            )
            columns |= named & documented
            asking.append(rule.id)
    return [
        _Asked(kind, values, own, unlike, {name: f"__{name}_kinds_{number}" for name in sorted(columns)}, asking)
        for number, ((_, own, unlike), (kind, values, columns, asking)) in enumerate(kinds.items())
    ]


def _kind_sql(kind: str, values: Mapping[str, Any], among: frozenset[str] | None = None) -> str:
    """SQL of the kind of one ``word``; ``among``: all the words there are, where they are few: then the lists that they
    are looked up in are short, and each join would take longer."""
    if among is None and "lambda" not in kind.lower():  # in the body of one there may be no subquery
        kind = _LOOKED_UP.sub(rf"{WORD} in (select unnest(\1{_LISTED}))", kind)
    if among is not None:
        kind = _LOOKED_UP.sub(rf"list_contains(\1{_LISTED}, {WORD})", kind)
    listed = {
        f"{name}{_LISTED}": [item for item in value if item in among]
        if among is not None and isinstance(value, (list, tuple)) else value
        for name, value in values.items()
    }  # fmt: skip
    return substitute(kind, {**values, **listed})


def _columns_of_words(table: Table) -> frozenset[str]:
    return frozenset(name for name, type_ in table.types.items() if type_ == "VARCHAR[]")


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _classify(
    con: duckdb.DuckDBPyConnection,
    asked: _Asked,
    words: str,
    tables: Mapping[str, Sequence[str]],
    account_names: Sequence[tuple[str, str]],
) -> _Found | None:
    """Make the table of the words and their kinds; None, and no table, where a kind is not a single letter."""
    import duckdb

    rows = {table: [name for name in names if name in asked.columns] for table, names in tables.items()}
    every = " union all ".join(
        f'select unnest("{name}") as {WORD} from kind_rows_{table}' for table, names in rows.items() for name in names
    )
    few = con.execute(f"select distinct {WORD} from ({every}) limit {_FEW + 1}").fetchall()
    if not few:
        con.execute(f"create temp table {words} ({WORD} VARCHAR, kind VARCHAR)").fetchall()
        return _Found(asked, words, "")
    kind = _kind_sql(asked.kind, asked.values, frozenset(word for (word,) in few) if len(few) <= _FEW else None)
    try:
        con.execute(
            f"create temp table {words} as select {WORD}, (\n{kind}\n) as kind"
            f" from (select distinct {WORD} from ({every}))"
        ).fetchall()
    except duckdb.Error:
        return None
    ((odd, other),) = con.execute(
        f"select count(*) filter ({WORD} is null or length(kind) is distinct from 1), mode(kind) from {words}"
    ).fetchall()
    if odd:
        con.execute(f"drop table {words}").fetchall()
        return None
    if asked.own and (
        found := own_words(con, words, asked.own, rows, account_names, beneath(con), rows_of(con, "user_profile"))
    ):
        letters = f"translate(kind, {literal(asked.own.unlisted)}, {literal(asked.own.generic)})"
        con.execute(f"update {words} set kind = {letters} where list_contains(?, {WORD})", [found]).fetchall()
    if asked.unlike:
        mark_unlike_names(con, words, asked.unlike, rows)
    con.execute(f"delete from {words} where kind = ?", [other]).fetchall()
    return _Found(asked, words, other or "")


def _show(
    con: duckdb.DuckDBPyConnection, table: str, words: Sequence[str], found: Sequence[_Found], made: list[str]
) -> bool:
    """Put the kinds beside the words under the table's own name, for whoever does not say where; false where none of
    the kinds is of its words. ``made``: what was made so far, to which what is made here is added."""
    columns, joins = ["r.*"], list[str]()
    rows, row = rows_of(con, table)
    kept = f"view kind_rows_{table}" in made
    for name, one in ((name, one) for one in found for name in words if name in one.asked.columns):
        kinds, joined = _kinds(con, table, name, one, "line" if kept else "rowid")
        columns.append(f'{kinds} as "{one.asked.columns[name]}"')
        joins += joined
    if len(columns) == 1:
        return False
    query = f"select {', '.join(columns)} from {rows if kept else f'kind_rows_{table}'} as r {' '.join(joins)}"
    if not kept:
        con.execute(f"create temp table kinds_of_{table} as {query}").fetchall()
        made.append(f"table kinds_of_{table}")
        # The words come from there as well: to split names takes longer than all else here.
        others = f"select * exclude ({_names(words)}) from {rows}"
        query = f"select * from ({others}) join kinds_of_{table} using ({row})"
    con.execute(f"create temp view {table} as {query}").fetchall()
    return True


def _kinds(con: duckdb.DuckDBPyConnection, table: str, name: str, one: _Found, row: str) -> tuple[str, list[str]]:
    """SQL of the kinds of a column's words in a row ``r``, NULL where that is NULL, and the joins that it needs.
    ``row``: the column that tells rows apart."""
    rows, words, other, alias = f"kind_rows_{table}", f'"{name}"', literal(one.other), one.asked.columns[name]
    ((most,),) = con.execute(f"select coalesce(max(len({words})), 0) from {rows}").fetchall()
    places = range(1, min(most, _PLACES) + 1)
    joins = [f'left join {one.words} as "{alias}_{n}" on "{alias}_{n}".{WORD} = r.{words}[{n}]' for n in places]
    letters = [
        f"case when len(r.{words}) >= {n} then coalesce(\"{alias}_{n}\".kind, {other}) else '' end" for n in places
    ]
    kinds = " || ".join(letters) or "''"
    if most > _PLACES:
        # DuckDB sorts a list of numbers in a fraction of the time that it takes to put texts together in an order.
        joins.append(f"""
            left join (select place, array_to_string(list_transform(list_sort(list(letter)),
                              lambda letter: chr((letter & {(1 << _BITS) - 1})::INTEGER)), '') as kinds
                       from (select place, (number << {_BITS}) + unicode(coalesce(kind, {other})) as letter
                             from (select {row} as place, unnest({words}) as {WORD},
                                          generate_subscripts({words}, 1) as number
                                   from {rows} where len({words}) > {_PLACES}) left join {one.words} using ({WORD}))
                       group by place) as "{alias}" on "{alias}".place = r.{row}""")
        kinds = f'case when len(r.{words}) > {_PLACES} then "{alias}".kinds else {kinds} end'
    return f"case when r.{words} is not null then {kinds} end", joins
