"""The command as a process: signals, pipes, start-up imports."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest

from auditor.simulator import Simulator

from .conftest import process


def _environment() -> dict[str, str]:
    return dict(os.environ)


@pytest.fixture
def heard() -> Iterator[None]:
    """What a test starts hears Ctrl-C, although a shell that runs tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before or signal.SIG_DFL)


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_with_their_code_and_leave_no_file(
    simulated: Callable[..., Simulator], tmp_path: Path, sent: signal.Signals
) -> None:
    (tmp_path / "temporary").mkdir()
    simulator = simulated("generated:2x2000", latency_ms=30)
    started = process(
        ["audit", "--region", "eu-west-1", "--snapshot", "s.jsonl"],
        cwd=tmp_path,
        env=_environment() | {"TMPDIR": str(tmp_path / "temporary")},
        start_new_session=True,
    )
    deadline = time.monotonic() + 30
    while simulator.calls["sagemaker:DescribeUserProfile"] < 20 and time.monotonic() < deadline:
        time.sleep(0.05)
    started.send_signal(sent)
    out, err = started.communicate(timeout=30)
    assert started.returncode == 128 + sent
    assert out == ""
    assert "Interrupted" in err
    assert "Traceback" not in err
    assert list(tmp_path.rglob("*")) == [tmp_path / "temporary"]


@pytest.mark.usefixtures("heard")
def test_a_second_ctrl_c_leaves_no_traceback(tmp_path: Path) -> None:
    """Between the word that the run is interrupted and the end of the process, whatever Python is at."""
    code = (
        "import os, signal\n"
        "from auditor.cli import main\n"
        "from auditor.cli.streams import SIGNALS\n"
        "SIGNALS.prepare()\n"
        "def interrupted(*arguments, **options):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "main.cli.main = interrupted\n"
        "code = main.run([])\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
        "raise SystemExit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=_environment(), check=False
    )
    assert (done.returncode, done.stderr) == (130, "\nInterrupted: nothing was written after this.\n")


@pytest.mark.usefixtures("heard")
def test_ctrl_c_while_the_program_loads_leaves_no_traceback(tmp_path: Path) -> None:
    """It takes a tenth of a second: whoever has mistyped a command is as fast."""
    code = (
        "import os, signal, sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'click':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from auditor.program import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=_environment(), check=False
    )
    # Ended by the signal, which a shell shows as 130.
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_the_program_begins_there() -> None:
    declared = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert declared["project"]["scripts"] == {"auditor": "auditor.program:main"}


