"""Type constraints of variables: how a given value becomes one of the declared type.

Source: Terraform's language documentation, "Type Constraints". Only what changes a value matters here: numbers and
booleans given as text, members that an object does not name, and ``optional`` with its default.
"""

from __future__ import annotations

from collections.abc import Mapping

from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.comparison import in_order
from auditor.collect.iac.hcl.evaluate import Scope, value
from auditor.collect.iac.hcl.parser import parse_expression
from auditor.collect.iac.hcl.values import EvaluationError, ObjectValue, PartialJson, SetOf, number, plain_text, truth
from auditor.collect.iac.interface import Reference, Unknown, Value
from auditor.collect.iac.partly_known import open_keys_of, rest_of, why_open, with_open_keys
from auditor.collect.iac.unreadable import UnreadableError
from auditor.counting import plural


def converted(given: Value, wanted: n.Node | None, scope: Scope) -> Value:
    """The value as one of the wanted type. Raises EvaluationError where it cannot be."""
    if wanted is None or given is None or isinstance(given, Unknown | Reference | ObjectValue | PartialJson):
        return given
    match wanted:
        case n.Name(name=name):
            return _simple(given, name)
        case n.Literal(value=str(name)):
            # JSON writes types as text, and so did Terraform 0.11.
            return converted(given, _parsed(name, wanted.line), scope) if "(" in name else _simple(given, name)
        case n.Call(name=name, arguments=[inner, *_]):
            return _collection(given, name, inner, scope)
    return given


def _parsed(text: str, line: int) -> n.Node:
    try:
        return parse_expression(text, line)
    except UnreadableError as error:
        raise EvaluationError(f"its type {text} is not understood") from error


def _simple(given: Value, name: str) -> Value:
    match name:
        case "string":
            text = plain_text(given)
            if text is None:
                raise EvaluationError("a text is needed")
            return text
        case "number":
            return number(given)
        case "bool":
            return truth(given)
        case "list" | "set" | "map":
            return _shaped(given, name)
    return given


def _shaped(given: Value, name: str) -> Value:
    if name == "map":
        if not isinstance(given, Mapping):
            raise EvaluationError("a mapping is needed")
        return given
    if not isinstance(given, list):
        raise EvaluationError(f"a {name} is needed")
    return SetOf.of(given) if name == "set" else in_order(given)


def _collection(given: Value, name: str, inner: n.Node, scope: Scope) -> Value:
    match name:
        case "list" | "set":
            items = [converted(item, inner, scope) for item in _shaped(given, "list")]
            return SetOf.of(items) if name == "set" else items
        case "map":
            members = {key: converted(item, inner, scope) for key, item in _shaped(given, "map").items()}
            return with_open_keys(members, open_keys_of(given), rest_of(given))
        case "tuple" if isinstance(inner, n.Tuple):
            items = _shaped(given, "list")
            gap = why_open(items)
            if gap is not None:
                return Unknown(gap.expression, gap.reason, gap.gap_reason)
            if len(items) != len(inner.items):
                raise EvaluationError(f"it needs {plural(len(inner.items), 'element')}")
            return [converted(item, type_, scope) for item, type_ in zip(items, inner.items, strict=True)]
        case "object" if isinstance(inner, n.Object):
            return _object(_shaped(given, "map"), inner, scope)
        case "optional":
            return converted(given, inner, scope)
    return given


def _object(given: Mapping[str, Value], inner: n.Object, scope: Scope) -> Value:
    found: dict[str, Value] = {}
    for key, type_ in inner.items:
        name = str(n.literal(key))
        doubt = open_keys_of(given).get(name) or (rest_of(given) if name not in given else None)
        if doubt is not None:
            found[name] = Unknown(doubt.expression, doubt.reason, doubt.gap_reason)
            continue
        member = given.get(name)
        if isinstance(type_, n.Call) and type_.name == "optional":
            wanted, *default = type_.arguments
            if member is None and default:
                member = value(default[0], scope)
            found[name] = converted(member, wanted, scope)
        elif name not in given:
            raise EvaluationError(f"attribute {name} is missing")
        else:
            found[name] = converted(member, type_, scope)
    return found
