"""Terraform's expressions, evaluated with three values: known, made up at deployment, unknown.

Source: Terraform's language documentation, "Expressions". What is unknown stays unknown, with the expression and the
reason; what is known all the same (``false && var.x``, both branches alike) is found out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from auditor.budget import PART
from auditor.collect.iac.hcl import functions
from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.access import attribute, element
from auditor.collect.iac.hcl.comparison import equals3, in_order, join_branches, place_unknown
from auditor.collect.iac.hcl.numbers import Number, calculated
from auditor.collect.iac.hcl.parser import parse_template
from auditor.collect.iac.hcl.values import (
    EvaluationError,
    Files,
    ObjectValue,
    PartialJson,
    SetOf,
    first_unknown,
    items_of,
    joined,
    number,
    plain_text,
    truth,
)
from auditor.collect.iac.interface import Reference, Several, Unknown, Value
from auditor.collect.iac.partly_known import open_keys_of, rest_of, several, unknown_if_open, why_open, with_open_keys
from auditor.collect.iac.unreadable import UnreadableError

#: Names that are bound where an expression stands: loops' variables, ``each``, ``count``.
Names = Mapping[str, Value]
NO_NAMES: Names = {}


class Scope(Protocol):
    """What the names in an expression stand for."""

    def named(self, name: str) -> Value:
        """The value of the first part of a reference. Raises EvaluationError where nothing is called so."""

    @property
    def files(self) -> Files:
        """What ``file`` and its kin see."""

    def spend(self, steps: int = 1, size: int = 0) -> None:
        """Count steps, and bytes of values. Raises OverBudgetError when there were too many."""


def value(node: n.Node, scope: Scope, names: Names = NO_NAMES) -> Value:
    """The value of an expression; what Terraform would refuse is unknown, and says why."""
    try:
        return evaluate(node, scope, names)
    except (EvaluationError, UnreadableError) as error:
        return Unknown(node.shown, str(error))
    except RecursionError:
        return Unknown(node.shown, "it is nested too deeply")


def evaluate(node: n.Node, scope: Scope, names: Names) -> Value:
    """The same, but EvaluationError is raised for what Terraform would refuse."""
    scope.spend(1, PART)
    return _METHODS[type(node)](node, scope, names)


def _literal(node: n.Literal, _scope: Scope, _names: Names) -> Value:
    return node.value


def _broken(node: n.Broken, _scope: Scope, _names: Names) -> Value:
    raise EvaluationError(node.reason)


def _name(node: n.Name, scope: Scope, names: Names) -> Value:
    return names[node.name] if node.name in names else scope.named(node.name)


def _attribute(node: n.Attribute, scope: Scope, names: Names) -> Value:
    return attribute(evaluate(node.value, scope, names), node.name, node)


def _index(node: n.Index, scope: Scope, names: Names) -> Value:
    return element(evaluate(node.value, scope, names), evaluate(node.key, scope, names), node)


def _splat(node: n.Splat, scope: Scope, names: Names) -> Value:
    value = evaluate(node.value, scope, names)
    if isinstance(value, Unknown):
        return Unknown(node.shown, value.reason, value.gap_reason)
    listed = [] if value is None else in_order(value) if isinstance(value, list) else [value]
    found: list[Value] = []
    for item in listed:
        scope.spend(1, PART)
        if isinstance(item, Several):
            found.append(Several(node.shown, item.reason, item.gap_reason))
            continue
        for step in node.steps:
            if isinstance(step, str):
                item = attribute(item, step, node)
            else:
                item = element(item, evaluate(step, scope, names), node)
        found.append(item)
    return found


def _tuple(node: n.Tuple, scope: Scope, names: Names) -> Value:
    return [evaluate(item, scope, names) for item in node.items]


def _object(node: n.Object, scope: Scope, names: Names) -> Value:
    found: dict[str, Value] = {}
    rest: Unknown | None = None
    for key_node, item in node.items:
        key = evaluate(key_node, scope, names)
        gap = first_unknown(key)
        if gap is not None:
            # It may be any of the keys before it, and then has another value.
            rest = Unknown(node.shown, gap.reason, gap.gap_reason)
            found = dict.fromkeys(found, rest)
            continue
        text = plain_text(key)
        if text is None:
            raise EvaluationError("the key of a mapping is not a string")
        found[text] = evaluate(item, scope, names)
    return rest if rest is not None and not found else with_open_keys(found, {}, rest)


def _for(node: n.For, scope: Scope, names: Names) -> Value:
    items = evaluate(node.items, scope, names)
    if isinstance(items, Unknown | Reference | ObjectValue | PartialJson):
        gap = first_unknown(items)
        assert gap is not None
        return Unknown(node.shown, gap.reason, gap.gap_reason)
    found: list[Value] = []
    mapped: dict[str, Value] = {}
    doubtful: dict[str, Unknown] = {}
    rest: Unknown | None = None
    for key, item, doubt in _walked(items, node.element_key is not None):
        inner = {**names, node.value: item} if node.key is None else {**names, node.key: key, node.value: item}
        scope.spend(1, PART)
        if node.condition is not None and doubt is None:
            holds = truth(evaluate(node.condition, scope, inner))
            if holds is False:
                continue
            doubt = holds if isinstance(holds, Unknown) else None
        if node.element_key is None:
            more = None if doubt is None else Several(node.shown, doubt.reason, doubt.gap_reason)
            found.append(more or evaluate(node.element, scope, inner))
            continue
        name = item if isinstance(item, Several) else evaluate(node.element_key, scope, inner)
        unnamed = first_unknown(name)
        gap = unnamed or doubt
        if gap is not None and node.group:
            return Unknown(node.shown, gap.reason, gap.gap_reason)
        if unnamed is not None:
            rest = rest or Unknown(node.shown, unnamed.reason, unnamed.gap_reason)
            continue
        text = plain_text(name)
        if text is None:
            raise EvaluationError("the key of a mapping is not a string")
        if node.group:
            mapped.setdefault(text, []).append(evaluate(node.element, scope, inner))
        elif text not in mapped:
            mapped[text] = (evaluate if doubt is None else value)(node.element, scope, inner)
            doubtful |= {} if doubt is None else {text: doubt}
        elif doubt is None and text not in doubtful:
            raise EvaluationError(f"two elements have the key {text!r}")
        else:
            # Terraform refuses two of one key: only one of them is there, nobody knows which.
            reason = doubt or doubtful[text]
            mapped[text] = Unknown(node.shown, reason.reason, reason.gap_reason)
            doubtful = doubtful if doubt is not None else {k: v for k, v in doubtful.items() if k != text}
    if node.element_key is None:
        return unknown_if_open(found, node.shown)
    return rest if rest is not None and not mapped else with_open_keys(mapped, doubtful, rest)


def _walked(items: Value, keyed: bool) -> Iterator[tuple[Value, Value, Unknown | None]]:
    """Key, element, and why it may not be there, of what ``for`` walks through; the order of a mapping's elements only
    counts where they are not ``keyed``."""
    if isinstance(items, list):
        before: Several | None = None
        for at, item in enumerate(in_order(items) if isinstance(items, SetOf) else items):
            more = item if isinstance(item, Several) else None
            before = before or more
            place = at if before is None else Unknown("${index}", before.reason, before.gap_reason)
            yield item if isinstance(items, SetOf) else place, item, more
        return
    why = rest_of(items) if keyed else why_open(items)
    others = [] if why is None else [(several(why), several(why), why)]
    yield from others
    for key, item in items_of(dict(items) if isinstance(items, Mapping) else items):
        yield key, item, open_keys_of(items).get(key)
        yield from () if keyed else others


def _conditional(node: n.Conditional, scope: Scope, names: Names) -> Value:
    holds = truth(evaluate(node.condition, scope, names))
    if not isinstance(holds, Unknown):
        return evaluate(node.one if holds else node.other, scope, names)
    gap = Unknown(node.shown, holds.reason, holds.gap_reason)
    try:
        one, other = evaluate(node.one, scope, names), evaluate(node.other, scope, names)
    except EvaluationError:
        return gap
    if plain_text(one) is not None and plain_text(other) is not None:
        gap = replace(gap, among=(one, other))
    return join_branches(one, other, gap)


def _unary(node: n.Unary, scope: Scope, names: Names) -> Value:
    operand = evaluate(node.operand, scope, names)
    gap = first_unknown(operand)
    if gap is not None:
        return Unknown(node.shown, gap.reason, gap.gap_reason)
    return not truth(operand) if node.operator == "!" else -number(operand)


def _binary(node: n.Binary, scope: Scope, names: Names) -> Value:
    if node.operator in ("&&", "||"):
        return _logic(node, scope, names)
    left, right = evaluate(node.left, scope, names), evaluate(node.right, scope, names)
    if node.operator in ("==", "!="):
        equal = equals3(left, right)
        if isinstance(equal, Unknown):
            return Unknown(node.shown, equal.reason, equal.gap_reason)
        return equal if node.operator == "==" else not equal
    gap = first_unknown(left, right)
    if gap is not None:
        return Unknown(node.shown, gap.reason, gap.gap_reason)
    return _arithmetic(node.operator, number(left), number(right))


def _logic(node: n.Binary, scope: Scope, names: Names) -> bool | Unknown:
    """``&&`` and ``||``: one side may decide, whatever the other is."""
    decisive = node.operator == "||"
    left = truth(evaluate(node.left, scope, names))
    if left is decisive:
        return decisive
    right = truth(evaluate(node.right, scope, names))
    if right is decisive:
        return decisive
    gap = next((side for side in (left, right) if isinstance(side, Unknown)), None)
    return not decisive if gap is None else Unknown(node.shown, gap.reason, gap.gap_reason)


def _arithmetic(operator: str, left: Number, right: Number) -> Value:
    compared: Mapping[str, Callable[[Number, Number], bool]] = {
        "<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b,
    }  # fmt: skip
    if operator in compared:
        return compared[operator](left, right)
    try:
        return calculated(operator, left, right)
    except ZeroDivisionError:
        raise EvaluationError("it divides by zero") from None
    except OverflowError:
        raise EvaluationError("the number is too large") from None


def _call(node: n.Call, scope: Scope, names: Names) -> Value:
    if node.name == "try":
        for argument in node.arguments:
            try:
                return evaluate(argument, scope, names)
            except EvaluationError:
                continue
        raise EvaluationError("no argument of try can be evaluated")
    if node.name == "can" and node.arguments:
        try:
            found = evaluate(node.arguments[0], scope, names)
        except EvaluationError:
            return False
        return Unknown(node.shown, found.reason, found.gap_reason) if isinstance(found, Unknown) else True
    arguments = [evaluate(argument, scope, names) for argument in node.arguments]
    if node.spread and arguments:
        last = arguments.pop()
        if not isinstance(last, list):
            gap = first_unknown(last)
            return Unknown(node.shown, gap.reason if gap else "what is spread is not a list")
        more = why_open(last)
        if more is not None and node.name not in functions.OF_ANY_NUMBER:
            return Unknown(node.shown, more.reason, more.gap_reason)
        arguments += last
    if node.name == "templatefile":
        return _template_file(node, arguments, scope)
    scope.spend(functions.work(arguments))
    found = functions.call(node, arguments, scope.files)
    scope.spend(1, functions.made(found))
    return found


def _template_file(node: n.Call, arguments: Sequence[Value], scope: Scope) -> Value:
    if len(arguments) != 2 or not isinstance(arguments[1], Mapping):
        gap = first_unknown(list(arguments))
        return Unknown(node.shown, gap.reason if gap else "templatefile wants a file and a mapping")
    path = plain_text(arguments[0])
    if path is None:
        gap = first_unknown(arguments[0])
        return Unknown(node.shown, gap.reason if gap else "the file's name is not a string")
    text = scope.files.read(path)
    # The parser takes a while for each.
    scope.spend(len(text) // 16 + 1, len(text))
    return evaluate(parse_template(text, node.line), scope, arguments[1])


def _template(node: n.Template, scope: Scope, names: Names) -> Value:
    match node.parts:
        case [n.Node() as only]:
            return evaluate(only, scope, names)
    return _text(node.parts, scope, names)


def _text(pieces: Sequence[n.Part], scope: Scope, names: Names) -> Value:
    found: list[Value] = []
    for piece in pieces:
        if isinstance(piece, str):
            found.append(piece)
        elif isinstance(piece, n.Node):
            found.append(evaluate(piece, scope, names))
        elif isinstance(piece, n.Choice):
            holds = truth(evaluate(piece.condition, scope, names))
            if isinstance(holds, Unknown):
                gap = Unknown(piece.condition.shown, holds.reason, holds.gap_reason)
                then, otherwise = (_text(p, scope, names) for p in (piece.then, piece.otherwise))
                found.append(join_branches(then, otherwise, gap))
            else:
                found.append(_text(piece.then if holds else piece.otherwise, scope, names))
        else:
            items = evaluate(piece.items, scope, names)
            unknown = items if isinstance(items, Unknown) else place_unknown(items)
            if unknown is not None:
                found.append(Unknown(piece.items.shown, unknown.reason, unknown.gap_reason))
                continue
            for key, item in items_of(items):
                scope.spend(1, PART)
                bound = {piece.value: item} if piece.key is None else {piece.key: key, piece.value: item}
                found.append(_text(piece.parts, scope, {**names, **bound}))
    whole = joined(found)
    scope.spend(0, len(whole) if isinstance(whole, str) else PART)
    return whole


_METHODS: Mapping[type[n.Node], Callable[[Any, Scope, Names], Value]] = {
    n.Literal: _literal,
    n.Broken: _broken,
    n.Name: _name,
    n.Attribute: _attribute,
    n.Index: _index,
    n.Splat: _splat,
    n.Tuple: _tuple,
    n.Object: _object,
    n.For: _for,
    n.Conditional: _conditional,
    n.Unary: _unary,
    n.Binary: _binary,
    n.Call: _call,
    n.Template: _template,
}
