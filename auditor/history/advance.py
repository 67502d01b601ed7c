"""One step of history: what was known before, and a run, give what is known now. Set operations in DuckDB.

What is known is one row a failure that was ever seen (``auditor.store.store_tables.HISTORY``). A run says of each:

- it fails: ``new`` if it was not known, ``regressed`` if it was known as resolved, else ``open``;
- nobody can say (unknown, error, a rule that did not run, a list that could not be read): what was failing is
  ``not_assessed`` and stays unresolved; what was resolved stays resolved;
- its account and region were not audited: ``carried_over``;
- anything else (it passes, no longer applies, or is gone): ``resolved``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.history.facts import Fact, Facts, Scope
from auditor.model.finding import Finding, PastFinding, State
from auditor.model.history import Comparison, Standing
from auditor.model.report import TrendPoint
from auditor.model.resource import ResourceRef
from auditor.model.rule import Severity, Verdict
from auditor.model.snapshot import GLOBAL
from auditor.sql_text import literal
from auditor.store.store_tables import HISTORY, load_rows, resource_row

if TYPE_CHECKING:
    import duckdb

#: A failure that was resolved so long ago is forgotten: should it come back, it is new.
FORGET_DAYS = 400
#: Columns of the ledger that describe the failure; they are those of when it last failed.
_ABOUT = (
    "rule_id", "severity", "type", "id", "name", "arn", "domain_id", "domain_name", "file", "line", "construct",
    "message", "account", "region",
)  # fmt: skip
_UNRESOLVED = "('not_assessed', 'carried_over')"


def _row(fact: Fact) -> dict[str, Any]:
    return {
        **resource_row(fact.resource), "fingerprint": fact.fingerprint, "rule_id": fact.rule_id,
        "severity": fact.severity, "status": fact.status, "waived": fact.waived, "message": fact.message,
        "first_seen": fact.first_seen, "regressed": fact.regressed,
    }  # fmt: skip


def ledger_rows(facts: Facts, *, pending: bool) -> Iterator[dict[str, Any]]:
    """What one run alone knows: its failures, and with ``pending`` those of earlier runs that are unresolved."""
    for fact in (*facts.findings, *(facts.pending if pending else ())):
        if fact.status is Verdict.FAIL:
            yield _row(fact) | {
                "status": "failing", "assessed": fact.last_seen is None, "first_seen": fact.first_seen or facts.as_of,
                "last_seen": fact.last_seen or facts.as_of,
            }  # fmt: skip


def known_rows(con: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]], folder: Path) -> str:
    """SQL of a ledger that is given as rows."""
    load_rows(con, "known_rows", HISTORY, rows, folder)
    return "known_rows"


class Step:
    """A run beside what was known before it.

    ``before`` is SQL of HISTORY's rows with account and region; ``present`` SQL of the type, id, account and region of
    every resource of the run, empty where nobody knows. ``narrowed``: accounts of which fewer regions were audited
    than before: what belongs to no region may still exist there.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        facts: Facts,
        before: str,
        folder: Path,
        *,
        present: str = "",
        narrowed: Iterable[str] = (),
    ) -> None:
        self._con = con
        self.facts = facts
        load_rows(con, "tonight", HISTORY, map(_row, facts.findings), folder)
        _strings(con, "covered", ("account", "region"), _covered(facts.scopes))
        _strings(con, "narrowed", ("account",), ((a,) for a in narrowed))
        _strings(con, "ran", ("rule_id",), ((r,) for r in facts.rules))
        _strings(con, "lost", ("account", "region", "type"), facts.lost)
        con.execute(f"create or replace table before as select * from {before}").fetchall()
        con.execute(
            "create or replace table present as select distinct account, region, type, id from"
            f" {present or '(select null as account, null as region, null as type, null as id where false)'}"
        ).fetchall()
        self._judge(bool(present))

    def _judge(self, present: bool) -> None:
        about = ", ".join(f"coalesce(n.{c}, b.{c}) as {c}" for c in _ABOUT)
        # An execution role is there as long as something uses it: what was not listed may.
        lost = (
            "exists (select 1 from lost l where l.account = b.account and (l.region = b.region or b.region ="
            f" '{GLOBAL}') and (l.type in ('', b.type) or (b.type = 'execution_role' and l.type in"
            " ('domain', 'user_profile'))))"
        )
        self._con.execute(f"""
            create or replace table judged as
            select coalesce(n.fingerprint, b.fingerprint) as fingerprint, {about},
                   n.status as now_status, n.waived as now_waived, n.message as now_message,
                   b.status as was, b.waived as was_waived, b.first_seen, b.last_seen, b.resolved_at,
                   coalesce(b.regressed, 0) as regressed,
                   case
                     when n.status = 'fail' and b.fingerprint is null then 'new'
                     when n.status = 'fail' and b.status = 'resolved' then 'regressed'
                     when n.status = 'fail' then 'open'
                     when b.fingerprint is null then 'undecided'
                     when b.status = 'resolved' then 'settled'
                     when n.status is not null then 'not_assessed'
                     when c.account is null then 'carried_over'
                     when b.rule_id not in (select rule_id from ran) then 'not_assessed'
                     when p.id is not null then 'resolved'
                     when b.region = '{GLOBAL}' and b.account in (select account from narrowed) then 'carried_over'
                     when {lost} then 'not_assessed'
                     else 'resolved' end as state,
                   case
                     when n.status is not null then n.message
                     when c.account is null then 'this account and region were not part of the run'
                     when b.rule_id not in (select rule_id from ran) then 'the rule was not evaluated'
                     when p.id is not null then 'the rule holds now, or no longer applies'
                     when b.region = '{GLOBAL}' and b.account in (select account from narrowed)
                       then 'fewer regions of the account were part of the run'
                     when {lost} then 'the list of such resources could not be read'
                     else '{"the resource is gone" if present else "the rule holds now, or the resource is gone"}'
                   end as reason
            from before b full join tonight n on n.fingerprint = b.fingerprint
            left join covered c on c.account = b.account and c.region = b.region
            left join present p on p.account = b.account and p.region = b.region and p.type = b.type
              and p.id = b.id""").fetchall()

    def ledger(self) -> str:
        """SQL of what is known after the run about the accounts and regions that it audited, as HISTORY's rows."""
        now = f"{literal(self.facts.as_of)}::TIMESTAMP"
        failing = "state in ('new', 'open', 'regressed')"
        return f"""
            select j.fingerprint, {", ".join(f"j.{c}" for c in _ABOUT)},
                   case when state in ('resolved', 'settled') then 'resolved' else 'failing' end as status,
                   case when {failing} then now_waived when state in {_UNRESOLVED} then was_waived else false end
                     as waived,
                   {failing} or state in ('resolved', 'settled') as assessed,
                   coalesce(first_seen, {now}) as first_seen,
                   case when {failing} then {now} else last_seen end as last_seen,
                   case when state = 'resolved' then {now} when state = 'settled' then resolved_at end as resolved_at,
                   (regressed + (state = 'regressed')::INTEGER)::INTEGER as regressed
            from judged j join covered c on c.account = j.account and c.region = j.region
            where state <> 'undecided'
              and not (state = 'settled' and resolved_at < {now} - interval {FORGET_DAYS} day)"""

    def comparison(self, previous: str | None, trend: tuple[TrendPoint, ...] | None = None) -> Comparison:
        """Standings of this run's failures, and what became of the others."""
        now = f"{literal(self.facts.as_of)}::TIMESTAMP"
        standings = {
            fingerprint: Standing(State(state), first_seen, regressed, known)
            for fingerprint, state, first_seen, regressed, known in self._con.execute(
                f"select fingerprint, state, {moment_text(f'coalesce(first_seen, {now})')},"
                " regressed + (state = 'regressed')::INTEGER, state = 'open' and not was_waived"
                " from judged where state in ('new', 'open', 'regressed')"
            ).fetchall()
        }
        return Comparison(previous, standings, tuple(self._past()), trend)

    def _past(self) -> Iterator[PastFinding]:
        rows = self._con.execute(
            f"select fingerprint, state, reason, {moment_text('first_seen')}, {moment_text('last_seen')}, regressed,"
            f" {', '.join(_ABOUT)} from judged where state in ('resolved', 'not_assessed', 'carried_over')"
        ).fetchall()
        found = []
        for fingerprint, state, reason, first_seen, last_seen, regressed, *about in rows:
            fields = dict(zip(_ABOUT, about, strict=True))
            resource = ResourceRef(
                **{name: fields[name] for name in ("type", "id", "name", "account", "region", "arn", "domain_id",
                                                   "domain_name", "file", "line", "construct")}
            )  # fmt: skip
            finding = Finding(
                fingerprint, fields["rule_id"], Verdict.FAIL, Severity(fields["severity"]), resource,
                fields["message"], (), "", None, first_seen=first_seen, regressed=regressed,
            )  # fmt: skip
            found.append(PastFinding(finding, State(state), last_seen, reason))
        order = (State.NOT_ASSESSED, State.CARRIED_OVER, State.RESOLVED)
        return iter(
            sorted(
                found,
                key=lambda p: (
                    order.index(p.state), p.finding.severity.rank, p.finding.rule_id, p.finding.resource.key,
                    p.finding.fingerprint,
                ),
            )
        )  # fmt: skip


def _covered(scopes: Iterable[Scope]) -> frozenset[Scope]:
    """The scopes, and for each account what belongs to no region."""
    given = frozenset(scopes)
    return given | {(account, GLOBAL) for account, _ in given}


def _strings(
    con: duckdb.DuckDBPyConnection, name: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]
) -> None:
    values = ", ".join(f"({', '.join(map(literal, row))})" for row in sorted(rows))
    names = ", ".join(columns)
    nulls = ", ".join(f"null::VARCHAR as {c}" for c in columns)
    source = f"select * from (values {values}) t({names})" if values else f"select {nulls} where false"
    con.execute(f"create or replace table {name} as {source}").fetchall()


def moment_text(moment: str) -> str:
    """SQL of a TIMESTAMP as it stands in reports: to the microsecond where there are any."""
    return f"rtrim(rtrim(strftime({moment}, '%Y-%m-%dT%H:%M:%S.%f'), '0'), '.') || 'Z'"
