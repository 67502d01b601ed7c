"""A device, a pipe, a socket or a dangling link where a file is expected: exit code 2 and one sentence, at once."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor.regular_files import NotReadError, files_below, open_regular

KINDS = ("zero", "pipe", "dangling", "socket")
#: Commands, with FILE where the odd one is named.
READERS = """
check FILE; check night.jsonl --baseline FILE; check night.jsonl --waivers FILE
check night.jsonl --rules FILE; check night.jsonl --config FILE; scan . --trusted-config FILE
check night.jsonl --template FILE.md.j2; query 1 --snapshot FILE; diff FILE FILE; diff night.jsonl FILE
check night.jsonl --store FILE; history --store FILE; store list --store FILE
store prune --keep 9d --store FILE; rules test FILE; waivers check FILE; config check FILE; whereami FILE
collect --snapshot s.jsonl --previous FILE; audit --cloudtrail-logs FILE; audit --store FILE
check night.jsonl --output FILE; simulate --estate FILE; scan . --against FILE; scan FILE
"""
COMMANDS = READERS.strip().replace("\n", "; ").split("; ")


@pytest.fixture
def odd(tmp_path: Path, estate_file: Callable[[str], Path]) -> Iterator[Callable[[str], str]]:
    """Makes the odd file in the folder that the commands run in."""
    shutil.copy(estate_file("clean"), tmp_path / "night.jsonl")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "zero.md.j2").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe.md.j2")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "dangling.md.j2").symlink_to("nowhere")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "socket"))
    (tmp_path / "socket.md.j2").symlink_to("socket")
    yield str
    server.close()


@pytest.mark.parametrize("kind", KINDS)
def test_only_plain_files_are_read(odd: Callable[[str], str], tmp_path: Path, kind: str) -> None:
    """In a process of their own, with less memory than a device has, and an end if they wait."""
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))\n"
        "from auditor.cli.main import run\n"
        "for command in sys.argv[2:]:\n"
        "    arguments = [a.replace('FILE', sys.argv[1]) for a in command.split()]\n"
        "    print('>', int(run(arguments)), command, flush=True)\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "CI"} | {
        "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "PYTHONPATH": str(Path(__file__).parents[2]),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code, kind, *COMMANDS], cwd=tmp_path, env=environment,
        capture_output=True, text=True, timeout=180, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    told = [line.split(" ", 2) for line in done.stdout.splitlines() if line.startswith("> ")]
    codes = {command: int(code) for _, code, command in told}
    # What a scan does not read is not assessed.
    assert codes == {command: 3 if command == "scan FILE" else 2 for command in COMMANDS}, done.stderr
    assert "Internal error" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_is_not_forgotten(
    auditor: Callable[..., Any], odd: Callable[[str], str], tmp_path: Path, kind: str
) -> None:
    """Beside good ones, an odd file would be a rule less."""
    rules = tmp_path / "rules"
    shutil.copytree(Path(__file__).parents[2] / "rules" / "people", rules)
    (tmp_path / kind).rename(rules / "0.yaml")
    outcome = auditor("check", tmp_path / "night.jsonl", "--rules", rules)
    assert (outcome.code, "0.yaml" in outcome.err) == (2, True)


def test_a_folder_that_cannot_be_listed_is_not_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    scan = os.scandir

    def refuse(path: Any) -> Any:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(NotReadError, match="closed cannot be listed: Permission denied"):
        files_below(tmp_path)


def test_nothing_is_left_open(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    opened = Path("/proc/self/fd")
    before = len(list(opened.iterdir()))
    for _ in range(5):
        with pytest.raises(OSError, match="is a named pipe, not a file"):
            open_regular(tmp_path / "pipe")
    assert len(list(opened.iterdir())) == before


def test_a_folder_of_rules_that_leads_back_to_itself(
    auditor: Callable[..., Any], odd: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")
    for folder in ("loop", "loop/rules"):
        outcome = auditor("check", "night.jsonl", "--rules", folder)
        assert outcome.code == 2
        assert "no such file or folder" in outcome.err


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="Linux")
def test_a_log_that_cannot_be_appended_to(auditor: Callable[..., Any], tmp_path: Path) -> None:
    """A regular file to the kernel, and no place to write to."""
    outcome = auditor("check", tmp_path / "night.jsonl", "--log-file", "/proc/self/mem")
    assert outcome.code == 2
    assert "/proc/self/mem: Invalid argument" in outcome.err


def test_text_that_is_not_utf_8(auditor: Callable[..., Any], odd: Callable[[str], str], tmp_path: Path) -> None:
    """In an argument, and in the name of a folder of snapshots."""
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    shutil.copy(tmp_path / "night.jsonl", folder)
    for arguments, said in (
        (("check", folder / "night.jsonl"), "caf\\xe9/night.jsonl: the name is not UTF-8 text"),
        (("query", "--snapshot", tmp_path / "night.jsonl", f"select '{folder.name}'"), "SQL: not text in UTF-8"),
        (("check", tmp_path / "night.jsonl", "--param", 'STU101.more_names=["\\ud800"]'), "half of a character"),
        (("check", tmp_path / "night.jsonl", "--param", f"STU101.more_names={'[' * 3000}"), "is not a YAML value"),
    ):
        outcome = auditor(*arguments)
        assert outcome.code == 2, outcome.err
        assert said in outcome.err
