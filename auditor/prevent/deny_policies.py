"""Service control policies and permissions boundaries from what rules say under ``prevent``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from auditor.errors import ConfigError
from auditor.iam.conditions import split_operator
from auditor.model.rule import Rule
from auditor.rules.prevention import VERSION, EmptyError, statements

Statement = Mapping[str, Any]
#: Characters of a service control policy that AWS Organizations takes in every partition. It takes 10,240 in most since
#: May 2026 (AWS Organizations User Guide, "Quotas and service limits").
SCP_LIMIT = 5_120
#: Service control policies that can be attached to a root, an organizational unit or an account in every partition
#: (AWS Organizations User Guide, "Quotas and service limits").
ATTACHED = 5
#: Characters of a managed policy, blanks not counted (IAM User Guide, "IAM and AWS STS quotas").
BOUNDARY_LIMIT = 6_144
#: Of these a statement with two values says what two statements with one each say.
_SPLITTABLE = frozenset({"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"})
_EVERYTHING: Statement = {"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}


@dataclass(frozen=True, slots=True)
class Piece:
    """One statement, and the rules that want it, by id."""

    statement: Statement
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A rule without a statement, and why, as a sentence; ``settable``: a parameter would give it one."""

    rule_id: str
    reason: str
    settable: bool = False


@dataclass(frozen=True, slots=True)
class PolicyText:
    """A policy as short as it can be written, and the rules that it stops, by id."""

    text: str
    rules: tuple[str, ...]


def pieces(rules: Sequence[Rule], overrides: Mapping[str, Mapping[str, Any]]) -> tuple[list[Piece], list[LeftOut]]:
    """The statements of the rules with their parameters, and the rules without one. ``overrides`` by rule id."""
    made: list[Piece] = []
    left: list[LeftOut] = []
    for rule in rules:
        try:
            made += [Piece(one, (rule.id,)) for one in statements(rule, overrides.get(rule.id))]
        except EmptyError as error:
            left.append(LeftOut(rule.id, f"needs the parameter {rule.id}.{error}, which is empty", settable=True))
        else:
            if rule.prevent is None:
                left.append(LeftOut(rule.id, "no condition key of AWS's reaches what it checks"))
    return _merged(made), left


def _merged(given: Sequence[Piece]) -> list[Piece]:
    """Statements that differ in their actions only are one, and so are those that differ in their resources only."""
    for member in ("Action", "Resource"):
        found: dict[str, Piece] = {}
        for piece in given:
            rest = {name: value for name, value in piece.statement.items() if name != member}
            key = json.dumps(rest, sort_keys=True)
            if key in found:
                both = dict.fromkeys((*found[key].statement[member], *piece.statement[member]))
                rules = dict.fromkeys((*found[key].rules, *piece.rules))
                found[key] = Piece({**piece.statement, member: list(both)}, tuple(rules))
            else:
                found[key] = piece
        given = list(found.values())
    return list(given)


def minified(given: Sequence[Statement]) -> str:
    """A policy document without what it can do without. A list of one is that one, as IAM's grammar has it."""
    document = {"Version": VERSION, "Statement": [_short(one) for one in given]}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=True)


def _short(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _short(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return value[0] if len(value) == 1 else value
    return value


def service_control_policies(given: Sequence[Piece], limit: int = SCP_LIMIT) -> list[PolicyText]:
    """As few policies as the statements fit into, each of at most ``limit`` characters. They only deny, and are
    attached beside FullAWSAccess. Raises ConfigError where a statement is too long by itself."""
    bins: list[dict[int, Piece]] = []
    parts = [part for piece in given for part in _fitting(piece, limit)]
    for number, piece in sorted(enumerate(parts), key=lambda p: -len(minified([p[1].statement]))):
        for held in bins:
            if len(minified([*(p.statement for p in held.values()), piece.statement])) <= limit:
                held[number] = piece
                break
        else:
            bins.append({number: piece})
    return [_text([held[number] for number in sorted(held)]) for held in bins]


def _text(held: Sequence[Piece], first: Sequence[Statement] = ()) -> PolicyText:
    rules = sorted({rule for piece in held for rule in piece.rules})
    return PolicyText(minified([*first, *(p.statement for p in held)]), tuple(rules))


def boundary(given: Sequence[Piece], limit: int = BOUNDARY_LIMIT) -> PolicyText:
    """One policy that allows everything but what the rules report: a role has one boundary. Raises ConfigError where
    it is longer than ``limit`` characters."""
    made = _text(given, [_EVERYTHING])
    size = len("".join(made.text.split()))
    if size > limit:
        raise ConfigError(
            f"the permissions boundary has {size:,} characters; the limit is {limit:,}",
            hint="A role has one boundary, so it can't be split: choose rules with --only or --skip.",
        )
    return made


def _fitting(piece: Piece, limit: int) -> Iterator[Piece]:
    """The statement in parts that fit, which together deny what it denies."""
    size = len(minified([piece.statement]))
    if size <= limit:
        yield piece
        return
    path = max(_lists(piece.statement), key=lambda p: len(json.dumps(_at(piece.statement, p))), default=None)
    if path is None:
        raise ConfigError(
            f"a statement of {', '.join(piece.rules)} has {size:,} characters; the limit is {limit:,}",
            hint="Raise --limit, or shorten the lists in the rule's parameters.",
        )
    values = _at(piece.statement, path)
    half = len(values) // 2
    for part in (values[:half], values[half:]):
        yield from _fitting(replace(piece, statement=_with(piece.statement, path, part)), limit)


def _lists(statement: Statement) -> Iterator[tuple[str, ...]]:
    """Where lists stand that may be divided: a call is denied where it meets one item of each."""
    paths: list[tuple[str, ...]] = [("Action",), ("Resource",)]
    for operator, keys in statement.get("Condition", {}).items():
        known = split_operator(operator)
        if known is not None and known[1] in _SPLITTABLE and known[0] != "forallvalues":
            paths += [("Condition", operator, key) for key in keys]
    return (path for path in paths if len(_at(statement, path)) > 1)


def _at(value: Any, path: Sequence[str]) -> Any:
    for name in path:
        value = value[name]
    return value


def _with(value: Statement, path: Sequence[str], new: Any) -> Statement:
    name, *rest = path
    return {**value, name: _with(value[name], rest, new) if rest else new}
