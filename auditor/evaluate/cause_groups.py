"""Root causes without findings: failures that are alike but for their resource are looked at once.

Of a domain's default that fails a hundred thousand user profiles, each has the same blame and the same command. Where
profiles are told apart by kind, those of one kind with the same columns have documents with the same settings as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from auditor.evaluate.causes import Causes
from auditor.evaluate.engine import Verdicts
from auditor.evaluate.findings import FindingMaker
from auditor.evaluate.fingerprints import fingerprint
from auditor.evaluate.gap_reasons import Gaps
from auditor.model.finding import RootCause, cause_order
from auditor.model.resource import ResourceRef
from auditor.model.rule import Rule, Verdict
from auditor.remediation.raw_documents import Documents
from auditor.remediation.remediate import Remediation
from auditor.resolve.alike_profiles import are_told_apart
from auditor.resolve.table_model import Table
from auditor.resolve.tables import table
from auditor.rules.verdict_sql import Overrides
from auditor.sql_text import literal
from auditor.store.snapshot_reader import SnapshotReader

if TYPE_CHECKING:
    import duckdb

#: What names a resource: rows that differ in nothing else are alike.
_NAMES = ("key", "id", "name", "arn")
_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Alike:
    """Failures that are alike: how many, the least of their fingerprints, and the first and the last row by key."""

    text: str
    number: int
    name: str
    first: _Row
    last: _Row


class _Failing:
    """The failing rows of one rule, and the groups of them that are alike."""

    def __init__(self, con: duckdb.DuckDBPyConnection, maker: FindingMaker, rule: Rule) -> None:
        documented = table(rule.table)
        assert documented is not None, rule.table
        self.rule, self.documented, self._con, self._table = rule, documented, con, f"failing_{rule.id.lower()}"
        items, further = maker.wanted(rule, documented)
        self._read([*items, *further], items)
        names = [d[0] for d in con.execute(f"select * from {self._table} limit 0").description or ()]
        self._names = names
        #: Whether rows may be alike: only of a profile's kind is it known what its document holds beside the columns.
        self.grouped = documented.name == "user_profile" and are_told_apart(con)
        if not self.grouped:
            return
        others = ", ".join(f'"{name}"' for name in names if name not in _NAMES)
        resource = f"f.account || '/' || f.region || '/{documented.resource_type or documented.name}/' || f.id"
        path = literal(f"\x1f{maker.path(rule, documented)}")
        con.execute(
            f"create or replace temp table alike_{self._table} as select key, md5(to_json(row({others}))::VARCHAR)"
            f" || p.alike as alike, sha256({literal(rule.id)} || chr(31) || {resource} || {path})[:32] as fingerprint"
            f" from {self._table} f join (select account, region, id, alike from raw_user_profile) p"
            " using (account, region, id)"
        ).fetchall()

    def _read(self, items: Sequence[str], careful: Sequence[str]) -> None:
        import duckdb

        rule = self.rule
        made = (
            f"create or replace temp table {self._table} as select {{}} from {rule.table} as t join"
            f" verdict_{rule.table} v on v.key = t.key where v.\"{rule.id}\" = '{Verdict.FAIL}'"
        )
        try:
            self._con.execute(made.format(", ".join(items))).fetchall()
        except duckdb.Error:
            self._con.execute(made.format(", ".join(careful))).fetchall()

    def groups(self) -> list[_Alike]:
        """All of them; none where rows are looked at one by one."""
        if not self.grouped:
            return []
        self._con.execute(
            f"create temp table group_{self._table} as select alike, count(*) as number, min(fingerprint) as name,"
            f" min(key) as first, max(key) as last from alike_{self._table} group by alike"
        ).fetchall()
        ends = " union all ".join(
            f"select g.alike, g.number, g.name, r.* from group_{self._table} g join {self._table} r on r.key = g.{end}"
            + ("" if end == "first" else " where g.number > 1")
            for end in ("first", "last")
        )
        rows = self._con.execute(f"select * from ({ends}) order by alike, key").fetchall()
        self._con.execute(f"drop table group_{self._table}").fetchall()
        found: dict[str, _Alike] = {}
        for text, number, name, *values in rows:
            row = dict(zip(self._names, values, strict=True))
            held = found.get(text)
            found[text] = _Alike(text, number, name, row, row) if held is None else replace(held, last=row)
        return list(found.values())

    def rows(self, texts: Sequence[str]) -> list[_Row]:
        """The rows of the groups with these texts; where there are no groups, all rows."""
        among = (
            f" semi join (select key from alike_{self._table} where alike in (select unnest(?::VARCHAR[]))) a"
            " on a.key = r.key"
        )
        rows = self._con.execute(
            f"select r.* from {self._table} r{among if self.grouped else ''} order by r.key",
            [list(texts)] if self.grouped else [],
        ).fetchall()
        return [dict(zip(self._names, row, strict=True)) for row in rows]

    def drop(self) -> None:
        """Forget them."""
        self._con.execute(f"drop table {self._table}").fetchall()
        if self.grouped:
            self._con.execute(f"drop table alike_{self._table}").fetchall()


def root_causes(
    con: duckdb.DuckDBPyConnection,
    files: Sequence[SnapshotReader],
    rules: Sequence[Rule],
    verdicts: Verdicts,
    overrides: Overrides,
) -> list[RootCause]:
    """The root causes of the rules' failures, none of them waived, in the order of a report."""
    documents, causes = Documents(files), Causes()
    maker = FindingMaker(con, verdicts, overrides, Gaps(()), documents)
    failing = [_Failing(con, maker, rule) for rule in rules if verdicts.counts[rule.id].get(Verdict.FAIL)]
    groups = [one.groups() for one in failing]
    for one, those in zip(failing, groups, strict=True):
        documents.announce(_key(one.documented, row) for group in those for row in (group.first, group.last))
    singly: list[list[_Row]] = []
    found: list[list[tuple[str, RootCause, Remediation]]] = []
    for one, those in zip(failing, groups, strict=True):
        made: list[tuple[str, RootCause, Remediation]] = []
        apart: list[str] = []
        for group in those:
            resource, alone, fix = _alone(maker, one, group.first)
            if group.number > 1 and (
                alone.resource.key == resource.key or _same(maker, one, group.last) != _same(maker, one, group.first)
            ):
                apart.append(group.text)
            else:
                made.append((group.name, replace(alone, affects=group.number), fix))
        found.append(made)
        singly.append(one.rows(apart) if apart or not one.grouped else [])
        one.drop()
    if any(singly):
        for one, rows in zip(failing, singly, strict=True):
            documents.announce(_key(one.documented, row) for row in rows)
    for one, made, rows in zip(failing, found, singly, strict=True):
        for name, cause, fix in made:
            causes.add(name, cause, fix)
        for row in rows:
            resource, alone, fix = _alone(maker, one, row)
            causes.add(fingerprint(one.rule.id, resource, maker.path(one.rule, one.documented)), alone, fix)
        causes.close()
    return sorted(causes.made, key=cause_order)


def _alone(maker: FindingMaker, one: _Failing, row: _Row) -> tuple[ResourceRef, RootCause, Remediation]:
    resource = maker.resource(one.documented, row)
    return (resource, *maker.alone(one.rule, one.documented, row, resource))


def _same(maker: FindingMaker, one: _Failing, row: _Row) -> tuple[Any, ...]:
    """What failures of one cause have in common."""
    _, alone, fix = _alone(maker, one, row)
    return alone, fix.steps, fix.change, fix.of_all()


def _key(documented: Table, row: _Row) -> tuple[str, str, str, str]:
    return (row["account"], row["region"], documented.name, row["id"])
