"""The Condition element: operators, ``…IfExists``, ``Null``, negation, ``ForAllValues`` and ``ForAnyValue``.

Source: IAM User Guide, "JSON policy elements: Condition operators" and "Set operators for multi-valued context keys".
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from ipaddress import ip_address, ip_network
from typing import Literal

from auditor.iam.context import Chosen, Context, Known, Value
from auditor.iam.logic import Truth, every, negated, some
from auditor.iam.patterns import Pattern

Quantifier = Literal["", "forallvalues", "foranyvalue"]
#: Whether a value of the request meets a value of the policy; None where one of them cannot be read.
_Test = Callable[[str, Pattern, Context], Truth]


def _equal(value: str, wanted: Pattern, context: Context) -> Truth:
    return wanted.matches(value, context, wild=False)


def _equal_any_case(value: str, wanted: Pattern, context: Context) -> Truth:
    return wanted.matches(value, context, wild=False, any_case=True)


def _like(value: str, wanted: Pattern, context: Context) -> Truth:
    return wanted.matches(value, context)


def _arn(value: str, wanted: Pattern, context: Context) -> Truth:
    """Each of an ARN's six parts is compared by itself; a wildcard does not reach beyond its part."""
    if wanted.variables:
        # Where a variable stands between colons is not known before it has a value.
        return wanted.matches(value, context)
    left, right = value.split(":", 5), wanted.text.split(":", 5)
    if len(left) != 6 or len(right) != 6:
        return wanted.text == "*" or value == wanted.text
    return every(Pattern(r, (r,)).matches(part, context) for part, r in zip(left, right, strict=True))


def _boolean(value: str, wanted: Pattern, context: Context) -> Truth:
    return wanted.matches(value, context, wild=False, any_case=True)


#: "An integer or decimal value": Python reads more than that as a number, such as NaN and 1_000.
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
#: The days and moments of the W3C's profile of ISO 8601.
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2}))?")


def _number(compare: Callable[[Decimal, Decimal], bool]) -> _Test:
    def test(value: str, wanted: Pattern, context: Context) -> Truth:  # noqa: ARG001 — one signature for all
        if not _NUMBER.fullmatch(value) or not _NUMBER.fullmatch(wanted.text):
            return None
        return compare(Decimal(value), Decimal(wanted.text))

    return test


def _moment(text: str) -> datetime | None:
    """A date of a condition: ISO 8601, or seconds since 1970."""
    try:
        if re.fullmatch(r"[0-9]{5,}", text):
            return datetime.fromtimestamp(int(text), UTC)
        if not _MOMENT.fullmatch(text):
            return None
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _date(compare: Callable[[datetime, datetime], bool]) -> _Test:
    def test(value: str, wanted: Pattern, context: Context) -> Truth:  # noqa: ARG001 — one signature for all
        left, right = _moment(value), _moment(wanted.text)
        return None if left is None or right is None else compare(left, right)

    return test


def _address(value: str, wanted: Pattern, context: Context) -> Truth:  # noqa: ARG001 — one signature for all
    try:
        address, network = ip_address(value), ip_network(wanted.text, strict=False)
    except ValueError:
        return None
    return address in network


def _binary(value: str, wanted: Pattern, context: Context) -> Truth:  # noqa: ARG001 — one signature for all
    try:
        return b64decode(value, validate=True) == b64decode(wanted.text, validate=True)
    except (binascii.Error, ValueError):
        return None


