"""auditor status: is the nightly audit still running, for people, programs, and Prometheus."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from auditor.cli.status_views import as_text
from auditor.run.recorded_attempt import recorded
from auditor.run.run_store import open_store
from auditor.store import moments
from auditor.store.store_status import Freshness, RunMark, ScopeMark, StoreStatus
from tests.evaluate.helpers import ACCOUNT, REGION

from .stored_runs import checked, night

Auditor = Callable[..., Any]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    def at(day: int, hour: int) -> None:
        monkeypatch.setattr(moments, "utc_now", lambda: datetime(2026, 11, day, hour, tzinfo=UTC))

    return at


def test_a_night_that_is_fresh_incomplete_and_stale(auditor: Auditor, tmp_path: Path, clock: Any) -> None:
    clock(10, 3)
    store = ("--store", "nights")
    assert auditor("status", *store).code == 4
    assert auditor("status", *store).out == "NEVER: nights holds no run.\n"
    checked(auditor, night(tmp_path, 10, {"a": "SSO"}), *store)
    fresh = auditor("status", *store)
    assert (fresh.code, fresh.out.splitlines()[0]) == (0, "FRESH: every account and Region was audited within 26 h.")
    assert "Last run: 2026-11-10T02:00:00Z (1 h ago), 20261110T020000Z-" in fresh.out
    clock(11, 3)
    checked(auditor, night(tmp_path, 11, {"a": None}), *store)
    incomplete = auditor("status", *store)
    assert incomplete.code == 5
    assert f"  {ACCOUNT} {REGION}: last run incomplete, last complete run 2026-11-10T02:00:00Z" in incomplete.out
    clock(12, 5)
    stale = auditor("status", *store, "--max-age", "1d")
    assert stale.code == 4
    assert f"  {ACCOUNT} {REGION}: stale, last audited 2026-11-11T02:00:00Z (27 h ago); last run inc" in stale.out
    assert auditor("status", *store, "--skip-account", ACCOUNT).code == 4
    never = auditor("status", *store, "--account", "123123123123", "--max-age", "9d")
    assert (never.code, "123123123123: never audited" in never.out) == (4, True)


def test_for_programs(auditor: Auditor, tmp_path: Path, clock: Any) -> None:
    clock(11, 3)
    checked(auditor, night(tmp_path, 10, {"a": "SSO"}), "--store", "nights")
    outcome = auditor("status", "--store", "nights", "--format", "json", "--max-age", "90m")
    found = json.loads(outcome.out)
    (scope,) = found["scopes"]
    assert (outcome.code, found["code"], found["max_age_seconds"]) == (4, 4, 5400)
    assert (scope["account"], scope["region"], scope["stale"], scope["age_seconds"]) == (ACCOUNT, REGION, True, 90000)
    outcome = auditor("status", "--store", "nights", "--format", "prometheus")
    lines = outcome.out.splitlines()
    moment = int(datetime(2026, 11, 10, 2, tzinfo=UTC).timestamp())
    labels = f'{{account="{ACCOUNT}",region="{REGION}"}}'
    assert f"sagemaker_studio_auditor_last_run_timestamp_seconds{labels} {moment}" in lines
    assert "sagemaker_studio_auditor_status 0" in lines
    named = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    assert {line.partition("{")[0].split()[0] for line in lines if not line.startswith("#")} == named


def test_a_run_that_fails_is_recorded(auditor: Auditor, tmp_path: Path, clock: Any) -> None:
    """What is wrong with the options, with the snapshot, and what nobody has thought of."""
    clock(10, 3)
    store = ("--store", "nights")
    checked(auditor, night(tmp_path, 10, {"a": "SSO"}), *store)
    clock(10, 4)
    (tmp_path / "half.jsonl").write_text('{"snapshot": {}}\n')
    assert auditor("check", tmp_path / "half.jsonl", *store).code == 2
    assert auditor("check", night(tmp_path, 10, {"a": "SSO"}), *store, "--only", "STU999").code == 2
    with pytest.raises(ZeroDivisionError), recorded(open_store("nights"), "audit"):
        raise ZeroDivisionError("a defect")
    outcome = auditor("status", *store, "--format", "json")
    assert outcome.code == 5
    failed = json.loads(outcome.out)["failed_runs"]
    assert [f["exit_code"] for f in failed].count(2) == 2
    assert "ZeroDivisionError: a defect" in [f["error"] for f in failed]
    text = auditor("status", *store).out
    assert "INCOMPLETE: the last run lacks something, or failed." in text
    assert "Failed run: 2026-11-10T04:00:00Z, exit code 1: ZeroDivisionError: a defect" in text
    # Whoever opens the store's page sees it as well.
    page = (tmp_path / "nights/index.html").read_text(encoding="utf-8")
    assert "exit code 1: ZeroDivisionError: a defect" in page
    assert "Since then: 3 failed." in page


def test_a_run_that_is_complete_for_one_of_many_accounts_does_not_pass_for_complete() -> None:
    whole = RunMark("20261110T020000Z-1", "2026-11-10T02:00:00Z", complete=True)
    half = replace(whole, complete=False)
    scopes = [
        ScopeMark("1", REGION, whole, whole),
        ScopeMark("2", REGION, half, None),
        ScopeMark("3", REGION, half, None),
    ]
    status = StoreStatus(
        datetime(2026, 11, 10, 3, tzinfo=UTC), timedelta(hours=26), 1,
        tuple(Freshness(scope, timedelta(hours=1), stale=False) for scope in scopes), (),
    )  # fmt: skip
    told = list(as_text(status, "nights"))
    assert told[0] == "INCOMPLETE: the last run lacks something, or failed."
    assert told[2].startswith("Last complete run: 2026-11-10T02:00:00Z (1 h ago)")
    assert told[2].endswith(", for 1 of 3 pairs of account and Region")


@pytest.mark.parametrize("age", ["26", "h", "1w", "-1h", "1.5h", " "])
def test_an_age_has_a_unit(auditor: Auditor, age: str) -> None:
    outcome = auditor("status", "--store", "nights", "--max-age", age)
    assert outcome.code == 2
    assert "is not an age. Write seconds, minutes, hours or days" in outcome.err
