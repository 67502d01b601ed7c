"""Verdicts one by one, for programs that report in their own way: checkov."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.evaluate.audit import DEFAULTS, EvaluateOptions, evaluate_tables
from auditor.model.finding import Finding
from auditor.model.rule import Rule, Verdict
from auditor.rules.references import inherit_overrides

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class ResourceVerdict:
    """What a rule says of one row of its table. ``finding`` is there where that is fail, unknown or error."""

    rule_id: str
    table: str
    account: str
    id: str
    verdict: Verdict
    finding: Finding | None = None


def judge(files: Sequence[Path], rules: Sequence[Rule], options: EvaluateOptions = DEFAULTS) -> list[ResourceVerdict]:
    """Every verdict of the rules on the snapshots, but for not applicable; of the options, parameters, merge and
    personas count. Raises SnapshotError."""
    overrides = inherit_overrides(rules, options.overrides)
    done = evaluate_tables(files, rules, overrides, options.merge, options.personas)
    judged: list[ResourceVerdict] = []
    for table in sorted({rule.table for rule in rules}):
        own = [rule for rule in rules if rule.table == table]
        findings = {(f.rule_id, f.resource.account, f.resource.id): f for rule in own for f in done.maker.of(rule)}
        for rule_id, account, id_, verdict in _verdicts(done.con, table, own):
            judged.append(ResourceVerdict(rule_id, table, account, id_, verdict, findings.get((rule_id, account, id_))))
    return judged


def _verdicts(
    con: duckdb.DuckDBPyConnection, table: str, rules: Sequence[Rule]
) -> Iterator[tuple[str, str, str, Verdict]]:
    columns = ", ".join(f'v."{rule.id}"::VARCHAR' for rule in rules)
    rows = con.execute(
        f"select t.account, t.id, {columns} from {table} t join verdict_{table} v on v.key = t.key"
    ).fetchall()
    for account, id_, *texts in rows:
        for rule, text in zip(rules, texts, strict=True):
            if text != Verdict.NOT_APPLICABLE:
                yield rule.id, account, id_, Verdict(text)


def verdict_of(files: Sequence[Path], rule: Rule, key: str, options: EvaluateOptions = DEFAULTS) -> Verdict:
    """What one rule says of the row with that key in its table. Raises SnapshotError."""
    overrides = inherit_overrides([rule], options.overrides)
    done = evaluate_tables(files, [rule], overrides, options.merge, options.personas)
    ((text,),) = done.con.execute(
        f'select "{rule.id}"::VARCHAR from verdict_{rule.table} where key = ?', [key]
    ).fetchall()
    return Verdict(text)
