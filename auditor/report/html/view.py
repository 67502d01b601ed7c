"""What the HTML template is given: one documented value, computed from the Report and nothing else."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from auditor.model.deviation import Deviation
from auditor.model.finding import Finding, RootCause, State, priority
from auditor.model.report import DomainSummary, Outcome, Report, RuleSummary
from auditor.model.rule import Severity, Verdict
from auditor.model.snapshot import Gap
from auditor.report.drift_view import DriftView, drift_view
from auditor.report.first_screen import (
    ORDER,
    Curve,
    Fix,
    Overdue,
    Posture,
    RuleGroup,
    Share,
    curve,
    examples,
    fixes,
    overdue,
    posture,
    rule_groups,
    standing,
    wrong,
)
from auditor.report.glossary import GLOSSARY
from auditor.report.html.chart import Chart, CurveChart, Segment, curve_chart, stacked, trend_chart
from auditor.report.html.data import PageData, page_data
from auditor.report.html.path_picture import WIDTH, PathPicture, path_pictures
from auditor.report.phrases import account_label, gate_words, resolved, shortcoming

#: Root causes that the page can tell without its script, which lists them all.
CAUSES = 40
#: Settings of domains that the page lists of those that user profiles set themselves.
DEVIATIONS = 300


@dataclass(frozen=True, slots=True)
class CauseView:
    """A root cause. ``removes`` failures go when it is fixed, waived ones aside; ``new`` of them are new or came
    back; with all before it, ``percent`` of the findings are resolved. ``wrong`` says what is wrong, in the words of
    the first; ``examples`` are a few of them, worst first."""

    cause: RootCause
    rule: RuleSummary
    removes: int
    new: int
    percent: int
    wrong: str
    examples: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A domain; what belongs to none in an account and ``region``; or an account, the sum of both (``region`` empty).

    ``failed`` counts failures by severity, waived ones aside; ``new`` those that are new or came back; ``unknown`` what
    could not be decided; ``share`` is what passed, None where nothing was decided. ``bar`` is ``failed`` drawn, of 100
    for the worst place of its kind.
    """

    account: str
    region: str
    domain: DomainSummary | None
    failed: Mapping[str, int]
    new: int
    unknown: int
    share: Share | None
    bar: tuple[Segment, ...]

    @property
    def total(self) -> int:
        return sum(self.failed.values())


@dataclass(frozen=True, slots=True)
class GapGroup:
    """Gaps with the same reason and call. ``places`` are accounts and regions, ``details`` is what was said,
    ``examples`` are a few of the gaps, each about another resource or setting, of which there are ``subjects``."""

    reason: str
    operation: str
    places: tuple[tuple[str, str], ...]
    count: int
    details: tuple[str, ...]
    examples: tuple[Gap, ...]
    subjects: int


