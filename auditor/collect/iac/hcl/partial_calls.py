"""What Terraform's functions share that can do something with arguments of which parts are unknown."""

from __future__ import annotations

from auditor.collect.iac.hcl.comparison import equals3
from auditor.collect.iac.hcl.values import ObjectValue, PartialJson, first_unknown
from auditor.collect.iac.interface import Reference, Unknown, Value
from auditor.collect.iac.partly_known import several

#: What a function gives that has nothing to say: everything is known after all.
MISSING = object()


class Gap(Unknown):
    """An unknown whose expression is the whole call."""


def gap_of(*values: Value) -> Value:
    """Unknown for the reason of the first unknown part of the values; MISSING (go on) where there is none."""
    found = first_unknown(list(values))
    return MISSING if found is None else Gap("", found.reason, found.gap_reason)


def open_value(value: Value) -> bool:
    return isinstance(value, Unknown | Reference | ObjectValue | PartialJson)


def several_of(value: Value) -> Value:
    """Any number of elements, in place of a list that is not known."""
    gap = first_unknown(value)
    assert gap is not None
    return several(gap)


def contains(items: Value, value: Value) -> Value:
    if open_value(items):
        return gap_of(items)
    if isinstance(value, str) and value in items:
        return True
    results = [equals3(item, value) for item in items]
    if any(result is True for result in results):
        return True
    return next((gap_of(r) for r in results if isinstance(r, Unknown)), False)
