"""How large the values of a rule's expression may become, estimated before anything is executed.

A rule file is data, and a few words of it could ask for gigabytes: ``repeat(name, 1000000000)``, or texts that double
in each of thirty nested lambdas. So each value gets a bound from those of its parts: columns and parameters count as
``_COLUMN``, literals as what they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import NamedTuple

from auditor.rules.unknowns import Node, children, lambda_names

#: Times that a text may be repeated, characters that it may be padded to, and the largest width in a format.
MOST_TIMES = 1_000
#: Characters and items that a value may have, and steps that it may take to work it out, by these measures.
MOST, MOST_STEPS = 10_000_000, 1_000_000_000
_NUMBER = re.compile(r"[0-9]+")
#: What is true or false, and so repeats something once or not at all.
_CONDITIONS = frozenset({"COMPARISON", "CONJUNCTION", "BETWEEN"})
_CONDITION_TYPES = frozenset(
    {"OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "COMPARE_IN", "COMPARE_NOT_IN"}
)
_ASKING = frozenset(
    """
    regexp_matches regexp_full_match starts_with ends_with prefix suffix contains list_contains list_has
    array_contains list_has_any list_has_all map_contains ~~ !~~ ~~* !~~* ~ ^@
    """.split()  # noqa: SIM905 — reads better than a dozen quoted names
)
_OVER_ITEMS = frozenset({"list_transform", "list_apply", "list_filter"})
#: Compares each character of the one with each of the other.
_CROSSING = frozenset({"levenshtein", "jaccard"})
#: Aggregates that keep what each row has.
_GATHERING = frozenset({"list", "array_agg", "string_agg"})
_SPLITTING = frozenset({"string_split", "split", "regexp_split_to_array", "regexp_extract_all"})


class GrowthError(ValueError):
    """Why an expression is refused, in one sentence."""


class _Bound(NamedTuple):
    """``size``: characters of a value, of all its items together. ``items``: how many a list has. ``steps``: what it
    takes to work it out, in looks at an item."""

    size: int
    items: int
    steps: int = 1


#: What a column, a parameter or the rows of a subquery are taken to have.
_COLUMN = _Bound(1_000, 100)


def check_growth(parsed: Node) -> None:
    """Raise GrowthError where an expression may ask for far more than any audit holds."""
    _bound(parsed, MappingProxyType({}))


def _bound(node: Node, names: Mapping[str, _Bound]) -> _Bound:
    """``names``: of lambdas → one item of what they go over."""
    kind = node.get("class")
    if kind == "COLUMN_REF":
        return names.get(str(node["column_names"][0]).lower(), _COLUMN)
    if kind == "PARAMETER":
        return _COLUMN
    if kind == "CONSTANT":
        return _Bound(max(_length(node), 1), 1)
    if kind == "FUNCTION":
        return _of_function(node, names)
    if kind == "CASE":
        asked = [_bound(check["when_expr"], names) for check in node["case_checks"]]
        given = [_bound(one, names) for one in (*(c["then_expr"] for c in node["case_checks"]), node["else_expr"])]
        return _made([*asked, *given], max(one.size for one in given), max(one.items for one in given))
    parts = [_bound(child, names) for child in children(node)]
    return _made(parts, 1, 1) if _is_condition(node) else _made(parts)


def _is_condition(node: Node) -> bool:
    """Whether it is true, false or NULL."""
    return (
        node.get("class") in _CONDITIONS
        or node.get("type") in _CONDITION_TYPES
        or str(node.get("function_name", "")).lower() in _ASKING
    )


def _made(parts: Sequence[_Bound], size: int | None = None, items: int | None = None, steps: int = 0) -> _Bound:
    """The bound of a value that is made of the parts: of their size and items unless others are given. ``steps``: those
    beside the parts' own and a look at each item of theirs."""
    together = sum(part.items for part in parts)
    found = _Bound(
        sum((part.size for part in parts), 1) if size is None else size,
        together if items is None else items,
        sum((part.steps for part in parts), 1 + together + steps),
    )
    if max(found.size, found.items) > MOST or found.steps > MOST_STEPS:
        raise GrowthError("its values could become very large: repeat, pad and nest less")
    return found


