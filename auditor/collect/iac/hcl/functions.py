"""Terraform's functions. Source: Terraform's language documentation, "Built-in Functions".

Some functions can do something with arguments of which parts are unknown; they stand here. All others need everything
known. What is in no table is not evaluated, and its result is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from auditor.budget import LONG_TEXT, PART, TooLargeError
from auditor.collect.iac.hcl import functions_text as text_functions
from auditor.collect.iac.hcl.functions_collections import STRICT
from auditor.collect.iac.hcl.functions_partial import OPEN
from auditor.collect.iac.hcl.nodes import Call
from auditor.collect.iac.hcl.partial_calls import MISSING, Gap
from auditor.collect.iac.hcl.values import MANY_PARTS, EvaluationError, Files, SetOf, first_unknown
from auditor.collect.iac.interface import OpenMap, Unknown, Value
from auditor.collect.iac.partly_known import unknown_if_open


def call(node: Call, arguments: Sequence[Value], files: Files) -> Value:
    """The result of a call. Raises EvaluationError for what Terraform would refuse."""
    found = _called(node, arguments, files)
    size = len(found) if isinstance(found, list | dict | str) else 0
    if size > (LONG_TEXT if isinstance(found, str) else MANY_PARTS):
        raise TooLargeError(f"the result of {node.name} is larger than any real value")
    return found


def work(arguments: Sequence[Value]) -> int:
    """Steps that a function takes with the arguments: it may look at each of their parts."""
    return 1 + sum(len(a) // 8 for a in arguments if isinstance(a, list | dict | str))


def made(found: Value) -> int:
    """Bytes of a result, beside what its parts have anyway."""
    if isinstance(found, str):
        return len(found)
    return len(found) * PART if isinstance(found, list | dict) else PART


def _called(node: Call, arguments: Sequence[Value], files: Files) -> Value:
    name = node.name.removeprefix("core::")
    try:
        if name in OPEN:
            found = OPEN[name](*arguments)
            if found is not MISSING:
                return _of_call(found, node)
        gap = first_unknown(list(arguments))
        if gap is not None:
            return Unknown(node.shown, gap.reason, gap.gap_reason)
        if name in text_functions.FILES:
            return text_functions.FILES[name](files, *arguments)
        if name in text_functions.TEXT:
            return text_functions.TEXT[name](*arguments)
        if name in STRICT:
            return STRICT[name](*arguments)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError) as error:
        raise EvaluationError(f"{node.name} has arguments that it cannot have") from error
    return Unknown(node.shown, _LATER.get(name, f"{node.name} is not evaluated here"))


def _of_call(found: Value, node: Call) -> Value:
    """The result of a call; what is not known of it is the call's."""
    if isinstance(found, Gap):
        return Unknown(node.shown, found.reason, found.gap_reason)
    if isinstance(found, OpenMap) and found.rest is not None:
        return OpenMap(found, found.open_keys, replace(found.rest, expression=node.shown, symbol=""))
    return unknown_if_open(found, node.shown) if type(found) is list or isinstance(found, SetOf) else found


#: Functions of which it does not matter how many arguments they have, where what is spread into them is not known.
OF_ANY_NUMBER = frozenset({"concat", "merge", "setunion"})
_LATER = dict.fromkeys(
    ("timestamp", "plantimestamp", "uuid", "bcrypt"), "it is different each time that Terraform runs"
)
