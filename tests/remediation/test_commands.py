"""The printed command, run by the real AWS CLI against the simulated account, makes its finding go away and changes
nothing else."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from auditor.collect.aws import CollectOptions, collect
from auditor.collect.aws.evidence import EvidenceOptions
from auditor.evaluate.audit import evaluate
from auditor.evaluate.load import load_rules
from auditor.model.report import Finding, Report
from auditor.model.rule import Rule, Verdict
from auditor.model.snapshot import Record, Snapshot
from auditor.resources import rules_dir
from auditor.simulator import Simulator
from auditor.store.snapshot_file import write_snapshot

ROOT = Path(__file__).resolve().parents[2]
RULES = load_rules([rules_dir()])
INHERITED = str(Path(__file__).parent / "inherited.yaml")
REGIONS = {"acme": ("eu-west-1", "us-east-1"), INHERITED: ("eu-west-1",)}
#: What only the reader of a finding knows, and what it is in these tests.
PLACEHOLDERS = {
    "ROLE_ARN": "arn:aws:iam::123456789012:role/studio-of-one-person",
    "KEY_ARN": "arn:aws:kms:eu-west-1:123456789012:key/1f3c8a52-7f0e-4f0e-9d52-0c1f7f5f1a11",
    "BUCKET": "acme-sharing",
    "USER_NAME": "ana.lima",
    "OWNER": "platform",
    "COST_CENTER": "4711",
}
#: Members that every update moves, or that hang on the moment at which the estate was served.
MOVING = {"LastModifiedTime", "CreationTime", "LastUserActivityTimestamp", "LastHealthCheckTimestamp", "creationTime"}
#: What a command may change; sign-ins and the like carry the moment at which the estate was served.
CHANGEABLE = {"domain", "user_profile", "space", "app", "log_group", "partner_app", "vpc", "subnet"}
PROOFS = [(rule, layer) for rule in RULES for layer in rule.remediation.aws]


@pytest.fixture(scope="module")
def aws_cli() -> str:
    own = ROOT / ".venv-awscli" / "bin" / "aws"
    found = str(own) if own.exists() else shutil.which("aws")
    if found is None:
        reason = "no AWS CLI (make test sets one up in .venv-awscli)"
        if os.environ.get("AUDITOR_REQUIRE_AWSCLI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


class Estate:
    """An estate served, audited and changed."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder

    def audit(self, rules: tuple[Rule, ...] = RULES) -> tuple[Report, Snapshot]:
        # Roles and sign-ins take most calls, and no command changes them.
        evidence = EvidenceOptions(("account", "network", "partner-apps"))
        snapshot = collect(CollectOptions(regions=REGIONS[self.name], evidence=evidence))
        path = self.folder / "snapshot.jsonl"
        write_snapshot(path, snapshot)
        return evaluate([path], rules), snapshot


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[Report, Snapshot]]:
    """Both estates as they were."""
    audited = {}
    for name in REGIONS:
        with Simulator(name) as simulator, pytest.MonkeyPatch.context() as patch:
            for key, value in simulator.environment.items():
                patch.setenv(key, value)
            audited[name] = Estate(name, tmp_path_factory.mktemp("before")).audit()
    return audited


def _layer(report: Report, finding: Finding) -> str:
    return next(cause.layer for cause in report.root_causes if cause.id == finding.root_cause)


def _example(before: Mapping[str, tuple[Report, Snapshot]], rule: Rule, layer: str) -> tuple[str, Finding]:
    """A failing resource whose value was set at that layer, and the estate that holds it."""
    for estate, (report, _) in before.items():
        for finding in report.findings:
            if (
                finding.rule_id == rule.id
                and finding.status is Verdict.FAIL
                and (layer == "any" or _layer(report, finding) == layer)
            ):
                return estate, finding
    pytest.fail(f"no estate holds a failure of {rule.id} that the {layer} layer set")


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name)
    else:
        yield path, value


def _by_key(snapshot: Snapshot) -> dict[tuple[str, str, str], Record]:
    return {(r.region, r.kind, r.id): r for r in snapshot.records if r.kind in CHANGEABLE}


@pytest.mark.parametrize(("rule", "layer"), PROOFS, ids=lambda v: v.id if isinstance(v, Rule) else v)
def test_the_command_mends_its_finding_and_nothing_else(
    rule: Rule,
    layer: str,
    before: Mapping[str, tuple[Report, Snapshot]],
    simulated: Callable[..., Simulator],
    aws_cli: str,
    tmp_path: Path,
) -> None:
    estate, finding = _example(before, rule, layer)
    assert finding.remediation is not None
    command = finding.remediation.aws
    assert command, "the finding prints no command"
    for name, value in PLACEHOLDERS.items():
        command = command.replace(name, value)

    simulated(estate)
    words = shlex.split(command)
    assert words[0] == "aws"
    done = subprocess.run([aws_cli, *words[1:]], capture_output=True, text=True, check=False, env=dict(os.environ))
    assert done.returncode == 0, done.stderr

    report, snapshot = Estate(estate, tmp_path).audit((rule,))
    left = {f.fingerprint for f in report.findings if f.status is not Verdict.PASS}
    assert finding.fingerprint not in left
    assert finding.fingerprint in {f.fingerprint for f in before[estate][0].findings}

    was, now = _by_key(before[estate][1]), _by_key(snapshot)
    assert set(was) == set(now)
    changed = [k for k in was if _meaning(was[k]) != _meaning(now[k])]
    assert len(changed) == 1
    old, new = was[changed[0]], now[changed[0]]
    before_leaves, after_leaves = dict(_leaves(old.document)), dict(_leaves(new.document))
    emptied = {p for p, v in before_leaves.items() if v in ({}, None)}
    assert set(before_leaves) - set(after_leaves) - emptied == set(), "a sibling setting was dropped"
    for path, value in after_leaves.items():
        if before_leaves.get(path) != value and path not in MOVING:
            assert path.rpartition(".")[2].lower() in command.replace("-", "").lower(), f"{path} was not asked for"
    assert set(old.tags or ()) <= set(new.tags or ())


def _meaning(record: Record) -> object:
    return {k: v for k, v in record.document.items() if k not in MOVING}, record.tags


@pytest.mark.parametrize("rule", [r for r in RULES if r.remediation.aws], ids=lambda r: r.id)
def test_placeholders_are_ones_that_a_reader_can_fill_in(rule: Rule) -> None:
    for text in rule.remediation.aws.values():
        written = set(re.findall(r"\b[A-Z]{3,}(?:_[A-Z]+)*\b", re.sub(r"\{\w+\}", "", text)))
        # Values of AWS's own enumerations are capitals as well.
        assert written - {"ENABLED", "DISABLED", "USER_PROFILE_NAME"} <= set(PLACEHOLDERS), rule.id


@pytest.mark.parametrize("rule", [r for r in RULES if not r.remediation.aws], ids=lambda r: r.id)
def test_where_no_call_mends_it_the_steps_say_what_does(rule: Rule) -> None:
    assert len(rule.remediation.steps.split()) >= 10, rule.id
