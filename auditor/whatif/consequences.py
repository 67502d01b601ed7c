"""What changes make of an audit, as values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from auditor.counting import plural
from auditor.model.finding import Finding
from auditor.model.report import Report
from auditor.whatif.changes import Change, Clash
from auditor.whatif.replay import Replay
from auditor.whatif.replay_words import policy_headline


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A setting in force of one resource, before and after; as text, None where it is unknown."""

    table: str
    key: str
    domain: str
    name: str
    setting: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class NotTried:
    """A cause whose change could not be laid over the snapshot, and why."""

    rule_id: str
    cause: str
    resource: str
    reason: str


def _nothing() -> Iterator[Any]:
    return iter(())


@dataclass(frozen=True, slots=True)
class Findings:
    """Findings that a change makes go, come or unknown. ``numbers``: how many by rule, the worst rules first;
    ``listed``: those that are made, of each rule the worst first; ``every``: makes all of them, while the snapshots are
    there, one after another."""

    numbers: Mapping[str, int]
    listed: tuple[Finding, ...]
    every: Callable[[], Iterator[Finding]] = field(default=_nothing, compare=False)

    def __len__(self) -> int:
        return sum(self.numbers.values())

    def by_rule(self) -> dict[str, list[Finding]]:
        """Those that are listed, by rule, the worst first; a rule stands where its worst finding does."""
        groups: dict[str, list[Finding]] = {}
        for finding in self.listed:
            groups.setdefault(finding.rule_id, []).append(finding)
        return groups

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Findings:
        """These, all listed."""
        listed = tuple(sorted(findings, key=lambda f: (f.severity.rank, f.rule_id, f.resource.key)))
        return cls(Counter(f.rule_id for f in listed), listed, lambda: iter(listed))


@dataclass(frozen=True, slots=True)
class SettingMove:
    """A setting in force that becomes another for some resources of a table: how many, and the ``names`` of the first
    of them by key, with their domain's."""

    table: str
    setting: str
    before: str | None
    after: str | None
    number: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings in force that change, as ``moves``; ``every``: makes all of them, while the snapshots are there."""

    moves: tuple[SettingMove, ...] = ()
    every: Callable[[], Iterator[SettingChange]] = field(default=_nothing, compare=False)

    def __len__(self) -> int:
        return sum(move.number for move in self.moves)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What the changes make of the audit.

    ``gone``: failures that are none any more and are decided; ``came``: failures that were none; ``unknown``: verdicts
    that become unknown, or an error, and were none. ``before`` and ``after`` count failures. ``apps``: keys of running
    apps of a resource whose settings change, which keep theirs until they are started again. ``report``: of the
    snapshots, without findings; ``titles``: of the rules of both sides, by id. ``replay``: what a policy would have
    denied, where that was asked.
    """

    changes: tuple[Change, ...]
    clashes: tuple[Clash, ...]
    not_tried: tuple[NotTried, ...]
    gone: Findings
    came: Findings
    unknown: Findings
    settings: Settings
    apps: tuple[str, ...]
    before: int
    after: int
    report: Report
    titles: Mapping[str, str]
    replay: Replay | None = None

    @property
    def of_policy(self) -> bool:
        """Whether only a policy was tried, and nothing that changes the audit."""
        return self.replay is not None and not (
            self.changes or self.not_tried or self.came or self.gone or self.unknown
        )

    @property
    def headline(self) -> str:
        """The difference in one line; where only a policy was tried, what that would have denied."""
        if self.replay is not None and self.of_policy:
            return policy_headline(self.replay)
        parts = [f"{len(self.gone):,} resolved", f"{len(self.came):,} new"]
        parts += [f"{len(self.unknown):,} no longer evaluated"] if self.unknown else []
        return f"{plural(self.before, 'failure')} now, {self.after:,} then: {', '.join(parts)}"
