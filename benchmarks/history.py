"""A year of nights in a store: how long a night takes to compare and keep, how large it is, how long questions take.

python benchmarks/history.py [--nights 365] [--findings 10000] [--store DIR]
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from measure import auditor, machine, seconds

from auditor.evaluate.gate import apply_gate
from auditor.history.store_history import StoreHistory
from auditor.model.finding import Evidence, Finding, FindingRemediation
from auditor.model.report import Gate, Report, RuleSummary
from auditor.model.resource import Origin, ResourceRef, SnapshotInfo
from auditor.model.rule import Severity, Verdict
from auditor.report.render import Format, write
from auditor.store.backends import open_backend
from auditor.store.manifest import run_id
from auditor.store.runs import RunStore

ACCOUNT, REGION = "111122223333", "eu-west-1"
#: Of the findings of a night, so many are gone the next, and as many are new or back.
CHURN = 0.01
_FIX = FindingRemediation("Set it.", "aws sagemaker update-user-profile --domain-id d-1 --user-profile-name x")


def rules() -> tuple[RuleSummary, ...]:
    severities = list(Severity)
    return tuple(
        RuleSummary(f"STU{number}", f"rule-{number}", "T", severities[number % 5], "people", "user_profile", "w", "s",
                    ("P01",), ("https://docs.aws.amazon.com/",), {str(v): 0 for v in Verdict} | {"waived": 0})
        for number in range(101, 161)
    )  # fmt: skip


def finding(number: int, of: tuple[RuleSummary, ...]) -> Finding:
    rule = of[number % len(of)]
    name = f"person-{number // len(of)}"
    resource = ResourceRef("user_profile", f"d-{number % 40:012d}/{name}", name, ACCOUNT, REGION, f"arn:aws:x:{name}",
                           f"d-{number % 40:012d}", f"domain-{number % 40}")  # fmt: skip
    origin = Origin("domain", resource.domain_id, "DefaultUserSettings.AutoMountHomeEFS")
    return Finding(
        f"{number:032x}", rule.id, Verdict.FAIL, rule.severity, resource, f"{name} is not as it should be",
        (Evidence("auto_mount_home_efs", "Enabled", origin), Evidence("experience", "studio", origin)),
        f"{number % 500:016x}", _FIX,
    )  # fmt: skip


def nights(number: int, size: int) -> Iterator[Report]:
    rng, of = random.Random(7), rules()
    pool = [finding(n, of) for n in range(size * 2)]
    failing = set(range(size))
    first = datetime(2025, 11, 23, 2, tzinfo=UTC)
    for day in range(number):
        gone = set(rng.sample(sorted(failing), int(size * CHURN)))
        come = set(rng.sample(sorted(set(range(size * 2)) - failing), len(gone)))
        failing = failing - gone | come
        as_of = (first + timedelta(days=day)).isoformat().replace("+00:00", "Z")
        findings = tuple(pool[n] for n in sorted(failing))
        by_status = {str(v): 0 for v in Verdict} | {"fail": len(findings), "waived": 0}
        info = SnapshotInfo("s.jsonl", f"{day:064x}", as_of, "aws", "1", "", ((ACCOUNT, REGION),))
        yield Report(
            "0", as_of, "aws", (info,), {"domain": 40, "user_profile": size, "space": 0, "app": 0}, by_status,
            {str(s): sum(f.severity is s for f in findings) for s in Severity}, of, (), (), (), (), findings,
        )  # fmt: skip


def keep(store: RunStore, report: Report) -> tuple[float, float]:
    """Seconds to compare with what was before, and to keep. The snapshot is left out: it is no part of history."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        night = StoreHistory(store, run_id(report.as_of, [report.as_of]), folder)
        begun = time.perf_counter()
        step = night.compare(report)
        decided = apply_gate(report, Gate(), step.comparison(night.previous, night.trend))
        compared = time.perf_counter()
        night.keep(replace(decided, trend=()), 4, [], write(decided, (Format.JSON,), folder / "reports"))
        return compared - begun, time.perf_counter() - compared


def measure(place: Path, number: int, size: int) -> None:
    store = RunStore(open_backend(str(place)))
    store.prepare()
    taken = [keep(store, report) for report in nights(number, size)]
    print(f"{machine()}; {number} nights × {size:,} findings")
    last = taken[-20:]
    print(f"a night: compare {statistics.median(t[0] for t in last):.2f} s,"
          f" keep (report.json and tables) {statistics.median(t[1] for t in last):.2f} s")  # fmt: skip
    runs = store.runs()
    for table, files in runs[-1].tables.items():
        print(f"  {table}: {sum(f.bytes for f in files) / 1e6:.2f} MB a night")
    print(f"  whole store: {sum(run.size for run in runs) / 1e6:.0f} MB")
    at = ("--store", str(place))
    for words in (["history", "--last", "400d"], ["history", "--rule", "STU101", "--last", "400d"], ["store", "list"],
                  ["diff", "--allow-incomplete", "--fail-on", "none"]):  # fmt: skip
        print(f"auditor {' '.join(words)}: {seconds(auditor(*words, *at), 3):.2f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--findings", type=int, default=10_000)
    parser.add_argument("--store", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        measure(arguments.store or Path(temporary) / "store", arguments.nights, arguments.findings)
