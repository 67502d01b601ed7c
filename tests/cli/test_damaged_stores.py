"""The next night comes, whatever became of the last one: damage is named, left out, and moved on request."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from auditor import Options, check
from auditor.history import stored_tables
from auditor.model.snapshot import KINDS, SCHEMA_VERSION, Header, Scope, Snapshot
from auditor.store.snapshot_file import write_snapshot
from tests.evaluate.helpers import ACCOUNT, REGION

from .stored_runs import checked, night, states

Auditor = Callable[..., Any]
STORE = ("--store", "nights")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two nights: a fails since the first, b since the second."""
    folder = tmp_path_factory.mktemp("whole")
    for day, signs in ((1, "SSO"), (2, "IAM")):
        path = night(folder, day, {"a": "IAM", "b": signs})
        check(path, options=Options(only=("STU106", "STU605"), store=str(folder / "nights")))
    return folder / "nights"


@pytest.fixture
def nights(whole: Path, tmp_path: Path) -> Path:
    """The same, to be damaged."""
    return shutil.copytree(whole, tmp_path / "nights")


def manifest(nights: Path, change: Callable[[dict[str, Any]], None]) -> None:
    (path,) = (nights / "runs").glob("20261102*.json")
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def ledger(nights: Path) -> Path:
    (path,) = (nights / "history").rglob("20261102*.parquet")
    return path


def rewritten(nights: Path, columns: str, times: int = 1) -> None:
    """The last night's ledger with other values, as long as the manifest then says."""
    path = ledger(nights)
    new = path.with_suffix(".new")
    duckdb.execute(
        f"copy (select {columns} from (select l.* from read_parquet('{path}', hive_partitioning = false) l,"
        f" range({times}))) to '{new}' (format parquet)"
    )
    new.replace(path)
    key = path.relative_to(nights).as_posix()

    def size(data: dict[str, Any]) -> None:
        data["tables"]["history"] = [{"key": key, "bytes": path.stat().st_size, "sha256": ""}]

    manifest(nights, size)


def garbled(nights: Path) -> None:
    path = ledger(nights)
    path.write_bytes(b"x" * path.stat().st_size)


