"""Collecting an organization: time, calls, CPU and peak memory, few accounts beside many, one executor beside another.

python benchmarks/organization.py [--profiles 20] [--regions 4] [--accounts 30,300] [--executor threads,processes]

Calls are held against the least that can be asked: one for each account's way in, its Regions and each Region without a
domain; a page for each list of a Region in use; a description for each resource. Memory is the greatest of the process
and its workers. The simulated organization answers from a process of its own.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import auditor, machine

#: Runs the command; prints the peak memory in MiB and the CPU seconds of it and its children.
WATCH = (
    "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:]).returncode;"
    " used = resource.getrusage(resource.RUSAGE_CHILDREN);"
    " print(used.ru_maxrss // 1024, used.ru_utime + used.ru_stime); sys.exit(code)"
)


def serve(name: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
    server = subprocess.Popen(
        auditor("simulate", "--organization", "--estate", name, "--port", "0"), stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    environment = dict(os.environ)
    while line := server.stdout.readline().strip():
        if not line.startswith("export "):
            break
        key, _, value = line.removeprefix("export ").partition("=")
        environment[key] = value.strip("'\"")
        if key.startswith("AWS_DEFAULT_REGION"):
            break
    return server, environment


def collected(environment: dict[str, str], snapshot: Path, *more: str) -> tuple[float, float, float, int]:
    """Seconds, CPU seconds, MiB and calls."""
    asked = ("collect", "--organization", "-q", "--snapshot", str(snapshot), *more)
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *auditor(*asked)], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 5):
        raise SystemExit(f"exit code {done.returncode}: {done.stderr}")
    taken = time.perf_counter() - begun
    peak, cpu = map(float, done.stdout.split()[-2:])
    with snapshot.open() as lines:
        calls = sum(json.loads(line)["coverage"]["calls"] for line in lines if line.startswith('{"coverage"'))
    return taken, cpu, peak, calls


def least(accounts: int, regions: int, profiles: int) -> int:
    """Calls without which nobody knows what a generated organization holds: the list of accounts; in each account its
    role and its Regions, in each Region its domain, three lists, the tags, and every profile. The management account
    holds no domain."""
    region = 5 + math.ceil(profiles / 100) + profiles
    return 1 + (1 + regions) + accounts * (2 + regions * region)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profiles", type=int, default=20)
    parser.add_argument("--regions", type=int, default=4)
    parser.add_argument("--accounts", default="30,300")
    parser.add_argument("--executor", default="threads")
    parser.add_argument("--evidence", default="all")
    given = parser.parse_args()
    print(f"# an organization, {given.regions} Regions, {given.profiles} profiles an account ({machine()})")
    for executor in given.executor.split(","):
        measured = []
        for accounts in map(int, given.accounts.split(",")):
            server, environment = serve(f"generated:{accounts}x{given.regions}x{given.profiles}")
            try:
                with tempfile.TemporaryDirectory() as folder:
                    more = ("--executor", executor, "--evidence", given.evidence, "--max-rate", "1000")
                    taken, cpu, peak, calls = collected(environment, Path(folder) / "all.jsonl", *more)
            finally:
                server.kill()
                server.wait()
            print(f"{executor}, {accounts} accounts: {taken:.0f} s, {calls:,} calls, {cpu:.0f} CPU s"
                  f" ({1000 * cpu / calls:.1f} ms a call), {peak:.0f} MiB", flush=True)  # fmt: skip
            if given.evidence == "none":
                bound = least(accounts, given.regions, given.profiles)
                print(f"  {calls / bound:.3f} x the least of {bound:,} calls (aim: at most 1.05)")
            measured.append((accounts, cpu, peak))
        if len(measured) > 1:
            (few, cpu_few, less), (many, cpu_many, more_) = measured[0], measured[-1]
            growth = math.log(cpu_many / cpu_few) / math.log(many / few)
            print(f"{executor}: memory {more_ / less:.2f} x (aim: at most 1.5), CPU grows with exponent {growth:.2f}")


if __name__ == "__main__":
    main()
