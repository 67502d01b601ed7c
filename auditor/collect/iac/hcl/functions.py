"""Terraform's functions. Source: Terraform's language documentation, "Built-in Functions".

Some functions can do something with arguments of which parts are unknown; they stand here. All others need everything
known. What is in no table is not evaluated, and its result is unknown.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from auditor.budget import LONG_TEXT, PART, TooLargeError
from auditor.collect.iac.arn_parts import split_arn
from auditor.collect.iac.hcl import functions_text as text_functions
from auditor.collect.iac.hcl import values
from auditor.collect.iac.hcl.functions_collections import STRICT
from auditor.collect.iac.hcl.nodes import Call
from auditor.collect.iac.hcl.values import (
    MANY_PARTS,
    EvaluationError,
    Files,
    ObjectValue,
    PartialJson,
    SetOf,
    equals3,
    first_unknown,
    joined,
    number,
    plain_text,
    truth,
)
from auditor.collect.iac.interface import Reference, Unknown, Value

_MISSING = object()


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
        if name in _OPEN:
            found = _OPEN[name](*arguments)
            if found is not _MISSING:
                return Unknown(node.shown, found.reason, found.gap_reason) if _is_gap(found) else found
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


class _Gap(Unknown):
    """An unknown whose expression is the whole call."""


def _is_gap(found: Value) -> bool:
    return isinstance(found, _Gap)


def _gap(*values: Value) -> Value:
    """Unknown for the reason of the first unknown part of the values; _MISSING (go on) where there is none."""
    found = first_unknown(list(values))
    return _MISSING if found is None else _Gap("", found.reason, found.gap_reason)


def _open_value(value: Value) -> bool:
    return isinstance(value, Unknown | Reference | ObjectValue | PartialJson)


# Functions that can do with unknown parts


def _same_value(value: Value) -> Value:
    return value


def _length(value: Value) -> Value:
    if isinstance(value, str):
        return len(value)
    if values.open_keys_of(value):
        return _gap(*values.open_keys_of(value).values())
    if _open_value(value) or (isinstance(value, SetOf) and first_unknown(value) is not None):
        return _gap(value)
    return len(value)


def _merge(*maps: Value) -> Value:
    found: dict[str, Value] = {}
    opened: dict[str, Unknown] = {}
    for one in maps:
        if one is None:
            continue
        if _open_value(one):
            return _gap(one)
        doubtful = values.open_keys_of(one)
        for name, value in one.items():
            if name not in doubtful:
                found[name] = value
                opened.pop(name, None)
            elif name in found:
                # One of the two values stands there.
                found[name] = doubtful[name]
            else:
                found[name], opened[name] = value, doubtful[name]
    return values.with_open_keys(found, opened)


def _concat(*lists: Value) -> Value:
    found: list[Value] = []
    for one in lists:
        if _open_value(one):
            return _gap(one)
        if not isinstance(one, list):
            raise TypeError
        found += one
    return found


def _flatten(value: Value) -> Value:
    if _open_value(value):
        return _gap(value)
    values.unknown_count(value)
    return _flat(value)


def _flat(value: Sequence[Value]) -> Value:
    found: list[Value] = []
    for item in value:
        if isinstance(item, Unknown):
            return _gap(item)
        inner = _flat(item) if isinstance(item, list) else [item]
        if isinstance(inner, Unknown):
            return inner
        found += inner
    return found


def _lookup(mapping: Value, key: Value, *default: Value) -> Value:
    if _open_value(mapping) and not isinstance(mapping, ObjectValue):
        return _gap(mapping)
    if first_unknown(key) is not None:
        return _gap(key)
    if isinstance(mapping, ObjectValue):
        return mapping.attribute(str(plain_text(key)))
    if str(plain_text(key)) in mapping:
        return mapping[str(plain_text(key))]
    if not default:
        raise EvaluationError(f"there is no key {key!r}")
    return default[0]


def _element(items: Value, index: Value) -> Value:
    if _open_value(items) or first_unknown(index) is not None:
        return _gap(items, index)
    if not items:
        raise EvaluationError("the list is empty")
    return items[int(number(index)) % len(items)]


def _keys(mapping: Value) -> Value:
    return _gap(mapping) if _open_value(mapping) else sorted(mapping)


def _values(mapping: Value) -> Value:
    return _gap(mapping) if _open_value(mapping) else [mapping[key] for key in sorted(mapping)]


def _coalesce(*values: Value) -> Value:
    for one in values:
        if isinstance(one, Unknown) and not one.partial:
            return _gap(one)
        if one is not None and one != "":
            return one
    raise EvaluationError("every argument is null or empty")


def _coalesce_list(*lists: Value) -> Value:
    for one in lists:
        if _open_value(one):
            return _gap(one)
        if one:
            return one
    raise EvaluationError("every list is empty")


def _zipmap(keys: Value, values: Value) -> Value:
    if _open_value(keys) or _open_value(values) or first_unknown(keys) is not None:
        return _gap(keys, values)
    return {str(plain_text(key)): value for key, value in zip(keys, values, strict=True)}


def _contains(items: Value, value: Value) -> Value:
    if _open_value(items):
        return _gap(items)
    if isinstance(value, str) and value in items:
        return True
    results = [equals3(item, value) for item in items]
    if any(result is True for result in results):
        return True
    return next((_gap(r) for r in results if isinstance(r, Unknown)), False)


def _one(items: Value) -> Value:
    if _open_value(items) or (isinstance(items, SetOf) and first_unknown(items) is not None and len(items) > 1):
        return _gap(items)
    if items is None or (isinstance(items, list) and not items):
        return None
    if isinstance(items, list):
        if len(items) > 1:
            raise EvaluationError("there is more than one element")
        return items[0]
    return items


def _to_list(value: Value) -> Value:
    return _gap(value) if _open_value(value) else value if value is None else list(value)


def _to_set(value: Value) -> Value:
    if _open_value(value):
        return _gap(value)
    if value is None:
        return None
    if not isinstance(value, list):
        raise TypeError
    return SetOf.of(value)


def _to_map(value: Value) -> Value:
    if _open_value(value):
        return _gap(value)
    if value is not None and not isinstance(value, dict):
        raise TypeError
    return value


def _to_string(value: Value) -> Value:
    if value is None or _open_value(value):
        return value
    found = plain_text(value)
    if found is None:
        raise TypeError
    return found


def _join(separator: Value, first: Value, *others: Value) -> Value:
    lists = (first, *others)
    parts: list[Value] = []
    for listed in lists:
        if _open_value(listed):
            return _gap(listed)
        for item in listed:
            parts += [separator, item] if parts else [item]
    return joined(parts) if parts else ""


def _format(pattern: Value, *arguments: Value) -> Value:
    if not isinstance(pattern, str):
        return _gap(pattern)
    return joined(text_functions.formatted(pattern, arguments))


def _format_list(pattern: Value, *arguments: Value) -> Value:
    if not isinstance(pattern, str) or any(_open_value(a) for a in arguments):
        return _gap(pattern, *[a for a in arguments if _open_value(a)])
    lengths = {len(a) for a in arguments if isinstance(a, list)}
    if len(lengths) != 1:
        raise ValueError
    return [_format(pattern, *[a[at] if isinstance(a, list) else a for a in arguments]) for at in range(lengths.pop())]


def _json_decode(value: Value) -> Value:
    if isinstance(value, PartialJson):
        return value.content
    if not isinstance(value, str):
        return _gap(value)
    return json.loads(value)


def _compact(items: Value) -> Value:
    if _open_value(items):
        return _gap(items)
    for item in items:
        if isinstance(item, Unknown) and not item.partial:
            return _gap(item)
    return [item for item in items if item is not None and item != ""]


def _distinct(items: Value) -> Value:
    gap = _gap(*[item for item in items if isinstance(item, Unknown)]) if isinstance(items, list) else _gap(items)
    if gap is not _MISSING:
        return gap
    return values.once_each(items)


def _quantified(items: Value, decisive: bool) -> Value:
    if _open_value(items):
        return _gap(items)
    found = [truth(item) for item in items]
    if any(item is decisive for item in found):
        return decisive
    return next((_gap(item) for item in found if isinstance(item, Unknown)), not decisive)


def _slice(items: Value, start: Value, end: Value) -> Value:
    if _open_value(items) or first_unknown(start, end) is not None:
        return _gap(items, start, end)
    first, last = int(number(start)), int(number(end))
    if not 0 <= first <= last <= len(items):
        raise EvaluationError("the slice lies outside the list")
    return items[first:last]


def _split(separator: Value, text: Value) -> Value:
    """Of an ARN that is made up at deployment the documented parts are certain."""
    parts = split_arn(text, separator) if isinstance(text, Reference) and isinstance(separator, str) else None
    if parts is not None:
        return [joined(part) for part in parts]
    if first_unknown(separator, text) is not None:
        return _gap(separator, text)
    return text_functions.TEXT["split"](separator, text)


def _reverse(items: Value) -> Value:
    return _gap(items) if _open_value(items) else list(reversed(items))


def _set_union(*sets: Value) -> Value:
    return next((_gap(s) for s in sets if _open_value(s)), None) or SetOf.of([item for s in sets for item in s])


_OPEN: Mapping[str, Callable[..., Any]] = {
    "alltrue": lambda items: _quantified(items, False),
    "anytrue": lambda items: _quantified(items, True),
    "coalesce": _coalesce,
    "coalescelist": _coalesce_list,
    "compact": _compact,
    "concat": _concat,
    "contains": _contains,
    "distinct": _distinct,
    "element": _element,
    "ephemeralasnull": lambda value: _gap(value) if first_unknown(value) is not None else value,
    "flatten": _flatten,
    "format": _format,
    "formatlist": _format_list,
    "join": _join,
    "jsondecode": _json_decode,
    "jsonencode": values.json_text,
    "keys": _keys,
    "length": _length,
    "lookup": _lookup,
    "merge": _merge,
    "nonsensitive": _same_value,
    "one": _one,
    "reverse": _reverse,
    "sensitive": _same_value,
    "setunion": _set_union,
    "slice": _slice,
    "split": _split,
    "tolist": _to_list,
    "tomap": _to_map,
    "toset": _to_set,
    "tostring": _to_string,
    "values": _values,
    "zipmap": _zipmap,
}


_LATER = dict.fromkeys(
    ("timestamp", "plantimestamp", "uuid", "bcrypt"), "it is different each time that Terraform runs"
)
