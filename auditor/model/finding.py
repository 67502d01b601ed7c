"""A finding, its evidence and remediation, and the root cause that it shares with others."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import log2
from typing import Any

from auditor.model.resource import Origin, ResourceRef
from auditor.model.rule import Severity, Verdict
from auditor.model.waiver import Waiver

#: What one failure weighs beside others when causes are put in order.
WEIGHTS = {Severity.CRITICAL: 100, Severity.HIGH: 25, Severity.MEDIUM: 5, Severity.LOW: 1, Severity.INFO: 0.2}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One column that the rule read. ``value`` None means unknown."""

    setting: str
    value: Any
    origin: Origin


@dataclass(frozen=True, slots=True)
class FindingRemediation:
    """Remediation with this finding's own names and settings filled in; empty what there is none of.

    ``note`` says what to know before ``aws`` is run: what else it changes, what to put in for words in capitals, or why
    there is no command. ``aws_only_here``: where ``aws`` changes a domain, the command for this profile alone.
    """

    steps: str
    aws: str = ""
    cloudformation: str = ""
    terraform: str = ""
    note: str = ""
    aws_only_here: str = ""


class State(StrEnum):
    """How a finding stands beside earlier runs (or a baseline).

    In this run: ``new`` (never seen before), ``open`` (failed before, and was not resolved since), ``regressed``
    (failed before, was resolved, fails again), ``waived``. From earlier runs only: ``resolved`` (passes now, or its
    resource is gone), ``not_assessed`` (failed, and now nobody can say: unknown, an error, a rule or a resource that
    was not seen), ``carried_over`` (its account and region were not part of this run).
    """

    NEW = "new"
    OPEN = "open"
    REGRESSED = "regressed"
    WAIVED = "waived"
    RESOLVED = "resolved"
    NOT_ASSESSED = "not_assessed"
    CARRIED_OVER = "carried_over"


@dataclass(frozen=True, slots=True)
class MadeBy:
    """The CloudTrail event that made a finding which is new: its name, who did it, when (RFC 3339), and its id.

    ``person``: a name as CloudTrail knows it; ``principal``: the ARN. ``unknown`` says why no event is named; all
    others are empty then.
    """

    event: str = ""
    person: str = ""
    principal: str = ""
    time: str = ""
    event_id: str = ""
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's verdict that somebody should see: fail, unknown or error. Made only by ``auditor.evaluate``."""

    fingerprint: str
    rule_id: str
    status: Verdict
    severity: Severity
    resource: ResourceRef
    message: str
    evidence: tuple[Evidence, ...]
    root_cause: str
    """``RootCause.id`` for a failure, empty otherwise."""
    remediation: FindingRemediation | None
    waiver: Waiver | None = None
    """What sets the failure aside; ``status`` stays what the rule said."""
    state: State | None = None
    """None where there is nothing to compare with (unless it is waived), and for unknown and error."""
    first_seen: str | None = None
    """``as_of`` of the first run in which it failed, RFC 3339; None without a history."""
    regressed: int = 0
    """How often it came back after it was resolved."""
    gates: bool = False
    """Whether it is one of those for which the run exits 4."""
    made_by: MadeBy | None = None
    """Who made it, of a new finding of a live account; None where nobody asked."""
    owner: str | None = None
    """Who owns the resource, as ``owners:`` of auditor.yaml says, empty for nobody; None where it says nothing."""

    @property
    def is_news(self) -> bool:
        """Whether it was never seen before, or is back after it was resolved."""
        return self.state in (State.NEW, State.REGRESSED)

    @property
    def stands(self) -> bool:
        """Whether it counts: it failed, and is not waived."""
        return self.status is Verdict.FAIL and self.waiver is None


@dataclass(frozen=True, slots=True)
class PastFinding:
    """A failure of an earlier run that is none of this one: ``state`` is resolved, not_assessed or carried_over.

    ``finding`` as it was last recorded, ``last_seen`` the ``as_of`` of that run; ``reason`` says what became of it.
    """

    finding: Finding
    state: State
    last_seen: str
    reason: str = ""


def priority(severity: Severity, removes: int) -> float:
    """How soon to make a change that removes so many failures of a severity: the greater, the sooner.

    The severity's weight, and as much again each time the number of failures doubles: a critical cause is not buried
    under low ones, however many resources inherit those, and of two alike the one that fixes more comes first.
    """
    return WEIGHTS[severity] * (1 + log2(removes)) if removes > 0 else 0.0


@dataclass(frozen=True, slots=True)
class RootCause:
    """One change that fixes ``affects`` findings of one rule: a setting at the resource where it is changed.

    Waived failures do not count: 0 where every failure of the cause is waived.
    """

    id: str
    rule_id: str
    severity: Severity
    resource: ResourceRef
    """The resource to change: the origin's, e.g. the domain when a profile inherits."""
    setting: str
    """API path at the origin, e.g. ``DefaultUserSettings.AutoMountHomeEFS``; a column's name where there is no path."""
    value: Any
    layer: str
    affects: int
    remediation: FindingRemediation | None
    gates: int = 0
    """How many of them fail the run."""


def cause_order(cause: RootCause) -> tuple[object, ...]:
    """The one order of root causes, in every report: what fails the run, then by ``priority``; those whose failures are
    all waived last."""
    return (
        not cause.affects, not cause.gates, -priority(cause.severity, cause.affects), cause.severity.rank,
        cause.rule_id, cause.resource.key, cause.setting, cause.id,
    )  # fmt: skip
