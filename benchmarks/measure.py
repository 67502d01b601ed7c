"""What the benchmarks share: timing a command, and its peak memory."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
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
