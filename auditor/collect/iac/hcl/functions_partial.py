"""Terraform's functions that can do something with arguments of which parts are unknown. All others need everything
known. Each gives MISSING where it has nothing to say, because everything is known after all.

A property test holds each to this: what is certain with an unknown argument is so with any value in its place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from auditor.collect.iac.arn_parts import split_arn
from auditor.collect.iac.hcl import functions_text as text_functions
from auditor.collect.iac.hcl.comparison import equals3, in_order, place_unknown
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

#: What a function gives that has nothing to say: everything is known after all.
MISSING = object()


class Gap(Unknown):
    """An unknown whose expression is the whole call."""


def _gap(*values: Value) -> Value:
    """Unknown for the reason of the first unknown part of the values; MISSING (go on) where there is none."""
    found = first_unknown(list(values))
    return MISSING if found is None else Gap("", found.reason, found.gap_reason)


def _open_value(value: Value) -> bool:
    return isinstance(value, Unknown | Reference | ObjectValue | PartialJson)


def _same_value(value: Value) -> Value:
    return value


def _length(value: Value) -> Value:
    if isinstance(value, str):
        return len(value)
    if _open_value(value) or why_open(value) is not None or (isinstance(value, SetOf) and len(value) > 1):
        gap = _gap(value)
        return len(value) if gap is MISSING else gap
    return len(value)


def _merge(*maps: Value) -> Value:
    if any(one is not None and not isinstance(one, Mapping) and not _open_value(one) for one in maps):
        raise TypeError
    found = merged(maps, first_unknown)
    return _gap(found) if isinstance(found, Unknown) else found


def _concat(*lists: Value) -> Value:
    found: list[Value] = []
    for one in lists:
        if _open_value(one):
            found.append(_several(one))
        elif isinstance(one, list):
            found += in_order(one)
        else:
            raise TypeError
    return found


def _several(value: Value) -> Value:
    """Any number of elements, in place of a list that is not known."""
    gap = first_unknown(value)
    assert gap is not None
    return several(gap)


def _flatten(value: Value) -> Value:
    if _open_value(value):
        return _gap(value)
    unknown_count(value)
    return _flat(value)


def _flat(value: Sequence[Value]) -> list[Value]:
    found: list[Value] = []
    for item in in_order(value):
        # What is not known may be a list.
        found += [several(item)] if isinstance(item, Unknown) else _flat(item) if isinstance(item, list) else [item]
    return found


def _lookup(mapping: Value, key: Value, *default: Value) -> Value:
    if _open_value(mapping) and not isinstance(mapping, ObjectValue):
        return _gap(mapping)
    if first_unknown(key) is not None:
        return _gap(key)
    if isinstance(mapping, ObjectValue):
        return mapping.attribute(str(plain_text(key)))
    name = str(plain_text(key))
    doubt = open_keys_of(mapping).get(name) or (rest_of(mapping) if name not in mapping else None)
    if doubt is not None:
        return _gap(doubt)
    if name in mapping:
        return mapping[name]
    if not default:
        raise EvaluationError(f"there is no key {key!r}")
    return default[0]


def _element(items: Value, index: Value) -> Value:
    if _open_value(items) or first_unknown(index) is not None:
        return _gap(items, index)
    if not items:
        raise EvaluationError("the list is empty")
    at, gap = int(number(index)), place_unknown(items)
    if gap is None:
        return items[at % len(items)]
    certain = not isinstance(items, SetOf) and at >= 0 and why_open(items[: at + 1]) is None and at < len(items)
    return items[at] if certain else _gap(gap)


def _keys(mapping: Value) -> Value:
    return _members(mapping, lambda key: key)


def _values(mapping: Value) -> Value:
    return _members(mapping, lambda key: mapping[key])


def _members(mapping: Value, member: Callable[[str], Value]) -> Value:
    """A list with something of each key that is there for certain, in the keys' order."""
    if _open_value(mapping):
        return _gap(mapping)
    doubtful, gap = open_keys_of(mapping), why_open(mapping)
    found = [member(key) for key in sorted(mapping) if key not in doubtful]
    return found if gap is None else among_others(found, gap)


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
        if one and all(isinstance(item, Several) for item in one):
            return _gap(*one)
        if one:
            return one
    raise EvaluationError("every list is empty")


def _zipmap(keys: Value, values: Value) -> Value:
    if _open_value(keys) or _open_value(values) or first_unknown(keys) is not None or why_open(values) is not None:
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
    if _open_value(items) or (isinstance(items, list) and len(items) > 1 and place_unknown(items) is not None):
        return _gap(items)
    if isinstance(items, list) and why_open(items) is not None:
        return _gap(items)
    if items is None or (isinstance(items, list) and not items):
        return None
    if isinstance(items, list):
        if len(items) > 1:
            raise EvaluationError("there is more than one element")
        return items[0]
    return items


