"""An organization in which some accounts refuse and a worker is killed: what is lost, and how long the page takes.

    python benchmarks/organization_faults.py [--accounts 500] [--profiles 4]

Three accounts deny the role, one is suspended, two let one call of SageMaker through a second. Three processes collect
a third each (``collect --shard``), one of them is killed in the middle; then one evaluates (``audit --parts``).
Aims: every account complete but for the four, which are named; report.html opens within 3 s (where there is Chromium).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from measure import auditor, machine, watched

from auditor.simulator import Simulator
from auditor.simulator.organization import SimulatedOrganization, generate_organization

SHARES = 3


def organization(accounts: int, profiles: int) -> tuple[SimulatedOrganization, dict[str, str]]:
    """The organization, and how each account that cannot be audited ends."""
    made = generate_organization(accounts, 1, profiles)
    found = dict(made.accounts)
    names = sorted(found.keys() - {made.management})
    lost = {**dict.fromkeys(names[10:13], "denied"), names[20]: "suspended"}
    for name, state in lost.items():
        found[name] = replace(
            found[name], denied=state == "denied", state="ACTIVE" if state == "denied" else "SUSPENDED"
        )
    for name in names[30:32]:
        found[name] = replace(found[name], rate=1.0)
    return replace(made, accounts=found), lost


def collected(parts: Path, environment: dict[str, str], accounts: int) -> int:
    """Collect in three processes, and kill the second when a quarter of all is there; how many snapshots lie there."""
    command = ("collect", "--organization", "-q", "--evidence", "none", "--parts", str(parts))
    workers = [
        subprocess.Popen(auditor(*command, "--shard", f"{n}/{SHARES}"), env=environment, stderr=subprocess.DEVNULL)
        for n in range(1, SHARES + 1)
    ]
    while workers[1].poll() is None and len(list(parts.glob("*.jsonl"))) < accounts // 4:
        time.sleep(0.05)
    killed = workers[1].poll() is None
    workers[1].kill()
    codes = [worker.wait() for worker in workers]
    print(f"workers ended with {codes}, the second {'killed' if killed else 'was through already'}")
    return len(list(parts.glob("*.jsonl")))


def opened(page: Path) -> str:
    """How long a browser takes."""
    try:
        from html_report import FLAGS, chromium
        from html_report import opened as ready
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        return f"not opened: {error}"
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        except Error as error:
            return f"not opened: {str(error).splitlines()[0]}"
        runs = [ready(browser, page) for _ in range(3)]
        browser.close()
    paint, whole = (statistics.median(run[n] for run in runs) for n in (0, 1))
    return f"opens in {whole:.0f} ms (painted after {paint:.0f} ms)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=500)
    parser.add_argument("--profiles", type=int, default=4)
    given = parser.parse_args()
    print(f"# {given.accounts} accounts, 3 denied, 1 suspended, 2 at one call a second ({machine()})")
    made, lost = organization(given.accounts, given.profiles)
    with tempfile.TemporaryDirectory() as name, Simulator(made) as simulator:
        folder = Path(name)
        environment = {**os.environ, **simulator.environment}
        parts = folder / "parts"
        parts.mkdir()
        begun = time.perf_counter()
        there = collected(parts, environment, given.accounts)
        print(f"collected {there} of {given.accounts - len(lost) + 1} accounts in {time.perf_counter() - begun:.0f} s")
        told = ("--evidence", "none", "--format", "json,html", "--output", str(folder / "report"))
        spent = watched(
            auditor("audit", "--no-config", "--organization", "-q", "--parts", str(parts), *told), environment
        )
        report = json.loads((folder / "report" / "report.json").read_text(encoding="utf-8"))
        states = {one["id"]: one["status"] for one in report["accounts"]}
        named = {name: state for name, state in states.items() if state != "complete"}
        print(f"evaluated in {spent.seconds:.0f} s, {spent.cpu:.0f} CPU s, {spent.mib:.0f} MiB, exit code {spent.code}:"
              f" {dict(Counter(states.values()))}, {len(report['findings']):,} findings")  # fmt: skip
        print("complete but for those that are named" if named == lost else f"OTHERS ARE MISSING: {named} {lost}")
        page = folder / "report" / "report.html"
        print(f"report.html: {page.stat().st_size / 1e6:.1f} MB, {opened(page)}")


if __name__ == "__main__":
    main()
