"""Files appear whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.errors import ConfigError, ExitCode
from auditor.store.files import atomic


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


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


@pytest.mark.usefixtures("umask")
def test_the_file_is_as_readable_as_any_of_its_folder(tmp_path: Path) -> None:
    """Not for its owner alone, as temporary files are."""
    with atomic(tmp_path / "report.json") as out:
        out.write(b"x")
    assert stat.S_IMODE((tmp_path / "report.json").stat().st_mode) == 0o640


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
