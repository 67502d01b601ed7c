"""Questions to a store: what is failing since when, and how many failures there were night by night."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.history.advance import moment_text
from auditor.history.store_history import ledger_files, ledger_scopes
from auditor.history.stored_tables import checked, of_scopes, partition
from auditor.history.trend import point
from auditor.model.report import TrendPoint
from auditor.model.rule import Severity
from auditor.sql_text import literal
from auditor.store.connection import connect
from auditor.store.manifest import Manifest, StoredFile, every_scope
from auditor.store.runs import RunStore, latest
from auditor.store.store_tables import FINDINGS, HISTORY, StoreTable, empty
from auditor.temporary_files import workspace

if TYPE_CHECKING:
    import duckdb


#: More rows than any table has, and no more than SQL counts to.
_MOST = 2**62


@dataclass(frozen=True, slots=True)
class Filter:
    """Empty members let everything through. ``states``: open, waived, not_assessed or resolved."""

    rules: frozenset[str] = frozenset()
    account: str = ""
    states: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """A failure that the store knows. ``age_days``: from its first night to its last, or to when it was resolved."""

    fingerprint: str
    rule_id: str
    severity: Severity
    state: str
    account: str
    region: str
    type: str
    id: str
    name: str
    domain: str
    message: str
    first_seen: str
    last_seen: str
    resolved_at: str | None
    age_days: int
    regressed: int


def failures(store: RunStore, runs: Sequence[Manifest], wanted: Filter) -> tuple[KnownFailure, ...]:
    """What the last run of every account and region knows, oldest first, and of one age the most severe first."""
    return oldest(store, runs, wanted, 0)[1]


def oldest(
    store: RunStore, runs: Sequence[Manifest], wanted: Filter, limit: int
) -> tuple[int, tuple[KnownFailure, ...]]:
    """How many failures the last runs know, and the first of them in the order of ``failures``; ``limit`` 0: all."""
    known = ledger_scopes(latest(runs, every_scope(runs)), runs)
    limit = min(limit, _MOST)
    where = [
        *([f"rule_id in ({', '.join(map(literal, sorted(wanted.rules)))})"] if wanted.rules else []),
        *([f"account = {literal(wanted.account)}"] if wanted.account else []),
        *([f"state in ({', '.join(map(literal, wanted.states))})"] if wanted.states else []),
    ]
    with _tables(store, HISTORY, ledger_files(known)) as (con, files):
        source = of_scopes(files, known)
        # Texts are made of those that are asked for only.
        order = (
            f"first_seen, list_position({[s.value for s in Severity]!r}, severity), rule_id, account, region, type, id"
        )
        rows = con.execute(f"""
            with found as (
                select * from (
                    select *, case when status = 'resolved' then 'resolved' when not assessed then 'not_assessed'
                                   when waived then 'waived' else 'open' end as state from {source})
                {"where " + " and ".join(where) if where else ""})
            select fingerprint, rule_id, severity, state, account, region, type, id, name,
                   coalesce(nullif(domain_name, ''), domain_id) as domain, message,
                   {moment_text("first_seen")}, {moment_text("last_seen")}, {moment_text("resolved_at")},
                   date_diff('day', first_seen, coalesce(resolved_at, as_of)) as age_days, regressed,
                   (select count(*) from found) as every
            from (select * from found order by {order} {f"limit {limit}" if limit else ""})
            order by {order}""").fetchall()
    severities = {s.value: s for s in Severity}
    found = tuple(KnownFailure(f, r, severities[s], *rest) for f, r, s, *rest, _ in rows)
    return rows[0][-1] if rows else 0, found


def nights(store: RunStore, runs: Sequence[Manifest], wanted: Filter) -> tuple[TrendPoint, ...]:
    """One point a run, oldest first. Without rules the manifests say all; with rules the nights' tables are read."""
    kept = [run for run in runs if not wanted.account or wanted.account in run.accounts]
    if not wanted.rules:
        return tuple(
            point(run, [c for c in run.counts if c.account == wanted.account] if wanted.account else run.counts,
                  _lacks(run, wanted.account))
            for run in kept
        )  # fmt: skip
    return tuple(_of_rules(store, kept, wanted))


def _files(runs: Sequence[Manifest], table: str, account: str) -> list[StoredFile]:
    return [
        file
        for run in runs
        for file in run.tables.get(table, ())
        if not account or (place := partition(file.key)) is None or place[0] == account
    ]  # fmt: skip


def _of_rules(store: RunStore, runs: Sequence[Manifest], wanted: Filter) -> Iterator[TrendPoint]:
    rules = f"rule_id in ({', '.join(map(literal, sorted(wanted.rules)))})"
    if wanted.account:
        rules += f" and account = {literal(wanted.account)}"
    severities = ", ".join(
        f"count(*) filter (failing and not waived and severity = '{s.value}') as {s.value}" for s in Severity
    )
    with _tables(store, FINDINGS, _files(runs, FINDINGS.name, wanted.account)) as (con, source):
        rows = con.execute(f"""
            with found as (
                select run_id, status = 'fail' as failing, waived, severity, state from {source} where {rules})
            select run_id, {severities}, count(*) filter (failing and waived), count(*) filter (not failing),
                   count(*) filter (state = 'new'), count(*) filter (state = 'regressed')
            from found group by run_id""").fetchall()
    # What a night saw resolved is no row of its findings.
    with _tables(store, HISTORY, _files(runs, HISTORY.name, wanted.account)) as (con, source):
        resolved = dict(
            con.execute(
                f"select run_id, count(*) from {source} where {rules} and resolved_at = as_of group by run_id"
            ).fetchall()
        )
    by_run = {run_id: numbers for run_id, *numbers in rows}
    for run in runs:
        numbers = by_run.get(run.run_id, [0] * (len(Severity) + 4))
        counted = dict(zip((s.value for s in Severity), numbers, strict=False))
        waived, unknown, new, regressed = numbers[len(Severity) :]
        gone = resolved.get(run.run_id, 0)
        yield TrendPoint(run.as_of, counted, waived, unknown, new, regressed, gone, _lacks(run, wanted.account))


def _lacks(run: Manifest, account: str) -> bool:
    """Whether a run may lack failures: of the account, or of any where none is named."""
    return any(a == account for a, _ in run.lacking) if account else not run.whole


@contextmanager
def _tables(
    store: RunStore, table: StoreTable, files: Sequence[StoredFile]
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """A connection, and SQL of the files' rows."""
    with workspace("history") as folder:
        yield connect(), checked(store, files, folder, table) if files else empty(table)
