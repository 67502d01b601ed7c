"""What a rule's expression may be: parsed by DuckDB's own parser, walked against allow-lists, then bound.

An expression is data. It may read columns of the documented tables, call pure functions and hold scalar subqueries over
documented tables; everything else is refused, by the class of the syntax node, before anything is executed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from auditor.resolve.table_model import Table
from auditor.resolve.tables import TABLES, table
from auditor.rules.growth import GrowthError, check_growth
from auditor.rules.literals import written_literals
from auditor.rules.unknowns import Node, UnknownError, Unknowns, children, lambda_names
from auditor.rules.verdict_sql import foreign_quoting
from auditor.yaml_source import near

if TYPE_CHECKING:
    import duckdb

_SCALAR_CLASSES = frozenset(
    {"COLUMN_REF", "CONSTANT", "COMPARISON", "CONJUNCTION", "OPERATOR", "FUNCTION", "CASE", "CAST", "BETWEEN", "LAMBDA",
     "PARAMETER", "SUBQUERY", "TYPE"}
)  # fmt: skip

#: Pure functions: the same arguments give the same value, and nothing outside the arguments is read. Functions that
#: pass over a NULL argument (concat, list_concat, list_append, greatest, least …) are left out: they would turn unknown
#: into a verdict; ``unknowns`` looks at those that do so in some places. So are those that look at the clock (now, and
#: age with one argument).
FUNCTIONS = frozenset(
    """
    + - * / // % || ~~ !~~ ~~* !~~* ~ ^@ ** abs ceil floor round sign mod pow sqrt lower upper trim ltrim rtrim
    length len strlen left right substr substring replace split split_part string_split starts_with ends_with
    suffix prefix contains strpos position instr reverse repeat lpad rpad format printf like_escape ilike_escape
    not_like_escape not_ilike_escape regexp_matches regexp_full_match regexp_extract regexp_extract_all
    regexp_replace regexp_split_to_array levenshtein jaccard coalesce ifnull nullif if list_value list_contains
    list_has array_contains list_has_any list_has_all list_filter list_transform list_distinct list_sort
    list_unique list_position list_extract list_slice list_min list_max list_sum list_count list_any_value
    list_reverse list_aggregate flatten array_length array_slice
    array_extract array_to_string map map_contains map_extract map_extract_value map_keys map_values map_entries
    cardinality element_at struct_extract date_diff datediff date_part datepart date_trunc date_add extract
    epoch to_minutes to_hours to_days to_weeks to_months to_years to_seconds year month day hour minute
    strftime strptime try_strptime make_date make_timestamp add subtract multiply divide trunc list_apply
    to_milliseconds
    """.split()  # noqa: SIM905 — reads better than a hundred quoted names
)

#: Allowed inside a subquery only: over the rule's own table they would mix its rows.
AGGREGATES = frozenset(
    [
        "count",
        "count_star",
        "sum",
        "min",
        "max",
        "avg",
        "bool_and",
        "bool_or",
        "any_value",
        "list",
        "array_agg",
        "string_agg",
    ]
)


#: Nodes within each other. Python's own limit comes sooner or later by its version and by who calls.
_DEEPEST = 100
_TOO_DEEP = "the expression is nested too deeply"


class ExpressionError(ValueError):
    """Why an expression is refused, in one sentence."""


@dataclass(frozen=True, slots=True)
class Expression:
    """What an accepted expression reads: ``columns`` of its own table, ``parameters``, and in ``reads`` what its
    subqueries do, each in order, once."""

    columns: tuple[str, ...]
    parameters: tuple[str, ...]
    reads: tuple[str, ...] = ()


def create_empty_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Every documented table without rows: what expressions are bound against, and what rule cases fill."""
    for documented in TABLES:
        columns = ", ".join(f'"{name}" {type_}' for name, type_ in documented.types.items())
        con.execute(f"create table {documented.name} ({columns})").fetchall()


