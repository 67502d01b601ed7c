"""What passed and failed, by domain and area: one scan of each table's verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from auditor.model.finding import Finding
from auditor.model.posture import PostureCount
from auditor.model.rule import Rule, Verdict
from auditor.resolve.tables import table
from auditor.sql_text import literal

if TYPE_CHECKING:
    import duckdb

_Key = tuple[str, str, str, str]


def posture(
    con: duckdb.DuckDBPyConnection,
    rules: Sequence[Rule],
    counts: Mapping[str, Mapping[Verdict, int]],
    findings: Sequence[Finding],
) -> tuple[PostureCount, ...]:
    """Checks by account, Region, domain and area, sorted. ``counts``: verdicts by rule id; ``findings``:
    those of the rules, none waived yet.

    A check is one rule on one resource; those that pass make no finding, so that they are counted in the tables.
    """
    areas = {rule.id: rule.area for rule in rules}
    passed: Counter[_Key] = Counter()
    passing = [rule for rule in rules if counts[rule.id].get(Verdict.PASS)]
    for name in sorted({rule.table for rule in passing}):
        own: dict[str, list[str]] = {}
        for rule in passing:
            if rule.table == name:
                own.setdefault(rule.area, []).append(rule.id)
        for account, region, domain_id, *numbers in _passes(con, name, own):
            for area, number in zip(own, numbers, strict=True):
                passed[account, region, domain_id, area] += number
    failed: Counter[_Key] = Counter(
        (f.resource.account, f.resource.region, f.resource.domain_id, areas[f.rule_id])
        for f in findings
        if f.status is Verdict.FAIL
    )
    return tuple(
        PostureCount(*key, passed[key], failed[key]) for key in sorted({*passed, *failed}) if passed[key] or failed[key]
    )


def _passes(
    con: duckdb.DuckDBPyConnection, name: str, areas: dict[str, list[str]]
) -> list[tuple[str, str, str, *tuple[int, ...]]]:
    """Account, Region and domain as a finding names them, and how often the rules of each area passed there."""
    documented = table(name)
    assert documented is not None, name  # the loader refuses other tables

    def place(column: str) -> str:
        return f"coalesce(t.{column}, '')" if documented.column(column) is not None else "''"

    in_domain = "t.id" if name == "domain" else place("domain_id")
    sums = ", ".join(
        "sum(" + " + ".join(f'(v."{rule_id}" = {literal(Verdict.PASS)})::BIGINT' for rule_id in ids) + ")::BIGINT"
        for ids in areas.values()
    )
    rows: list[tuple[str, str, str, *tuple[int, ...]]] = con.execute(
        f"select {place('account')}, {place('region')}, {in_domain}, {sums}"
        f" from {name} t join verdict_{name} v on v.key = t.key group by 1, 2, 3"
    ).fetchall()
    return rows
