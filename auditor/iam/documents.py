"""Policy documents as values.

Reading is strict: what IAM's grammar does not have is not understood, and what is not understood stays open, as
narrowly as it can be told. A statement whose ``Resource`` is a number is one of which it is not known which resources
it is about; text that is no JSON is a policy that may say anything. Nothing is skipped.

Source: IAM User Guide, "Grammar of the IAM JSON policy language".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote

from auditor.iam.conditions import Condition, split_operator
from auditor.iam.context import Context
from auditor.iam.logic import Truth, every, negated, some
from auditor.iam.patterns import UNKNOWN_PART, Pattern, pattern
from auditor.json_source import decode_json

#: ``identity`` stands for permissions boundaries and service control policies as well: they have the same elements.
PolicyKind = Literal["identity", "trust", "resource"]

_VERSIONS = ("2012-10-17", "2008-10-17")
#: Policy variables are text in the older version.
_WITH_VARIABLES = "2012-10-17"
_TOP = frozenset({"Version", "Id", "Statement"})
_ELEMENTS = frozenset(
    {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"}
)


@dataclass(frozen=True, slots=True)
class Element:
    """Action, Resource, or their opposites. ``whole`` is False where a part was not understood: then more may match."""

    patterns: tuple[Pattern, ...] = ()
    negated: bool = False
    whole: bool = True

    def matches(self, text: str, context: Context, *, any_case: bool = False) -> Truth:
        """Whether the element speaks of it."""
        met = some(self._each(text, context, any_case))
        return negated(met) if self.negated else met

    def _each(self, text: str, context: Context, any_case: bool) -> Iterator[Truth]:
        for one in self.patterns:
            # AWS does not say what becomes of an exception whose variable the request lacks.
            yield None if self.negated and one.lacks(context) else one.matches(text, context, any_case=any_case)
        if not self.whole:
            yield None


_UNCLEAR = Element(whole=False)


@dataclass(frozen=True, slots=True)
class Principals:
    """Principal or NotPrincipal: (type, pattern) pairs, as ``("Service", "sagemaker.amazonaws.com")``. ``*`` alone is
    ``("*", "*")``."""

    named: tuple[tuple[str, str], ...] = ()
    negated: bool = False
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, counted from 1; 0 is none of the document's own. ``effect`` None: not understood. ``resources``
    None: the element is absent, as in trust policies. ``problems``: what was not understood."""

    number: int
    sid: str = ""
    effect: Literal["Allow", "Deny"] | None = None
    actions: Element = _UNCLEAR
    resources: Element | None = _UNCLEAR
    principals: Principals | None = None
    conditions: tuple[Condition, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """How to name it to a person."""
        return self.sid or f"statement {self.number}"


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy with its name. ``problems``: what of it was not understood, in words for a person."""

    name: str
    statements: tuple[Statement, ...]
    problems: tuple[str, ...] = ()

    @property
    def understood(self) -> bool:
        """Whether all of it was understood."""
        return not self.problems


def opaque(name: str, problem: str) -> Policy:
    """A policy that was not seen, or not understood at all: it may allow anything. That it denies is not presumed, or
    one policy that cannot be read would hide what another allows for certain."""
    unseen = Statement(0, effect="Allow", problems=(problem,), principals=Principals(whole=False))
    return Policy(name, (unseen,), (problem,))


def parse(document: object, name: str = "", kind: PolicyKind = "identity") -> Policy:
    """The policy that a document is: a mapping, JSON text, or JSON text as IAM's API encodes it (RFC 3986). Never
    raises."""
    if document is None:
        return opaque(name, "the policy document was not available")
    if isinstance(document, str):
        try:
            document = decode_json(unquote(document) if document.lstrip()[:1] == "%" else document)
        except (ValueError, RecursionError):
            return opaque(name, "the policy document is not JSON")
    if not isinstance(document, Mapping):
        return opaque(name, "the policy document is not a JSON object")
    unknown = sorted(str(member) for member in document if member not in _TOP)
    if unknown:
        return opaque(name, f"unknown policy element {unknown[0]!r}")
    version = document.get("Version", "2008-10-17")
    if version not in _VERSIONS:
        return opaque(name, "unknown policy version")
    listed = document.get("Statement")
    if isinstance(listed, Mapping):
        listed = [listed]
    if not isinstance(listed, list | tuple):
        return opaque(name, "the policy has no list of statements")
    reader = _Reader(kind, variables=version == _WITH_VARIABLES)
    statements = tuple(reader.statement(number, item) for number, item in enumerate(listed, 1))
    return Policy(name, statements, tuple(p for s in statements for p in s.problems))


def _listed(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


class _Reader:
    """Reads the statements of one document."""

    def __init__(self, kind: PolicyKind, *, variables: bool) -> None:
        self._kind, self._variables = kind, variables
        self._problems: list[str] = []

    def statement(self, number: int, item: object) -> Statement:
        self._problems = []
        if not isinstance(item, Mapping):
            return Statement(
                number, principals=Principals(whole=False), problems=(f"statement {number} is not an object",)
            )
        unknown = sorted(str(member) for member in item if member not in _ELEMENTS)
        if unknown:
            problem = f"statement {number}: unknown element {unknown[0]!r}"
            return Statement(number, principals=Principals(whole=False), problems=(problem,))
        effect = item.get("Effect")
        known: Literal["Allow", "Deny"] | None = effect if effect in ("Allow", "Deny") else None
        if known is None:
            self._problem("Effect")
        sid = item.get("Sid", "")
        return Statement(
            number,
            sid if isinstance(sid, str) else "",
            known,
            self._actions(item),
            self._resources(item),
            self._principals(item),
            tuple(self._conditions(item.get("Condition"))) if "Condition" in item else (),
            tuple(f"statement {number}: {element} is not understood" for element in dict.fromkeys(self._problems)),
        )

    def _problem(self, element: str) -> None:
        self._problems.append(element)

    def _one_of(self, item: Mapping[str, Any], plain: str) -> tuple[str, bool] | None:
        """The element's name, and whether it is the negated one; None where neither or both stand there."""
        present = [name for name in (plain, f"Not{plain}") if name in item]
        return (present[0], present[0] != plain) if len(present) == 1 else None

    def _actions(self, item: Mapping[str, Any]) -> Element:
        named = self._one_of(item, "Action")
        if named is None:
            self._problem("Action")
            return _UNCLEAR
        return self._element(named, item[named[0]], _is_action, variables=False)

    def _resources(self, item: Mapping[str, Any]) -> Element | None:
        named = self._one_of(item, "Resource")
        if named is None:
            if self._kind == "trust" and "Resource" not in item:
                return None
            self._problem("Resource")
            return _UNCLEAR
        return self._element(named, item[named[0]], _is_resource, variables=self._variables)

    def _element(self, named: tuple[str, bool], value: object, accepts: Any, *, variables: bool) -> Element:
        items = _listed(value)
        patterns = tuple(pattern(v, variables=variables) for v in items if isinstance(v, str) and accepts(v))
        whole = bool(items) and len(patterns) == len(items)
        if not whole:
            self._problem(named[0])
        return Element(patterns, named[1], whole)

    def _principals(self, item: Mapping[str, Any]) -> Principals | None:
        present = [name for name in ("Principal", "NotPrincipal") if name in item]
        if self._kind == "identity":
            if present:
                self._problem(present[0])
                return Principals(whole=False)
            return None
        if len(present) != 1:
            self._problem("Principal")
            return Principals(whole=False)
        value = item[present[0]]
        pairs: list[tuple[str, str]] = []
        whole = True
        if value == "*":
            pairs.append(("*", "*"))
        elif isinstance(value, Mapping) and value:
            for kind, listed in value.items():
                for one in _listed(listed):
                    if isinstance(one, str) and kind in ("AWS", "Service", "Federated", "CanonicalUser"):
                        pairs.append(("*", "*") if kind == "AWS" and one == "*" else (kind, one))
                    else:
                        whole = False
        else:
            whole = False
        if not whole:
            self._problem(present[0])
        return Principals(tuple(pairs), present[0] == "NotPrincipal", whole)

    def _conditions(self, block: object) -> Iterator[Condition]:
        if not isinstance(block, Mapping):
            yield self._unclear_condition("Condition")
            return
        for name, keys in block.items():
            operator = split_operator(str(name))
            if operator is None or not isinstance(keys, Mapping):
                yield self._unclear_condition(f"condition operator {name!s}")
                continue
            quantifier, bare, if_exists = operator
            for key, value in keys.items():
                texts = [_condition_text(v) for v in _listed(value)]
                if not texts or None in texts:
                    yield self._unclear_condition(f"condition on {key}", str(key))
                    continue
                values = tuple(pattern(str(t), variables=self._variables) for t in texts)
                yield Condition(bare, str(key), values, quantifier, if_exists)

    def _unclear_condition(self, what: str, key: str = "") -> Condition:
        self._problem(what)
        return Condition("", key, ())


def _condition_text(value: object) -> str | None:
    """IAM takes numbers and booleans for their text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None


def _is_action(text: str) -> bool:
    """``service:action``, or a pattern that may stand for both (``*``, ``iam*``)."""
    service, colon, name = text.partition(":")
    return bool(service and name) if colon else "*" in text or UNKNOWN_PART in text


def _is_resource(text: str) -> bool:
    """An ARN, or a pattern or variable that may become one."""
    return text.startswith(("arn:", "*", "?", "${", UNKNOWN_PART))


def conditions_hold(conditions: Iterable[Condition], context: Context) -> Truth:
    """Whether the request meets all of them."""
    return every(condition.holds(context) for condition in conditions)
