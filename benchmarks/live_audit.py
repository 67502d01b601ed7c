"""A live audit, and its collection alone, beside bare boto3 with 32 threads making the same calls on the same account.

Each answer is delayed by 20 ms. What counts is the ratio of the times per call. The audit's time holds what follows the
calls as well: all rules, and a report.json of ten findings for each profile.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from measure import auditor, machine

ESTATE, LATENCY, ROUNDS = "generated:2x5000", "20", 3

BARE = """
import boto3, sys
from botocore.config import Config
from concurrent.futures import ThreadPoolExecutor
retries = {"mode": "adaptive", "total_max_attempts": 8}
c = boto3.client("sagemaker", config=Config(max_pool_connections=32, retries=retries))
calls = 0
with ThreadPoolExecutor(32) as pool:
    pending = []
    for page in c.get_paginator("list_domains").paginate(PaginationConfig={"PageSize": 100}):
        calls += 1
        pending += [pool.submit(c.describe_domain, DomainId=d["DomainId"]) for d in page["Domains"]]
    for page in c.get_paginator("list_user_profiles").paginate(PaginationConfig={"PageSize": 100}):
        calls += 1
        pending += [
            pool.submit(c.describe_user_profile, DomainId=p["DomainId"], UserProfileName=p["UserProfileName"])
            for p in page["UserProfiles"]
        ]
    for future in pending:
        future.result()
    calls += len(pending)
print(calls)
"""


def _serve() -> tuple[subprocess.Popen[str], dict[str, str]]:
    server = subprocess.Popen(
        auditor("simulate", "--estate", ESTATE, "--port", "0", "--latency", LATENCY), stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    exported = dict(os.environ)
    for _ in range(5):
        name, _, value = server.stdout.readline().strip().removeprefix("export ").partition("=")
        exported[name] = value
    return server, exported


def _timed(command: list[str], environment: dict[str, str]) -> tuple[float, str]:
    begun = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 4, 5):
        raise SystemExit(f"{command} exited {done.returncode}: {done.stderr}")
    return time.perf_counter() - begun, done.stdout


def _calls(snapshot: Path) -> int:
    import json

    with snapshot.open() as lines:
        return sum(json.loads(line)["coverage"]["calls"] for line in lines if line.startswith('{"coverage"'))


def main() -> None:
    server, environment = _serve()
    print(f"# live audit of {ESTATE}, {LATENCY} ms latency ({machine()})")
    ratios: dict[str, list[float]] = {"collect": [], "audit": []}
    try:
        with tempfile.TemporaryDirectory() as folder:
            snapshot = Path(folder) / "s.jsonl"
            kept = ("--snapshot", str(snapshot), "-q")
            lines = {
                "bare": [sys.executable, "-c", BARE],
                "collect": auditor("collect", *kept),
                "audit": auditor("audit", "--format", "json", "--output", folder, *kept, "--allow-incomplete"),
            }
            for number in range(ROUNDS):
                # The order changes, so that none always runs on a warmer machine.
                names = list(lines)
                taken: dict[str, float] = {}
                for name in names[number:] + names[:number]:
                    spent, output = _timed(lines[name], environment)
                    taken[name] = spent / (int(output) if name == "bare" else _calls(snapshot))
                for name, found in ratios.items():
                    found.append(taken[name] / taken["bare"])
                print("per call: " + ", ".join(f"{name} {spent * 1000:.2f} ms" for name, spent in taken.items()))
        for name, found in ratios.items():
            print(f"{name} / bare boto3: median ratio {sorted(found)[len(found) // 2]:.2f}  (aim: at most 1.5)")
    finally:
        psutil.Process(server.pid).terminate()
        server.wait(timeout=10)


if __name__ == "__main__":
    main()
