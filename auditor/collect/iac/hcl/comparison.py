"""Whether values are equal, as Terraform compares them, with three answers; and what two values have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from auditor.collect.iac.hcl.values import ObjectValue, PartialJson, SetOf, first_unknown, unknown_count
from auditor.collect.iac.interface import Reference, Several, Unknown, Value, unknowns
from auditor.collect.iac.partly_known import (
    alone,
    among_others,
    doubts_of,
    may_be,
    open_keys_of,
    rest_of,
    shared_elements,
    why_open,
    with_open_keys,
)


def place_unknown(items: Value) -> Unknown | None:
    """Why it is not known at which place of a list its elements stand, or how many they are: elements of a set that
    are not known may be others of it, and stand anywhere."""
    gap = why_open(items)
    return next(unknowns(items), None) if gap is None and isinstance(items, SetOf) else gap


def in_order(items: Value) -> Value:
    """A set as a list; of one whose order is not known, what it holds for certain."""
    gap = place_unknown(items) if isinstance(items, SetOf) else None
    if gap is None:
        return list(items)
    return among_others([item for item in items if next(unknowns(item), None) is None], gap)


def equals3(left: Value, right: Value) -> bool | Unknown:
    """Whether two values are equal as Terraform compares them: a number never equals a text."""
    if isinstance(left, list | dict) and isinstance(right, list | dict):
        unknown_count([left, right])
    return _equals3(left, right)


def _equals3(left: Value, right: Value) -> bool | Unknown:
    if isinstance(left, Unknown | Reference | ObjectValue | PartialJson) or isinstance(
        right, Unknown | Reference | ObjectValue | PartialJson
    ):
        return _equals3_open(left, right)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        if any(alone(a, b) for a, b in ((left, right), (right, left))):
            return False
        both_doubtful = open_keys_of(left).keys() & open_keys_of(right).keys()
        shared = [_equals3(left[n], right[n]) for n in left if n in right and n not in both_doubtful]
        return _all([*shared, *doubts_of(left), *doubts_of(right)])
    if isinstance(left, list) and isinstance(right, list):
        gap = place_unknown(left) or place_unknown(right)
        if gap is not None:
            return gap
        return _all(map(_equals3, left, right)) if len(left) == len(right) else False
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left == right
    return type(left) is type(right) and bool(left == right)


def _equals3_open(left: Value, right: Value) -> bool | Unknown:
    if isinstance(left, Reference) and left == right:
        return True
    for a, b in ((left, right), (right, left)):
        # What AWS makes up is never null or empty; nor is text of which a part is known.
        solid = isinstance(a, Reference | PartialJson | ObjectValue) or (isinstance(a, Unknown) and a.partial)
        if solid and (b is None or b == ""):
            return False
        if isinstance(a, Unknown) and isinstance(b, str) and not may_be(a, b):
            return False
    gap = first_unknown(left, right)
    assert gap is not None
    return gap


def _all(results: Iterable[bool | Unknown]) -> bool | Unknown:
    listed = list(results)
    if any(r is False for r in listed):
        return False
    return next((r for r in listed if isinstance(r, Unknown)), True)


def join_branches(left: Value, right: Value, gap: Unknown) -> Value:
    """The value that is one of two, by a condition that is unknown: what both agree on, member by member."""
    unknown_count([left, right])
    return _join(left, right, gap)


def _join(left: Value, right: Value, gap: Unknown) -> Value:
    if isinstance(left, dict) and isinstance(right, dict):
        names = dict.fromkeys([*left, *right])
        opened = {name: gap for name in names if (name in left) != (name in right)}
        members = {name: _join(left.get(name), right.get(name), gap) for name in names}
        rest = rest_of(left) or rest_of(right)
        return with_open_keys(members, {**open_keys_of(left), **open_keys_of(right), **opened}, rest)
    if type(left) is list and type(right) is list:
        if len(left) == len(right) and not any(isinstance(item, Several) for item in (*left, *right)):
            return [_join(one, other, gap) for one, other in zip(left, right, strict=True)]
        return shared_elements(left, right, lambda one, other: equals3(one, other) is True, gap)
    if isinstance(left, Unknown) and isinstance(right, Unknown):
        return left if left.expression == right.expression else gap
    return left if _equals3(left, right) is True else gap