@dataclass(frozen=True, slots=True)
class HtmlView:
    """The template's whole context, under the name ``view``.

    ``headline`` is the first sentence, ``verdict`` says what the gate made of the run and ``passed`` whether it let it
    through. ``states`` counts this run's failures and the past ones by state, ``compared`` is whether there is anything
    to compare with. ``complete`` says what is missing, empty where nothing is; ``order`` in which order all of it is.
    ``severities`` (each with its failures and the new ones among them) and ``failures`` leave waived ones aside;
    ``fresh`` of them are new or came back. ``failing`` is what fails the run, ``appeared`` what is new, ``returned``
    what came back, ``gone`` what was resolved, each by rule. ``causes`` are the first to fix of ``cause_number``,
    ``fixes`` the same with what is alike in one row, ``curve`` says how far they lead, drawn in ``curve_chart``
    (None for a single change). ``posture`` is the share that
    passed, ``overdue`` what is late, by severity. ``accounts`` and ``domains`` (with one entry more for each account
    and region that has findings outside domains) are the worst first; ``domain_number`` counts domains alone,
    ``out_of_scope`` are those that no rule applies to. ``gaps`` are grouped, ``carried`` counts resources that were
    carried over from an earlier snapshot. ``rules`` with a finding come first, the worst first. ``chart`` is the trend,
    None without one. ``scope_accounts`` and ``scope_regions`` are what was audited, ``labels``
    what accounts are called by id. ``data`` is what the script
    unpacks. ``drift`` is how templates and an account differ, None unless they were compared with one.
    ``cost_words``: what is wrong, by the id of a root cause of which the cost is estimated. ``deviations``: settings
    that user profiles set themselves, by domain, of which ``deviations_hidden`` more are not on the page. ``pictures``
    are those of access paths, ``picture_width`` wide. ``glossary`` gives the meanings of our words.
    """

    report: Report
    headline: str
    verdict: str
    passed: bool
    compared: bool
    complete: str
    order: str
    states: Mapping[str, int]
    severities: tuple[tuple[Severity, int, int], ...]
    failures: int
    fresh: int
    failing: tuple[RuleGroup, ...]
    appeared: tuple[RuleGroup, ...]
    returned: tuple[RuleGroup, ...]
    gone: tuple[RuleGroup, ...]
    causes: tuple[CauseView, ...]
    cause_number: int
    fixes: tuple[Fix, ...]
    curve: Curve
    curve_chart: CurveChart | None
    posture: Posture
    overdue: tuple[Overdue, ...]
    accounts: tuple[PlaceView, ...]
    domains: tuple[PlaceView, ...]
    domain_number: int
    out_of_scope: tuple[DomainSummary, ...]
    gaps: tuple[GapGroup, ...]
    carried: int
    rules: tuple[RuleSummary, ...]
    chart: Chart | None
    scope_accounts: tuple[str, ...]
    labels: dict[str, str]
    scope_regions: tuple[str, ...]
    data: PageData
    drift: DriftView | None
    cost_words: Mapping[str, str]
    deviations: tuple[tuple[Deviation, tuple[Deviation, ...]], ...]
    deviations_hidden: int
    pictures: tuple[PathPicture, ...]
    picture_width: int
    glossary: Mapping[str, str]


def html_view(report: Report) -> HtmlView:
    """The view of a report. Equal reports give equal views."""
    failures = standing(report)
    by_severity = Counter(f.severity for f in failures)
    fresh_by_severity = Counter(f.severity for f in failures if f.is_news)
    causes = _causes(report, failures)
    states = Counter(str(f.state) for f in report.findings if f.state) + Counter(str(p.state) for p in report.past)
    shares, ahead = posture(report), curve(report)
    accounts, domains = _places(report, failures, shares)
    found = {f.rule_id for f in report.findings}
    scopes = [scope for info in report.snapshots for scope in info.scopes]
    urgent = by_severity[Severity.CRITICAL] + by_severity[Severity.HIGH]
    fresh = sum(fresh_by_severity.values())
    compared = report.previous is not None or any(f.state not in (None, State.WAIVED) for f in report.findings)
    verdict, passed = _verdict(report, failures)
    return HtmlView(
        report=report,
        headline=_headline(report, len(failures), urgent, fresh, len(causes), compared),
        verdict=verdict,
        passed=passed,
        compared=compared,
        complete=shortcoming(report),
        order=ORDER,
        states={str(s): states[s] for s in State},
        severities=tuple((s, by_severity[s], fresh_by_severity[s]) for s in Severity),
        failures=len(failures),
        fresh=fresh,
        failing=rule_groups(report, (f for f in failures if f.gates)),
        appeared=rule_groups(report, (f for f in failures if f.state is State.NEW)),
        returned=rule_groups(report, (f for f in failures if f.state is State.REGRESSED)),
        gone=rule_groups(report, (p.finding for p in resolved(report))),
        causes=tuple(causes[:CAUSES]),
        cause_number=len(causes),
        fixes=fixes(report),
        curve=ahead,
        curve_chart=curve_chart(ahead),
        posture=shares,
        overdue=overdue(report),
        accounts=accounts,
        domains=domains,
        domain_number=sum(1 for d in domains if d.domain),
        out_of_scope=tuple(d for d in report.domains if d.out_of_scope),
        gaps=_gaps(report.gaps),
        carried=sum(c.carried for c in report.coverage),
        rules=tuple(sorted(report.rules, key=lambda r: (r.id not in found, *_rule_order(r)))),
        chart=trend_chart(report.trend),
        scope_accounts=tuple(account_label(report, account) for account in sorted({account for account, _ in scopes})),
        labels={account.id: account_label(report, account.id) for account in report.accounts},
        scope_regions=tuple(sorted({region for _, region in scopes})),
        data=page_data(report),
        drift=None if report.drift is None else drift_view(report.drift),
        cost_words=_cost_words(report),
        deviations=_by_domain(report.deviations.listed[:DEVIATIONS]),
        deviations_hidden=report.deviations.number - len(report.deviations.listed[:DEVIATIONS]),
        pictures=path_pictures(report.access_paths),
        picture_width=WIDTH,
        glossary=GLOSSARY,
    )  # fmt: skip


