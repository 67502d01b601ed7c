"""Nights in a store, end to end: states, the gate beside the last run, what other programs read, and the commands."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import boto3
import duckdb
import jsonschema
import pytest

from auditor import Options, check
from auditor.model.rule import Severity
from auditor.model.snapshot import Gap
from auditor.report.json_format import schema
from auditor.simulator import Simulator
from auditor.store.snapshot_reader import SnapshotReader
from tests.evaluate.helpers import ACCOUNT, REGION

from .stored_runs import checked, night, states

Auditor = Callable[..., Any]


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, simulated: Callable[..., Simulator]) -> str:
    """What --store is given."""
    if request.param == "folder":
        return "nights"
    simulated("clean")
    client: Any = boto3.client("s3")
    client.create_bucket(Bucket="audit-nights", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return "s3://audit-nights/studio"


def test_five_nights(auditor: Auditor, tmp_path: Path, place: str) -> None:
    store = ("--store", place)
    outcome, report = checked(auditor, night(tmp_path, 1, {"a": "IAM", "b": "IAM", "c": "SSO"}), *store)
    assert (outcome.code, states(report)) == (4, {"a": "new", "b": "new"})
    assert f"Kept in {place}, run 20261101T020000Z-" in outcome.out
    assert (report["previous"], len(report["trend"])) == (None, 1)

    outcome, report = checked(auditor, night(tmp_path, 2, {"a": "IAM", "b": "SSO", "c": "IAM"}), *store, "--new-only")
    assert (outcome.code, states(report)) == (4, {"a": "open", "b": "resolved", "c": "new"})
    assert [f["resource"]["name"] for f in report["findings"] if f["gates"]] == ["c"]
    assert "Since 2026-11-01T02:00:00Z: 1 new, 1 resolved" in outcome.out
    assert "Failed: 1 new finding of severity medium or above" in outcome.out

    outcome, report = checked(auditor, night(tmp_path, 3, {"a": None, "b": "SSO", "c": "IAM"}), *store, "--new-only")
    assert (outcome.code, states(report)) == (5, {"a": "not_assessed", "c": "open"})

    outcome, report = checked(auditor, night(tmp_path, 4, {"a": "IAM", "b": "IAM", "c": "IAM"}), *store, "--new-only")
    assert (outcome.code, states(report)) == (4, {"a": "open", "b": "regressed", "c": "open"})
    (back,) = (f for f in report["findings"] if f["resource"]["name"] == "b")
    assert (back["first_seen"], back["regressed"], back["gates"]) == ("2026-11-01T02:00:00Z", 1, True)

    lost = Gap(ACCOUNT, REGION, "domain", "*", "*", "ListDomains", "access_denied")
    outcome, report = checked(auditor, night(tmp_path, 5, {"a": "IAM"}, gaps=[lost]), *store, "--new-only")
    assert (outcome.code, states(report)) == (5, {"a": "open", "b": "not_assessed", "c": "not_assessed"})

    jsonschema.validate(report, schema())
    assert [(t["as_of"][:10], t["by_severity"]["medium"], t["new"], t["regressed"], t["resolved"], t["unknown"])
            for t in report["trend"]] == [
        ("2026-11-01", 2, 2, 0, 0, 0),
        ("2026-11-02", 2, 1, 0, 1, 0),
        ("2026-11-03", 1, 0, 0, 0, 1),
        ("2026-11-04", 3, 0, 1, 0, 0),
        ("2026-11-05", 1, 0, 0, 0, 0),
    ]  # fmt: skip

    # What the third and the fifth did not see may be missing from their counts.
    assert [t["incomplete"] for t in report["trend"]] == [False, False, True, False, True]

    listed = json.loads(auditor("store", "list", *store, "--format", "json").out)
    assert [(r["as_of"][8:10], r["medium"], r["new"], r["exit_code"]) for r in listed] == [
        ("01", 2, 2, 4), ("02", 2, 1, 4), ("03", 1, 0, 5), ("04", 3, 0, 4), ("05", 1, 0, 5),
    ]  # fmt: skip

    told = json.loads(auditor("history", *store, "--format", "json").out)
    assert [(f["name"], f["state"], f["first_seen"][:10], f["age_days"], f["regressed"]) for f in told["failures"]] == [
        ("a", "open", "2026-11-01", 4, 0), ("b", "not_assessed", "2026-11-01", 4, 1),
        ("c", "not_assessed", "2026-11-02", 3, 0),
    ]  # fmt: skip
    assert told["nights"] == report["trend"]
    by_rule = json.loads(auditor("history", *store, "--format", "json", "--rule", "identity-center-sign-in").out)
    assert by_rule == told
    assert json.loads(auditor("history", *store, "--format", "json", "--rule", "STU605").out)["failures"] == []
    text = auditor("history", *store, "--state", "open").out
    assert re.search(r"failures  \S{5}  2 → 1", text)
    assert "domain a (111122223333 eu-west-1)" in text
    shown = {line.split()[0][:10]: "incomplete" in line for line in text.splitlines() if line.startswith("2026-11-")}
    assert [shown[f"2026-11-0{day}"] for day in range(1, 6)] == [False, False, True, False, True]

    moved = auditor("diff", *store, "2026-11-01", "2026-11-04", "--format", "json")
    assert moved.code == 4
    found = {name: [i["resource"]["name"] for i in items] for name, items in json.loads(moved.out)["findings"].items()}
    assert found == {"new": ["c"], "regressed": [], "lapsed": [], "resolved": [], "waived": [], "not_assessed": [],
                     "carried_over": []}  # fmt: skip
    assert auditor("diff", *store).code == 5
    assert auditor("diff", *store, "latest", "latest").code == 0


def test_first_seen_outlives_the_runs_that_saw_it(auditor: Auditor, tmp_path: Path) -> None:
    store = ("--store", "nights")
    for day in (1, 2, 3):
        checked(auditor, night(tmp_path, day, {"a": "IAM"}), *store)
    outcome = auditor("store", "prune", "--keep", "0d", *store)
    assert outcome.code == 0
    assert outcome.out.splitlines()[-1].startswith("2 runs and 0 left-over files deleted (")
    assert len(list((tmp_path / "nights" / "runs").iterdir())) == 1
    # Folders of days that hold nothing any more are gone as well.
    assert [p.name for p in (tmp_path / "nights" / "findings").iterdir()] == ["date=2026-11-03"]
    _, report = checked(auditor, night(tmp_path, 4, {"a": "IAM"}), *store)
    assert [f["first_seen"] for f in report["findings"]] == ["2026-11-01T02:00:00Z"]
    assert "20261101" not in (tmp_path / "nights" / "index.html").read_text()


def test_each_account_has_its_own_history(auditor: Auditor, tmp_path: Path) -> None:
    store, other = ("--store", "nights"), "012345678901"
    checked(auditor, night(tmp_path, 1, {"a": "IAM"}), *store)
    _, report = checked(auditor, night(tmp_path, 2, {"a": "IAM"}, account=other), *store)
    assert (states(report), report["previous"], len(report["trend"])) == ({"a": "new"}, None, 1)
    _, report = checked(auditor, night(tmp_path, 3, {"a": "IAM"}), *store)
    assert (states(report), report["previous"]) == ({"a": "open"}, "2026-11-01T02:00:00Z")
    # Two accounts in one run; then one of them is missing, and its failures are carried over.
    both = night(tmp_path, 4, {"a": "IAM"}), night(tmp_path / "other", 4, {"a": "IAM", "z": "IAM"}, account=other)
    outcome = auditor("check", *both, "--only", "STU106", "--format", "json", *store)
    assert outcome.code == 0
    _, report = checked(auditor, night(tmp_path, 5, {"a": "IAM"}), *store)
    past = {(p["resource"]["account"], p["resource"]["name"]): p["state"] for p in report["past"]}
    assert past == {(other, "a"): "carried_over", (other, "z"): "carried_over"}
    # An account id is text, whatever it looks like.
    told = json.loads(auditor("history", *store, "--format", "json", "--account", other).out)
    assert [(f["account"], f["name"], f["age_days"]) for f in told["failures"]] == [(other, "a", 2), (other, "z", 0)]


def test_posture_and_deadlines_remember_the_night_before(auditor: Auditor, tmp_path: Path) -> None:
    """From a store, and from a baseline: STU106 fails on IAM, STU605 passes on every domain."""
    (tmp_path / "auditor.yaml").write_text("sla: {medium: 3}\n")
    first = night(tmp_path, 1, {"a": "IAM", "b": "SSO"})
    _, before = checked(auditor, first, "--store", "nights")
    assert before["posture"]["previous"] is None
    assert (before["posture"]["passed"], before["posture"]["evaluated"]) == (3, 4)
    baseline = tmp_path / "baseline.json"
    baseline.write_bytes((tmp_path / "audit-report/report.json").read_bytes())
    outcome, report = checked(auditor, night(tmp_path, 5, {"a": "IAM", "b": "SSO", "c": "SSO"}), "--store", "nights")
    assert report["posture"]["passed"] == 5
    assert report["posture"]["previous"] == {"passed": 3, "evaluated": 4}
    by_domain = {entry["domain_id"]: entry for entry in report["posture"]["by_domain"]}
    assert by_domain["d-a"]["previous"] == {"passed": 1, "evaluated": 2}
    assert by_domain["d-c"]["previous"] is None
    assert [f["due"] for f in report["findings"]] == ["2026-11-04"]
    (late,) = report["overdue"]
    assert (late["severity"], late["number"], late["oldest"]) == ("medium", 1, 1)
    assert "Posture: 83% of 6 checks passed, 75% on 2026-11-01" in outcome.out
    assert "Overdue: 1 of 1 medium finding after 3 days" in outcome.out
    _, compared = checked(auditor, night(tmp_path, 6, {"a": "IAM"}), "--baseline", baseline)
    assert compared["posture"]["previous"] == {"passed": 3, "evaluated": 4}
    assert compared["overdue"][0]["number"] == 1


def test_of_findings_as_old_as_each_other_the_worst_is_listed_first(auditor: Auditor, tmp_path: Path) -> None:
    """Also where the list is cut: what is critical must not lie behind the limit."""
    auditor("check", night(tmp_path, 1, {"a": "IAM", "b": "IAM"}), "--store", "nights", "-q")
    listed = auditor("history", "--store", "nights", "--format", "json", "--limit", "3").out
    every = auditor("history", "--store", "nights", "--format", "json").out
    assert auditor("history", "--store", "nights", "--format", "json", "--limit", 10**30).out == every
    ranks = [Severity(f["severity"]).rank for f in json.loads(every)["failures"]]
    assert len(set(ranks)) > 1
    assert ranks == sorted(ranks)
    assert [Severity(f["severity"]).rank for f in json.loads(listed)["failures"]] == ranks[:3]


def test_other_programs_read_the_tables(auditor: Auditor, tmp_path: Path) -> None:
    store = ("--store", "nights")
    _, report = checked(auditor, night(tmp_path, 1, {"a": "IAM", "b": None}, tags=[("team", "ml")]), *store)
    checked(auditor, night(tmp_path, 2, {"a": "IAM"}), *store)
    # What a killed writer has left is in no view.
    half = next((tmp_path / "nights" / "findings").rglob("20261102*.parquet"))
    killed = "20261103T020000Z-00000000"
    con = duckdb.connect()
    con.execute(
        f"copy (select * replace ('{killed}' as run_id) from read_parquet('{half}', hive_partitioning = false))"
        f" to '{half.parent / killed}_0.parquet' (format parquet)"
    )
    for statement in auditor("store", "ddl", "--duckdb", *store).out.split(";\n"):
        con.execute(statement)
    rows = con.execute(
        "select date::VARCHAR, account, region, rule_id, status, state, name, value from findings order by all"
    ).fetchall()
    assert rows == [
        ("2026-11-01", ACCOUNT, REGION, "STU106", "fail", "new", "a", '"IAM"'),
        ("2026-11-01", ACCOUNT, REGION, "STU106", "unknown", None, "b", "null"),
        ("2026-11-02", ACCOUNT, REGION, "STU106", "fail", "open", "a", '"IAM"'),
    ]
    told = con.execute("select fingerprint, message, json(evidence) from findings where date = '2026-11-01'").fetchall()
    assert {(f, m) for f, m, _ in told} == {(f["fingerprint"], f["message"]) for f in report["findings"]}
    domains = con.execute(
        "select date::VARCHAR, name, tags['team'], settings ->> 'auth_mode', settings ->> 'auth_mode_origin', key"
        " from resources where type = 'domain' order by all"
    ).fetchall()
    assert domains == [
        ("2026-11-01", "a", "ml", "IAM", "domain", f"{ACCOUNT}/{REGION}/domain/d-a"),
        ("2026-11-01", "b", "ml", None, None, f"{ACCOUNT}/{REGION}/domain/d-b"),
        ("2026-11-02", "a", None, "IAM", "domain", f"{ACCOUNT}/{REGION}/domain/d-a"),
    ]
    assert con.execute("select count(*), count(distinct run_id) from runs").fetchall() == [(2, 2)]
    assert con.execute("select status, last_seen::VARCHAR from history where date = '2026-11-02'").fetchall() == [
        ("failing", "2026-11-02 02:00:00")
    ]


def test_a_store_keeps_the_snapshot_and_the_reports(auditor: Auditor, tmp_path: Path) -> None:
    snapshot = night(tmp_path, 1, {"a": "IAM"})
    auditor("check", snapshot, "--only", "STU106", "--format", "html", "--store", "nights", "--output", "out", "-q")
    (folder,) = (tmp_path / "nights" / "files").iterdir()
    assert sorted(p.name for p in folder.iterdir()) == ["report.html", "report.json.gz", "snapshot-1.jsonl.gz"]
    assert gzip.decompress((folder / "snapshot-1.jsonl.gz").read_bytes()) == snapshot.read_bytes()
    assert (folder / "report.html").read_bytes() == (tmp_path / "out" / "report.html").read_bytes()
    manifest = json.loads(next((tmp_path / "nights" / "runs").iterdir()).read_text())
    assert manifest["snapshots"][0]["sha256"] == SnapshotReader(snapshot).sha256
    sizes = {
        f["key"]: f["bytes"]
        for f in (*manifest["snapshots"], *manifest["reports"], *chain(*manifest["tables"].values()))
    }
    assert sizes == {key: (tmp_path / "nights" / key).stat().st_size for key in sizes}
    # Nothing but what the manifest names, and the store's own files.
    there = {p.relative_to(tmp_path / "nights").as_posix() for p in (tmp_path / "nights").rglob("*") if p.is_file()}
    assert there == {*sizes, "store.json", "status.json", "index.html", f"runs/{manifest['run_id']}.json"}


def test_the_same_snapshot_again_is_the_same_run(auditor: Auditor, tmp_path: Path) -> None:
    checked(auditor, night(tmp_path, 1, {"a": "IAM"}), "--store", "nights")
    second = night(tmp_path, 2, {"a": "IAM", "b": "IAM"})
    for _ in range(2):
        _, report = checked(auditor, second, "--store", "nights")
        assert states(report) == {"a": "open", "b": "new"}
    assert len(list((tmp_path / "nights" / "runs").iterdir())) == 2


def test_history_is_written_in_the_order_of_time(auditor: Auditor, tmp_path: Path) -> None:
    checked(auditor, night(tmp_path, 5, {"a": "IAM"}), "--store", "nights")
    outcome, _ = checked(auditor, night(tmp_path, 4, {"a": "IAM"}), "--store", "nights", "--output", "later")
    assert outcome.code == 2
    assert "holds a run of account 111122223333 in eu-west-1 as of 2026-11-05T02:00:00Z" in outcome.err
    assert not (tmp_path / "later").exists()
    assert len(list((tmp_path / "nights" / "runs").iterdir())) == 1


def test_a_lapsed_waiver_fails_the_new_only_gate(auditor: Auditor, tmp_path: Path) -> None:
    (tmp_path / "waivers.yaml").write_text(
        "waivers:\n  - {rules: STU106, resources: {type: domain}, reason: r, owner: o, expires: 2026-11-02}\n"
    )
    options = ("--store", "nights", "--new-only", "--waivers", "waivers.yaml")
    codes, seen = [], []
    for day in (1, 2, 3, 4):
        outcome, report = checked(auditor, night(tmp_path, day, {"a": "IAM"}), *options)
        codes.append(outcome.code)
        seen.append(states(report)["a"])
    assert codes == [0, 0, 4, 0]
    assert seen == ["waived", "waived", "open", "open"]


@pytest.fixture(scope="module")
def one_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a snapshot, and a store that holds it. Not to be changed."""
    folder = tmp_path_factory.mktemp("one-night")
    check(night(folder, 1, {"a": "IAM"}), options=Options(only=("STU106", "STU605"), store=str(folder / "nights")))
    return folder


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["store", "list"], "no store"),
        (["store", "list", "--store", "nowhere"], "nowhere is not a store"),
        (["history", "--store", "nowhere"], "nowhere is not a store"),
        (["store", "prune", "--store", "nowhere", "--keep", "90"], "'90' is not a duration"),
        (["store", "prune", "--store", "nowhere"], "Missing option '--keep'"),
        (["store", "ddl", "--store", "nights"], "Athena reads from S3 only"),
        (["store", "ddl", "--store", "nights", "--duckdb", "--database", "a;b"], "letters, digits and underscores"),
        (["diff", "--store", "nights"], "one run only"),
        (["diff", "--store", "nights", "2026-10-01", "latest"], "no run '2026-10-01'"),
        (["diff", "night-01.jsonl"], "diff needs OLD and NEW"),
        (["history", "--store", "nights", "--rule", "STU9999"], "--rule STU9999: unknown rule or area"),
        (["history", "--store", "nights", "--account", "12"], "--account 12: the store holds no such account"),
        (["store", "list", "--store", "nights", "--account", "1111222233334"], "not an id of 12 digits"),
        (["store", "prune", "--store", "nights", "--keep", "9d", "--account", "prod"], "--account prod: the store"),
        (["status", "--store", "nights", "--account", "12"], "--account 12: the store holds no such account"),
        (["status", "--store", "nights", "--skip-account", "prod"], "--skip-account prod: the store holds no such"),
        (["check", "night-01.jsonl", "--store", "full"], "full is not a store"),
        (["check", "night-01.jsonl", "--store", "gs://x"], "no store can be there"),
        (["check", "night-01.jsonl", "--new-only"], "--new-only has nothing to compare with"),
        (["check", "night-01.jsonl", "--baseline", "night-01.jsonl"], "not a report.json of this tool"),
        (["check", "night-01.jsonl", "--baseline", "nothing.json"], "nothing.json: cannot be read"),
        (["check", "night-01.jsonl", "--waivers", "nothing.yaml"], "nothing.yaml: cannot be read"),
        (["check", "night-01.jsonl", "--fail-on", "STU9999=low"], "is not a rule, and not an account id"),
        (["check", "night-01.jsonl", "--fail-on", "STU106=lo"], "'lo' is not a severity"),
        (["check", "night-01.jsonl", "--fail-on", "=low"], "is not a severity"),
    ],
    ids=lambda a: " ".join(a) if isinstance(a, list) else "",
)
def test_2_for_wrong_usage(auditor: Auditor, tmp_path: Path, one_night: Path, arguments: list[str], said: str) -> None:
    shutil.copytree(one_night, tmp_path, dirs_exist_ok=True)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    before = sorted(str(p) for p in tmp_path.rglob("*"))
    outcome = auditor(*arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err
    assert sorted(str(p) for p in tmp_path.rglob("*")) == before


def test_an_account_may_be_called_anything(auditor: Auditor, tmp_path: Path) -> None:
    """In a snapshot of templates it is a path."""
    name = "infra/live/a b=c%d"
    for day, state in ((1, "new"), (2, "open")):
        _, report = checked(auditor, night(tmp_path, day, {"a": "IAM"}, account=name), "--store", "nights")
        assert states(report) == {"a": state}
    told = json.loads(auditor("history", "--store", "nights", "--account", name, "--format", "json").out)
    assert [f["account"] for f in told["failures"]] == [name]
