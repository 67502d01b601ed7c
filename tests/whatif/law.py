"""What the law of what-ifs takes: an account to look at, a plan's calls made in it, and what an audit says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest

from auditor.collect.aws import CollectOptions, collect
from auditor.collect.aws.evidence_request import EvidenceOptions
from auditor.fixplan.plan_steps import Step, in_order, steps_of
from auditor.model.report import Report
from auditor.simulator import Simulator
from auditor.store.snapshot_file import write_snapshot
from auditor.store.snapshot_reader import Key
from auditor.whatif.changes import Change, combine
from auditor.whatif.consequences import WhatIf
from auditor.whatif.overlay import read_lines

REGION = "eu-west-1"
AREAS = ("people", "roles", "experience", "visibility", "storage", "domains", "operations")
_EVIDENCE = EvidenceOptions(("account", "network", "partner-apps", "roles"))


@contextmanager
def simulated(simulator: Simulator) -> Iterator[None]:
    """The account runs, and AWS's programs of this process are pointed there."""
    simulator.start()
    with pytest.MonkeyPatch.context() as patch:
        try:
            for name, value in simulator.environment.items():
                patch.setenv(name, value)
            yield
        finally:
            simulator.stop()


def look(path: Path) -> Path:
    """A snapshot of the account."""
    write_snapshot(path, collect(CollectOptions(regions=(REGION,), evidence=_EVIDENCE)))
    return path


def steps_of_plan(snapshot: Path, foreseen: WhatIf) -> list[Step]:
    """The calls of a plan: all that changes of a resource in one."""
    by_key: dict[Key, list[Change]] = defaultdict(list)
    for change in foreseen.changes:
        by_key[change.key].append(change)
    found: list[Step] = []
    for key, line in read_lines(snapshot, by_key.__contains__).items():
        made, _ = combine(line, by_key[key])
        found += steps_of(key, line, made, [change.origin for change in by_key[key]], lambda *_: None)
    return in_order(found)


def make(step: Step) -> None:
    """Make a step's call, as the plan's script does."""
    client = boto3.client(step.request.service, region_name=REGION)
    getattr(client, step.request.operation.replace("-", "_"))(**step.request.input)


def findings(report: Report) -> dict[str, tuple[str, ...]]:
    """What the audit says, but for when."""
    return {f.fingerprint: (f.resource.key, f.rule_id, f.status, f.severity, f.message) for f in report.findings}
