"""The one place that sets findings aside: waivers, the baseline and thresholds. It counts what it set aside.

Nothing is thrown away: a waived finding keeps its verdict and stays among the findings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from auditor.errors import ExitCode
from auditor.model.finding import Finding, State, cause_order
from auditor.model.history import Comparison
from auditor.model.posture import PostureCount
from auditor.model.report import DomainSummary, Gate, Outcome, Report, RuleSummary, TrendPoint
from auditor.model.rule import Severity, Verdict
from auditor.model.snapshot import ELSEWHERE, UNREAD
from auditor.studio.incomplete_lists import incomplete_tables
from auditor.studio.resource_types import STUDIO_KINDS, STUDIO_TYPES
from auditor.waivers.match import Tags, WaiverResult, Waivers, match_waivers


def set_aside(report: Report, waivers: Waivers, tags: Tags) -> Report:
    """The report with what the waivers, and the tags that waive, set aside. ``tags``: as ``read_tags`` gives them.

    ``report`` has no waiver applied yet.
    """
    result = match_waivers(
        waivers,
        report.findings,
        tags,
        as_of=report.as_of,
        evaluated=[rule.id for rule in report.rules if not rule.not_run],
        scopes=[place for info in report.snapshots for place in info.scopes],
    )
    return waive(report, result)


def waive(report: Report, waiver_result: WaiverResult) -> Report:
    """The report with the waivers applied: a waived failure is no longer counted as one, anywhere but in ``waived``.

    ``report`` has none applied yet.
    """
    findings = tuple(
        replace(f, waiver=waiver_result.waived[f.fingerprint], state=State.WAIVED)
        if f.fingerprint in waiver_result.waived
        else f
        for f in report.findings
    )
    aside = [f for f in findings if f.waiver is not None]
    by_rule = Counter(f.rule_id for f in aside)
    by_cause = Counter(f.root_cause for f in aside)
    by_severity = Counter(f.severity for f in aside)
    causes = report.root_causes
    if aside:
        changed = (replace(c, affects=c.affects - by_cause[c.id]) if by_cause[c.id] else c for c in causes)
        causes = tuple(sorted(changed, key=cause_order))
    return replace(
        report,
        by_status={
            **report.by_status,
            str(Verdict.FAIL): report.by_status[Verdict.FAIL] - len(aside),
            "waived": len(aside),
        },
        by_severity={name: number - by_severity[Severity(name)] for name, number in report.by_severity.items()},
        rules=tuple(_rule(rule, by_rule[rule.id]) for rule in report.rules),
        domains=_domains(report.domains, aside),
        root_causes=causes,
        findings=findings,
        posture=_posture(report, aside),
        waivers=waiver_result.summaries,
        waiver_problems=waiver_result.problems,
    )


def _rule(rule: RuleSummary, waived: int) -> RuleSummary:
    failed = rule.counts.get(Verdict.FAIL, 0) - waived
    return replace(rule, counts={**rule.counts, str(Verdict.FAIL): failed, "waived": waived})


def _posture(report: Report, aside: list[Finding]) -> tuple[PostureCount, ...]:
    areas = {rule.id: rule.area for rule in report.rules}
    gone = Counter(
        (f.resource.account, f.resource.region, f.resource.domain_id, areas[f.rule_id])
        for f in aside
        if f.rule_id in areas
    )
    return tuple(
        replace(part, failed=part.failed - gone[part.account, part.region, part.domain_id, part.area])
        for part in report.posture
    )


def _domains(domains: tuple[DomainSummary, ...], aside: list[Finding]) -> tuple[DomainSummary, ...]:
    gone = Counter((f.resource.account, f.resource.region, f.resource.domain_id, f.severity) for f in aside)
    return tuple(
        replace(
            domain,
            failed={
                name: number - gone[domain.resource.account, domain.resource.region, domain.resource.id, Severity(name)]
                for name, number in domain.failed.items()
            },
        )
        for domain in domains
    )


def apply_gate(
    report: Report, policy: Gate, comparison: Comparison | None = None, baseline: Collection[str] | None = None
) -> Report:
    """The report with what its findings have been before, and which of them fail the run.

    ``policy`` says the thresholds; ``baseline`` holds the fingerprints that ``new_only`` forgives, None: what the
    comparison knows. A finding that came back counts as new whatever the baseline holds.
    """
    standings = comparison.standings if comparison is not None else {}

    def is_new(finding: Finding) -> bool:
        standing = standings.get(finding.fingerprint)
        if standing is not None and standing.state is State.REGRESSED:
            return True
        if baseline is not None:
            return finding.fingerprint not in baseline
        return standing is None or not standing.known

    decided_findings = (_decided(f, policy, comparison, is_new) for f in report.findings)
    # What fails the run stands first, in every format; the order is otherwise kept.
    findings = tuple(sorted(decided_findings, key=lambda f: not f.gates))
    failed = sum(f.gates for f in findings)
    by_cause = Counter(f.root_cause for f in findings if f.gates)
    causes = (c if c.gates == by_cause[c.id] else replace(c, gates=by_cause[c.id]) for c in report.root_causes)
    unread = sum(gap.reason == UNREAD for gap in report.gaps)
    gate = replace(policy, failed=failed, incomplete_lists=len(incomplete_lists(report)), unread=unread)
    gate = replace(gate, outcome=_outcome(report, gate))
    decided = replace(report, findings=findings, gate=gate, root_causes=tuple(sorted(causes, key=cause_order)))
    if comparison is None:
        return decided
    decided = replace(decided, previous=comparison.previous, past=comparison.past, previous_posture=comparison.posture)
    if comparison.trend is None:
        return decided
    moved = Counter(f.state for f in findings if f.state is not None)
    gone = sum(p.state is State.RESOLVED for p in comparison.past)
    return replace(
        decided,
        trend=(
            *comparison.trend,
            TrendPoint(
                report.as_of, dict(report.by_severity), report.by_status["waived"],
                report.by_status[Verdict.UNKNOWN] + report.by_status[Verdict.ERROR],
                moved[State.NEW], moved[State.REGRESSED], gone, _incomplete(decided),
            ),
        ),
    )  # fmt: skip


def _incomplete(report: Report) -> bool:
    """Whether failures may be missing from the run."""
    return bool(
        report.gate.incomplete_lists
        or report.incomplete_accounts
        or report.by_status[Verdict.UNKNOWN] + report.by_status[Verdict.ERROR]
        or report.gate.outcome in (Outcome.EMPTY, Outcome.UNDECIDED)
    )


def _decided(
    finding: Finding, policy: Gate, comparison: Comparison | None, is_new: Callable[[Finding], bool]
) -> Finding:
    if finding.status is not Verdict.FAIL:
        return finding
    gates = reaches(finding, policy) and (not policy.new_only or is_new(finding))
    if comparison is None:
        return finding if finding.gates is gates else replace(finding, gates=gates)
    standing = comparison.standings[finding.fingerprint]
    return replace(
        finding,
        gates=gates,
        state=State.WAIVED if finding.waiver is not None else standing.state,
        first_seen=standing.first_seen,
        regressed=standing.regressed,
    )


def reaches(finding: Finding, policy: Gate) -> bool:
    """Whether a failure that is not waived is at or above its threshold: the rule's, else the account's, else the
    general one."""
    if finding.status is not Verdict.FAIL or finding.waiver is not None:
        return False
    limit = threshold(policy, finding.rule_id, finding.resource.account)
    return limit is not None and finding.severity.rank <= limit.rank


def threshold(policy: Gate, rule_id: str, account: str) -> Severity | None:
    """The severity from which failures of the rule in the account fail the run; None: never."""
    by_account: Mapping[str, Severity | None] = policy.by_account
    if rule_id in policy.by_rule:
        return policy.by_rule[rule_id]
    return by_account.get(account, policy.fail_on)


#: What each outcome makes of the process, where it is not forgiven.
_CODES = {
    Outcome.FINDINGS: ExitCode.FINDINGS,
    Outcome.EMPTY: ExitCode.NOTHING_COLLECTED,
    Outcome.UNDECIDED: ExitCode.NOTHING_COLLECTED,
    Outcome.INCOMPLETE: ExitCode.INCOMPLETE,
    Outcome.PASSED: ExitCode.OK,
}


def exit_code(report: Report) -> ExitCode:
    """The exit code that the report deserves, once the gate has been applied to it."""
    gate = report.gate
    forgiven = gate.outcome is Outcome.INCOMPLETE and not report.not_accepted
    return ExitCode.OK if forgiven else _CODES[gate.outcome]


def _outcome(report: Report, gate: Gate) -> Outcome:
    if gate.failed:
        return Outcome.FINDINGS
    studio = any(report.resources.get(type_.table) for type_ in STUDIO_TYPES)
    if not studio and not report.of_templates and not gate.allow_empty:
        return Outcome.EMPTY
    status = report.by_status
    decided = status[Verdict.PASS] + status[Verdict.FAIL] + status["waived"]
    open_ = any(f.status is not Verdict.FAIL for f in report.findings)
    # A file that cannot be read beside templates that hold nothing of Studio leaves nothing known to be undecided.
    if not decided and (open_ or (gate.incomplete_lists and not report.of_templates)):
        return Outcome.UNDECIDED
    # A list that is not complete matters whatever the rules: they were not asked about what it does not name.
    return Outcome.INCOMPLETE if open_ or gate.incomplete_lists else Outcome.PASSED


def incomplete_lists(report: Report) -> list[tuple[str, str, str]]:
    """What leaves open which resources there are, each as account, Region and name: lists of Studio's resources, other
    lists that a rule in force reads, and templates that were not read."""
    in_force = {rule.table for rule in report.rules if not rule.not_run}
    files = [(g.account, g.region, g.resource_id) for g in report.gaps if g.reason in (UNREAD, ELSEWHERE)]
    lists = set[tuple[str, str, str]]()
    for gap in (g for g in report.gaps if g.reason not in (UNREAD, ELSEWHERE)):
        if gap.resource_type in STUDIO_KINDS and (gap.resource_id, gap.setting) == ("*", "*"):
            lists.add((gap.account, gap.region, gap.resource_type))
        elif tables := in_force.intersection(incomplete_tables(gap)):
            lists.update((gap.account, gap.region, table) for table in tables)
    return [*files, *sorted(lists)]
