"""Whether what is unknown stays unknown in an expression: NULL for a value never decides what the value could.

An expression is *monotone* where each value that becomes NULL leaves its result as it was, or makes it NULL. Most of
SQL is: comparisons, boolean logic, and functions that give NULL for NULL. What is not (``is null``, ``coalesce``, a
``case`` whose condition is NULL, a list with NULL in it, ``exists`` and ``count`` over rows whose condition is NULL) is
refused where it reads a value that may be unknown. It is *known* where it reads none: then anything goes.

An author who has to ask says first what follows from NULL: ``case when x is null then null … end``. Behind that branch
x is known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from auditor.resolve.table_model import Table

Node = Mapping[str, Any]
#: Columns that every row of every table has, without which there would be no row; and those that hold what is certain,
#: which may be nothing, but is never NULL.
KNOWN_COLUMNS = frozenset({"key", "account", "region", "id", "as_of", "known_tags", "known_hidden_app_types",
                           "known_hidden_ml_tools", "known_hidden_instance_types", "known_own_settings",
                           "unseen_own_settings"})  # fmt: skip
#: Arguments, from 0, for which a function gives something else than NULL when they are NULL; None: all but the first.
#: A test calls every function with NULL in every place.
LENIENT: Mapping[str, frozenset[int] | None] = {
    "element_at": frozenset({1}), "map_extract": frozenset({1}), "nullif": frozenset({1}),
    "regexp_split_to_array": frozenset({1}), "split": frozenset({1}), "string_split": frozenset({1}),
    "array_to_string": None, "list_aggregate": None, "list_sort": None, "struct_extract": None,
}  # fmt: skip
#: Functions that make a value around NULL, or choose by it.
BUILDERS = frozenset({"list_value", "map", "if"})
_COMPARISONS = frozenset(
    f"COMPARE_{name}"
    for name in ("EQUAL", "NOTEQUAL", "LESSTHAN", "GREATERTHAN", "LESSTHANOREQUALTO", "GREATERTHANOREQUALTO")
)
_OPERATORS = frozenset({"OPERATOR_NOT", "COMPARE_IN", "COMPARE_NOT_IN", "ARRAY_EXTRACT"})
_GUARD = "say first what follows: case when … is null then null … end"
_GUARD_ROWS = (
    "say first what follows: case when exists (select 1 from … where (…) is null) then null … end, with the same"
    " condition"
)
_SAID = {
    "OPERATOR_IS_NULL": "is null", "OPERATOR_IS_NOT_NULL": "is not null", "OPERATOR_COALESCE": "coalesce",
    "ARRAY_CONSTRUCTOR": "a list", "COMPARE_DISTINCT_FROM": "is distinct from", "OPERATOR_TRY": "try",
    "COMPARE_NOT_DISTINCT_FROM": "is not distinct from", "ARRAY_SLICE": "a slice", "list_value": "a list",
    "map": "a map",
}  # fmt: skip


class UnknownError(ValueError):
    """Where an expression could decide over what is unknown, in one sentence."""


@dataclass(frozen=True, slots=True)
class _Scope:
    """What names mean at one place: ``bound`` are a lambda's, ``tables`` those of subqueries, innermost last, as
    (alias, columns, table). ``facts`` are expressions that are not NULL here."""

    own: Table
    aggregates: frozenset[str]
    bound: frozenset[str] = frozenset()
    tables: tuple[tuple[str, frozenset[str], str], ...] = ()
    facts: frozenset[str] = frozenset()

    def column(self, names: Sequence[str]) -> str | None:
        """The column that a reference means, by a name that is one place's only; None for a lambda's."""
        lowered = [name.lower() for name in names]
        if lowered[0] in self.bound:
            return None
        for alias, columns, table in reversed(self.tables):
            if lowered[0] == alias and len(lowered) > 1:
                return f"{table} {alias}.{lowered[1]}"
            if lowered[0] in columns:
                return f"{table} {alias}.{lowered[0]}"
        if lowered[0] == self.own.name and len(lowered) > 1:
            lowered = lowered[1:]
        return f".{lowered[0]}"

    def inside(self, select: Node, columns: frozenset[str]) -> _Scope:
        """The scope of a subquery's parts."""
        source = select["from_table"]
        name = str(source["table_name"]).lower()
        alias = str(source.get("alias") or name).lower()
        return replace(self, tables=(*self.tables, (alias, columns, name)))


