"""Terraform's functions that can do something with arguments of which parts are unknown. All others need everything
known. Each gives MISSING where it has nothing to say, because everything is known after all.

A property test holds each to this: what is certain with an unknown argument is so with any value in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from auditor.collect.iac.arn_parts import split_arn
from auditor.collect.iac.hcl import functions_text as text_functions
from auditor.collect.iac.hcl.comparison import in_order, place_unknown
from auditor.collect.iac.hcl.functions_partial_sets import set_intersection, set_subtract, set_union
from auditor.collect.iac.hcl.partial_calls import MISSING, contains, gap_of, open_value, several_of
from auditor.collect.iac.hcl.values import (
    EvaluationError,
    ObjectValue,
    PartialJson,
    SetOf,
    first_unknown,
    joined,
    json_text,
    number,
    once_each,
    plain_text,
    truth,
    unknown_count,
)
from auditor.collect.iac.interface import Reference, Several, Unknown, Value
from auditor.collect.iac.partly_known import (
    among_others,
    known_end,
    known_start,
    merged,
    open_keys_of,
    rest_of,
    several,
    why_open,
)
from auditor.json_source import decode_json


def _same_value(value: Value) -> Value:
    return value


def _length(value: Value) -> Value:
    if isinstance(value, str):
        return len(value)
    if open_value(value) or why_open(value) is not None or (isinstance(value, SetOf) and len(value) > 1):
        gap = gap_of(value)
        return len(value) if gap is MISSING else gap
    return len(value)


def _merge(*maps: Value) -> Value:
    if any(one is not None and not isinstance(one, Mapping) and not open_value(one) for one in maps):
        raise TypeError
    found = merged(maps, first_unknown)
    return gap_of(found) if isinstance(found, Unknown) else found


def _concat(*lists: Value) -> Value:
    found: list[Value] = []
    for one in lists:
        if open_value(one):
            found.append(several_of(one))
        elif isinstance(one, list):
            found += in_order(one)
        else:
            raise TypeError
    return found


def _flatten(value: Value) -> Value:
    if open_value(value):
        return gap_of(value)
    unknown_count(value)
    return _flat(value)


def _flat(value: Sequence[Value]) -> list[Value]:
    found: list[Value] = []
    for item in in_order(value):
        # What is not known may be a list.
        found += [several(item)] if isinstance(item, Unknown) else _flat(item) if isinstance(item, list) else [item]
    return found


def _lookup(mapping: Value, key: Value, *default: Value) -> Value:
    if open_value(mapping) and not isinstance(mapping, ObjectValue):
        return gap_of(mapping)
    if first_unknown(key) is not None:
        return gap_of(key)
    if isinstance(mapping, ObjectValue):
        return mapping.attribute(str(plain_text(key)))
    name = str(plain_text(key))
    doubt = open_keys_of(mapping).get(name) or (rest_of(mapping) if name not in mapping else None)
    if doubt is not None:
        return gap_of(doubt)
    if name in mapping:
        return mapping[name]
    if not default:
        raise EvaluationError(f"there is no key {key!r}")
    return default[0]


def _element(items: Value, index: Value) -> Value:
    if open_value(items) or first_unknown(index) is not None:
        return gap_of(items, index)
    if not items:
        raise EvaluationError("the list is empty")
    at, gap = int(number(index)), place_unknown(items)
    if gap is None:
        return items[at % len(items)]
    certain = not isinstance(items, SetOf) and at >= 0 and why_open(items[: at + 1]) is None and at < len(items)
    return items[at] if certain else gap_of(gap)


def _keys(mapping: Value) -> Value:
    return _members(mapping, lambda key: key)


def _values(mapping: Value) -> Value:
    return _members(mapping, lambda key: mapping[key])


def _members(mapping: Value, member: Callable[[str], Value]) -> Value:
    """A list with something of each key that is there for certain, in the keys' order."""
    if open_value(mapping):
        return gap_of(mapping)
    doubtful, gap = open_keys_of(mapping), why_open(mapping)
    found = [member(key) for key in sorted(mapping) if key not in doubtful]
    return found if gap is None else among_others(found, gap)


def _coalesce(*values: Value) -> Value:
    for one in values:
        if isinstance(one, Unknown) and not one.partial:
            return gap_of(one)
        if one is not None and one != "":
            return one
    raise EvaluationError("every argument is null or empty")


def _coalesce_list(*lists: Value) -> Value:
    for one in lists:
        if open_value(one):
            return gap_of(one)
        if one and all(isinstance(item, Several) for item in one):
            return gap_of(*one)
        if one:
            return one
    raise EvaluationError("every list is empty")


def _zipmap(keys: Value, values: Value) -> Value:
    if open_value(keys) or open_value(values) or first_unknown(keys) is not None or why_open(values) is not None:
        return gap_of(keys, values)
    return {str(plain_text(key)): value for key, value in zip(keys, values, strict=True)}


def _one(items: Value) -> Value:
    if open_value(items) or (isinstance(items, list) and len(items) > 1 and place_unknown(items) is not None):
        return gap_of(items)
    if isinstance(items, list) and why_open(items) is not None:
        return gap_of(items)
    if items is None or (isinstance(items, list) and not items):
        return None
    if isinstance(items, list):
        if len(items) > 1:
            raise EvaluationError("there is more than one element")
        return items[0]
    return items


def _to_list(value: Value) -> Value:
    return gap_of(value) if open_value(value) else value if value is None else in_order(value)


def _to_set(value: Value) -> Value:
    if open_value(value):
        return gap_of(value)
    if value is None:
        return None
    if not isinstance(value, list):
        raise TypeError
    return SetOf.of(value)