def _under_sh(line: str, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The command in a shell, which closes streams and sends them elsewhere."""
    command = line.replace("auditor ", f"{Path(sys.executable).with_name('auditor')} ", 1)
    return subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, cwd=tmp_path, env=_environment() | environment, check=False
    )


@pytest.mark.parametrize(
    ("redirected", "reason"),
    [("> /dev/full", b"No space left on device"), (">&-", b"Bad file descriptor")],
)
@pytest.mark.parametrize("command", ["rules list", "rules frameworks --format json", "rules show STU402", "--version"])
def test_a_stdout_that_takes_nothing_is_no_defect(tmp_path: Path, command: str, redirected: str, reason: bytes) -> None:
    done = _under_sh(f"auditor {command} {redirected}", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(b"Error: cannot write to stdout: " + reason)
    assert done.stderr.count(b"\n") == 2


def test_lost_output_hides_no_finding(tmp_path: Path, estate_file: Callable[[str], Path]) -> None:
    """Reports are written, and the exit code is the gate's, although the summary is lost."""
    done = _under_sh(f"auditor check {estate_file('acme')} --format json > /dev/full", tmp_path)
    assert done.returncode == 4
    assert b"cannot write to stdout" in done.stderr
    assert (tmp_path / "audit-report/report.json").exists()


def test_a_closed_stderr_changes_nothing(tmp_path: Path) -> None:
    done = _under_sh("auditor rules test STU.yaml 2>&-", tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    done = _under_sh("auditor --version 2>&- <&-", tmp_path)
    assert (done.returncode, done.stdout[:8]) == (0, b"auditor,")


def test_an_encoding_that_lacks_a_character_ends_nothing(tmp_path: Path, estate_file: Callable[[str], Path]) -> None:
    """What people read shows an escape; what programs read is UTF-8 wherever it goes."""
    query = f"""auditor query --quiet --snapshot {estate_file("clean")} "select 'a → b'" """
    shown = _under_sh(query, tmp_path, PYTHONIOENCODING="latin-1")
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert b"a \\u2192 b" in shown.stdout
    read = _under_sh(f"{query} --format csv", tmp_path, PYTHONIOENCODING="latin-1")
    assert "a → b" in read.stdout.decode("utf-8")


def test_simulate_serves_boto3_until_stopped() -> None:
    started = process(["simulate", "--estate", "clean", "--port", "0"])
    assert started.stdout is not None
    exported = dict(started.stdout.readline().strip().removeprefix("export ").split("=", 1) for _ in range(5))
    client = boto3.client(
        "sagemaker", endpoint_url=exported["AWS_ENDPOINT_URL"], region_name=exported["AWS_DEFAULT_REGION"],
        aws_access_key_id=exported["AWS_ACCESS_KEY_ID"], aws_secret_access_key=exported["AWS_SECRET_ACCESS_KEY"],
    )  # fmt: skip
    assert len(client.list_domains()["Domains"]) > 0
    started.send_signal(signal.SIGTERM)
    assert started.wait(timeout=20) == 0


def test_a_reader_that_leaves_is_no_error() -> None:
    started = process(["rules", "schema"])
    assert started.stdout is not None
    assert started.stderr is not None
    started.stdout.close()
    assert started.wait(timeout=20) == 0
    assert started.stderr.read() == ""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["rules", "list"]])
def test_light_commands_import_nothing_heavy(arguments: list[str]) -> None:
    """What keeps start-up fast, without measuring time."""
    code = (
        "import sys; from auditor.cli.main import run; run(sys.argv[1:]);"
        "print([m for m in ('boto3', 'botocore', 'duckdb', 'rich', 'moto', 'jinja2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_what_asks_aws_nothing_imports_nothing_that_does(estate_file: Callable[[str], Path], tmp_path: Path) -> None:
    code = (
        "import sys; from auditor.cli.main import run; code = run(sys.argv[1:]);"
        "print(code, [m for m in ('boto3', 'botocore') if m in sys.modules])"
    )
    tried = ("--no-config", "--quiet", "--only", "STU501", "--fix", "STU501", "--snapshot", str(estate_file("acme")))
    for arguments in (("whatif", *tried), ("plan", *tried, "--output", str(tmp_path / "plan"))):
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "0 []", (arguments, done.stderr)


def test_a_bar_is_drawn_on_a_terminal_only(simulated: Callable[..., Simulator], tmp_path: Path) -> None:
    """stderr is a terminal: progress there, and the summary alone on stdout."""
    import pty

    simulated("clean")
    main, terminal = pty.openpty()
    started = subprocess.Popen(
        [str(Path(sys.executable).with_name("auditor")), "audit", "--region", "eu-west-1"],
        stdout=subprocess.PIPE, stderr=terminal, cwd=tmp_path, env=_environment() | {"TERM": "xterm", "COLUMNS": "100"},
    )  # fmt: skip
    os.close(terminal)
    drawn = b""
    while True:
        try:
            piece = os.read(main, 4096)
        except OSError:
            break
        if not piece:
            break
        drawn += piece
    os.close(main)
    assert started.stdout is not None
    out = started.stdout.read().decode()
    assert started.wait(timeout=30) == 0
    assert b"collecting" in drawn
    assert "collecting" not in out
    assert "\x1b" not in out
