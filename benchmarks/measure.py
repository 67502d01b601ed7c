"""What the benchmarks share: a simulated account in a process of its own, timing a command, its CPU and peak memory."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def auditor(*arguments: str) -> list[str]:
    """The command line of the auditor that belongs to this interpreter."""
    return [str(Path(sys.executable).with_name("auditor")), *arguments]


def seconds(command: Sequence[str], times: int = 5, ok: Sequence[int] = (0,)) -> float:
    """Median wall time of a command, after one run that warms the caches."""
    taken = []
    for _ in range(times + 1):
        begun = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, cwd="/")
        taken.append(time.perf_counter() - begun)
        if done.returncode not in ok:
            raise SystemExit(f"{' '.join(command)} exited {done.returncode}: {done.stderr.decode()}")
    return statistics.median(taken[1:])


def peak_mib() -> float:
    """Greatest resident memory of any child so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def machine() -> str:
    """Number of cores, for the reader of a figure."""
    return f"{os.cpu_count()} cores, Python {sys.version.split()[0]}"


#: Runs a command; prints the peak memory in MiB and the CPU seconds of it and its children.
_WATCH = (
    "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:], stdout=sys.stderr).returncode;"
    " used = resource.getrusage(resource.RUSAGE_CHILDREN);"
    " print(used.ru_maxrss // 1024, used.ru_utime + used.ru_stime); sys.exit(code)"
)


@dataclass(frozen=True)
class Spent:
    """Wall and CPU seconds of a command and its children, their greatest resident memory, and what it printed."""

    seconds: float
    cpu: float
    mib: float
    output: str
    code: int


def watched(command: Sequence[str], environment: Mapping[str, str], ok: Sequence[int] = (0, 4, 5)) -> Spent:
    """Run a command once. Ends the benchmark where it exits with another code."""
    begun = time.perf_counter()
    line = [sys.executable, "-c", _WATCH, *command]
    done = subprocess.run(line, env=dict(environment), capture_output=True, text=True, check=False)
    taken = time.perf_counter() - begun
    if done.returncode not in ok:
        raise SystemExit(f"{' '.join(command)} exited {done.returncode}: {done.stderr[-2000:]}")
    mib, cpu = map(float, done.stdout.split())
    return Spent(taken, cpu, mib, done.stderr, done.returncode)


@contextmanager
def serving(*options: str) -> Iterator[dict[str, str]]:
    """A simulated account or organization in a process of its own; the environment in which it is asked."""
    server = subprocess.Popen(auditor("simulate", "--port", "0", *options), stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        environment = dict(os.environ)
        # As an installed package is: compiled once, not at every start.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        subprocess.run([sys.executable, "-m", "compileall", "-q", str(ROOT / "auditor")], env=environment, check=True)
        while line := server.stdout.readline().strip():
            name, _, value = line.removeprefix("export ").partition("=")
            environment[name] = value.strip("'\"")
            if name == "AWS_DEFAULT_REGION":
                break
        yield environment
    finally:
        server.terminate()
        server.wait(timeout=20)


def calls_in(snapshot: Path) -> int:
    """Calls that a snapshot's collection made."""
    with snapshot.open(encoding="utf-8") as lines:
        return sum(json.loads(line)["coverage"]["calls"] for line in lines if line.startswith('{"coverage"'))