class Unknowns:
    """Looks at parsed expressions, which must have passed the allow-lists already.

    ``columns`` gives the columns of a documented table by its name; ``aggregates`` are the functions over rows.
    """

    def __init__(self, columns: Mapping[str, frozenset[str]], aggregates: frozenset[str]) -> None:
        self._columns = columns
        self._aggregates = aggregates

    def check(self, node: Node, own: Table) -> None:
        """Raises UnknownError where NULL could decide."""
        self._monotone(node, _Scope(own, self._aggregates))

    def _monotone(self, node: Node, scope: _Scope) -> None:
        if self._known(node, scope):
            return
        kind, type_ = node["class"], str(node.get("type", ""))
        if kind == "CASE":
            self._case(node, scope)
        elif kind == "SUBQUERY":
            self._subquery(node, scope)
        elif kind == "FUNCTION":
            self._function(node, scope)
        elif kind == "LAMBDA":
            raise UnknownError(
                f"a lambda cannot read {self._culprit(node, scope)}: where it is unknown, elements would be judged all"
                " the same; use list_has_all, list_has_any or ||"
            )
        elif (
            kind in ("COLUMN_REF", "CONJUNCTION", "BETWEEN", "CAST")
            or (kind == "COMPARISON" and type_ in _COMPARISONS)
            or (kind == "OPERATOR" and type_ in _OPERATORS)
        ):
            for child in children(node):
                self._monotone(child, scope)
        else:
            self._refuse(_SAID.get(type_, type_.lower().replace("_", " ")), node, scope)

    def _refuse(self, what: str, node: Node, scope: _Scope, advice: str = _GUARD) -> None:
        raise UnknownError(
            f"{what} would decide where {self._culprit(node, scope)} is unknown, and unknown is neither pass nor fail;"
            f" {advice}"
        )

    def _known(self, node: Node, scope: _Scope) -> bool:
        """Whether no value that may be unknown has a say in it."""
        if scope.facts and canonical(node, scope) in scope.facts:
            return True
        kind = node["class"]
        if kind == "COLUMN_REF":
            column = scope.column(node["column_names"])
            return column is None or column.rpartition(".")[2] in KNOWN_COLUMNS
        if kind == "LAMBDA":
            return self._known(node["expr"], replace(scope, bound=scope.bound | lambda_names(node["lhs"])))
        if kind == "SUBQUERY":
            select = node["subquery"]["node"]
            inner = scope.inside(select, self._columns[str(select["from_table"]["table_name"]).lower()])
            parts = [p for p in (select.get("where_clause"), *self._items(node)) if p]
            outer = [node["child"]] if node.get("child") else []
            return all(self._known(p, inner) for p in parts) and all(self._known(p, scope) for p in outer)
        if kind == "STAR":
            return False
        return all(self._known(child, scope) for child in children(node))

    def _items(self, node: Node) -> list[Node]:
        """What a subquery selects, where that matters."""
        return [] if node["subquery_type"] == "EXISTS" else list(node["subquery"]["node"]["select_list"])

    def _function(self, node: Node, scope: _Scope) -> None:
        name = str(node["function_name"]).lower()
        arguments = list(children({"arguments": node["arguments"]}))
        if name in BUILDERS:
            self._refuse(_SAID.get(name, f"{name}()"), node, scope)
        if name in self._aggregates:
            self._refuse(f"{name.replace('_star', '')}()", node, scope, _GUARD_ROWS)
        lenient = LENIENT.get(name, frozenset())
        for place, argument in enumerate(arguments):
            if (place > 0 if lenient is None else place in lenient) and not self._known(argument, scope):
                self._refuse(f"argument {place + 1} of {name}()", argument, scope)
            self._monotone(argument, scope)

    def _case(self, node: Node, scope: _Scope) -> None:
        checks = [(check["when_expr"], check["then_expr"]) for check in node["case_checks"]]
        # Branches that say what follows from NULL, or that hang on nothing unknown, come first.
        while checks:
            when, then = checks[0]
            facts = self._guard(when, scope) if is_null(then) else None
            if facts is not None:
                scope = replace(scope, facts=scope.facts | facts)
            elif self._known(when, scope):
                self._monotone(then, scope)
            else:
                break
            checks.pop(0)
        conditions = [when for when, _ in checks]
        if conditions and not (is_null(node["else_expr"]) and self._exclusive(conditions, scope)):
            self._refuse("case", next(c for c in conditions if not self._known(c, scope)), scope)
        for condition in conditions:
            self._monotone(condition, scope)
        for _, then in checks:
            self._monotone(then, scope)
        self._monotone(node["else_expr"], scope)

    def _exclusive(self, conditions: Sequence[Node], scope: _Scope) -> bool:
        """Whether none of the conditions is true where what they read is NULL: one and its contrary, or one expression
        beside several constants."""
        if len(conditions) == 1:
            return True
        if len(conditions) == 2:
            texts = [canonical(c, scope) for c in conditions]
            if any(c.get("type") == "OPERATOR_NOT" and canonical(c["children"][0], scope) in texts for c in conditions):
                return True
        if any(c.get("type") != "COMPARE_EQUAL" or not self._known(c["right"], scope) for c in conditions):
            return False
        return len({canonical(c["left"], scope) for c in conditions}) == 1

    def _guard(self, when: Node, scope: _Scope) -> frozenset[str] | None:
        """What is not NULL where a condition that asks for NULL is false; None for any other condition."""
        facts: set[str] = set()
        for part in _alternatives(when):
            if part.get("type") == "OPERATOR_IS_NULL":
                (asked,) = children(part)
                self._monotone(asked, scope)
                facts.add(canonical(asked, scope))
            elif part["class"] == "SUBQUERY" and part["subquery_type"] == "EXISTS":
                select = part["subquery"]["node"]
                inner = scope.inside(select, self._columns[str(select["from_table"]["table_name"]).lower()])
                found = self._guard(select["where_clause"], inner) if select.get("where_clause") else None
                if found is None:
                    return None
                facts |= found
            else:
                return None
        return frozenset(facts)

    def _subquery(self, node: Node, scope: _Scope) -> None:
        select = node["subquery"]["node"]
        inner = scope.inside(select, self._columns[str(select["from_table"]["table_name"]).lower()])
        where, items = select.get("where_clause"), self._items(node)
        if node.get("child"):
            self._monotone(node["child"], scope)
        counts = any(self._counts(item) for item in items)
        # Without an aggregate a scalar subquery gives the one row's value, and NULL for none.
        if where and (node["subquery_type"] != "SCALAR" or counts) and not self._known(where, inner):
            what = {"EXISTS": "exists", "SCALAR": "counting rows"}.get(node["subquery_type"], "in (select …)")
            self._refuse(f"{what} over rows with a condition", where, inner, _GUARD_ROWS)
        for part in (*items, *([where] if where else [])):
            self._monotone(part, inner)

    def _counts(self, node: Node) -> bool:
        if node["class"] == "FUNCTION" and str(node["function_name"]).lower() in self._aggregates:
            return True
        return str(node["class"]) != "SUBQUERY" and any(self._counts(child) for child in children(node))

    def _culprit(self, node: Node, scope: _Scope) -> str:
        """A column below the node that may be unknown, as its author wrote it."""
        if node["class"] == "COLUMN_REF":
            return "" if self._known(node, scope) else ".".join(node["column_names"])
        if node["class"] == "LAMBDA":
            return self._culprit(node["expr"], replace(scope, bound=scope.bound | lambda_names(node["lhs"])))
        if node["class"] == "SUBQUERY":
            select = node["subquery"]["node"]
            inner = scope.inside(select, self._columns[str(select["from_table"]["table_name"]).lower()])
            parts = [(p, inner) for p in (select.get("where_clause"), *self._items(node)) if p]
            parts += [(node["child"], scope)] if node.get("child") else []
        else:
            parts = [(child, scope) for child in children(node)]
        return next((found for part, at in parts if (found := self._culprit(part, at))), "")


