"""The one value that every report is a pure function of."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from math import log2
from typing import TYPE_CHECKING, Any

from auditor.model.rule import Severity, Verdict
from auditor.model.snapshot import Coverage, Gap
from auditor.model.waiver import ATTENTION, Waiver, WaiverProblem, WaiverSummary

if TYPE_CHECKING:
    from auditor.model.drift import Drift
    from auditor.model.inventory import Inventory

REPORT_SCHEMA_VERSION = "1"

#: What one failure weighs beside others when causes are put in order.
WEIGHTS = {Severity.CRITICAL: 100, Severity.HIGH: 25, Severity.MEDIUM: 5, Severity.LOW: 1, Severity.INFO: 0.2}


@dataclass(frozen=True, slots=True)
class ResourceRef:
    """The resource a finding is about. ``file``/``line`` only for templates, ``arn`` only for live resources.

    ``type``: domain, user_profile, space, app, account_region, …; ``id`` as in the snapshot, for a template the address
    in it; ``name`` for people; ``domain_id``/``domain_name`` of the domain it belongs to (empty for account-wide
    resources); ``construct`` the CDK construct's path, empty elsewhere.
    """

    type: str
    id: str
    name: str
    account: str
    region: str
    arn: str = ""
    domain_id: str = ""
    domain_name: str = ""
    file: str = ""
    line: int | None = None
    construct: str = ""

    @property
    def key(self) -> str:
        return f"{self.account}/{self.region}/{self.type}/{self.id}"


@dataclass(frozen=True, slots=True)
class Origin:
    """Which layer set a value: ``profile``, ``domain``, ``space``, ``app``, ``service`` (AWS's default), ``derived`` or
    ``unknown``; ``resource`` is that layer's resource id (empty for service), ``path`` the API path there; ``file`` and
    ``line`` where a template writes it."""

    layer: str
    resource: str
    path: str
    file: str = ""
    line: int | None = None


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


@dataclass(frozen=True, slots=True)
class PastFinding:
    """A failure of an earlier run that is none of this one: ``state`` is resolved, not_assessed or carried_over.

    ``finding`` as it was last recorded, ``last_seen`` the ``as_of`` of that run; ``reason`` says what became of it.
    """

    finding: Finding
    state: State
    last_seen: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One run of the history: failures by severity (waived ones aside), and what moved."""

    as_of: str
    by_severity: dict[str, int]
    waived: int = 0
    unknown: int = 0
    new: int = 0
    regressed: int = 0
    resolved: int = 0


@dataclass(frozen=True, slots=True)
class Gate:
    """What made the exit code.

    ``fail_on`` None never fails; ``by_rule`` and ``by_account`` stand instead of it where they name a rule or an
    account (None there: never fails). ``new_only``: only findings whose fingerprint is not in the baseline (or the last
    run) count; ``baseline`` names it.
    """

    fail_on: Severity | None = Severity.HIGH
    by_rule: dict[str, Severity | None] = field(default_factory=dict)
    by_account: dict[str, Severity | None] = field(default_factory=dict)
    new_only: bool = False
    baseline: str = ""
    failed: int = 0
    """Findings with ``gates``."""


def priority(severity: Severity, removes: int) -> float:
    """How soon to make a change that removes so many failures of a severity: the greater, the sooner.

    The severity's weight, and as much again each time the number of failures doubles: a critical cause is not buried
    under low ones, however many resources inherit those, and of two alike the one that mends more comes first.
    """
    return WEIGHTS[severity] * (1 + log2(removes)) if removes > 0 else 0.0


@dataclass(frozen=True, slots=True)
class RootCause:
    """The same setting at the same origin failing one rule for ``affects`` resources: one change mends them all.

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


@dataclass(frozen=True, slots=True)
class RuleSummary:
    """A rule as the report shows it, with its counts over all resources."""

    id: str
    name: str
    title: str
    severity: Severity
    area: str
    table: str
    why: str
    steps: str
    practices: tuple[str, ...]
    references: tuple[str, ...]
    counts: dict[str, int]
    """pass, fail, unknown, not_applicable, error (and waived)."""
    not_run: str = ""
    """Why the rule said nothing at all: templates do not hold what it needs. Empty where it ran."""


@dataclass(frozen=True, slots=True)
class DomainSummary:
    """A domain and what it holds; ``failed`` maps severity to the number of failures on it and on what it holds."""

    resource: ResourceRef
    status: str
    auth_mode: str | None
    experience: str | None
    user_profiles: int
    spaces: int
    apps: int
    failed: dict[str, int]
    out_of_scope: str = ""
    """Why rules about people skip it (SageMaker Unified Studio makes its profiles), else empty."""


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """Which snapshot(s) the report was made from."""

    file: str
    sha256: str
    as_of: str
    source: str
    botocore_version: str
    caller: str
    scopes: tuple[tuple[str, str], ...]


class RequirementStatus(StrEnum):
    """How a framework's requirement stands."""

    PASS = "pass"  # noqa: S105 — a status
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_ASSESSED = "not_assessed"


@dataclass(frozen=True, slots=True)
class RequirementSummary:
    """A requirement; ``rules`` maps rule id to why it speaks about it, ``fail`` and ``unknown`` count their verdicts.

    Rules that were not evaluated count for nothing; ``unknown`` holds the errors as well.
    """

    id: str
    title: str
    rules: dict[str, str]
    status: RequirementStatus
    fail: int
    unknown: int


@dataclass(frozen=True, slots=True)
class FrameworkSummary:
    """A framework that the report was asked to be grouped by."""

    name: str
    title: str
    version: str
    source: str
    requirements: tuple[RequirementSummary, ...]

    @property
    def by_status(self) -> dict[RequirementStatus, int]:
        """Requirements by status, each status present."""
        return {status: sum(r.status is status for r in self.requirements) for status in RequirementStatus}


@dataclass(frozen=True, slots=True)
class Report:
    """Everything. Deterministic: the same snapshots and rules give an equal Report.

    ``findings`` are sorted by severity, rule, account, region, resource; ``root_causes`` by severity, then ``affects``
    falling, those that affect nothing (all waived) last.
    """

    tool_version: str
    as_of: str
    source: str
    snapshots: tuple[SnapshotInfo, ...]
    resources: dict[str, int]
    """Resources audited, by type."""
    by_status: dict[str, int]
    """Verdicts: pass, fail, unknown, error, waived (failures set aside: not among fail), not_applicable."""
    by_severity: dict[str, int]
    """Failures by severity, waived ones aside."""
    rules: tuple[RuleSummary, ...]
    domains: tuple[DomainSummary, ...]
    coverage: tuple[Coverage, ...]
    gaps: tuple[Gap, ...]
    root_causes: tuple[RootCause, ...]
    findings: tuple[Finding, ...]
    params: dict[str, Any] = field(default_factory=dict)
    """Parameters that were overridden, ``STU505.max_gib`` → value."""
    severities: dict[str, Severity] = field(default_factory=dict)
    """Severities that stand instead of the rules' own, by rule id."""
    frameworks: tuple[FrameworkSummary, ...] = ()
    """Those that were asked for."""
    waivers: tuple[WaiverSummary, ...] = ()
    """Every waiver of the file and of tags, lapsed ones and those that match nothing included."""
    waiver_problems: tuple[WaiverProblem, ...] = ()
    """Tags that were meant as waivers and set nothing aside, because they cannot be read."""
    gate: Gate = field(default_factory=Gate)
    previous: str | None = None
    """``as_of`` of the run that this one is compared with."""
    past: tuple[PastFinding, ...] = ()
    trend: tuple[TrendPoint, ...] = ()
    """Runs of the history, oldest first, this one last; empty without a history."""
    inventory: Inventory | None = None
    """Every audited resource with its settings in force; None unless HTML or a template of the user was asked for."""
    drift: Drift | None = None
    """How the templates differ from an account; None unless they were held against one."""

    @property
    def fail_on(self) -> Severity | None:
        """The gate's threshold, None where it never fails."""
        return self.gate.fail_on

    @property
    def of_templates(self) -> bool:
        """Whether templates were audited: what stands for an account is then a template, a root module or a plan."""
        return bool(self.snapshots) and all(info.source != "aws" for info in self.snapshots)

    @property
    def to_mend(self) -> tuple[RootCause, ...]:
        """Root causes, the first to mend first, without those whose failures are all waived."""
        causes = (cause for cause in self.root_causes if cause.affects)
        return tuple(sorted(causes, key=lambda c: (-priority(c.severity, c.affects), c.severity.rank, c.id)))

    @property
    def waivers_to_look_at(self) -> tuple[WaiverSummary, ...]:
        """Waivers that have lapsed, are void, lapse soon or match nothing, the most pressing first."""
        listed = (summary for summary in self.waivers if summary.status in ATTENTION)
        return tuple(sorted(listed, key=lambda s: (ATTENTION.index(s.status), s.waiver.expires)))

    def rule(self, rule_id: str) -> RuleSummary:
        return next(r for r in self.rules if r.id == rule_id)
