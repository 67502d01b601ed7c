"""How many failures there were, run by run and day by day, from the manifests alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta

from auditor.evaluate.gate import incomplete_lists
from auditor.history.facts import Scope
from auditor.model.finding import State
from auditor.model.report import Outcome, Report, TrendPoint
from auditor.model.rule import Severity, Verdict
from auditor.model.snapshot import GLOBAL
from auditor.store.manifest import Manifest, ScopeCounts, total

#: Runs of which a report shows the trend.
TREND_RUNS = 400
#: What was last seen in an account and region counts for so long when nobody audits it any more.
CARRY = timedelta(days=30)


def counts(report: Report) -> tuple[ScopeCounts, ...]:
    """What the run found, by account and region."""
    found: dict[Scope, Counter[str]] = defaultdict(Counter)
    for finding in report.findings:
        tally = found[finding.resource.account, finding.resource.region]
        if finding.status is not Verdict.FAIL:
            tally["unknown"] += 1
            continue
        tally["waived" if finding.waiver is not None else finding.severity.value] += 1
        if finding.state in (State.NEW, State.REGRESSED):
            tally[finding.state.value] += 1
    for past in report.past:
        if past.state is State.RESOLVED:
            found[past.finding.resource.account, past.finding.resource.region]["resolved"] += 1
    return tuple(ScopeCounts(account, region, **tally) for (account, region), tally in sorted(found.items()))


def incomplete_scopes(report: Report, scopes: Sequence[Scope]) -> tuple[Scope, ...]:
    """Those of the run's accounts and regions of which a check is open, or a list of resources is not complete.

    What belongs to no region is part of every region of its account.
    """
    if report.gate.outcome in (Outcome.EMPTY, Outcome.UNDECIDED):
        return tuple(scopes)
    open_ = {(f.resource.account, f.resource.region) for f in report.findings if f.status is not Verdict.FAIL}
    open_ |= {(account, region) for account, region, _ in incomplete_lists(report)}
    return tuple(s for s in scopes if s in open_ or (s[0], GLOBAL) in open_)


def missed_accounts(report: Report, scopes: Sequence[Scope]) -> tuple[tuple[str, str], ...]:
    """Accounts of the report that lie in none of the run's scopes, with their status: nothing of them was seen."""
    seen = {account for account, _ in scopes}
    return tuple(sorted((one.id, one.status.value) for one in report.incomplete_accounts if one.id not in seen))


def trend(runs: Sequence[Manifest], scopes: frozenset[Scope], limit: int = TREND_RUNS) -> tuple[TrendPoint, ...]:
    """The runs that audited one of the scopes, oldest first; each counts what lies in the scopes, and what belongs to
    no region in their accounts."""
    accounts = {account for account, _ in scopes}
    points = [
        point(run, [c for c in run.counts if (c.account, c.region) in scopes
                    or (c.region == GLOBAL and c.account in accounts)],
              not scopes.isdisjoint(run.lacking))
        for run in runs
        if scopes.intersection(run.scopes)
    ]  # fmt: skip
    return tuple(points[-limit:])


def point(run: Manifest, of: Sequence[ScopeCounts], incomplete: bool) -> TrendPoint:
    """A run as a point of the trend, from these of its counts."""
    found = total(of)
    return TrendPoint(
        run.as_of, {s.value: getattr(found, s.value) for s in Severity}, found.waived, found.unknown, found.new,
        found.regressed, found.resolved, incomplete,
    )  # fmt: skip


def daily(runs: Sequence[Manifest]) -> tuple[TrendPoint, ...]:
    """One point a day with a run: what was last seen in every account and region by then, oldest first.

    ``new``, ``regressed`` and ``resolved`` count what moved on that day. A day is incomplete as long as what was last
    seen of an account and region is.
    """
    state: dict[Scope, tuple[Manifest, ScopeCounts, bool]] = {}
    days: dict[str, list[Manifest]] = defaultdict(list)
    for run in runs:
        days[run.as_of[:10]].append(run)
    points = []
    for day, of_day in days.items():
        for run in of_day:
            found = {(c.account, c.region): c for c in run.counts}
            lacking = run.lacking
            for scope in (*run.scopes, *((account, GLOBAL) for account in run.accounts)):
                state[scope] = (run, found.get(scope, ScopeCounts(*scope)), scope in lacking)
        newest = of_day[-1].moment
        state = {scope: seen for scope, seen in state.items() if seen[0].moment >= newest - CARRY}
        standing = total(counts for _, counts, _ in state.values())
        incomplete = any(lacks for _, _, lacks in state.values()) or any(run.missed for run in of_day)
        moved = total(total(run.counts) for run in of_day)
        points.append(
            TrendPoint(
                day, {s.value: getattr(standing, s.value) for s in Severity}, standing.waived, standing.unknown,
                moved.new, moved.regressed, moved.resolved, incomplete,
            )
        )  # fmt: skip
    return tuple(points)