def _alternatives(node: Node) -> Iterator[Node]:
    if node.get("type") == "CONJUNCTION_OR":
        for child in children(node):
            yield from _alternatives(child)
    else:
        yield node


def is_null(node: Node) -> bool:
    """Whether a node is the word NULL."""
    return bool(node["class"] == "CONSTANT" and node.get("literal", {}).get("kind") == "NULL_LITERAL")


def canonical(node: Any, scope: _Scope) -> str:
    """Equal for equal expressions of one place: without what the parser knows of the text, with columns resolved."""
    return json.dumps(_plain(node, scope), sort_keys=True)


def _plain(node: Any, scope: _Scope) -> Any:
    if isinstance(node, list):
        return [_plain(item, scope) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("class") == "COLUMN_REF" and (column := scope.column(node["column_names"])) is not None:
        return ["column", column]
    return {name: _plain(value, scope) for name, value in node.items() if not name.startswith("query_location")}


def lambda_names(node: Node) -> frozenset[str]:
    """The names that a lambda gives to elements."""
    own = {str(node["column_names"][0]).lower()} if node.get("class") == "COLUMN_REF" else set()
    return frozenset(own.union(*(lambda_names(child) for child in children(node))))


def children(node: Node) -> Iterator[Node]:
    """Every expression below the node, whatever the member that it hangs from is called."""
    for value in node.values():
        yield from _expressions(value)


def _expressions(value: object) -> Iterator[Node]:
    if isinstance(value, dict):
        if "class" in value:
            yield value
        else:
            for inner in value.values():
                yield from _expressions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _expressions(inner)
