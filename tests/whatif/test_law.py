"""What a what-if foresees, and what an audit says once a plan's calls were made, are the same: on accounts drawn by
chance, for all fixes of some areas at once."""

from __future__ import annotations

import itertools
from collections import defaultdict
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from auditor.collect.aws import CollectOptions, collect
from auditor.collect.aws.evidence_request import EvidenceOptions
from auditor.config import Config
from auditor.evaluate.audit import evaluate
from auditor.fixplan.plan_steps import Step, in_order, steps_of
from auditor.model.report import Report
from auditor.model.rule import Rule
from auditor.rules.rule_names import select
from auditor.run.run_options import RuleOptions
from auditor.run.what_if import WhatIfOptions, what_if
from auditor.simulator import Simulator
from auditor.store.snapshot_file import write_snapshot
from auditor.store.snapshot_reader import Key
from auditor.whatif.changes import Change, combine
from auditor.whatif.consequences import WhatIf
from auditor.whatif.overlay import read_lines

from .estates import estates

REGION = "eu-west-1"
AREAS = ("people", "roles", "experience", "visibility", "storage", "domains", "operations")
_EVIDENCE = EvidenceOptions(("account", "network", "partner-apps", "roles"))
_numbers = itertools.count()
# An example takes three evaluations and two collections: few of them in CI, two hundred with make fuzz.


@settings(max_examples=max(2, settings().max_examples // 25))
@given(estate=estates(), areas=st.lists(st.sampled_from(AREAS), min_size=2, max_size=3, unique=True))
def test_what_is_foreseen_is_what_an_audit_says_afterwards(
    estate: dict[str, Any], areas: list[str], tmp_path: Path, built_in_rules: tuple[Rule, ...]
) -> None:
    folder = tmp_path / str(next(_numbers))
    folder.mkdir()
    (folder / "estate.yaml").write_text(yaml.safe_dump(estate), encoding="utf-8")
    simulator = Simulator(str(folder / "estate.yaml"))
    simulator.start()
    with pytest.MonkeyPatch.context() as patch:
        try:
            for name, value in simulator.environment.items():
                patch.setenv(name, value)
            before = _look(folder / "before.jsonl")
            foreseen = what_if(Config(), [before], WhatIfOptions(fix=areas, rules=RuleOptions(only=areas)))
            steps = _steps(before, foreseen)
            assume(steps)
            for step in steps:
                _make(step)
            after = _look(folder / "after.jsonl")
        finally:
            simulator.stop()
    for step in steps:
        event(step.request.operation)
    assert foreseen.gone
    assert _findings(foreseen.reports[1]) == _findings(evaluate([after], select(built_in_rules, areas)))


def _look(path: Path) -> Path:
    write_snapshot(path, collect(CollectOptions(regions=(REGION,), evidence=_EVIDENCE)))
    return path


def _steps(snapshot: Path, foreseen: WhatIf) -> list[Step]:
    """The calls of a plan: all that changes of a resource in one."""
    by_key: dict[Key, list[Change]] = defaultdict(list)
    for change in foreseen.changes:
        by_key[change.key].append(change)
    found: list[Step] = []
    for key, line in read_lines(snapshot, by_key.__contains__).items():
        made, _ = combine(line, by_key[key])
        found += steps_of(key, line, made, [change.origin for change in by_key[key]], lambda *_: None)
    return in_order(found)


def _make(step: Step) -> None:
    """Make a step's call, as the plan's script does."""
    client = boto3.client(step.request.service, region_name=REGION)
    getattr(client, step.request.operation.replace("-", "_"))(**step.request.input)


def _findings(report: Report) -> dict[str, tuple[str, ...]]:
    """What the audit says, but for when."""
    return {f.fingerprint: (f.resource.key, f.rule_id, f.status, f.severity, f.message) for f in report.findings}
