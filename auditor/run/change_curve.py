"""How far changes lead: each lot of them is chosen from an audit of what those before it would make."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from auditor.config import Config
from auditor.evaluate.cause_groups import CauseGroups
from auditor.evaluate.findings import REPORTED_VERDICTS
from auditor.model.finding import RootCause
from auditor.model.rule import Severity, Verdict
from auditor.rules.verdict_sql import severity_sql
from auditor.run.run_options import RuleOptions
from auditor.run.selection import choose
from auditor.run.what_if import combined
from auditor.run.what_if_sides import first_side, groups_of
from auditor.sql_text import literal, string_list
from auditor.store.masked_copies import without_secrets
from auditor.temporary_files import workspace
from auditor.whatif import fixes
from auditor.whatif.differences import Side
from auditor.whatif.gather import gather
from auditor.whatif.overlay import changed_copies

#: Changes after which nothing further is tried: by then each resolves next to nothing.
MOST = 1_000
#: A lot of changes resolves at least one of so many parts of the failures, where so much is left.
_PARTS = 10


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What an audit says after the first ``changes``: of the failures of today ``resolved``, of those of severity high
    and critical ``resolved_high``; ``new`` failures that today has not."""

    changes: int
    resolved: int
    resolved_high: int
    new: int


@dataclass(frozen=True, slots=True)
class ChangeCurve:
    """``failures`` of today, ``high`` of them of severity high and critical; ``left``: root causes that were not tried,
    after the last point; ``stopped``: a printed command fixes some of these, but ``MOST`` were tried. Else none does.
    """

    failures: int
    high: int
    points: tuple[CurvePoint, ...]
    left: int
    stopped: bool = False


def change_curve(config: Config, files: Sequence[Path], rules: RuleOptions) -> ChangeCurve:
    """Try the commands of the report's root causes, the first first, until none is left, or ``MOST`` were tried. What a
    change resolves or brings beside its own findings counts for the next choice. Raises SnapshotError, ConfigError."""
    choice = choose(config, rules)
    with without_secrets(files) as masked, workspace("curve") as folder:
        current = list(masked)
        state = first_side(config, choice, current, folder)
        today = _Today(state.side, folder)
        points: list[CurvePoint] = []
        tried: set[str] = set()
        made: set[str] = set()
        for number in count():
            groups = groups_of(state, commands_only=True)
            room = MOST - len(tried)
            lot = list(islice(_lot(groups, tried, today.failures / _PARTS), room or 1))
            if not lot or not room:
                break
            tried |= {cause.id for cause in lot}
            lines, changes, _left = gather(current, (), fixes.calls_of(lot)[0])
            if not changes:
                continue
            becomes, _clashes = combined(lines, [{} for _ in current], changes)
            before, current = current, changed_copies(current, lines, becomes, folder / str(number))
            # One side is in memory at a time.
            state.side.con.close()
            state = first_side(config, choice, current, folder)
            # A large snapshot would be on the disk once for each lot.
            for file in {*before} - {*current, *masked}:
                file.unlink()
            made |= {change.origin for change in changes}
            points.append(today.point(len(made), state.side))
        left = groups.number_but(tried)
    return ChangeCurve(today.failures, today.high, tuple(points), left, stopped=bool(lot))


def _lot(groups: CauseGroups, tried: Collection[str], wanted: float) -> Iterator[RootCause]:
    """The first root causes with a command that was not tried, as many as resolve so many failures."""
    resolved = 0
    for cause in groups.in_order(lambda cause: cause.id not in tried and fixes.has_call(cause)):
        if resolved >= wanted:
            return
        resolved += cause.affects
        yield cause


class _Today:
    """The failures of the snapshots as they are, in a file that later sides can read."""

    def __init__(self, side: Side, folder: Path) -> None:
        high = string_list([s.value for s in Severity if s.rank <= Severity.HIGH.rank])
        texts = [
            f"select {literal(rule.id)} as rule, t.key, list_contains({high},"
            f" {severity_sql(rule, side.overrides.get(rule.id))}) as high from {rule.table} as t"
            f" join verdict_{rule.table} v on v.key = t.key where v.\"{rule.id}\" = '{Verdict.FAIL}'"
            for rule in side.rules
            if side.verdicts.counts[rule.id].get(Verdict.FAIL)
        ] or ["select '' as rule, '' as key, false as high where false"]
        self._file = literal((folder / "today.parquet").as_posix())
        side.con.execute(f"copy ({' union all '.join(texts)}) to {self._file} (format parquet)").fetchall()
        ((self.failures, self.high),) = side.con.execute(
            f"select count(*), count(*) filter (high) from read_parquet({self._file})"
        ).fetchall()

    def point(self, changes: int, side: Side) -> CurvePoint:
        """What came of them after so many changes. A failure of today that is unknown then is not resolved."""
        shown = ", ".join(literal(verdict.value) for verdict in REPORTED_VERDICTS)
        numbers = [0, 0, 0]
        for rule in side.rules:
            today = f"(select * from read_parquet({self._file}) where rule = {literal(rule.id)})"
            now = f'(select key, "{rule.id}"::VARCHAR as verdict from verdict_{rule.table})'
            (found,) = side.con.execute(
                f"select count(*) filter (t.key is not null and coalesce(n.verdict, '') not in ({shown})),"
                f" count(*) filter (t.high and coalesce(n.verdict, '') not in ({shown})),"
                f" count(*) filter (t.key is null and n.verdict = '{Verdict.FAIL}')"
                f" from {today} t full join {now} n on n.key = t.key"
            ).fetchall()
            numbers = [a + b for a, b in zip(numbers, found, strict=True)]
        return CurvePoint(changes, *numbers)