def garbled_inside(nights: Path) -> None:
    """Its footer is whole, its pages are not."""
    path = ledger(nights)
    data = bytearray(path.read_bytes())
    data[4:60] = b"\xff" * 56
    path.write_bytes(data)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "key outside": lambda n: manifest(n, lambda m: m["tables"]["history"][0].update(key="../x")),
    "table key": lambda n: manifest(n, lambda m: m["tables"]["history"][0].update(key="history/x.parquet")),
    "as_of 1": lambda n: manifest(n, lambda m: m.update(as_of="0001-01-01T00:00:00Z")),
    "as_of word": lambda n: manifest(n, lambda m: m.update(as_of="yesterday")),
    "scopes": lambda n: manifest(n, lambda m: m.update(scopes=7)),
    "cut": lambda n: (p := next((n / "runs").glob("20261102*"))).write_bytes(p.read_bytes()[:99]) and None,
    "ledger missing": lambda n: ledger(n).unlink(),
    "ledger cut": lambda n: ledger(n).write_bytes(ledger(n).read_bytes()[:99]) and None,
    "ledger garbled": garbled,
    "ledger garbled inside": garbled_inside,
    "column missing": lambda n: rewritten(n, "* exclude (severity)"),
    "other type": lambda n: rewritten(n, "* replace (7 as fingerprint)"),
    "no severity": lambda n: rewritten(n, "* replace ('worst' as severity)"),
    "null": lambda n: rewritten(n, "* replace (null::VARCHAR as fingerprint)"),
    "other run": lambda n: rewritten(n, "* replace ('20261101T020000Z-00000000' as run_id)"),
    "seen later": lambda n: rewritten(n, "* replace (last_seen + interval 9000 year as last_seen)"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_next_night_goes_on(auditor: Auditor, tmp_path: Path, nights: Path, damage: str) -> None:
    """It is compared with the last night that is whole, and says which is not; repair moves that one."""
    DAMAGES[damage](nights)
    (bad,) = (p.stem for p in (nights / "runs").glob("20261102*"))
    damaged = shutil.copytree(nights, tmp_path / "damaged")
    outcome, report = checked(auditor, night(tmp_path, 3, {"a": "IAM", "b": "IAM"}), *STORE)
    assert outcome.code == 4
    assert "Internal error" not in outcome.err
    assert states(report) == {"a": "open", "b": "new"}
    assert [f["first_seen"][:10] for f in report["findings"]] == ["2026-11-01", "2026-11-03"]
    said = [line for line in outcome.err.splitlines() if "auditor store repair" in line]
    assert len(said) == 1
    assert bad in said[0]
    assert auditor("history", *STORE).code == 0

    before = files(damaged)
    done = auditor("store", "repair", "--store", damaged)
    assert (done.code, done.out.splitlines()[-1]) == (0, "1 run moved to quarantine/")
    after = files(damaged)
    assert {name.removeprefix("quarantine/") for name in after} == before
    moved = {name for name in after if name.startswith("quarantine/")}
    assert moved == {f"quarantine/{name}" for name in before if "20261102T" in name}
    assert "20261102" not in (damaged / "index.html").read_text()


def files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_repair_says_first_and_is_done_once(auditor: Auditor, nights: Path) -> None:
    ledger(nights).unlink()
    before = files(nights)
    dry = auditor("store", "repair", *STORE, "--dry-run")
    assert (dry.code, dry.out.splitlines()[-1]) == (0, "1 run would be moved to quarantine/")
    assert files(nights) == before
    assert auditor("store", "repair", *STORE).code == 0
    listed = json.loads(auditor("store", "list", *STORE, "--format", "json").out)
    assert [r["as_of"][:10] for r in listed] == ["2026-11-01"]
    assert auditor("store", "repair", *STORE).out == "0 runs moved to quarantine/\n"


def test_a_run_from_the_future_blocks_no_night(auditor: Auditor, tmp_path: Path, nights: Path) -> None:
    """One collected with a wrong clock is not taken; one that is there is left out, and moved."""
    wrong = night(tmp_path, 9, {"a": "IAM"})
    lines = wrong.read_bytes().replace(b"2026-11-09", b"2126-11-09").splitlines(keepends=True)[:-1]
    wrong.write_bytes(rehashed(lines))
    outcome, _ = checked(auditor, wrong, *STORE)
    assert outcome.code == 2
    assert "dated 2126-11-09T02:00:00Z, which is still to come" in outcome.err
    (path,) = (nights / "runs").glob("20261102*.json")
    old = path.stem
    for file in [p for p in nights.rglob(f"*{old}*") if p.is_file()] + list((nights / "files" / old).iterdir()):
        moved = Path(str(file).replace("20261102", "21261102").replace("2026-11-02", "2126-11-02"))
        moved.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".json":
            moved.write_text(file.read_text().replace("20261102", "21261102").replace("2026-11-02", "2126-11-02"))
            file.unlink()
        else:
            file.rename(moved)
    for day, state in ((3, "new"), (4, "open")):
        outcome, report = checked(auditor, night(tmp_path, day, {"a": "IAM", "b": "IAM"}), *STORE)
        assert states(report) == {"a": "open", "b": state}
        assert "21261102T020000Z" in outcome.err
        assert "which is still to come" in outcome.err
    assert auditor("store", "repair", *STORE).out.splitlines()[-1] == "1 run moved to quarantine/"
    outcome, _ = checked(auditor, night(tmp_path, 5, {"a": "IAM", "b": "IAM"}), *STORE)
    assert "store repair" not in outcome.err


def rehashed(lines: list[bytes]) -> bytes:
    import hashlib

    digest = hashlib.sha256(b"".join(lines)).hexdigest()
    return (
        b"".join(lines)
        + json.dumps({"end": {"lines": len(lines), "sha256": digest}}, separators=(",", ":")).encode()
        + b"\n"
    )


@pytest.mark.parametrize("as_of", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "yesterday", "2026-11-09T02:00:00"])
def test_a_snapshot_of_no_moment_is_refused(auditor: Auditor, tmp_path: Path, as_of: str) -> None:
    path = night(tmp_path, 9, {"a": "IAM"})
    lines = path.read_bytes().replace(b"2026-11-09T02:00:00Z", as_of.encode()).splitlines(keepends=True)[:-1]
    path.write_bytes(rehashed(lines))
    for options in ((), STORE):
        outcome, _ = checked(auditor, path, *options)
        assert (outcome.code, f"its as_of is '{as_of}'" in outcome.err) == (2, True)


