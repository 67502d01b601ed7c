"""How fresh a store is, for people, for programs, and for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from auditor.errors import ExitCode
from auditor.store.attempts import Attempt
from auditor.store.store_status import Freshness, RunMark, StoreStatus

_PREFIX = "sagemaker_studio_auditor"


def code_of(status: StoreStatus) -> ExitCode:
    """4: an account and Region, or the whole store, is too old or was never audited; 5: the last run of one lacks
    something, or saw nothing of an account, or the last run failed; else 0."""
    if not status.scopes or status.stale or status.never or status.never_seen:
        return ExitCode.FINDINGS
    missed = any(not one.run.accepted for one in status.missed)
    return ExitCode.INCOMPLETE if status.incomplete or missed or status.failed else ExitCode.OK


def as_text(status: StoreStatus, label: str) -> Iterator[str]:
    """Lines for people: the verdict first, then what is wrong, then nothing else."""
    limit = age_text(status.max_age)
    last, complete = status.last, status.last_complete
    never = (*status.never, *(one.account for one in status.never_seen))
    if last is None and not never:
        yield f"NEVER: {label} holds no run."
    elif status.stale or never:
        few, every = len(status.stale) + len(never), len(status.scopes) + len(never)
        yield f"STALE: not audited within {limit}: {few:,} of {every:,} pairs of account and Region"
    elif code_of(status) is ExitCode.INCOMPLETE:
        yield "INCOMPLETE: the last run lacks something, or failed."
    else:
        yield f"FRESH: every account and Region was audited within {limit}."
    if last is not None:
        yield f"Last run: {last.as_of} ({_ago(last, status.now)}), {last.run_id}"
        told = f"{complete.as_of} ({_ago(complete, status.now)}), {complete.run_id}" if complete else "never"
        # Of a run over many accounts it is enough that one of them is complete.
        of = sum(one.scope.complete == complete for one in status.scopes)
        if complete and status.incomplete and of < len(status.scopes):
            told += f", for {of:,} of {len(status.scopes):,} pairs of account and Region"
        yield f"Last complete run: {told}"
    for one in status.scopes:
        if one.stale or one.incomplete:
            yield f"  {_words(one)}"
    yield from (f"  {account}: never audited" for account in status.never)
    for missed in status.missed:
        if not missed.run.accepted:
            ever = "never audited; " if missed in status.never_seen else ""
            yield f"  {missed.account}: {ever}the run of {missed.run.as_of} saw nothing of it: {missed.status}"
    accepted = sum(one.scope.last.accepted for one in status.scopes)
    if accepted:
        yield f"Incomplete, which --allow-incomplete accepts: {accepted:,} pairs of account and Region"
    for attempt in status.failed:
        yield f"Failed run: {attempt.started}, {failure_text(attempt)}"


def _words(one: Freshness) -> str:
    scope = one.scope
    state = [f"stale, last audited {scope.last.as_of} ({age_text(one.age)} ago)"] if one.stale else []
    if one.incomplete:
        whole = f"last complete run {scope.complete.as_of}" if scope.complete else "never complete"
        state.append(f"last run incomplete, {whole}")
    return f"{scope.account} {scope.region}: {'; '.join(state)}"


def failure_text(attempt: Attempt) -> str:
    """What ended a failed run."""
    code = f"exit code {attempt.exit_code}: " if attempt.exit_code is not None else ""
    return f"{code}{attempt.error}"


def as_json(status: StoreStatus, label: str) -> dict[str, Any]:
    """The same as values. Ages in seconds; ``code`` is the exit code."""
    last, complete = status.last, status.last_complete
    return {
        "schema_version": "1",
        "store": label,
        "now": _moment(status.now),
        "code": int(code_of(status)),
        "max_age_seconds": int(status.max_age.total_seconds()),
        "runs": status.runs,
        "last_run": _run(last, status.now),
        "last_complete_run": _run(complete, status.now),
        "scopes": [
            {
                "account": one.scope.account,
                "region": one.scope.region,
                "stale": one.stale,
                "incomplete": not one.scope.last.complete,
                "accepted": one.scope.last.accepted,
                "age_seconds": int(one.age.total_seconds()),
                "last_run": _run(one.scope.last, status.now),
                "last_complete_run": _run(one.scope.complete, status.now),
            }
            for one in status.scopes
        ],
        "never": list(status.never),
        "missed": [
            {
                "account": one.account, "status": one.status, "accepted": one.run.accepted,
                "run": _run(one.run, status.now),
            }
            for one in status.missed
        ],
        "failed_runs": [
            {
                "started": attempt.started, "ended": attempt.ended or None, "command": attempt.command,
                "asked": attempt.asked, "exit_code": attempt.exit_code, "error": attempt.error,
            }
            for attempt in status.failed
        ],
        "problems": list(status.problems),
    }  # fmt: skip


def as_prometheus(status: StoreStatus) -> Iterator[str]:
    """Lines in Prometheus's text format, for the textfile collector of the node exporter or a push gateway."""
    yield from _metric("status", "Exit code of auditor status: 0 fresh, 4 too old or never, 5 incomplete", [
        ("", int(code_of(status)))
    ])  # fmt: skip
    yield from _metric("runs", "Runs in the store", [("", status.runs)])
    yield from _metric("failed_runs", "Runs that failed after the last one that is kept", [("", len(status.failed))])
    if status.missed:
        yield from _metric("missed_account", "1: the newest run that was to audit the account saw nothing of it", [
            (f'{{account="{_escaped(one.account)}"}}', 1) for one in status.missed
        ])  # fmt: skip
    labelled = [(_labels(one), one) for one in status.scopes]
    yield from _metric("last_run_timestamp_seconds", "When the last run began", [
        (labels, int(one.scope.last.moment.timestamp())) for labels, one in labelled
    ])  # fmt: skip
    yield from _metric("last_complete_run_timestamp_seconds", "When the last complete run began; 0: there was none", [
        (labels, int(one.scope.complete.moment.timestamp()) if one.scope.complete else 0) for labels, one in labelled
    ])  # fmt: skip
    yield from _metric("last_run_complete", "Whether the last run was complete", [
        (labels, int(one.scope.last.complete)) for labels, one in labelled
    ])  # fmt: skip
    yield from _metric("stale", "Whether the last run is older than --max-age", [
        (labels, int(one.stale)) for labels, one in labelled
    ])  # fmt: skip


def _metric(name: str, doc: str, values: list[tuple[str, int]]) -> Iterator[str]:
    yield f"# HELP {_PREFIX}_{name} {doc}."
    yield f"# TYPE {_PREFIX}_{name} gauge"
    yield from (f"{_PREFIX}_{name}{labels} {value}" for labels, value in values)


def _labels(one: Freshness) -> str:
    return f'{{account="{_escaped(one.scope.account)}",region="{_escaped(one.scope.region)}"}}'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _run(mark: RunMark | None, now: datetime) -> dict[str, Any] | None:
    if mark is None:
        return None
    age = int(max(now - mark.moment, timedelta()).total_seconds())
    return {"run_id": mark.run_id, "as_of": mark.as_of, "age_seconds": age}


def _ago(mark: RunMark, now: datetime) -> str:
    return f"{age_text(max(now - mark.moment, timedelta()))} ago"


def age_text(age: timedelta) -> str:
    """``45 s``, ``12 min``, ``26 h``, ``3 d 4 h``."""
    seconds = int(age.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    hours = seconds // 3600
    if hours < 48:
        minutes = seconds % 3600 // 60
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} d {hours % 24} h" if hours % 24 else f"{hours // 24} d"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
