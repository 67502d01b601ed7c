"""Terraform's functions of sets, where elements or whole sets are unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from auditor.collect.iac.hcl.comparison import in_order
from auditor.collect.iac.hcl.partial_calls import MISSING, contains, gap_of, open_value, several_of
from auditor.collect.iac.hcl.values import SetOf, first_unknown
from auditor.collect.iac.interface import Unknown, Value
from auditor.collect.iac.partly_known import several


def set_union(*sets: Value) -> Value:
    return SetOf.of([item for s in sets for item in ([several_of(s)] if open_value(s) else s)])


def set_intersection(*sets: Value) -> Value:
    """What is in every set for certain, and others that may be."""
    return _chosen(sets, lambda held: all(one is True for one in held), lambda held: any(one is False for one in held))


def set_subtract(*sets: Value) -> Value:
    """What is in the first set for certain and in none of the others, and others that may be left."""
    return _chosen(sets, lambda held: all(one is False for one in held), lambda held: any(one is True for one in held))


def _chosen(
    sets: Sequence[Value], stays: Callable[[list[bool | Unknown]], bool], goes: Callable[[list[bool | Unknown]], bool]
) -> Value:
    """Elements of the first set by whether the others hold them: those that stay, and any number for those of which it
    is not known."""
    first, *others = sets
    if open_value(first):
        return gap_of(first)
    if first_unknown(list(sets)) is None:
        return MISSING
    found: list[Value] = []
    for item in in_order(first) if isinstance(first, list) else _refused():
        held = [gap_of(other) if open_value(other) else contains(other, item) for other in others]
        gap = next((one for one in (item, *held) if isinstance(one, Unknown)), None)
        if not isinstance(item, Unknown) and all(one is not MISSING for one in held) and stays(held):
            found.append(item)
        elif gap is not None and not goes(held):
            found.append(several(gap))
    return SetOf.of(found)


def _refused() -> list[Value]:
    raise TypeError