class ExpressionChecker:
    """Checks expressions on a private, locked connection that holds only empty documented tables."""

    def __init__(self) -> None:
        from auditor.store.connection import connect, lock

        self._con = connect()
        lock(self._con)
        self._with_tables = False
        self._parsed: dict[str, str] = {}
        self._unknowns = Unknowns({t.name: frozenset(t.types) for t in TABLES}, AGGREGATES)

    def _prepare(self) -> None:
        """The tables, for whoever asks for types: their making takes as long as the parsing of a hundred rules."""
        if not self._with_tables:
            create_empty_tables(self._con)
            self._with_tables = True

    def read_ahead(self, expressions: Sequence[str]) -> None:
        """Parse many expressions in one query; a hundred queries cost more than a hundred expressions."""
        import duckdb

        wanted = [e for e in expressions if e not in self._parsed]
        statements = [f"select (\n{expression}\n)" for expression in wanted]
        try:
            rows = self._con.execute("select json_serialize_sql(s) from unnest(?) as t(s)", [statements]).fetchall()
        except duckdb.Error:
            # One of them is so wrong that DuckDB raises: each is parsed by itself, and that one named.
            return
        self._parsed |= {expression: row[0] for expression, row in zip(wanted, rows, strict=True)}

    def check(self, expression: str, documented: Table, *, decides: bool = False) -> Expression:
        """Raise ExpressionError unless the expression is allowed; say what it reads. Types are for ``bind``.

        ``decides``: a verdict hangs on it, so that NULL in it must not turn into true or false.
        """
        walker = _Walker(documented)
        try:
            parsed = self._parse(expression)
            _check_depth(parsed)
            walker.scalar(parsed, frozenset())
            check_growth(parsed)
            self._literals(parsed, documented)
            if decides:
                self._unknowns.check(parsed, documented)
        except (UnknownError, GrowthError) as error:
            raise ExpressionError(str(error)) from error
        except RecursionError as error:
            raise ExpressionError(_TOO_DEEP) from error
        return Expression(tuple(walker.columns), tuple(walker.parameters), tuple(walker.reads))

    def _literals(self, parsed: Node, documented: Table) -> None:
        """Refuse text that does not become what it is written as: a date that is none would fail on every row."""
        import duckdb

        for text, type_ in written_literals(parsed, documented):
            try:
                ((wrong,),) = self._con.execute(f"select try_cast(? as {type_}) is null", [text]).fetchall()
            except duckdb.Error:
                continue  # a type that there is not: bind says so
            if wrong:
                raise ExpressionError(f"{text!r} is not a value of type {type_}")

    def bind(self, expressions: dict[str, str], documented: Table) -> dict[str, str]:
        """The DuckDB type of each expression, parameters already replaced. Raises ExpressionError naming the first
        that does not bind."""
        import duckdb

        self._prepare()
        try:
            select = ", ".join(f"(\n{sql}\n) as {name}" for name, sql in expressions.items())
            rows = self._con.execute(f"describe select {select} from {documented.name}").fetchall()
        except duckdb.Error as error:
            if len(expressions) == 1:
                raise ExpressionError(readable(error)) from error
            for name, sql in expressions.items():
                try:
                    self.bind({name: sql}, documented)
                except ExpressionError as inner:
                    raise ExpressionError(f"{name}: {inner}") from error
            raise ExpressionError(readable(error)) from error
        return {row[0]: row[1] for row in rows}

    def _parse(self, expression: str) -> dict[str, Any]:
        import duckdb

        if not expression.strip():
            raise ExpressionError("the expression is empty")
        if foreign := foreign_quoting(expression):
            raise ExpressionError(
                f"{foreign} is not allowed in a rule: write 'text' in single quotes, and comments with --"
            )
        text = self._parsed.get(expression, "")
        try:
            # Line breaks around the expression end a comment that would otherwise swallow the closing bracket.
            if not text:
                text = self._con.execute("select json_serialize_sql(?)", [f"select (\n{expression}\n)"]).fetchall()[0][
                    0
                ]
        except duckdb.Error as error:
            raise ExpressionError(readable(error)) from error
        parsed = json.loads(text)
        if parsed.get("error"):
            raise ExpressionError(f"not valid SQL: {parsed.get('error_message', 'syntax error')}")
        statements = parsed["statements"]
        if len(statements) != 1:
            raise ExpressionError("more than one statement")
        node = statements[0]["node"]
        if node.get("type") != "SELECT_NODE" or not _plain_select(node) or node["from_table"]["type"] != "EMPTY":
            raise ExpressionError("more than one expression")
        if node.get("where_clause") or len(node["select_list"]) != 1:
            raise ExpressionError("more than one expression")
        found: dict[str, Any] = node["select_list"][0]
        return found


def readable(error: Exception) -> str:
    """A DuckDB error's first sentence, without its class and position."""
    text = str(error).strip().splitlines()[0]
    return text.split(": ", 1)[1] if ": " in text and text.split(": ", 1)[0].endswith("Error") else text


def _check_depth(parsed: Node) -> None:
    level = [parsed]
    for _ in range(_DEEPEST):
        level = [child for node in level for child in children(node)]
        if not level:
            return
    raise ExpressionError(_TOO_DEEP)


