"""Parts of values: attributes and elements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.values import EvaluationError, ObjectValue, SetOf, first_unknown, number, plain_text
from auditor.collect.iac.interface import Several, Unknown, Value
from auditor.collect.iac.partly_known import open_keys_of, rest_of, why_open
from auditor.counting import plural


def attribute(value: Value, name: str, node: n.Node) -> Value:
    """``value.name``"""
    if isinstance(value, ObjectValue):
        return value.attribute(name)
    if isinstance(value, Unknown):
        return value.part(f".{name}", node.shown)
    if isinstance(value, Mapping):
        doubt = open_keys_of(value).get(name) or (rest_of(value) if name not in value else None)
        # A resource that may not exist knows so itself.
        if doubt is not None and not isinstance(value.get(name), ObjectValue):
            return Unknown(node.shown, doubt.reason, doubt.gap_reason)
        if name not in value:
            raise EvaluationError(f"{node.source} is not there")
        return value[name]
    if value is None:
        raise EvaluationError(f"{node.source} is not there: null has no attributes")
    raise EvaluationError(f"{node.source} is not there")


def element(value: Value, key: Value, node: n.Node) -> Value:
    """``value[key]``"""
    gap = first_unknown(key)
    if isinstance(value, Unknown):
        text = plain_text(key) if gap is None else None
        return (
            replace(value.part(f"[{text}]", node.shown), symbol="")
            if text is None
            else value.part(f"[{text}]", node.shown)
        )
    if gap is not None:
        return Unknown(node.shown, gap.reason, gap.gap_reason)
    if isinstance(value, ObjectValue):
        return attribute(value, str(plain_text(key)), node)
    if isinstance(value, Mapping):
        return attribute(value, str(plain_text(key)), node)
    if isinstance(value, list) and not isinstance(value, SetOf):
        at = number(key)
        more = next((item for item in value[: int(at) + 1] if isinstance(item, Several)), None) if at >= 0 else None
        if more is not None:
            return Unknown(node.shown, more.reason, more.gap_reason)
        if at != int(at) or not 0 <= at < len(value):
            gap = why_open(value)
            if gap is not None and at >= 0:
                return Unknown(node.shown, gap.reason, gap.gap_reason)
            raise EvaluationError(f"{node.source} is not there: the list has {plural(len(value), 'element')}")
        return value[int(at)]
    raise EvaluationError(f"{node.source} is not there")