#: Operator, in lower case → its test, and whether it is negated: then no value of the policy may be met.
_OPERATORS: Mapping[str, tuple[_Test, bool]] = {
    "stringequals": (_equal, False),
    "stringnotequals": (_equal, True),
    "stringequalsignorecase": (_equal_any_case, False),
    "stringnotequalsignorecase": (_equal_any_case, True),
    "stringlike": (_like, False),
    "stringnotlike": (_like, True),
    "arnequals": (_arn, False),
    "arnlike": (_arn, False),
    "arnnotequals": (_arn, True),
    "arnnotlike": (_arn, True),
    "bool": (_boolean, False),
    "numericequals": (_number(lambda a, b: a == b), False),
    "numericnotequals": (_number(lambda a, b: a == b), True),
    "numericlessthan": (_number(lambda a, b: a < b), False),
    "numericlessthanequals": (_number(lambda a, b: a <= b), False),
    "numericgreaterthan": (_number(lambda a, b: a > b), False),
    "numericgreaterthanequals": (_number(lambda a, b: a >= b), False),
    "dateequals": (_date(lambda a, b: a == b), False),
    "datenotequals": (_date(lambda a, b: a == b), True),
    "datelessthan": (_date(lambda a, b: a < b), False),
    "datelessthanequals": (_date(lambda a, b: a <= b), False),
    "dategreaterthan": (_date(lambda a, b: a > b), False),
    "dategreaterthanequals": (_date(lambda a, b: a >= b), False),
    "ipaddress": (_address, False),
    "notipaddress": (_address, True),
    "binaryequals": (_binary, False),
}
NULL = "null"


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key. ``operator`` is in lower case, without set operator and IfExists; "" is an operator that
    is not understood."""

    operator: str
    key: str
    values: tuple[Pattern, ...]
    quantifier: Quantifier = ""
    if_exists: bool = False

    @property
    def is_negated(self) -> bool:
        """Whether no value of the policy may be met."""
        return self.operator in _OPERATORS and _OPERATORS[self.operator][1]

    def holds(self, context: Context) -> Truth:
        """Whether the request meets it."""
        if not self.operator:
            return None
        value = context.get(self.key)
        if self.operator == NULL:
            return self._null(value)
        if value is Known.ABSENT:
            return self._absent()
        if value in (Known.NOTHING, Known.OWN):
            # The caller may lack a text of their own as well. It holds for certain only where it holds of an absent key
            # and of any value; likewise where it does not.
            absent, present = self._absent(), self._any_value()
            return absent if absent is present else None
        if value is Known.OTHERS and all(wanted.of_caller(context) for wanted in self.values):
            return _OPERATORS[self.operator][1]
        if isinstance(value, Chosen) and value.by is self:
            return not self.is_negated
        if isinstance(value, Chosen) or value in (Known.PRESENT, Known.OTHERS):
            return self._any_value()
        assert not isinstance(value, Known)
        return self._of(value, context)

    def _null(self, value: Value) -> Truth:
        """``Null: {key: true}``: the key is absent. A key without values counts as absent."""
        if value in (Known.NOTHING, Known.OWN):
            return None
        wanted = {pattern.text.lower() for pattern in self.values}
        if not wanted <= {"true", "false"}:
            return None
        absent = value is Known.ABSENT or value == ()
        return ("true" if absent else "false") in wanted

    def _absent(self) -> Truth:
        """Of a key that the request lacks. ForAnyValue needs a value; ForAllValues and IfExists ask nothing then; a
        negated operator holds."""
        if self.quantifier == "foranyvalue":
            return False
        return self.quantifier == "forallvalues" or self.if_exists or _OPERATORS[self.operator][1]

    def _any_value(self) -> Truth:
        """Of a value that nobody knows: only a pattern that matches every text decides."""
        test, is_negated = _OPERATORS[self.operator]
        anything = test in (_like, _arn) and any(p.text and not p.text.strip("*") for p in self.values)
        return (not is_negated) if anything else None

    def _of(self, values: tuple[str, ...], context: Context) -> Truth:
        test, is_negated = _OPERATORS[self.operator]
        if not values:
            return self._absent()

        def one(value: str) -> Truth:
            met = some(test(value, wanted, context) for wanted in self.values)
            return negated(met) if is_negated else met

        each = [one(value) for value in values]
        if self.quantifier == "forallvalues":
            return every(each)
        if self.quantifier == "foranyvalue":
            return some(each)
        # AWS does not say what an operator without a set operator makes of several values.
        return each[0] if len(set(each)) == 1 else None


def split_operator(name: str) -> tuple[Quantifier, str, bool] | None:
    """(set operator, operator, IfExists) of an operator's name; None where IAM has no such operator. Names are not
    case-sensitive."""
    quantifier, _, rest = name.lower().rpartition(":")
    bare = rest.removesuffix("ifexists")
    if quantifier not in ("", "forallvalues", "foranyvalue"):
        return None
    if bare == NULL:
        # Null asks whether the key is there: neither a set operator nor IfExists goes with it.
        return ("", NULL, False) if rest == NULL and not quantifier else None
    if bare not in _OPERATORS:
        return None
    known: Quantifier = quantifier  # type: ignore[assignment]
    return known, bare, bare != rest
