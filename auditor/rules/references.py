"""What rules take from each other, so that one list, threshold or condition is written, and overridden, in one place.

A parameter with ``same_as`` has another rule's value. ``@STU101`` in an expression stands for what STU101 requires,
with its parameters; it belongs into a subquery over STU101's table: ``(select @STU101 from user_profile where …)``.
``word_kind: '@STU101'`` takes that of STU101.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from auditor.model.rule import Param, Rule
from auditor.rules.word_kinds import is_called

Find = Callable[[str], Rule | None]
#: A string or a comment, which stay as they are, or another rule.
_REFERENCE = re.compile(r"'(?:[^']|'')*'|--[^\r\n]*|@([A-Z]{2,10}[0-9]{3,4})\b")


class SharedError(ValueError):
    """What cannot be taken from another rule, and why; ``keys`` lead to it in the rule's file."""

    def __init__(self, reason: str, *keys: str) -> None:
        super().__init__(f"{keys[0]}: {reason}")
        self.keys = keys


def resolve_references(rule: Rule, find: Find) -> Rule:
    """The rule with what it takes from others written out; ``find`` gives a rule by id. Raises SharedError."""
    taken: dict[str, Param] = {}
    rule = _with_word_kind(rule, find, taken)
    when, require = (_expression(rule, key, find, taken) for key in ("when", "require"))
    own = tuple(_filled(p, find) if p.same_as else p for p in rule.params)
    return replace(rule, when=when, require=require, params=(*own, *taken.values()))


def _with_word_kind(rule: Rule, find: Find, taken: dict[str, Param]) -> Rule:
    """The rule with the ``word_kind`` that it names, or that a condition which it takes needs."""
    named = _REFERENCE.fullmatch(rule.word_kind)
    if named and named[1]:
        other = _found(named[1], find, "word_kind")
        if not other.word_kind or _REFERENCE.fullmatch(other.word_kind):
            raise SharedError(f"{other.id} has no word_kind of its own", "word_kind")
        _take(other, other.word_kind, rule, "word_kind", find, taken)
        return _counted_as(replace(rule, word_kind=other.word_kind), other)
    for key in ("when", "require"):
        for match in _REFERENCE.finditer(getattr(rule, key)):
            source = find(match[1]) if match[1] else None
            if source is None or not is_called(source.require):
                continue
            resolved = _with_word_kind(source, find, {})
            kind = resolved.word_kind
            if rule.word_kind not in ("", kind):
                raise SharedError(f"{source.id} has a word_kind of its own, so that this rule cannot have one", key)
            _take(source, kind, rule, key, find, taken)
            rule = _counted_as(replace(rule, word_kind=kind), resolved)
    return rule


def _counted_as(rule: Rule, other: Rule) -> Rule:
    """The rule, with what the other says that words count as where it says nothing itself."""
    return replace(
        rule, own_words=rule.own_words or other.own_words, unlike_names=rule.unlike_names or other.unlike_names
    )


def _found(rule_id: str, find: Find, key: str) -> Rule:
    other = find(rule_id)
    if other is None:
        raise SharedError(f"there is no rule {rule_id}", key)
    return other


def _expression(rule: Rule, key: str, find: Find, taken: dict[str, Param]) -> str:
    def written(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        other = _found(match[1], find, key)
        if any(m[1] for m in _REFERENCE.finditer(other.require)):
            raise SharedError(f"{other.id} itself takes its condition from another rule; name that one", key)
        _take(other, other.require, rule, key, find, taken)
        return f"(\n{other.require}\n)"

    text: str = getattr(rule, key)
    return _REFERENCE.sub(written, text)


def _take(other: Rule, text: str, rule: Rule, key: str, find: Find, taken: dict[str, Param]) -> None:
    """Take the parameters that a text of another rule's names: not those of its message or its policies."""
    for param in other.params:
        if not re.search(rf"\${param.name}\b", text):
            continue
        source = f"{other.id}.{param.name}"
        known = taken.get(param.name) or next((p for p in rule.params if p.name == param.name), None)
        if known is None:
            taken[param.name] = _filled(param, find) if param.same_as else replace(param, same_as=source)
        elif known.same_as not in (source, param.same_as or source):
            raise SharedError(f"parameter {param.name} is {other.id}'s as well; call it otherwise", key)


def _filled(param: Param, find: Find) -> Param:
    rule_id, _, name = param.same_as.rpartition(".")
    other = find(rule_id)
    source = next((p for p in other.params if p.name == name), None) if other else None
    if source is None:
        raise SharedError(f"{param.name}: there is no parameter {param.same_as!r}", "params", param.name)
    if source.same_as:
        reason = f"{param.name}: {param.same_as} itself follows {source.same_as}; name that one"
        raise SharedError(reason, "params", param.name)
    if source.type != param.type:
        reason = f"{param.name}: {param.same_as} is of type {source.type}, not {param.type}"
        raise SharedError(reason, "params", param.name)
    return replace(param, default=source.default)


def inherit_overrides(rules: Sequence[Rule], overrides: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The overrides, and for each ``same_as`` parameter that is not overridden itself the one that it follows."""
    followed = {rule_id: dict(values) for rule_id, values in overrides.items()}
    for rule in rules:
        for param in rule.params:
            other, _, name = param.same_as.rpartition(".")
            if name in overrides.get(other, {}):
                followed.setdefault(rule.id, {}).setdefault(param.name, overrides[other][name])
    return followed
