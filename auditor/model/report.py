"""The one value that every report is a pure function of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from auditor.model.access_path import AccessPaths
from auditor.model.accounts import Account, AccountStatus
from auditor.model.cost import Costs
from auditor.model.deviation import Deviations
from auditor.model.finding import Finding, PastFinding, RootCause
from auditor.model.posture import PostureCount
from auditor.model.resource import ResourceRef, SnapshotInfo
from auditor.model.rule import Severity, Verdict
from auditor.model.snapshot import Coverage, Gap
from auditor.model.waiver import ATTENTION, WaiverProblem, WaiverStatus, WaiverSummary

if TYPE_CHECKING:
    from auditor.model.drift import Drift
    from auditor.model.inventory import Inventory

REPORT_SCHEMA_VERSION = "1"


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One run of the history: failures by severity (waived ones aside), and what moved.

    ``incomplete``: something was not evaluated or not listed, so that failures may be missing.
    """

    as_of: str
    by_severity: dict[str, int]
    waived: int = 0
    unknown: int = 0
    new: int = 0
    regressed: int = 0
    resolved: int = 0
    incomplete: bool = False


class Outcome(StrEnum):
    """What a run came to; the exit code, the summary and every report say the same. The first that holds counts."""

    FINDINGS = "findings"
    """Findings fail the run."""
    EMPTY = "empty"
    """A live audit found no Studio resource."""
    UNDECIDED = "undecided"
    """No verdict at all was decided, and there was something to decide."""
    INCOMPLETE = "incomplete"
    """A verdict is open, or a list of resources is not complete."""
    PASSED = "passed"


#: From this severity on a failure fails the run, unless somebody says otherwise.
DEFAULT_FAIL_ON = Severity.HIGH


@dataclass(frozen=True, slots=True)
class Gate:
    """What made the exit code.

    ``fail_on`` None never fails; ``by_rule`` and ``by_account`` stand instead of it where they name a rule or an
    account (None there: never fails). ``new_only``: only findings whose fingerprint is not in the baseline (or the last
    run) count; ``baseline`` names it.
    """

    fail_on: Severity | None = DEFAULT_FAIL_ON
    by_rule: dict[str, Severity | None] = field(default_factory=dict)
    by_account: dict[str, Severity | None] = field(default_factory=dict)
    new_only: bool = False
    baseline: str = ""
    failed: int = 0
    """Findings with ``gates``."""
    incomplete_lists: int = 0
    """Lists of resources that could not be read completely, and templates that were not assessed."""
    unread: int = 0
    """Those of them that are files or folders of the scanned tree: refused, skipped, or not listed."""
    allow_incomplete: bool = False
    """Open checks and lists don't fail the run. UNDECIDED does all the same, and so do unread files."""
    allow_unread: bool = False
    """Unread files don't fail the run."""
    allow_empty: bool = False
    """To find nothing is not a failure."""
    outcome: Outcome = Outcome.PASSED


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

    ``findings`` are sorted by what fails the run, status, severity, rule, account, region, resource; ``root_causes``
    as ``auditor.model.finding.cause_order`` says.
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
    accounts: tuple[Account, ...] = ()
    """Accounts of live snapshots by id, those included that could not be audited."""
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
    posture: tuple[PostureCount, ...] = ()
    """What passed and failed, by domain and area."""
    previous_posture: tuple[PostureCount, ...] | None = None
    """The same of the run that this one is compared with; None where nothing is known of it."""
    sla: dict[Severity, int] = field(default_factory=dict)
    """Days in which a finding of a severity is to be fixed, counted from ``first_seen``."""
    sla_owners: dict[str, dict[Severity, int]] = field(default_factory=dict)
    """The same by owner, instead of it where it names the owner and the severity."""
    access_paths: AccessPaths = field(default_factory=AccessPaths)
    """The shortest known ways from execution roles to administrator access and to other people's user profiles."""
    deviations: Deviations = field(default_factory=Deviations)
    """Settings that user profiles set themselves although their domain has a value for all; empty unless report.html,
    report.json or a template of the user was asked for."""
    costs: Costs | None = None
    """Estimated cost of what findings about money are about; None without one, for templates, and unless report.html,
    report.json or a template of the user was asked for."""
    inventory: Inventory | None = None
    """Every audited resource with its settings in force; None unless HTML or a template of the user was asked for."""
    drift: Drift | None = None
    """How the templates differ from an account; None unless they were compared with one."""

    @property
    def fail_on(self) -> Severity | None:
        """The gate's threshold, None where it never fails."""
        return self.gate.fail_on

    @property
    def of_templates(self) -> bool:
        """Whether templates were audited: what stands for an account is then a template, a root module or a plan."""
        return bool(self.snapshots) and all(info.source != "aws" for info in self.snapshots)

    @property
    def account_names(self) -> dict[str, str]:
        """Names by account id, of accounts that have one."""
        return {account.id: account.name for account in self.accounts if account.name}

    @property
    def incomplete_accounts(self) -> tuple[Account, ...]:
        """Accounts that were not seen whole."""
        return tuple(account for account in self.accounts if account.status is not AccountStatus.COMPLETE)

    @property
    def not_accepted(self) -> tuple[str, ...]:
        """Of a run that is incomplete: the options that would accept what is missing and were not given."""
        gate = self.gate
        open_ = any(f.status is not Verdict.FAIL for f in self.findings) or gate.incomplete_lists > gate.unread
        unaccepted = (
            ("--allow-incomplete", open_ and not gate.allow_incomplete),
            ("--allow-unread", gate.unread and not gate.allow_unread),
        )
        return tuple(option for option, lacking in unaccepted if lacking)

    @property
    def open_root_causes(self) -> tuple[RootCause, ...]:
        """Root causes, the first to fix first, without those whose failures are all waived."""
        return tuple(cause for cause in self.root_causes if cause.affects)

    @property
    def waivers_needing_attention(self) -> tuple[WaiverSummary, ...]:
        """Waivers that have lapsed, are void, lapse soon or match nothing, the most pressing first."""
        listed = (summary for summary in self.waivers if summary.status in ATTENTION)
        return tuple(sorted(listed, key=lambda s: (ATTENTION.index(s.status), s.waiver.expires)))

    @property
    def long_waivers(self) -> tuple[WaiverSummary, ...]:
        """Waivers in force that run for over a year from ``as_of`` on, the last to end first."""
        day = datetime.fromisoformat(self.as_of).date()
        listed = (s for s in self.waivers if s.status is WaiverStatus.ACTIVE and s.waiver.is_long(day))
        return tuple(sorted(listed, key=lambda s: s.waiver.expires, reverse=True))

    def rule(self, rule_id: str) -> RuleSummary:
        return next(r for r in self.rules if r.id == rule_id)
