"""Peak memory of ``auditor collect`` beside the number of user profiles, in a first night and in one that carries over.

Aim: ten times as many profiles take at most 1.3 times the memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import auditor, machine

ESTATES = ("generated:2x1000", "generated:2x10000")
#: Runs the command and prints its peak memory in MiB, since a process knows the peak of all its children only.
WATCH = (
    "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:]).returncode;"
    " print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024); sys.exit(code)"
)


def _collected(environment: dict[str, str], snapshot: Path, *more: str) -> float:
    command = [sys.executable, "-c", WATCH, *auditor("collect", "-q", "--snapshot", str(snapshot), *more)]
    begun = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"exit code {done.returncode}: {done.stderr}")
    peak = float(done.stdout)
    print(
        f"  {peak:.0f} MiB, {time.perf_counter() - begun:.0f} s, snapshot {snapshot.stat().st_size / 1e6:.0f} MB",
        flush=True,
    )
    return peak


def _nights(estate: str, folder: Path) -> tuple[float, float]:
    server = subprocess.Popen(auditor("simulate", "--estate", estate, "--port", "0"), stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        environment = dict(os.environ)
        for _ in range(5):
            name, _, value = server.stdout.readline().strip().removeprefix("export ").partition("=")
            environment[name] = value
        print(f"{estate}:")
        first = folder / "first.jsonl"
        return _collected(environment, first), _collected(
            environment, folder / "second.jsonl", "--previous", str(first)
        )
    finally:
        server.terminate()
        server.wait(timeout=10)


def main() -> None:
    print(f"# memory of a collection ({machine()})")
    with tempfile.TemporaryDirectory() as folder:
        few, many = (_nights(estate, Path(folder)) for estate in (sys.argv[1:] or ESTATES))
    for night, less, more in zip(("first", "second"), few, many, strict=True):
        print(f"{night} night: {more / less:.2f} x  (aim: at most 1.3)")


if __name__ == "__main__":
    main()
