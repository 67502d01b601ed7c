"""The tables of a run over several accounts are one file each, by date: what is known is the same as by account."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from auditor.errors import ExitCode, NewerVersionError
from auditor.evaluate.audit import EvaluateOptions, evaluate
from auditor.evaluate.gate import apply_gate
from auditor.history.query import Filter, failures, nights
from auditor.history.store_history import StoreHistory
from auditor.model.report import Gate, Report
from auditor.model.rule import Rule
from auditor.model.snapshot import SCHEMA_VERSION, Header, Record, Scope, Snapshot
from auditor.run import run_store
from auditor.run.run_store import open_store, recording
from auditor.store.ddl import athena
from auditor.store.ddl import duckdb as views
from auditor.store.manifest import decode
from auditor.store.runs import RunStore
from auditor.store.snapshot_file import write_snapshot
from auditor.store.store_tables import STORE_TABLES
from auditor.store.verification import verify_store
from tests.evaluate.helpers import REGION, changed, domain, in_account, rules_of

ONE, TWO, THREE = "222222222222", "333333333333", "444444444444"
#: Accounts of each night, and the domains of each that fail: one night is of one account alone.
NIGHTS: Sequence[dict[str, tuple[str, ...]]] = (
    {ONE: ("d-1",), TWO: ("d-1", "d-2")},
    {TWO: ("d-1",)},
    {ONE: (), TWO: ("d-1", "d-2"), THREE: ("d-9",)},
)


def kept_night(
    store: RunStore, rules: tuple[Rule, ...], folder: Path, day: int, held: dict[str, tuple[str, ...]]
) -> Report:
    """A night of these accounts, evaluated and kept."""
    as_of = f"2026-11-{day:02}T02:00:00Z"
    header = Header(SCHEMA_VERSION, "aws", as_of, "0.1.0", "1.44.5", "", tuple(Scope(a, REGION) for a in sorted(held)))
    records = [Record(account, REGION, "account_region", REGION, {}) for account in held]
    records += [r for account, ids in held.items() for r in in_account(account, *map(domain, ids))]
    path = folder / f"{day}.jsonl"
    write_snapshot(path, Snapshot(header, tuple(records)))
    with recording(store) as recorder:
        report = evaluate([path], rules, EvaluateOptions(export=recorder.export))
        report = apply_gate(report, Gate(), recorder.compare(report))
        recorder.keep(report, ExitCode.FINDINGS, ())
    return report


def _told(folder: Path) -> tuple[RunStore, list[Any]]:
    """A store of the nights, and all that is known of them: states, ages, and the numbers of each night."""
    # A rule's area is the name of its folder.
    folder = folder / "same"
    folder.mkdir(parents=True)
    rules = rules_of(folder, changed(severity="high"))
    store = open_store(str(folder / "nights"))
    told: list[Any] = []
    for day, held in enumerate(NIGHTS, 1):
        report = kept_night(store, rules, folder, day, held)
        told.append([(f.fingerprint, f.state, f.first_seen) for f in report.findings])
        told.append([(p.finding.fingerprint, p.state) for p in report.past])
        told += [report.trend, report.previous_posture]
    runs = store.runs()
    told.append(failures(store, runs, Filter()))
    told.append(failures(store, runs, Filter(account=TWO)))
    told.append(nights(store, runs, Filter()))
    told += [nights(store, runs, Filter(frozenset({"TST001"}), account)) for account in ("", ONE, TWO)]
    return store, told


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunStore, list[Any], list[Any]]:
    """A store as it is written, what is known in it, and what is known in one whose tables all lie by account."""
    folder = tmp_path_factory.mktemp("layouts")
    store, told = _told(folder / "by-date")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StoreHistory, "_by_date", property(lambda _: False))
        kept = run_store.export_resources
        patch.setattr(run_store, "export_resources", lambda *given, by_date: kept(*given))
        _, before = _told(folder / "by-account")
    return store, told, before


def test_what_is_known_does_not_hang_on_the_layout(stores: tuple[RunStore, list[Any], list[Any]]) -> None:
    _, told, before = stores
    assert told == before
    assert any(told), "there is something to know"


def test_several_accounts_are_one_file_a_table_sorted(stores: tuple[RunStore, list[Any], list[Any]]) -> None:
    store, _, _ = stores
    root = Path(store.place.label)
    whole, single = [run for run in store.runs() if run.by_date], [run for run in store.runs() if not run.by_date]
    assert ([len(run.accounts) for run in whole], [run.accounts for run in single]) == ([2, 3], [(TWO,)])
    for run in whole:
        for table, files in run.tables.items():
            keys = [f"{table}_by_date/date={run.as_of[:10]}/{run.run_id}_0.parquet"]
            assert [file.key for file in files] in ([], keys), "coverage and gaps are empty here"
        (history,) = run.tables["history"]
        read = duckdb.sql(f"select account, region from read_parquet('{root / history.key}')").fetchall()
        assert read == sorted(read)
        assert {account for account, _ in read} <= set(run.accounts)
    assert verify_store(store.place).tampered == ()
    assert all(file.key.count("/account=") == 1 for run in single for fs in run.tables.values() for file in fs)


def test_definitions_hold_both_layouts(stores: tuple[RunStore, list[Any], list[Any]]) -> None:
    store, _, _ = stores
    con = duckdb.connect()
    for statement in views(store.place.label, store.runs()):
        con.execute(statement)
    expected = sorted((day, a, len(ids)) for day, held in enumerate(NIGHTS, 1) for a, ids in held.items() if ids)
    found = con.execute("select date, account, count(*) from findings group by all order by all").fetchall()
    assert [(date.day, account, number) for date, account, number in found] == expected
    text = list(athena("s3://audit/studio", "studio", store.runs()))
    parsed = [s for s in sqlglot.parse(";\n".join(text), dialect="athena") if s is not None]
    assert not any(isinstance(statement, exp.Command) for statement in parsed)
    raw = [t for t in text if "findings_by_date_files` (" in t]
    assert len(raw) == 1
    assert "PARTITIONED BY (`date` string)" in raw[0]
    assert "`account` string" in raw[0]
    assert "'storage.location.template' = 's3://audit/studio/findings_by_date/date=${date}/'" in raw[0]
    (view,) = [t for t in text if t.startswith('CREATE OR REPLACE VIEW "studio"."findings"')]
    assert ('"findings_files"' in view, "UNION ALL" in view, '"findings_by_date_files"' in view) == (True, True, True)
    again = list(athena("s3://audit/studio", "studio", store.runs(), repair=True))
    assert sum(t.startswith("MSCK REPAIR") for t in again) == 2 * len(STORE_TABLES)


def test_a_version_that_knows_no_such_run_says_so(
    stores: tuple[RunStore, list[Any], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a newer version's run to it, and not a damaged one that repair would move away."""
    store, _, _ = stores
    run = store.runs()[0]
    monkeypatch.setattr("auditor.store.manifest._KNOWN", ("1",))
    with pytest.raises(NewerVersionError):
        decode(store.place.read(run.key), "here", run.key)


def test_files_of_the_other_layout_are_refused(stores: tuple[RunStore, list[Any], list[Any]]) -> None:
    store, _, _ = stores
    run = store.runs()[0]
    data = store.place.read(run.key).decode()
    refused = partial(decode, place="here", key=run.key)
    with pytest.raises(Exception, match="names a file that is not of this run"):
        refused(data.replace('"schema_version":"2"', '"schema_version":"1"').encode())
    with pytest.raises(Exception, match="names a file that is not of this run"):
        refused(data.replace("history_by_date/", "history/").encode())
