"""Which causes are to be fixed, by ``--fix``, and the commands that fix them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from auditor.counting import plural
from auditor.errors import ConfigError
from auditor.model.finding import RootCause
from auditor.model.rule import Rule
from auditor.remediation.command_text import Call, UnreadableError, read_call
from auditor.rules.rule_names import named_by, near_rule
from auditor.store.snapshot_reader import Key
from auditor.whatif.changes import Change, Line, of_call
from auditor.whatif.consequences import NotTried

#: A cause, and the call that fixes it.
CauseCall = tuple[RootCause, Call]
_TOP = re.compile(r"top:([1-9][0-9]{0,5})")
_CAUSE = re.compile(r"[0-9a-f]{4,16}")


def chosen(causes: Sequence[RootCause], rules: Sequence[Rule], wanted: Sequence[str]) -> list[RootCause]:
    """The causes that ``--fix`` names, in the order of the report. Raises ConfigError for a name that means nothing."""
    open_ = [cause for cause in causes if cause.affects]
    picked: set[str] = set()
    for name in wanted:
        top = _TOP.fullmatch(name)
        if top is not None:
            picked |= {c.id for c in islice(filter(has_call, open_), int(top[1]))}
            continue
        ids = named_by(rules, name)
        found = {c.id for c in open_ if c.rule_id in ids} if ids else set()
        if not ids and _CAUSE.fullmatch(name):
            found = {c.id for c in open_ if c.id.startswith(name)}
            if len(found) > 1:
                raise ConfigError(
                    f"--fix {name}: {plural(len(found), 'cause')} begin so",
                    hint=f"Of them: {', '.join(sorted(found)[:8])}",
                )
        if not ids and not found:
            known = {n for r in rules for n in (r.id, r.name, r.area)}
            raise ConfigError(
                f"--fix {name}: no rule, area or cause of this snapshot",
                hint=near_rule(name, known, "Name a rule, a cause's id as report.json has it, or top:10."),
            )
        picked |= found
    return [cause for cause in open_ if cause.id in picked]


@dataclass(frozen=True, slots=True)
class Named:
    """What ``--fix`` names: all causes of the rules with these ids, the first so many that have a command, and those
    whose ids begin in one of these ways."""

    rules: frozenset[str]
    first: int
    beginnings: tuple[str, ...]


def named(rules: Sequence[Rule], wanted: Sequence[str]) -> Named:
    """What is named, as far as it may mean something. ``chosen`` says what does not."""
    tops = [int(top[1]) for name in wanted if (top := _TOP.fullmatch(name))]
    others = {name: named_by(rules, name) for name in wanted if not _TOP.fullmatch(name)}
    beginnings = tuple(name for name, ids in others.items() if not ids and _CAUSE.fullmatch(name))
    return Named(frozenset().union(*others.values()), max(tops, default=0), beginnings)


def has_call(cause: RootCause) -> bool:
    """Whether a command fixes it as it was printed."""
    try:
        read_call(cause.remediation.aws if cause.remediation else "")
    except UnreadableError:
        return False
    return True


def calls_of(causes: Sequence[RootCause]) -> tuple[list[CauseCall], list[NotTried]]:
    """The call that fixes each cause, and the causes for which there is none."""
    calls: list[CauseCall] = []
    left: list[NotTried] = []
    for cause in causes:
        try:
            calls.append((cause, read_call(cause.remediation.aws if cause.remediation else "")))
        except UnreadableError as error:
            left.append(_not_tried(cause, error))
    return calls, left


def needed(calls: Sequence[CauseCall]) -> frozenset[str]:
    """Kinds of which every line is needed to know what the calls change: roles are named without their path."""
    return frozenset({"role"}) if any(call.service == "iam" for _, call in calls) else frozenset()


def changes_of(calls: Sequence[CauseCall], roles: Mapping[Key, Line]) -> tuple[list[Change], list[NotTried]]:
    """What the calls change, and the causes of which that cannot be told."""
    changes: list[Change] = []
    left: list[NotTried] = []
    for cause, call in calls:
        try:
            changes += _changes(cause, call, roles)
        except UnreadableError as error:
            left.append(_not_tried(cause, error))
    return changes, left


def _changes(cause: RootCause, call: Call, roles: Mapping[Key, Line]) -> Iterator[Change]:
    resource = cause.resource
    return of_call(call, resource.account, resource.region, roles, f"{cause.rule_id} {cause.id}")


def _not_tried(cause: RootCause, error: UnreadableError) -> NotTried:
    resource = cause.resource
    called = f"{resource.type.replace('_', ' ')} {resource.name or resource.id}"
    return NotTried(cause.rule_id, cause.id, called, str(error))