def test_bombs_in_a_store(auditor: Auditor, tmp_path: Path, nights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (report,) = nights.glob("files/20261102*/report.json.gz")
    report.write_bytes(gzip.compress(bytes(100 * 1024 * 1024)))
    manifest(nights, lambda m: m["reports"][0].update(bytes=report.stat().st_size))
    outcome = auditor("diff", *STORE)
    assert (outcome.code, "becomes too large" in outcome.err) == (2, True)
    # Rows of nothing cost nothing: here ten thousand, where a thousand are allowed.
    monkeypatch.setattr(stored_tables, "MAX_ROWS", 1000)
    rewritten(nights, "*", times=10_000)
    outcome, found = checked(auditor, night(tmp_path, 3, {"a": "IAM", "b": "IAM"}), *STORE)
    assert states(found) == {"a": "open", "b": "new"}
    assert "becomes too large" in outcome.err


def test_what_is_written_is_its_owner_s_alone(auditor: Auditor, tmp_path: Path) -> None:
    def modes(*options: str) -> set[tuple[bool, int]]:
        auditor(
            "check",
            night(tmp_path / "in", 1, {"a": "IAM"}),
            "--only",
            "STU106",
            "--output",
            "out/deep",
            *STORE,
            *options,
        )
        found = [p for root in ("out", "nights") for p in ((tmp_path / root), *(tmp_path / root).rglob("*"))]
        return {(p.is_dir(), stat.S_IMODE(p.stat().st_mode)) for p in found if p.name != ".unfinished"}

    before = os.umask(0o022)
    try:
        assert modes() == {(True, 0o700), (False, 0o600)}
        for root in ("out", "nights"):
            (tmp_path / root).rename(tmp_path / f"{root}-private")
        assert modes("--mode", "640") == {(True, 0o750), (False, 0o640)}
    finally:
        os.umask(before)
    assert auditor("check", "x.jsonl", "--mode", "777").code == 2


@pytest.mark.parametrize(
    "options", [(), ("--allow-empty",), ("--allow-incomplete",), ("--allow-empty", "--allow-incomplete")]
)
def test_a_snapshot_without_a_record_of_its_place_is_no_clean_account(
    auditor: Auditor, tmp_path: Path, options: tuple[str, ...]
) -> None:
    header = Header(
        SCHEMA_VERSION, "aws", "2026-11-09T02:00:00Z", "0.1.0", "1.44.5", "", (Scope(ACCOUNT, REGION),), (), KINDS
    )
    write_snapshot(tmp_path / "empty.jsonl", Snapshot(header, ()))
    outcome = auditor("check", "empty.jsonl", "--format", "json", *options)
    assert outcome.code == 3
    report = json.loads((tmp_path / "audit-report" / "report.json").read_text())
    assert [(g["region"], g["resource_type"], g["resource_id"], g["setting"]) for g in report["gaps"]] == [
        (REGION, "domain", "*", "*")
    ]
    # Beside a place that was looked at, the other is incomplete.
    seen = night(tmp_path, 9, {"a": "SSO"}, account="999988887777")
    outcome = auditor("check", seen, "empty.jsonl", "--only", "STU106", *options)
    assert outcome.code == (0 if "--allow-incomplete" in options else 5)
