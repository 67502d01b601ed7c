"""The account that printed commands are run in: looked at, changed by the real AWS CLI, and put back."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from auditor.collect.aws import CollectOptions, collect
from auditor.collect.aws.evidence_request import EvidenceOptions
from auditor.evaluate.audit import EvaluateOptions, evaluate
from auditor.model.finding import Finding
from auditor.model.report import Report
from auditor.model.rule import Rule, Verdict
from auditor.model.snapshot import Record, Snapshot
from auditor.resources import rules_dir
from auditor.rules.load import load_rules
from auditor.simulator import Simulator
from auditor.simulator.operations import OPERATIONS
from auditor.simulator.state import StudioBackend, studio_backends
from auditor.store.snapshot_file import write_snapshot
from auditor.studio.personas import Match, Persona

from .aws_cli import AwsCli

ROOT = Path(__file__).resolve().parents[2]
RULES = {rule.id: rule for rule in load_rules([rules_dir()])}
#: Nobody approves anything until somebody is named.
RULES["STU701"] = replace(
    RULES["STU701"],
    params=tuple(replace(p, default=["grace"]) if p.name == "approvers" else p for p in RULES["STU701"].params),
)
ESTATE = str(Path(__file__).parent / "estates" / "siblings.yaml")
REGION = "eu-west-1"
ACCOUNT = "123456789012"
#: Personas that some rules only fail with.
PERSONAS = (
    Persona("minimal", apps=("JupyterLab",), tools=("Training",), matches=(Match(name="minimal-*"),)),
    Persona("default"),
)
#: What only the reader of a finding knows, and what it is in these tests.
FILLED_IN = {
    "ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/made-for-this",
    "KEY_ARN": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1f3c8a52-7f0e-4f0e-9d52-0c1f7f5f1a11",
    "BUCKET": "acme-sharing",
    "SECURITY_GROUP_ID": "sg-0123456789abcdef0",
    "REPOSITORY_URL": "https://git.example.com/team/notebooks",
    "USER_NAME": "ana.lima",
    "POLICY_ARN": f"arn:aws:iam::{ACCOUNT}:policy/what-is-needed",
    "OWNER": "platform",
    "COST_CENTER": "4711",
    "RETENTION_DAYS": "400",
}
#: Members that every update moves.
MOVING = {"LastModifiedTime", "LastUserActivityTimestamp", "LastHealthCheckTimestamp"}
#: Evidence by the tables whose rules need it: permissions are a call for each role.
_ROLES = ("roles", "permissions", "mlflow")
_BASE = ("account", "network", "partner-apps")


def filled_in(text: str) -> str:
    """The text with its placeholders filled in."""
    return re.sub(r"\b[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)*\b", lambda m: FILLED_IN.get(m[0], m[0]), text)


@dataclass(frozen=True)
class Seen:
    """What one collection saw."""

    snapshot: Snapshot
    path: Path

    @cached_property
    def records(self) -> dict[tuple[str, str], Record]:
        return {(r.kind, r.id): r for r in self.snapshot.records}


@dataclass(frozen=True)
class Audit(Seen):
    """The same, and what the rules said."""

    report: Report

    def failures(self, rule: str) -> dict[str, Finding]:
        """What is not in order: failures, and what could not be decided. By the resource's key."""
        found = (f for f in self.report.findings if f.rule_id == rule and f.status is not Verdict.PASS)
        return {resource_key(f): f for f in found}


def resource_key(finding: Finding) -> str:
    """The resource's key in the documented tables."""
    resource = finding.resource
    return f"{resource.account}/{resource.region}/{resource.type}/{resource.id}"


@dataclass(frozen=True)
class Beginning:
    """The account before any command: what Studio held, and its audit."""

    state: Mapping[str, Any]
    audit: Audit


def beginning(folder: Path) -> Beginning:
    """The account, audited."""
    account = Account(folder)
    try:
        seen = account.look(tuple(RULES.values()))
        report = evaluate([seen.path], tuple(RULES.values()), EvaluateOptions(personas=PERSONAS))
        return Beginning(account.kept, Audit(seen.snapshot, seen.path, report))
    finally:
        account.stop()


class Account:
    """The simulated account: looked at, changed by commands, and put back."""

    def __init__(self, folder: Path, state: Mapping[str, Any] | None = None) -> None:
        self._folder = folder
        self._simulator = Simulator(ESTATE)
        self._number = 0
        self._simulator.start()
        self._cli: AwsCli | None = None
        #: What Studio holds at the beginning.
        self.kept: Mapping[str, Any] = deepcopy(self._state()) if state is None else state
        self._restore()

    def stop(self) -> None:
        if self._cli is not None:
            self._cli.stop()
        self._simulator.stop()

    def environment(self) -> dict[str, str]:
        """What the AWS CLI runs with: it, and the account's address."""
        if self._cli is None:
            self._cli = AwsCli(self._simulator.environment)
        return {**os.environ, **self._simulator.environment, "PATH": f"{self._cli.folder}:/usr/bin:/bin"}

    def look(self, rules: Sequence[Rule]) -> Seen:
        """Collect what the rules need."""
        self._number += 1
        path = self._folder / f"{self._number}.jsonl"
        of_roles = any(r.table == "execution_role" or r.id in ("STU208", "STU408", "STU704", "STU714") for r in rules)
        evidence = EvidenceOptions((*_BASE, *(_ROLES if of_roles else ())))
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self._simulator.environment.items():
                patch.setenv(name, value)
            snapshot = collect(CollectOptions(regions=(REGION,), evidence=evidence))
        write_snapshot(path, snapshot)
        return Seen(snapshot, path)

    def run(self, command: str) -> None:
        """Run the command as it was printed, by a shell."""
        done = subprocess.run(
            ["sh", "-c", filled_in(command)], capture_output=True, text=True, check=False, env=self.environment(),
            cwd=self._folder,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stderr}"

    def documents(self) -> dict[str, Any]:
        """Studio's resources as the account holds them, but for what every update moves."""
        state = deepcopy(self._state())
        for kind in state.values():
            for document in kind.values():
                for name in MOVING:
                    document.pop(name, None)
        return state

    def with_merging(self) -> dict[str, Any]:
        """The same calls again from the beginning, in an account where nested structures are merged."""
        calls = list(self._simulator.writes)
        self._restore()
        backend = self._backend()
        backend.nested = "merge"
        for operation, request in calls:
            OPERATIONS[operation](backend, request)
        return self.documents()

    def reset(self) -> None:
        """As it was at the beginning."""
        if self._touched_others():
            self._simulator.stop()
            self._simulator.start()
        self._restore()
        self._simulator.calls.clear()

    def _touched_others(self) -> bool:
        """Whether a service was changed whose state is not put back here."""
        reads = ("Get", "List", "Describe", "Lookup", "Simulate")
        changed = [name for name in self._simulator.calls if not name.partition(":")[2].startswith(reads)]
        return any(not name.startswith("sagemaker:") for name in changed)

    def _backend(self) -> StudioBackend:
        found: StudioBackend = studio_backends[ACCOUNT][REGION]
        return found

    def _state(self) -> dict[str, Any]:
        backend = self._backend()
        return {name: getattr(backend, name) for name in ("domains", "profiles", "spaces", "apps", "tags")}

    def _restore(self) -> None:
        backend = self._backend()
        backend.nested = "replace"
        for name, value in self.kept.items():
            setattr(backend, name, deepcopy(value))
        self._simulator.writes.clear()