def _plain_select(node: dict[str, Any]) -> bool:
    return not (
        node.get("modifiers")
        or node.get("cte_map", {}).get("map")
        or node.get("group_expressions")
        or node.get("group_sets")
        or node.get("having")
        or node.get("sample")
        or node.get("qualify")
        or node.get("aggregate_handling") not in (None, "STANDARD_HANDLING")
    )


class _Walker:
    def __init__(self, documented: Table) -> None:
        self.own = documented
        self.columns: list[str] = []
        self.parameters: list[str] = []
        self.reads: list[str] = []
        self._tables: list[tuple[str, Mapping[str, str], str]] = []

    def scalar(self, node: Node, bound: frozenset[str]) -> None:
        kind = node.get("class")
        if kind not in _SCALAR_CLASSES:
            raise ExpressionError(f"{str(kind).replace('_', ' ').lower()} is not allowed in a rule")
        if kind == "COLUMN_REF":
            self._column(node["column_names"], bound)
        elif kind == "PARAMETER":
            name = str(node["identifier"])
            if not name.isidentifier():
                raise ExpressionError("parameters are written $name")
            self._once(self.parameters, name)
        elif kind == "SUBQUERY":
            self._subquery(node, bound)
        elif kind == "LAMBDA":
            # `a -> b` outside a list function is an operator on two values, of which only one would be checked here.
            if node.get("syntax_type") != "LAMBDA_KEYWORD":
                raise ExpressionError("-> is not allowed in a rule: write lambda x: …")
            self.scalar(node["expr"], bound | lambda_names(node["lhs"]))
        else:
            if kind == "FUNCTION":
                self._function(node)
            for child in children(node):
                self.scalar(child, bound)

    def _function(self, node: Node) -> None:
        name = str(node["function_name"]).lower()
        if name in AGGREGATES and not self._tables:
            raise ExpressionError(f"aggregate {name}() is allowed in a subquery only")
        if node.get("schema") or node.get("catalog") or name not in FUNCTIONS | AGGREGATES:
            called = f"operator {name}" if node.get("is_operator") else f"function {name}()"
            raise ExpressionError(f"{called} is not allowed in a rule")

    def _once(self, seen: list[str], name: str) -> None:
        if name not in seen:
            seen.append(name)

    def _column(self, names: list[str], bound: frozenset[str]) -> None:
        first = names[0].lower()
        if first in bound:
            return
        for alias, columns, name in reversed(self._tables):
            if first == alias and len(names) == 1 and first not in columns:
                raise ExpressionError(f"{names[0]} alone is a whole row: name a column of it")
            if first == alias or first in columns:
                self._once(self.reads, f"{name}.{names[-1].lower()}" if first != alias or len(names) > 1 else name)
                return
        if first == self.own.name and len(names) > 1:
            first = names[1].lower()
        column = first.removesuffix("_origin") if self.own.column(first) is None else first
        known = self.own.column(column)
        if known is None or (column != first and not known.has_origin):
            raise ExpressionError(unknown_column(first, self.own))
        self._once(self.columns, column)

    def _subquery(self, node: Node, bound: frozenset[str]) -> None:
        if node.get("child"):
            self.scalar(node["child"], bound)
        select = node["subquery"]["node"]
        if select.get("type") != "SELECT_NODE" or not _plain_select(select):
            raise ExpressionError("a subquery may only be: select … from table where …")
        source = select["from_table"]
        if source.get("type") != "BASE_TABLE" or source.get("sample") or source.get("at_clause"):
            raise ExpressionError("a subquery may read one documented table, nothing else")
        name = str(source["table_name"])
        documented = table(name.lower())
        if documented is None or source.get("schema_name") or source.get("catalog_name"):
            names = ", ".join(t.name for t in TABLES)
            raise ExpressionError(f"{name!r} is not a documented table ({names})")
        if source.get("column_name_alias"):
            raise ExpressionError("a table in a subquery cannot rename its columns")
        alias = str(source.get("alias") or name).lower()
        self._once(self.reads, documented.name)
        self._tables.append((alias, documented.types, documented.name))
        for item in select["select_list"]:
            if item.get("class") != "STAR" or item.get("replace_list") or item.get("expr"):
                self.scalar(item, bound)
        if select.get("where_clause"):
            self.scalar(select["where_clause"], bound)
        self._tables.pop()


def unknown_column(name: str, documented: Table) -> str:
    """The complaint about a column that a table does not have, with the nearest that it has."""
    hint = near(name, [c.name for c in documented.columns])
    return f"table {documented.name} has no column {name!r}" + (f"; {hint[0].lower()}{hint[1:]}" if hint else "")
