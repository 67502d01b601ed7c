"""What a killed run leaves behind is found and removed by the next one: nothing that is in use, nothing of others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import pytest

from auditor import temporary_files
from auditor.errors import ConfigError, ExitCode
from auditor.store.files import atomic
from auditor.temporary_files import ENDING, remove_leftovers, workspace

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def old(*paths: Path) -> None:
    for path in paths:
        os.utime(path, (time.time() - 3600, time.time() - 3600), follow_symlinks=False)


def killed(script: str, *arguments: Path) -> None:
    """Run a script until it says that it is ready, and kill it."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": tempfile.gettempdir()},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


WRITING = """
    import sys, time
    from pathlib import Path
    from auditor.store.files import atomic
    from auditor.temporary_files import workspace
    with workspace("run") as folder, atomic(Path(sys.argv[1]) / "report.html") as out:
        (folder / "snapshot.jsonl").write_text("an account")
        print("ready", flush=True)
        time.sleep(60)
"""


def test_what_a_killed_run_left_is_removed(tmp_path: Path, temporary: Path) -> None:
    output = tmp_path / "out"
    killed(WRITING, output)
    (left,), (folder,) = output.iterdir(), temporary.iterdir()
    assert (folder / "snapshot.jsonl").read_text() == "an account"
    # Just now, another process may be about to lock what it made.
    assert remove_leftovers(output) == []
    old(left, folder)
    assert remove_leftovers(output) == [left, folder]
    assert [*output.iterdir(), *temporary.iterdir()] == []


def test_what_is_in_use_stays(tmp_path: Path, temporary: Path) -> None:
    """However old it looks: its process holds it."""
    with workspace("run") as folder, atomic(tmp_path / "out" / "report.html") as out:
        out.write(b"half")
        (left,) = (tmp_path / "out").iterdir()
        old(left, folder)
        assert remove_leftovers(tmp_path / "out") == []
        assert (left.exists(), folder.exists()) == (True, True)
        out.write(b" and half")
    assert (tmp_path / "out" / "report.html").read_bytes() == b"half and half"
    assert list(temporary.iterdir()) == []


def test_what_others_made_stays(tmp_path: Path, temporary: Path) -> None:
    """Names like ours, but not quite, or without our lock; symlinks; folders where a file would be."""
    files = [tmp_path / name for name in (
        f"report.html.abcdefgh{ENDING}", f".report.html.abc{ENDING}", ".report.html.abcdefgh", f".x.ABCDEFGH{ENDING}",
    )]  # fmt: skip
    for path in files:
        path.write_text("theirs")
    (tmp_path / "precious").write_text("theirs")
    link = tmp_path / f".report.html.abcdefgh{ENDING}"
    link.symlink_to(tmp_path / "precious")
    (tmp_path / f".folder.abcdefgh{ENDING}").mkdir()
    folders = [
        temporary / name
        for name in ("auditor-abcdefgh", "auditor-run-abcdefgh", "auditor", "auditor-x", "other-abcdefgh")
    ]
    for folder in folders:
        folder.mkdir()
        (folder / "file").write_text("theirs")
    (temporary / "auditor-linked00").symlink_to(tmp_path)
    for path in (*tmp_path.iterdir(), *temporary.iterdir()):
        old(path)
    before = sorted(tmp_path.rglob("*"))
    assert remove_leftovers(tmp_path) == []
    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_folder_of_ours_goes(temporary: Path) -> None:
    """Killed between making and locking it."""
    folder = temporary / "auditor-run-abcdefgh"
    folder.mkdir()
    assert remove_leftovers() == []
    old(folder)
    assert remove_leftovers() == [folder]


def test_another_user_s_files_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f".report.html.abcdefgh{ENDING}"
    path.write_text("theirs")
    old(path)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert remove_leftovers(tmp_path) == []


def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="cannot write temporary files: No space left") as raised, workspace():
        raise OSError(28, "No space left on device")
    assert raised.value.exit_code == ExitCode.USAGE
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")
    with pytest.raises(ConfigError, match="cannot write temporary files"), workspace():
        pass


def test_without_locks_nothing_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(temporary_files, "fcntl", None)
    with atomic(tmp_path / "report.html") as out:
        out.write(b"x")
    left = tmp_path / f".report.html.abcdefgh{ENDING}"
    left.write_text("half")
    old(left)
    assert remove_leftovers(tmp_path) == []
    assert (tmp_path / "report.html").read_bytes() == b"x"
