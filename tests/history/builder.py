"""Runs made by hand, and a plain model of history to hold the queries against."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from auditor.history.advance import Step, known_rows
from auditor.history.facts import Fact, Facts
from auditor.model.history import Comparison
from auditor.model.resource import ResourceRef
from auditor.model.rule import Severity, Verdict
from auditor.sql_text import literal
from auditor.store.connection import connect
from auditor.store.store_tables import HISTORY, empty

ACCOUNT, REGION = "111122223333", "eu-west-1"
HERE = (ACCOUNT, REGION)
RULES = ("STU101", "STU501")


def fact(
    rule: str, name: str, status: str = "fail", *, waived: bool = False, region: str = REGION,
    account: str = ACCOUNT, type_: str = "user_profile", severity: Severity = Severity.HIGH, regressed: int = 0,
    first_seen: str | None = None,
) -> Fact:  # fmt: skip
    resource = ResourceRef(type_, f"d-1/{name}", name, account, region, domain_id="d-1")
    return Fact(
        f"{rule}/{account}/{region}/{name}", rule, severity, Verdict(status), waived, resource, f"{rule} on {name}",
        first_seen, regressed,
    )  # fmt: skip


def night(number: int) -> str:
    return f"2026-11-{number:02d}T02:00:00Z"


def run(
    number: int,
    *findings: Fact,
    scopes: Iterable[tuple[str, str]] = (HERE,),
    rules: Iterable[str] = RULES,
    lost: Iterable[tuple[str, str, str]] = (),
    pending: Sequence[Fact] = (),
) -> Facts:
    return Facts(
        night(number), frozenset(scopes), frozenset(rules), frozenset(lost), tuple(findings), tuple(pending)
    )  # fmt: skip


@dataclass
class Chain:
    """Runs one after the other; what is known is handed on as rows, as the store hands it on as files."""

    known: list[dict[str, object]] = field(default_factory=list)

    def then(
        self, facts: Facts, *, present: Iterable[ResourceRef] | None = None, narrowed: Iterable[str] = ()
    ) -> Comparison:
        con = connect()
        with tempfile.TemporaryDirectory() as folder:
            before = known_rows(con, self.known, Path(folder)) if self.known else empty(HISTORY)
            step = Step(con, facts, before, Path(folder), present=_present(present), narrowed=narrowed)
            comparison = step.comparison(None)
            cursor = con.execute(step.ledger())
            columns = [d[0] for d in cursor.description]
            rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
        covered = {(a, r) for a, r in facts.scopes} | {(a, "aws-global") for a, _ in facts.scopes}
        self.known = [r for r in self.known if (r["account"], r["region"]) not in covered] + [
            {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in row.items()} for row in rows
        ]
        return comparison

    @property
    def rows(self) -> Mapping[str, Mapping[str, object]]:
        return {str(r["fingerprint"]): r for r in self.known}


def _present(resources: Iterable[ResourceRef] | None) -> str:
    if resources is None:
        return ""
    values = [f"({', '.join(literal(v) for v in (r.account, r.region, r.type, r.id))})" for r in resources]
    values.append("('', '', '', '')")
    return f"(select * from (values {', '.join(values)}) t(account, region, type, id))"


def states(comparison: Comparison) -> dict[str, str]:
    """Fingerprint → state, of this run's failures and of earlier ones."""
    here = {f: str(s.state) for f, s in comparison.standings.items()}
    past = {p.finding.fingerprint: str(p.state) for p in comparison.past}
    assert not here.keys() & past.keys()
    return here | past
