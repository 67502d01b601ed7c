"""What rule files say under ``prevent``: read, checked, and written out as statements of a policy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from auditor.iam.conditions import split_operator
from auditor.iam.documents import Policy, parse
from auditor.model.prevent import Deny, Prevent, RequestCase
from auditor.model.rule import Rule
from auditor.rules.schema import PreventFile, RuleFile
from auditor.rules.verdict_sql import parameter_values
from auditor.studio.api_requests import ACTIONS
from auditor.yaml_source import Source, near

VERSION = "2012-10-17"
#: ``$words`` of a text; ``${aws:username}`` is a variable of IAM's.
_PARAMETER = re.compile(r"\$([A-Za-z_]\w*)")
_ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z0-9]+")


def prevent_of(wire: RuleFile) -> Prevent | None:
    """What a rule file says of it, once ``check`` has let it through."""
    said = wire.prevent
    if said is None:
        return None
    deny = tuple(
        Deny(tuple(one.actions), tuple(one.resources) or ("*",), _conditions(one.condition)) for one in said.deny
    )
    cases = tuple(
        RequestCase(case.call, case.then, case.given, case.resource, case.name, case.params) for case in said.cases
    )
    return Prevent(deny, cases, said.beyond)


def _conditions(given: Mapping[str, Mapping[str, Any]] | None) -> dict[str, dict[str, tuple[str, ...]]] | None:
    if given is None:
        return None
    return {
        operator: {
            key: tuple(_text(v) for v in (value if isinstance(value, list) else [value])) for key, value in keys.items()
        }
        for operator, keys in given.items()
    }


def _text(value: object) -> str:
    """IAM takes booleans for their text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def check(source: Source, wire: RuleFile) -> None:
    """Raise the source's error, with line, for the first thing under ``prevent`` that cannot be."""
    said = wire.prevent
    if said is None:
        return
    for number, one in enumerate(said.deny):
        at = ("prevent", "deny", str(number))
        for action in one.actions:
            if not _ACTION.fullmatch(action):
                raise source.error(
                    f"prevent: {action!r} is not one action", *at, "actions",
                    hint="Write each action out (sagemaker:CreateDomain): a pattern denies what it wasn't meant for.",
                )  # fmt: skip
        for operator in one.condition or {}:
            if split_operator(operator) is None:
                raise source.error(f"prevent: IAM has no condition operator {operator!r}", *at, "condition", operator)
        for text in one.resources:
            if not text.startswith(("arn:", "*")):
                raise source.error(f"prevent: {text!r} is not an ARN pattern", *at, "resources")
        for name in _parameters(one):
            if name not in wire.params:
                raise source.error(f"prevent: ${name} is not declared under params", *at, hint=near(name, wire.params))
    _check_cases(source, said)


def _check_cases(source: Source, said: PreventFile) -> None:
    for number, case in enumerate(said.cases):
        if case.call not in ACTIONS:
            hint = near(case.call, ACTIONS, "Calls whose condition keys are known: " + ", ".join(ACTIONS))
            raise source.error(f"prevent: {case.call} can't be tried", "prevent", "cases", str(number), hint=hint)


def _parameters(one: Any) -> Iterator[str]:
    condition = one.condition or {}
    texts = [*one.resources, *(key for keys in condition.values() for key in keys)]
    texts += [v for keys in condition.values() for given in keys.values()
              for v in (given if isinstance(given, list | tuple) else [given])]  # fmt: skip
    for text in texts:
        yield from _PARAMETER.findall(str(text))


def parameters(prevent: Prevent | None) -> set[str]:
    """Names of the rule's parameters that its statements use."""
    return {name for one in (prevent.deny if prevent else ()) for name in _parameters(one)}


class EmptyError(ValueError):
    """A statement needs a parameter that holds nothing: the message names it."""


def statements(rule: Rule, overrides: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """The rule's statements, as a policy document has them, with its parameters filled in; none where it has none.

    Raises EmptyError where a parameter is empty: a statement without it would deny everything, or nothing.
    """
    if rule.prevent is None:
        return []
    values = parameter_values(rule, overrides)
    return [made for one in rule.prevent.deny for made in _made(one, values)]


def _made(one: Deny, values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The statement; where the name of a key holds a list, one for each item, since all keys of one have to be met."""
    made: dict[str, Any] = {"Effect": "Deny", "Action": list(one.actions), "Resource": _filled(one.resources, values)}
    if not one.condition:
        yield made
        return
    named = [[(operator, key, full) for full in _filled([key], values)]
             for operator, keys in one.condition.items() for key in keys]  # fmt: skip
    for keys in product(*named):
        condition: dict[str, dict[str, list[str]]] = {}
        for operator, key, full in keys:
            condition.setdefault(operator, {})[full] = _filled(one.condition[operator][key], values)
        yield {**made, "Condition": condition}


def _filled(texts: Sequence[str], values: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(full for text in texts for full in _written(text, values)))


def _written(text: str, values: Mapping[str, Any]) -> Iterator[str]:
    """The text once for each item of the list that it names, and so on for the next parameter in it."""
    found = _PARAMETER.search(text)
    if found is None:
        yield text
        return
    value = values[found[1]]
    items = list(value) if isinstance(value, list | tuple) else [value]
    if not items or items == [""]:
        raise EmptyError(found[1])
    for item in items:
        # Only what stands behind is looked at again: an item is text.
        for rest in _written(text[found.end() :], values):
            yield f"{text[: found.start()]}{item}{rest}"


def policy_of(made: Sequence[Mapping[str, Any]], name: str = "") -> Policy:
    """The statements as a policy that can be evaluated."""
    return parse({"Version": VERSION, "Statement": list(made)}, name)
