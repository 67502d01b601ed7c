"""Lists, mappings and texts of which only a part is known: what is certain of them all the same.

Of a mapping some keys may be missing, or there may be more (``OpenMap``); in a list something may stand for any number
of elements (``Several``); of a text the start and the end may be known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from auditor.collect.iac.interface import OpenMap, Several, Unknown, Value, known_pieces


def with_open_keys(
    members: dict[str, Value], open_keys: Mapping[str, Unknown], rest: Unknown | None = None
) -> dict[str, Value]:
    """The members, some of which may not be there, and beside which there may be others."""
    return OpenMap(members, open_keys, rest) if open_keys or rest is not None else members


def open_keys_of(value: Value) -> Mapping[str, Unknown]:
    """Keys of a value that may not be there, and why."""
    return value.open_keys if isinstance(value, OpenMap) else {}


def rest_of(value: Value) -> Unknown | None:
    """Why a value may have keys that it does not hold."""
    return value.rest if isinstance(value, OpenMap) else None


def doubts_of(value: Value) -> list[Unknown]:
    """Why it is not known which keys a value has."""
    return value.doubts() if isinstance(value, OpenMap) else []


def why_open(value: Value) -> Unknown | None:
    """Why it is not known which keys a mapping has, or how many elements a list."""
    if isinstance(value, list):
        return next((item for item in value if isinstance(item, Several)), None)
    return next(iter(doubts_of(value)), None)


def alone(left: Mapping[str, Value], right: Mapping[str, Value]) -> bool:
    """Whether the first mapping has a key for certain that the second has not."""
    return rest_of(right) is None and any(name not in right for name in left if name not in open_keys_of(left))


def merged(mappings: Sequence[Value], gap_of: Callable[[Value], Unknown | None]) -> Value:
    """The mappings as one, of which later ones count: a key of the last is certain, whatever those before hold. An
    argument that is no mapping is not known, for the reason that ``gap_of`` gives; nulls are left out. Unknown where
    nothing of it is certain."""
    found: dict[str, Value] = {}
    opened: dict[str, Unknown] = {}
    rest: Unknown | None = None
    for one in mappings:
        if one is None:
            continue
        more = rest_of(one) if isinstance(one, Mapping) else gap_of(one)
        if more is not None:
            # What it holds besides may be another value of any key.
            rest = rest or more
            found = {name: Unknown(more.expression, more.reason, more.gap_reason) for name in found}
        doubtful = open_keys_of(one)
        for name, value in one.items() if isinstance(one, Mapping) else ():
            if name not in doubtful:
                found[name] = value
                opened.pop(name, None)
            elif name in found:
                # One of the two values stands there.
                found[name] = doubtful[name]
            else:
                found[name], opened[name] = value, doubtful[name]
    return rest if rest is not None and not found else with_open_keys(found, opened, rest)


def among_others(items: Sequence[Value], gap: Unknown) -> list[Value]:
    """A list that holds the items, with any number of others before, between and behind them."""
    more = several(gap)
    found: list[Value] = [more]
    for item in items:
        found += [item, more]
    return found


def unknown_if_open(items: list[Value], shown: str) -> Value:
    """A list, or the unknown expression that it is where nothing stands in it for certain."""
    if items and all(isinstance(item, Several) for item in items):
        return Unknown(shown, items[0].reason, items[0].gap_reason)
    return items


def several(gap: Unknown) -> Several:
    """Any number of elements, for the reason of an unknown."""
    return gap if isinstance(gap, Several) else Several(gap.expression, gap.reason, gap.gap_reason)


def shared_elements(
    left: Sequence[Value], right: Sequence[Value], equal: Callable[[Value, Value], bool], gap: Unknown
) -> Value:
    """The list that is one of two: what both start with, and what else both hold. Unknown where that is nothing."""
    start: list[Value] = []
    for one, other in zip(left, right, strict=False):
        if not equal(one, other):
            break
        start.append(one)
    others = list(right[len(start) :])
    both: list[Value] = []
    for item in left[len(start) :]:
        at = next((at for at, other in enumerate(others) if equal(item, other)), None)
        if at is not None:
            both.append(item)
            del others[at]
    return [*start, *among_others(both, gap)] if start or both else gap


def known_start(value: Value) -> str:
    """What a text starts with for certain."""
    if isinstance(value, str):
        return value
    pieces = known_pieces(value.expression) if isinstance(value, Unknown) else ()
    return pieces[0] if len(pieces) > 1 else ""


def known_end(value: Value) -> str:
    """What a text ends with for certain."""
    if isinstance(value, str):
        return value
    pieces = known_pieces(value.expression) if isinstance(value, Unknown) else ()
    return pieces[-1] if len(pieces) > 1 else ""


def text_patterns(value: Value) -> list[str]:
    """What a text may be: patterns of SQL's ``like``, with ``%`` for what is not known of it. Empty where it may be
    anything."""
    if not isinstance(value, Unknown):
        return [value] if isinstance(value, str) else []
    if value.among:
        return [str(one) for one in value.among]
    pieces = known_pieces(value.expression) if value.gap_reason == "unresolved_expression" else ()
    return ["%".join(pieces)] if len(pieces) > 1 and any(pieces) else []


def may_be(value: Unknown, text: str) -> bool:
    """Whether a text of which a part is known may be this one."""
    start, end = known_start(value), known_end(value)
    return text.startswith(start) and text.endswith(end) and len(start) + len(end) <= len(text)
