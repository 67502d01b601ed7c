"""An account that throttles, audited by a first and a second night: the time beside the ideal, and the calls refused.

The simulated account lets so many calls of SageMaker through a second, all operations together, with a second's worth
at once, as AWS's own buckets of tokens do. Ideal is the time in which a bucket that is full at first gives that many
calls: their number without the first second's worth, divided by the rate.

    python benchmarks/throttled.py [PROFILES]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

from measure import auditor, machine

from auditor.simulator import Simulator
from auditor.simulator.organization import generate_organization

PROFILES, RATE = 400, 5.0


class _Watch(threading.Thread):
    """From when to when SageMaker is asked: starting a process and evaluating rules is not what throttling costs."""

    def __init__(self, simulator: Simulator) -> None:
        super().__init__(daemon=True)
        self._simulator, self._over = simulator, threading.Event()
        self.begun = self.ended = 0.0

    def asked(self) -> int:
        """Calls of SageMaker so far."""
        return sum(n for name, n in self._simulator.calls.copy().items() if name.startswith("sagemaker:"))

    def run(self) -> None:
        known = first = self.asked()
        while not self._over.wait(0.01):
            now = self.asked()
            if now != known:
                self.begun = self.begun if known != first else time.perf_counter()
                known, self.ended = now, time.perf_counter()

    def stop(self) -> float:
        """Seconds from the first call to the last."""
        self._over.set()
        self.join()
        return self.ended - self.begun


def _night(simulator: Simulator, snapshot: Path, *more: str) -> str:
    watch = _Watch(simulator)
    before = watch.asked()
    watch.start()
    command = auditor("audit", "--snapshot", str(snapshot), "--format", "json", "--full", "--allow-incomplete", *more)
    done = subprocess.run(
        command, env={**os.environ, **simulator.environment}, capture_output=True, text=True, check=False
    )
    spent = watch.stop()
    if done.returncode not in (0, 4):
        raise SystemExit(f"exit code {done.returncode}: {done.stderr}")
    asked = watch.asked() - before
    lines = [json.loads(line)["coverage"] for line in snapshot.open() if line.startswith('{"coverage"')]
    refused = sum(line["retries"] for line in lines)
    failed = sum(line["failed"] for line in lines)
    ideal = (asked - refused - RATE) / RATE
    return (
        f"{asked - refused} calls in {spent:.1f} s, {spent / ideal:.3f} x the ideal {ideal:.1f} s;"
        f" {refused} refused ({refused / asked:.1%}), {failed} failed"
    )


def main() -> None:
    made = generate_organization(1, 1, int(sys.argv[1]) if len(sys.argv) > 1 else PROFILES)
    accounts = {i: a if i == made.management else replace(a, rate=RATE) for i, a in made.accounts.items()}
    (account,) = set(accounts) - {made.management}
    organization = replace(made, accounts=accounts)
    print(f"# {RATE:g} calls a second ({machine()}); aims: at most 1.1 x, under 5% refused")
    with tempfile.TemporaryDirectory() as folder, Simulator(organization) as simulator:
        kept = (
            "--account",
            account,
            "--region",
            made.estate.region,
            "--store",
            f"{folder}/store",
            "--output",
            f"{folder}/report",
        )
        print(f"first night: {_night(simulator, Path(folder) / '1.jsonl', *kept)}", flush=True)
        print(f"second night, with what was learned: {_night(simulator, Path(folder) / '2.jsonl', *kept)}")


if __name__ == "__main__":
    main()