def _of_function(node: Node, names: Mapping[str, _Bound]) -> _Bound:
    name = str(node["function_name"]).lower()
    arguments = list(children({"arguments": node["arguments"]}))
    if name in _OVER_ITEMS and len(arguments) == 2 and arguments[1].get("class") == "LAMBDA":
        over = _bound(arguments[0], names)
        item = _Bound(-(-over.size // max(over.items, 1)), max(over.items // _COLUMN.items, 1))
        body = _bound(arguments[1]["expr"], {**names, **dict.fromkeys(lambda_names(arguments[1]["lhs"]), item)})
        size = over.size if name == "list_filter" else over.items * body.size
        return _made([over], size, over.items, over.items * body.steps)
    # What an aggregate is filtered and ordered by stands beside its arguments.
    parts = [_bound(one, names) for one in (*arguments, *children({**node, "arguments": []}))]
    sizes = [part.size for part in parts]
    grown = _GROWING.get(name)
    if grown is not None:
        return _made(parts, grown(name, arguments, sizes))
    if name in _CROSSING:
        return _made(parts, 1, 1, prod(sizes))
    if name in _ASKING:
        return _made(parts, 1, 1)
    if name in _SPLITTING:
        return _made(parts, items=_pieces(arguments, sizes))
    if name in _GATHERING:
        return _made(parts, sum(sizes, 1) * _COLUMN.items, _COLUMN.items)
    return _made(parts)


def _pieces(arguments: Sequence[Node], sizes: Sequence[int]) -> int:
    text, separator = ((one.get("literal") or {}).get("text") for one in (*arguments, {}, {})[:2])
    return str(text).count(str(separator)) + 1 if text and separator else max(sizes, default=1)


def _repeated(name: str, arguments: Sequence[Node], sizes: Sequence[int]) -> int:
    if len(arguments) != 2:
        return sum(sizes, 1)  # what it lacks is said where it is bound
    return sizes[0] * max(_times(name, arguments[1], condition=True), 1)


def _padded(name: str, arguments: Sequence[Node], sizes: Sequence[int]) -> int:
    return max(sum(sizes, 1), _times(name, arguments[1], condition=False)) if len(arguments) > 1 else 1


def _times(name: str, node: Node, *, condition: bool) -> int:
    """How often, as it is written."""
    while node.get("class") == "CAST":
        node = node["child"]
    literal = node.get("literal") or {}
    if node.get("class") == "CONSTANT" and literal.get("kind") == "INTEGER" and len(str(literal["text"])) < 10:
        times = int(literal["text"])
        if times <= MOST_TIMES:
            return times
    if condition and _is_condition(node):
        return 1
    or_condition = " or a condition" if condition else ""
    raise GrowthError(f"{name}() takes a number up to {MOST_TIMES:,} as it is written{or_condition}")


def _formatted(name: str, arguments: Sequence[Node], sizes: Sequence[int]) -> int:
    if not arguments:
        return 1
    literal = arguments[0].get("literal") or {}
    if literal.get("kind") != "STRING":
        raise GrowthError(f"{name}() takes its format as it is written, in single quotes")
    text = str(literal["text"])
    widths = [number for number in _NUMBER.findall(text) if len(number) > 4 or int(number) > MOST_TIMES]
    # The width of a value may be another value.
    if widths or "*" in text or re.search(r"\{[^}]*\{", text):
        raise GrowthError(f"a width in {name}() is a number up to {MOST_TIMES:,}")
    values = text.count("{") + text.count("%")
    return sizes[0] + values * (MOST_TIMES + sum(sizes[1:]))


def _replaced(name: str, arguments: Sequence[Node], sizes: Sequence[int]) -> int:
    if len(arguments) < 3:
        return sum(sizes, 1)
    sought, put = (_length(one) if one.get("class") == "CONSTANT" else None for one in arguments[1:3])
    if put is None:
        return sizes[0] * sizes[2]
    # A pattern may match between any two characters; a text that is sought is as long as it is.
    each = 1 + put if name == "regexp_replace" or sought is None else -(-put // max(sought, 1))
    return sizes[0] * max(each if put else 1, 1)


def _joined(name: str, arguments: Sequence[Node], sizes: Sequence[int]) -> int:  # noqa: ARG001 — one signature for all
    separator = sizes[1] if len(sizes) > 1 else 1
    return sizes[0] * (1 + separator) if sizes else 1


def _length(node: Node) -> int:
    """Characters of a literal."""
    return len(str((node.get("literal") or {}).get("text", "")))


_Grown = Callable[[str, Sequence[Node], Sequence[int]], int]
_GROWING: Mapping[str, _Grown] = {
    "repeat": _repeated,
    "lpad": _padded, "rpad": _padded,
    "format": _formatted, "printf": _formatted,
    "replace": _replaced, "regexp_replace": _replaced,
    "array_to_string": _joined,
}  # fmt: skip