def _to_map(value: Value) -> Value:
    if open_value(value):
        return gap_of(value)
    if value is not None and not isinstance(value, dict):
        raise TypeError
    return value


def _to_string(value: Value) -> Value:
    if value is None or open_value(value):
        return value
    found = plain_text(value)
    if found is None:
        raise TypeError
    return found


def _join(separator: Value, first: Value, *others: Value) -> Value:
    lists = (first, *others)
    parts: list[Value] = []
    for listed in lists:
        if open_value(listed) or place_unknown(listed) is not None:
            return gap_of(listed)
        for item in listed:
            parts += [separator, item] if parts else [item]
    return joined(parts) if parts else ""


def _format(pattern: Value, *arguments: Value) -> Value:
    if not isinstance(pattern, str):
        return gap_of(pattern)
    return joined(text_functions.formatted(pattern, arguments))


def _format_list(pattern: Value, *arguments: Value) -> Value:
    if not isinstance(pattern, str) or any(open_value(a) or place_unknown(a) is not None for a in arguments):
        return gap_of(pattern, *[a for a in arguments if open_value(a) or place_unknown(a) is not None])
    lengths = {len(a) for a in arguments if isinstance(a, list)}
    if len(lengths) != 1:
        raise ValueError
    return [_format(pattern, *[a[at] if isinstance(a, list) else a for a in arguments]) for at in range(lengths.pop())]


def _json_decode(value: Value) -> Value:
    if isinstance(value, PartialJson):
        return value.content
    if not isinstance(value, str):
        return gap_of(value)
    return decode_json(value)


def _compact(items: Value) -> Value:
    if open_value(items):
        return gap_of(items)
    kept = [item for item in in_order(items) if item is not None and item != ""]
    # What is not known may be null or empty.
    return [several(item) if isinstance(item, Unknown) and not item.partial else item for item in kept]


def _distinct(items: Value) -> Value:
    if not isinstance(items, list):
        return gap_of(items)
    # What is not known may be equal to another element, and is left out then.
    listed = in_order(items)
    return once_each([several(item) if isinstance(item, Unknown) else item for item in listed])


def _quantified(items: Value, decisive: bool) -> Value:
    if open_value(items):
        return gap_of(items)
    found = [truth(item) for item in items]
    if any(item is decisive for item in found):
        return decisive
    return next((gap_of(item) for item in found if isinstance(item, Unknown)), not decisive)


def _slice(items: Value, start: Value, end: Value) -> Value:
    if open_value(items) or first_unknown(start, end) is not None:
        return gap_of(items, start, end)
    first, last = int(number(start)), int(number(end))
    if isinstance(items, SetOf) or why_open(items[:last]) is not None or (why_open(items) and last > len(items)):
        return gap_of(items) if first_unknown(items) is not None else list(items)[first:last]
    if not 0 <= first <= last <= len(items):
        raise EvaluationError("the slice lies outside the list")
    return items[first:last]


def _split(separator: Value, text: Value) -> Value:
    """Of an ARN that is made up at deployment the documented parts are certain."""
    parts = split_arn(text, separator) if isinstance(text, Reference) and isinstance(separator, str) else None
    if parts is not None:
        return [joined(part) for part in parts]
    if isinstance(text, Unknown) and isinstance(separator, str) and len(separator) == 1:
        start, end = known_start(text).split(separator)[:-1], known_end(text).split(separator)[1:]
        return [*start, several(text), *end]
    if first_unknown(separator, text) is not None:
        return gap_of(separator, text)
    return text_functions.TEXT["split"](separator, text)


def _reverse(items: Value) -> Value:
    return gap_of(items) if open_value(items) else list(reversed(in_order(items)))


def _starts_with(text: Value, prefix: Value) -> Value:
    if not isinstance(text, Unknown) or not isinstance(prefix, str):
        return gap_of(text, prefix)
    start = known_start(text)
    return gap_of(text) if prefix.startswith(start) and prefix != start else start.startswith(prefix)


def _ends_with(text: Value, suffix: Value) -> Value:
    if not isinstance(text, Unknown) or not isinstance(suffix, str):
        return gap_of(text, suffix)
    end = known_end(text)
    return gap_of(text) if suffix.endswith(end) and suffix != end else end.endswith(suffix)


OPEN: Mapping[str, Callable[..., Any]] = {
    "alltrue": lambda items: _quantified(items, False),
    "anytrue": lambda items: _quantified(items, True),
    "coalesce": _coalesce,
    "coalescelist": _coalesce_list,
    "compact": _compact,
    "concat": _concat,
    "contains": contains,
    "distinct": _distinct,
    "element": _element,
    "endswith": _ends_with,
    "ephemeralasnull": lambda value: gap_of(value) if first_unknown(value) is not None else value,
    "flatten": _flatten,
    "format": _format,
    "formatlist": _format_list,
    "join": _join,
    "jsondecode": _json_decode,
    "jsonencode": json_text,
    "keys": _keys,
    "length": _length,
    "lookup": _lookup,
    "merge": _merge,
    "nonsensitive": _same_value,
    "one": _one,
    "reverse": _reverse,
    "sensitive": _same_value,
    "setintersection": set_intersection,
    "setsubtract": set_subtract,
    "setunion": set_union,
    "slice": _slice,
    "split": _split,
    "startswith": _starts_with,
    "tolist": _to_list,
    "tomap": _to_map,
    "toset": _to_set,
    "tostring": _to_string,
    "values": _values,
    "zipmap": _zipmap,
}