def _to_list(value: Value) -> Value:
    return _gap(value) if _open_value(value) else value if value is None else in_order(value)


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
        if _open_value(listed) or place_unknown(listed) is not None:
            return _gap(listed)
        for item in listed:
            parts += [separator, item] if parts else [item]
    return joined(parts) if parts else ""


def _format(pattern: Value, *arguments: Value) -> Value:
    if not isinstance(pattern, str):
        return _gap(pattern)
    return joined(text_functions.formatted(pattern, arguments))


def _format_list(pattern: Value, *arguments: Value) -> Value:
    if not isinstance(pattern, str) or any(_open_value(a) or place_unknown(a) is not None for a in arguments):
        return _gap(pattern, *[a for a in arguments if _open_value(a) or place_unknown(a) is not None])
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
    kept = [item for item in in_order(items) if item is not None and item != ""]
    # What is not known may be null or empty.
    return [several(item) if isinstance(item, Unknown) and not item.partial else item for item in kept]


def _distinct(items: Value) -> Value:
    if not isinstance(items, list):
        return _gap(items)
    # What is not known may be equal to another element, and is left out then.
    listed = in_order(items)
    return once_each([several(item) if isinstance(item, Unknown) else item for item in listed])


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
    if isinstance(items, SetOf) or why_open(items[:last]) is not None or (why_open(items) and last > len(items)):
        return _gap(items) if first_unknown(items) is not None else list(items)[first:last]
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
        return _gap(separator, text)
    return text_functions.TEXT["split"](separator, text)


def _reverse(items: Value) -> Value:
    return _gap(items) if _open_value(items) else list(reversed(in_order(items)))


def _set_union(*sets: Value) -> Value:
    return SetOf.of([item for s in sets for item in ([_several(s)] if _open_value(s) else s)])


def _set_intersection(*sets: Value) -> Value:
    """What is in every set for certain, and others that may be."""
    return _chosen(sets, lambda held: all(one is True for one in held), lambda held: any(one is False for one in held))


def _set_subtract(*sets: Value) -> Value:
    """What is in the first set for certain and in none of the others, and others that may be left."""
    return _chosen(sets, lambda held: all(one is False for one in held), lambda held: any(one is True for one in held))


def _chosen(
    sets: Sequence[Value], stays: Callable[[list[bool | Unknown]], bool], goes: Callable[[list[bool | Unknown]], bool]
) -> Value:
    """Elements of the first set by whether the others hold them: those that stay, and any number for those of which it
    is not known."""
    first, *others = sets
    if _open_value(first):
        return _gap(first)
    if first_unknown(list(sets)) is None:
        return MISSING
    found: list[Value] = []
    for item in in_order(first) if isinstance(first, list) else _refused():
        held = [_gap(other) if _open_value(other) else _contains(other, item) for other in others]
        gap = next((one for one in (item, *held) if isinstance(one, Unknown)), None)
        if not isinstance(item, Unknown) and all(one is not MISSING for one in held) and stays(held):
            found.append(item)
        elif gap is not None and not goes(held):
            found.append(several(gap))
    return SetOf.of(found)


def _refused() -> list[Value]:
    raise TypeError


def _starts_with(text: Value, prefix: Value) -> Value:
    if not isinstance(text, Unknown) or not isinstance(prefix, str):
        return _gap(text, prefix)
    start = known_start(text)
    return _gap(text) if prefix.startswith(start) and prefix != start else start.startswith(prefix)


def _ends_with(text: Value, suffix: Value) -> Value:
    if not isinstance(text, Unknown) or not isinstance(suffix, str):
        return _gap(text, suffix)
    end = known_end(text)
    return _gap(text) if suffix.endswith(end) and suffix != end else end.endswith(suffix)


OPEN: Mapping[str, Callable[..., Any]] = {
    "alltrue": lambda items: _quantified(items, False),
    "anytrue": lambda items: _quantified(items, True),
    "coalesce": _coalesce,
    "coalescelist": _coalesce_list,
    "compact": _compact,
    "concat": _concat,
    "contains": _contains,
    "distinct": _distinct,
    "element": _element,
    "endswith": _ends_with,
    "ephemeralasnull": lambda value: _gap(value) if first_unknown(value) is not None else value,
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
    "setintersection": _set_intersection,
    "setsubtract": _set_subtract,
    "setunion": _set_union,
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
