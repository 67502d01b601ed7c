"""Files appear whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from auditor.errors import ConfigError, ExitCode
from auditor.regular_files import NotRegularError, open_regular
from auditor.store.files import access, atomic


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    """Not before, and with the folders that it needs."""
    path = tmp_path / "a" / "b" / "report.json"
    with atomic(path) as out:
        out.write(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert names(path.parent) == ["report.json"]


@pytest.mark.parametrize("error", [ValueError("boom"), KeyboardInterrupt(), SystemExit(3)])
def test_a_failure_leaves_the_old_file_whole(error: BaseException, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(b"old")

    def write() -> None:
        with atomic(path) as out:
            out.write(b"half of the n")
            raise error

    with pytest.raises(type(error)):
        write()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["report.json"]


def test_a_failure_leaves_no_file_where_there_was_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="boom"), atomic(tmp_path / "report.json"):
        raise ValueError("boom")
    assert names(tmp_path) == []


@pytest.mark.parametrize("umask", [0o022, 0o000, 0o077])
def test_files_and_folders_are_their_owner_s_alone(tmp_path: Path, umask: int) -> None:
    """Whatever the umask; a folder that was there before keeps its mode, a file that was there does not."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there").chmod(0o755)
    old = tmp_path / "there" / "report.json"
    old.write_bytes(b"old")
    old.chmod(0o644)
    before = os.umask(umask)
    try:
        for path in (old, tmp_path / "a" / "b" / "report.json"):
            with atomic(path) as out:
                assert mode(next(path.parent.glob(".report.json.*"))) == 0o600
                out.write(b"x")
    finally:
        os.umask(before)
    assert (mode(old), mode(old.parent)) == (0o600, 0o755)
    assert [mode(tmp_path / p) for p in ("a", "a/b", "a/b/report.json")] == [0o700, 0o700, 0o600]


@pytest.mark.parametrize(("text", "file", "folder"), [("600", 0o600, 0o700), ("640", 0o640, 0o750),
                                                      ("0644", 0o644, 0o755), ("660", 0o660, 0o770)])  # fmt: skip
def test_a_mode_that_is_given_holds_whatever_the_umask(tmp_path: Path, text: str, file: int, folder: int) -> None:
    before = os.umask(0o077)
    try:
        with atomic(tmp_path / "a" / "b" / "report.json", access(text)) as out:
            out.write(b"x")
    finally:
        os.umask(before)
    assert [mode(tmp_path / p) for p in ("a", "a/b", "a/b/report.json")] == [folder, folder, file]


@pytest.mark.parametrize(
    "text", ["", "0", "888", "6000", "444", "755", "666", "646", "rw-", "-640", "\u0666\u0660\u0660"]
)
def test_what_is_no_mode_for_files_is_refused(text: str) -> None:
    """One that its owner could not write, one to execute, one that everybody could write."""
    with pytest.raises(ConfigError, match="is not a mode for files"):
        access(text)


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "pipe", "."])
def test_only_plain_files_are_read(tmp_path: Path, path: str) -> None:
    """A pipe without a writer would be waited for, a device never ends."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotRegularError, match="not a file"):
        open_regular(tmp_path / path)


def test_a_folder_that_cannot_be_is_a_usage_error(tmp_path: Path) -> None:
    """The parent is a file: nobody may write there, root neither."""
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "report.json"
    with pytest.raises(ConfigError) as error, atomic(path):
        pass
    assert str(path) in error.value.message
    assert error.value.hint
    assert error.value.exit_code == ExitCode.USAGE


def test_a_target_that_is_a_folder_is_a_usage_error(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.mkdir()
    with pytest.raises(ConfigError) as error, atomic(path) as out:
        out.write(b"x")
    assert str(path) in error.value.message
    assert names(tmp_path) == ["report.json"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_a_usage_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(ConfigError, match="cannot write"), atomic(tmp_path / "report.json"):
            pass
    finally:
        tmp_path.chmod(0o700)
