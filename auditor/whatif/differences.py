"""The two sides of a what-if: the tables of the snapshots as they are and as they would be, and the verdicts on them.

Both lie in one connection, so that what differs between them is a query. Findings are made of what differs only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from auditor.evaluate.engine import Verdicts
from auditor.evaluate.findings import FindingMaker
from auditor.evaluate.gap_reasons import Gaps
from auditor.model.finding import Finding
from auditor.model.rule import Rule, Verdict
from auditor.model.snapshot import Gap
from auditor.remediation.raw_documents import Documents
from auditor.resolve.overlaid_tables import CHANGED, FIRST
from auditor.rules.verdict_sql import Overrides, severity_sql
from auditor.sql_text import literal

if TYPE_CHECKING:
    import duckdb

#: Findings that are made at a time where all are wanted.
_AT_ONCE = 50_000
#: Keys that are written out at most.
_FEW = 2_000
_SUBQUERY = re.compile(r"\bselect\b", re.IGNORECASE)
#: Rules whose subqueries look at rows of their own account only.
WITHIN_ACCOUNT = frozenset({"STU703"})


@dataclass(frozen=True)
class Side:
    """One side. ``con``: a connection whose current database has the tables; ``rules`` with the severities in force,
    those whose verdicts are asked for."""

    con: duckdb.DuckDBPyConnection
    rules: tuple[Rule, ...]
    overrides: Overrides
    verdicts: Verdicts

    @cached_property
    def maker(self) -> FindingMaker:
        """Makes findings without fixes."""
        gaps = Gaps(sorted(Gap(*row) for row in self.con.execute("select * from gap").fetchall()))
        return FindingMaker(self.con, self.verdicts, self.overrides, gaps, Documents(()))

    @cached_property
    def by_id(self) -> dict[str, Rule]:
        """The rules by their ids."""
        return {rule.id: rule for rule in self.rules}


def looks_elsewhere(rules: Sequence[Rule]) -> bool:
    """Whether what one of the rules says of an account may hang on rows of another."""
    for rule in rules:
        if rule.own_words is not None:
            # A word is the company's own by what all names hold.
            return True
        if rule.id in WITHIN_ACCOUNT:
            continue
        texts = (rule.when, rule.require, rule.cause, *rule.values.values(), *rule.severity_when.values())
        if any(_SUBQUERY.search(text) for text in texts):
            return True
    return False


class Differences:
    """Verdicts that differ between two sides: ``difference`` in the second database has a row for each, with what comes
    of it (``gone``, ``came`` or ``unknown``)."""

    def __init__(self, before: Side, after: Side, accounts: Sequence[str] | None = None) -> None:
        """``accounts``: the only ones of which the second side knows all; None: it knows all of all. Rules that only
        one side has say nothing on the other."""
        self._sides = {"gone": before, "came": after, "unknown": after}
        self._con = after.con
        self._numbered = False
        self._con.execute("create table difference (rule VARCHAR, key VARCHAR, kind VARCHAR, was UTINYINT)")
        for name in sorted({rule.table for side in (before, after) for rule in side.rules}):
            self._pair(name, before, after, accounts)
        # The account that a key begins with; a template is called as its file is.
        self._of_accounts = not self._con.execute(f"select 1 from {FIRST}.template_account limit 1").fetchall()

    def _pair(self, name: str, before: Side, after: Side, accounts: Sequence[str] | None) -> None:
        sides = [[rule.id for rule in side.rules if rule.table == name] for side in (before, after)]
        ids = list(dict.fromkeys(sides[0] + sides[1]))
        columns = ", ".join(
            f'{_code(f"{alias}.{chr(34)}{id_}{chr(34)}") if id_ in own else "null::UTINYINT"} as "{id_}_{alias}"'
            for id_ in ids
            for alias, own in zip("ba", sides, strict=True)
        )
        tables = [
            f"{where}.verdict_{name}" if own else "(select null::VARCHAR as key where false)"
            for where, own in zip((FIRST, f"{CHANGED}.main"), sides, strict=True)
        ]
        if accounts is not None:
            wanted = f" where split_part(key, '/', 1) in ({', '.join(map(literal, accounts)) or 'null'})"
            tables = [f"(select * from {table}{wanted})" for table in tables]
        differs = " or ".join(f'"{id_}_b" is distinct from "{id_}_a"' for id_ in ids)
        self._con.execute(
            f"create temp table pair as select * from (select coalesce(b.key, a.key) as key, {columns}"
            f" from {tables[0]} b full join {tables[1]} a on a.key = b.key) where {differs}"
        )
        counts = ", ".join(f'count_if("{id_}_b" is distinct from "{id_}_a")' for id_ in ids)
        (numbers,) = self._con.execute(f"select {counts} from pair").fetchall()
        for id_ in (id_ for id_, number in zip(ids, numbers, strict=True) if number):
            self._con.execute(
                f"insert into difference select * from (select {literal(id_)}, key, {_kind(id_)} as kind,"
                f' "{id_}_b" from pair where "{id_}_b" is distinct from "{id_}_a") where kind is not null'
            )
        self._con.execute("drop table pair")

    def numbers(self, kind: str) -> dict[str, int]:
        """How many findings of a kind each rule has, the worst rules first."""
        rows = self._con.execute("select rule, count(*) from difference where kind = ? group by rule", [kind])
        rules = self._sides[kind].by_id
        return dict(sorted(rows.fetchall(), key=lambda row: (rules[row[0]].severity.rank, row[0])))

    @property
    def no_longer(self) -> int:
        """Failures that are none any more, whatever they are then."""
        ((number,),) = self._con.execute(
            f"select count(*) from difference where was = {_CODES[Verdict.FAIL]} and kind <> 'came'"
        ).fetchall()
        return int(number)

    def first(self, kind: str, most: int) -> Iterator[Finding]:
        """Of each rule the first findings of a kind, the worst first, no more than ``most``."""
        side, shown = self._sides[kind], f"{CHANGED}.main.shown"
        self._con.execute(
            f"create table {shown} as select rule, unnest(min(key, {int(most)})) as key from difference where kind = ?"
            " group by rule",
            [kind],
        )
        numbers = self.numbers(kind)
        for rule in (side.by_id[id_] for id_ in numbers):
            if rule.severity_when and kind != "unknown" and numbers[rule.id] > most:
                self._worst(side, rule, kind, most)
        for name in dict.fromkeys(side.by_id[id_].table for id_ in numbers):
            own = [side.by_id[id_] for id_ in numbers if side.by_id[id_].table == name]
            ids = ", ".join(literal(rule.id) for rule in own)
            # To go through a table of a million rows for each rule takes longer than to find the rows of all once.
            keys = f"select distinct key from {shown} where rule in ({ids})"
            named = [key for (key,) in side.con.execute(f"{keys} limit {_FEW + 1}").fetchall()]
            few = f"key in ({keys})"
            if len(named) <= _FEW:
                # Written out, they are looked for where a row begins, before anything is joined to it.
                few = f"key in ({', '.join(map(literal, named))})"
                if self._of_accounts:
                    accounts = sorted({key.partition("/")[0] for key in named})
                    few += f" and account in ({', '.join(map(literal, accounts))})"
            side.con.execute(f"create temp table shown_rows as select * from {name} where {few}").fetchall()
            for rule in own:
                yield from side.maker.some(
                    rule, f"select key from {shown} where rule = {literal(rule.id)}", "shown_rows"
                )
            side.con.execute("drop table shown_rows").fetchall()
        self._con.execute(f"drop table {shown}")

    def _worst(self, side: Side, rule: Rule, kind: str, most: int) -> None:
        """Show the worst of a rule's findings instead of the first."""
        shown = f"{CHANGED}.main.shown"
        ranks = " ".join(f"when {literal(s.value)} then {s.rank}" for s in (*rule.severity_when, rule.severity))
        side.con.execute(f"delete from {shown} where rule = {literal(rule.id)}").fetchall()
        side.con.execute(
            f"insert into {shown} select {literal(rule.id)}, t.key from {rule.table} as t semi join (select key from"
            f" {CHANGED}.main.difference where kind = {literal(kind)} and rule = {literal(rule.id)}) c"
            f" on c.key = t.key order by case {severity_sql(rule, side.overrides.get(rule.id))} {ranks} end, t.key"
            f" limit {most}"
        ).fetchall()

    def every(self, kind: str) -> Iterator[Finding]:
        """All findings of a kind, rule by rule and by key, some thousands in memory at a time."""
        side = self._sides[kind]
        if not self._numbered:
            self._con.execute(
                "create table numbered as select rule, key, kind, row_number() over (partition by rule, kind order by"
                " key) as number from difference"
            )
            self._numbered = True
        for id_, number in self.numbers(kind).items():
            for start in range(0, number, _AT_ONCE):
                yield from side.maker.some(
                    side.by_id[id_],
                    f"select key from {CHANGED}.main.numbered where kind = {literal(kind)} and rule ="
                    f" {literal(id_)} and number > {start} and number <= {start + _AT_ONCE}",
                )


#: Verdicts as numbers, in the order in which the evaluation declares them.
_CODES = {verdict: number for number, verdict in enumerate(Verdict)}
_OPEN = f"({_CODES[Verdict.UNKNOWN]}, {_CODES[Verdict.ERROR]})"


def _code(column: str) -> str:
    return f"enum_code({column})::UTINYINT"


def _kind(id_: str) -> str:
    """SQL of what comes of a verdict that was ``<id>_b`` and is ``<id>_a``; what is not there does not apply."""
    none, fail = _CODES[Verdict.NOT_APPLICABLE], _CODES[Verdict.FAIL]
    was, is_ = f'coalesce("{id_}_b", {none})', f'coalesce("{id_}_a", {none})'
    return (
        f"case when {is_} = {fail} then 'came' when {is_} in {_OPEN} and {was} not in {_OPEN} then 'unknown'"
        f" when {was} = {fail} and {is_} not in {_OPEN} then 'gone' end"
    )