def _rule_order(rule: RuleSummary) -> tuple[int, int, str]:
    fail = rule.counts.get("fail", 0)
    return (rule.severity.rank if fail else len(Severity), -fail, rule.id)


def _causes(report: Report, failures: Sequence[Finding]) -> list[CauseView]:
    """Causes that still have failures, the first to fix first."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in failures:
        found[finding.root_cause].append(finding)
    rules = {r.id: r for r in report.rules}
    views, resolved_ = [], 0
    for cause in report.open_root_causes:
        own = found.get(cause.id, [])
        if own and cause.rule_id in rules:
            resolved_ += len(own)
            percent = resolved_ * 100 // len(failures)
            new = sum(f.is_news for f in own)
            views.append(
                CauseView(cause, rules[cause.rule_id], len(own), new, percent, wrong(cause, own[0]), tuple(own[:5]))
            )
    return views


def _verdict(report: Report, failures: Sequence[Finding]) -> tuple[str, bool]:
    """What the gate says, in words, and whether the run passed it."""
    gate = report.gate
    plain = not gate.by_rule and not gate.by_account
    failed = gate.failed
    if gate.fail_on and plain and not gate.new_only:
        failed = sum(f.severity.rank <= gate.fail_on.rank for f in failures)
    stopped = gate.outcome in (Outcome.EMPTY, Outcome.UNDECIDED) or (
        gate.outcome is Outcome.INCOMPLETE and bool(report.not_accepted)
    )
    return gate_words(report, failed), not failed and not stopped


def _headline(report: Report, failures: int, urgent: int, fresh: int, causes: int, compared: bool) -> str:
    unseen = report.by_status[Verdict.UNKNOWN] + report.by_status[Verdict.ERROR]
    doubt = f" {_number(unseen, 'check', 'checks')} could not be evaluated." if unseen else ""
    if not sum(report.resources.values()):
        return "No Studio resource was found in what was audited." + doubt
    if not failures:
        waived = report.by_status.get("waived", 0)
        aside = f" {_number(waived, 'failure is', 'failures are')} waived." if waived else ""
        return "No findings: every check that could be evaluated passed." + aside + doubt
    changes = f"{_number(causes, 'change resolves', 'changes resolve')} {'it' if failures == 1 else 'all of them'}"
    total = f"{_number(failures, 'finding', 'findings')}, {urgent:,} high or critical; {changes}."
    if not compared:
        return total + doubt
    since = f"since {report.previous[:10]}" if report.previous else "since the baseline"
    news = f"{_number(fresh, 'new finding', 'new findings')} {since}." if fresh else f"Nothing new {since}."
    return f"{news} {total}{doubt}"


def _number(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _places(
    report: Report, failures: Sequence[Finding], shares: Posture
) -> tuple[tuple[PlaceView, ...], tuple[PlaceView, ...]]:
    """Accounts, and domains of all accounts, each the worst first."""
    failed: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    fresh: Counter[tuple[str, str, str]] = Counter()
    unknown: Counter[tuple[str, str, str]] = Counter()
    for finding in failures:
        place = (finding.resource.account, finding.resource.region, finding.resource.domain_id)
        failed[place][finding.severity] += 1
        fresh[place] += finding.is_news
    for finding in report.findings:
        if finding.status is not Verdict.FAIL:
            unknown[finding.resource.account, finding.resource.region, finding.resource.domain_id] += 1
    known = {(d.resource.account, d.resource.region, d.resource.id): d for d in report.domains}
    places: dict[tuple[str, str, str], DomainSummary | None] = dict(known)
    places |= {place: None for place in (*failed, *unknown) if place not in known}
    domains = [
        PlaceView(
            place[0],
            place[1],
            summary,
            dict(failed[place]),
            fresh[place],
            unknown[place],
            shares.domains.get(place),
            (),
        )
        for place, summary in places.items()
    ]
    sums: dict[str, list[PlaceView]] = defaultdict(list)
    for view in domains:
        sums[view.account].append(view)
    accounts = [
        PlaceView(
            account, "", None, dict(sum((Counter(v.failed) for v in own), Counter())), sum(v.new for v in own),
            sum(v.unknown for v in own), shares.accounts.get(account), (),
        )
        for account, own in sums.items()
    ]  # fmt: skip
    return _drawn(accounts), _drawn([view for view in domains if view.domain or view.total or view.unknown])


def _drawn(views: Sequence[PlaceView]) -> tuple[PlaceView, ...]:
    greatest = max((v.total for v in views), default=0)

    def order(view: PlaceView) -> tuple[float, str, str]:
        weight = sum(priority(Severity(s), n) for s, n in view.failed.items())
        return (-weight, view.account, view.domain.resource.key if view.domain else view.region)

    return tuple(replace(v, bar=stacked(v.failed, greatest)) for v in sorted(views, key=order))


def _cost_words(report: Report) -> dict[str, str]:
    """What is wrong in each root cause that costs something, in the words of its first finding."""
    if report.costs is None:
        return {}
    first = examples(report)
    costly = {cost.cause for cost in report.costs.by_cause}
    return {cause.id: wrong(cause, first.get(cause.id)) for cause in report.root_causes if cause.id in costly}


def _by_domain(deviations: Sequence[Deviation]) -> tuple[tuple[Deviation, tuple[Deviation, ...]], ...]:
    """Each domain, by the first of its settings, and these."""
    grouped: dict[str, list[Deviation]] = defaultdict(list)
    for deviation in deviations:
        grouped[deviation.domain_key].append(deviation)
    return tuple((found[0], tuple(found)) for found in grouped.values())


def _gaps(gaps: Sequence[Gap]) -> tuple[GapGroup, ...]:
    grouped: dict[tuple[str, str], list[Gap]] = defaultdict(list)
    for gap in gaps:
        grouped[gap.reason, gap.operation].append(gap)
    groups = []
    for (reason, operation), found in sorted(grouped.items(), key=lambda g: (-len(g[1]), g[0])):
        subjects: dict[tuple[str, str, str], Gap] = {}
        for gap in found:
            subjects.setdefault((gap.resource_type, gap.resource_id, gap.setting), gap)
        groups.append(
            GapGroup(
                reason, operation, tuple(sorted({(g.account, g.region) for g in found})), len(found),
                tuple(dict.fromkeys(g.detail for g in found if g.detail))[:3], tuple(subjects.values())[:5],
                len(subjects),
            )
        )  # fmt: skip
    return tuple(groups)
