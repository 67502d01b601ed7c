"""Calls of Studio that somebody should hear of at once, and whether a rule or a filter picks them out.

A pattern is held against what is known of the call's record. All answers are three-valued: None where the pattern asks
about what differs from call to call (who called, with which parameters), or in a way that is not understood.
Sources: Amazon EventBridge user guide, "Creating Amazon EventBridge event patterns" and "Comparison operators";
CloudWatch Logs user guide, "Filter pattern syntax for metric filters"; CloudTrail user guide, "Record contents".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

#: Calls that change what everybody of a domain gets, or sign in as a user profile.
CALLS: Final = ("UpdateDomain", "CreatePresignedDomainUrl")


class _Absent:
    """A member that the record of a call that succeeded does not have."""


_ABSENT = _Absent()
#: What is not known.
_OPEN = object()


def _record(call: str, account: str, region: str) -> dict[str, Any]:
    """The CloudTrail record of a call that succeeded, as far as it is known."""
    return {
        "eventSource": "sagemaker.amazonaws.com", "eventName": call, "awsRegion": region, "recipientAccountId": account,
        "eventType": "AwsApiCall", "eventCategory": "Management", "managementEvent": True, "readOnly": False,
        "errorCode": _ABSENT, "errorMessage": _ABSENT,
    }  # fmt: skip


def by_event_rule(pattern: str, call: str, account: str, region: str) -> bool | None:
    """Whether an EventBridge rule with this event pattern is for the call."""
    event = {
        "version": "0", "source": "aws.sagemaker", "detail-type": "AWS API Call via CloudTrail", "account": account,
        "region": region, "detail": _record(call, account, region),
    }  # fmt: skip
    try:
        parsed = json.loads(pattern)
    except (ValueError, RecursionError):
        return None
    return _structure(parsed, event) if isinstance(parsed, Mapping) else None


def _structure(pattern: Mapping[str, Any], event: Any) -> bool | None:
    """Every member of the pattern has to fit; of ``$or`` one."""
    return _all(_member(name, asked, event) for name, asked in pattern.items())


def _member(name: str, asked: Any, event: Any) -> bool | None:
    if name == "$or" and isinstance(asked, list):
        return _any(_structure(one, event) if isinstance(one, Mapping) else None for one in asked)
    value = event.get(name, _OPEN) if isinstance(event, Mapping) else event
    if isinstance(asked, Mapping):
        if isinstance(value, Mapping) or value is _OPEN:
            return _structure(asked, value)
        return None if value is _ABSENT else False
    if not isinstance(asked, list) or not asked or isinstance(value, Mapping):
        return None
    return _any(_test(test, value) for test in asked)


def _test(test: Any, value: Any) -> bool | None:
    if value is _OPEN:
        return None
    if isinstance(test, Mapping):
        return _operator(*next(iter(test.items())), value) if len(test) == 1 else None
    # true is not 1 in JSON.
    return value is not _ABSENT and type(test) is type(value) and bool(test == value)


def _operator(name: str, operand: Any, value: Any) -> bool | None:
    if name == "exists":
        return (value is not _ABSENT) is operand if isinstance(operand, bool) else None
    if value is _ABSENT:
        return False
    if name == "anything-but":
        several = operand if isinstance(operand, list) else [operand]
        found = _any(_test(one, value) for one in several)
        return None if found is None else not found
    if not isinstance(value, str):
        return None
    if isinstance(operand, list):
        # Within anything-but, an operator takes several values.
        return _any(_operator(name, one, value) for one in operand)
    if isinstance(operand, Mapping) and set(operand) == {"equals-ignore-case"} and name in ("prefix", "suffix"):
        return _operator(name, str(operand["equals-ignore-case"]).lower(), value.lower())
    if not isinstance(operand, str):
        return None
    match name:
        case "prefix":
            return value.startswith(operand)
        case "suffix":
            return value.endswith(operand)
        case "equals-ignore-case":
            return value.lower() == operand.lower()
        case "wildcard":
            return None if "\\" in operand else _wild(operand, value)
        case _:
            return None


def _wild(pattern: str, value: str) -> bool:
    """``*`` stands for any text, and nothing else for anything but itself."""
    return fnmatchcase(value, pattern.replace("[", "[[]").replace("?", "[?]"))


_TOKEN = re.compile(
    r'\s*(?:(?P<sign>\(|\)|&&|\|\||!=|<=|>=|=|<|>)|(?P<selector>\$[\w.\[\]-]+)|"(?P<quoted>[^"]*)"|(?P<word>[^\s()&|=<>!"]+))'
)
_LONGEST = 1024  # API_PutMetricFilter


def by_metric_filter(pattern: str, call: str, account: str, region: str) -> bool | None:
    """Whether a metric filter with this pattern counts the call's record in a trail's log group."""
    text = pattern.strip()
    if not text:
        return True  # every event
    if not (text.startswith("{") and text.endswith("}")) or len(text) > _LONGEST:
        return None
    tokens: list[tuple[str, str]] = []
    at, inner = 0, text[1:-1].strip()
    while at < len(inner):
        found = _TOKEN.match(inner, at)
        if found is None:
            return None
        tokens.append((str(found.lastgroup), str(found[str(found.lastgroup)])))
        at = found.end()
    reader = _Filter(tokens, _record(call, account, region))
    try:
        answer = reader.either()
    except (IndexError, RecursionError, ValueError):
        return None
    return answer if reader.done else None


class _Filter:
    """Reads a JSON filter pattern; ``&&`` binds closer than ``||``. IndexError or ValueError for what is none."""

    def __init__(self, tokens: list[tuple[str, str]], record: Mapping[str, Any]) -> None:
        self._tokens, self._at, self._record = tokens, 0, record

    @property
    def done(self) -> bool:
        return self._at == len(self._tokens)

    def _next(self) -> tuple[str, str]:
        self._at += 1
        return self._tokens[self._at - 1]

    def _follows(self, sign: str) -> bool:
        if self.done or self._tokens[self._at] != ("sign", sign):
            return False
        self._at += 1
        return True

    def either(self) -> bool | None:
        answers = [self._both()]
        while self._follows("||"):
            answers.append(self._both())
        return _any(answers)

    def _both(self) -> bool | None:
        answers = [self._one()]
        while self._follows("&&"):
            answers.append(self._one())
        return _all(answers)

    def _one(self) -> bool | None:
        if self._follows("("):
            answer = self.either()
            if not self._follows(")"):
                raise ValueError
            return answer
        kind, selector = self._next()
        if kind != "selector":
            raise ValueError
        value = self._record.get(selector.removeprefix("$."), _OPEN)
        sign = self._next()
        if sign[0] == "word":
            return self._said(sign[1].upper(), self._next()[1].upper(), value)
        operand = self._next()
        if operand[0] not in ("word", "quoted"):
            raise ValueError
        return _compared(sign[1], operand[1], value)

    def _said(self, first: str, second: str, value: Any) -> bool | None:
        """``NOT EXISTS``, ``IS NULL``, ``IS TRUE``, ``IS FALSE``."""
        if value is _OPEN:
            return None
        if (first, second) == ("NOT", "EXISTS"):
            return value is _ABSENT
        if first == "IS" and second in ("TRUE", "FALSE", "NULL"):
            return {"TRUE": value is True, "FALSE": value is False, "NULL": False}[second]
        raise ValueError


def _compared(sign: str, operand: str, value: Any) -> bool | None:
    # Between % stands a regular expression.
    if value is _OPEN or sign not in ("=", "!=") or operand.startswith("%"):
        return None
    if value is _ABSENT:
        # Whether != counts what is not there no page says.
        return False if sign == "=" else None
    text = json.dumps(value) if isinstance(value, bool) else str(value)
    return _wild(operand, text) is (sign == "=")


def _all(answers: Iterable[bool | None]) -> bool | None:
    found = list(answers)
    return False if False in found else None if None in found else True


def _any(answers: Iterable[bool | None]) -> bool | None:
    found = list(answers)
    return True if True in found else None if None in found else False
