"""Truth with a third value: None is *cannot be told* (Kleene's logic, as SQL has it)."""

from __future__ import annotations

from collections.abc import Iterable

Truth = bool | None


def every(values: Iterable[Truth]) -> Truth:
    """False as soon as one is False, unknown where one is unknown, else True."""
    answer: Truth = True
    for value in values:
        if value is False:
            return False
        if value is None:
            answer = None
    return answer


def some(values: Iterable[Truth]) -> Truth:
    """True as soon as one is True, unknown where one is unknown, else False."""
    answer: Truth = False
    for value in values:
        if value:
            return True
        if value is None:
            answer = None
    return answer


def negated(value: Truth) -> Truth:
    """The opposite; what is unknown stays unknown."""
    return None if value is None else not value
