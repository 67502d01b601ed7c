"""What the HTML template is given: one documented value, computed from the Report and nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from auditor.model.report import DomainSummary, Finding, Report, ResourceRef, RootCause, RuleSummary
from auditor.model.rule import Severity, Verdict
from auditor.model.snapshot import Gap

#: Rows of one table that the page shows; the rest is in report.json. Keeps the page fast on the worst estate.
ROWS = 1000
#: Rows of all finding tables together.
TOTAL_ROWS = 10_000
FIRST = 12


@dataclass(frozen=True, slots=True)
class CauseView:
    """A root cause with the findings that it explains; ``hidden`` more are in report.json."""

    cause: RootCause
    findings: tuple[Finding, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule with something to show. ``others`` are its unknown and error findings."""

    rule: RuleSummary
    causes: tuple[CauseView, ...]
    others: tuple[Finding, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class ResourceView:
    """A resource and every finding about it, worst first."""

    resource: ResourceRef
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class DomainView:
    """A domain and its resources that have findings. ``summary`` is None for what belongs to no domain."""

    summary: DomainSummary | None
    resources: tuple[ResourceView, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class GapGroup:
    """Gaps with the same reason, call and place. ``examples`` are resource and setting of a few."""

    reason: str
    operation: str
    account: str
    region: str
    count: int
    detail: str
    examples: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class HtmlView:
    """The template's whole context, under the name ``view``.

    ``headline`` is the first sentence; ``first`` the causes to mend first; ``explained`` how many failures they explain
    of ``failures``; ``clean`` the rules with no finding; ``shown_rules`` the ids of those with one.
    """

    report: Report
    headline: str
    severities: tuple[tuple[Severity, int], ...]
    failures: int
    first: tuple[RootCause, ...]
    explained: int
    rules: tuple[RuleView, ...]
    clean: tuple[RuleSummary, ...]
    domains: tuple[DomainView, ...]
    out_of_scope: tuple[DomainSummary, ...]
    gaps: tuple[GapGroup, ...]
    rule_names: Mapping[str, RuleSummary]
    shown_rules: frozenset[str]
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    hidden: int


def html_view(report: Report) -> HtmlView:
    """The view of a report. Equal reports give equal views."""
    rules, hidden = _rules(report)
    shown = {view.rule.id for view in rules}
    first = tuple(sorted(report.root_causes, key=lambda c: (c.severity.rank, -c.affects))[:FIRST])
    failures = sum(report.by_severity.values())
    places = [place for info in report.snapshots for place in info.scopes]
    return HtmlView(
        report=report,
        headline=_headline(report, failures),
        severities=tuple((s, report.by_severity.get(s, 0)) for s in Severity),
        failures=failures,
        first=first,
        explained=sum(c.affects for c in first),
        rules=rules,
        clean=tuple(r for r in report.rules if r.id not in shown),
        domains=_domains(report),
        out_of_scope=tuple(d for d in report.domains if d.out_of_scope),
        gaps=_gaps(report.gaps),
        rule_names={r.id: r for r in report.rules},
        shown_rules=frozenset(shown),
        accounts=tuple(sorted({account for account, _ in places})),
        regions=tuple(sorted({region for _, region in places})),
        hidden=hidden,
    )


def _headline(report: Report, failures: int) -> str:
    unseen = report.by_status[Verdict.UNKNOWN] + report.by_status[Verdict.ERROR]
    doubt = f" {unseen:,} {'verdict is' if unseen == 1 else 'verdicts are'} open." if unseen else ""
    if not sum(report.resources.values()):
        return "No Studio resource was found in what was audited." + doubt
    if not failures:
        return "No finding: every rule that could be decided holds." + doubt
    urgent = sum(report.by_severity.get(s, 0) for s in (Severity.CRITICAL, Severity.HIGH))
    causes = len(report.root_causes)
    text = f"{failures:,} {'finding comes' if failures == 1 else 'findings come'} from {causes:,}"
    text += f" {'setting' if causes == 1 else 'settings'}"
    return f"{text}; {urgent:,} {'is' if urgent == 1 else 'are'} high or critical.{doubt}"


def _rules(report: Report) -> tuple[tuple[RuleView, ...], int]:
    by_cause: dict[str, list[Finding]] = defaultdict(list)
    others: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        if finding.status is Verdict.FAIL:
            by_cause[finding.root_cause].append(finding)
        else:
            others[finding.rule_id].append(finding)
    causes: dict[str, list[RootCause]] = defaultdict(list)
    for cause in report.root_causes:
        causes[cause.rule_id].append(cause)
    left, hidden, views = TOTAL_ROWS, 0, []

    def take(items: Sequence[Finding]) -> tuple[tuple[Finding, ...], int]:
        nonlocal left, hidden
        kept = tuple(items[: min(ROWS, left)])
        left -= len(kept)
        hidden += len(items) - len(kept)
        return kept, len(items) - len(kept)

    order = sorted(
        report.rules, key=lambda r: (r.counts.get("fail", 0) == 0, r.severity.rank, -r.counts.get("fail", 0), r.id)
    )
    for rule in order:
        shown = [CauseView(cause, *take(by_cause[cause.id])) for cause in causes[rule.id]]
        rest, rest_hidden = take(others[rule.id])
        if shown or rest or rest_hidden:
            views.append(RuleView(rule, tuple(shown), rest, rest_hidden))
    return tuple(views), hidden


def _domains(report: Report) -> tuple[DomainView, ...]:
    grouped: dict[tuple[str, str, str], dict[str, list[Finding]]] = defaultdict(lambda: defaultdict(list))
    for finding in report.findings:
        resource = finding.resource
        grouped[resource.account, resource.region, resource.domain_id][resource.key].append(finding)
    views = []
    known: set[tuple[str, str, str]] = set()
    for summary in report.domains:
        place = (summary.resource.account, summary.resource.region, summary.resource.id)
        known.add(place)
        views.append(_domain(summary, grouped.get(place, {})))
    rest: dict[str, list[Finding]] = {}
    for place in sorted(set(grouped) - known):
        rest |= grouped[place]
    if rest:
        views.append(_domain(None, rest))
    return tuple(views)


def _domain(summary: DomainSummary | None, resources: Mapping[str, Sequence[Finding]]) -> DomainView:
    views = [ResourceView(findings[0].resource, tuple(findings)) for findings in resources.values()]
    views.sort(
        key=lambda v: (v.resource.type != "domain", v.findings[0].severity.rank, -len(v.findings), v.resource.id)
    )
    return DomainView(summary, tuple(views[:ROWS]), max(0, len(views) - ROWS))


def _gaps(gaps: Sequence[Gap]) -> tuple[GapGroup, ...]:
    grouped: dict[tuple[str, str, str, str, str], list[Gap]] = defaultdict(list)
    for gap in gaps:
        grouped[gap.reason, gap.operation, gap.account, gap.region, gap.detail].append(gap)
    return tuple(
        GapGroup(reason, operation, account, region, len(found), detail, tuple(found[:5]))
        for (reason, operation, account, region, detail), found in sorted(
            grouped.items(), key=lambda g: (-len(g[1]), g[0])
        )
    )
