"""The proof of a printed command: an account with the failure, the real AWS CLI, a new audit, all else as it was."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
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
from auditor.model.rule import Change, Rule, Verdict
from auditor.model.snapshot import Record, Snapshot
from auditor.remediation.command_text import read_call
from auditor.resources import rules_dir
from auditor.rules.load import load_rules
from auditor.simulator import Simulator
from auditor.simulator.operations import OPERATIONS
from auditor.simulator.state import StudioBackend, studio_backends
from auditor.store.snapshot_file import write_snapshot
from auditor.studio.personas import Match, Persona
from auditor.whatif.changes import combine, of_call
from auditor.whatif.overlay import read_lines

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
    "APPROVER": "grace",
    "RETENTION_DAYS": "400",
}
#: Rules that stay open where apps start from custom images: no API says whether such an image does what is set.
OPEN_ON_CUSTOM_IMAGES = ("STU704", "STU711")
#: Members that every update moves.
MOVING = {"LastModifiedTime", "LastUserActivityTimestamp", "LastHealthCheckTimestamp"}
#: What ListSpaces says of a space's settings beside DescribeSpace.
_TWICE = {"SpaceSettingsSummary", "SpaceSharingSettingsSummary", "OwnershipSettingsSummary"}
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


@dataclass(frozen=True)
class Tried:
    """A command that was run in the account as it was at the beginning, and what it left."""

    rule: Rule
    finding: Finding
    command: str
    after: Seen
    #: Studio's resources, where nested structures are replaced, as the account does; and where they are merged.
    replaced: Mapping[str, Any]
    merged: Mapping[str, Any]


def attempt(account: Account, finding: Finding, command: str) -> Tried:
    """Run the command. Raises AssertionError where it fails."""
    rule = RULES[finding.rule_id]
    try:
        account.run(command)
        replaced, after = account.documents(), account.look((rule,))
        return Tried(rule, finding, command, after, replaced, account.with_merging())
    finally:
        account.reset()


#: Operations of other services → the member of the document that they change.
_MEMBERS = {
    "detach-role-policy": "AttachedManagedPolicies",
    "put-role-policy": "RolePolicyList",
    "update-assume-role-policy": "AssumeRolePolicyDocument",
    "put-retention-policy": "retentionInDays",
}


def examples(before: Audit, rule: str, layer: str, operation: str) -> Iterator[Finding]:
    """Failures whose cause lies at that layer and whose command calls that operation."""
    layers = {cause.id: cause.layer for cause in before.report.root_causes}
    for finding in before.failures(rule).values():
        fix = finding.remediation
        if finding.status is not Verdict.FAIL or layers[finding.root_cause] != layer or fix is None:
            continue
        if fix.aws.split()[2:3] == [operation]:
            yield finding


def example(before: Audit, rule: str, layer: str, operation: str) -> Finding:
    """The first of them."""
    for finding in examples(before, rule, layer, operation):
        return finding
    pytest.fail(f"the estate holds no failure of {rule} that the {layer} layer causes and {operation} mends")


def prove(before: Audit, tried: Tried, left: Mapping[str, Verdict], *, only_here: bool = False) -> bool:
    """The command mends the finding, and changes nothing but what the rule says. ``left``: what the rule does not pass
    afterwards, by the resource's key. Returns whether settings were changed, and not something deleted or detached."""
    rule, finding, command, after = tried.rule, tried.finding, tried.command, tried.after
    if rule.id in OPEN_ON_CUSTOM_IMAGES:
        left = {key: verdict for key, verdict in left.items() if verdict is Verdict.FAIL}
    assert resource_key(finding) not in left
    cause = next(c for c in before.report.root_causes if c.id == finding.root_cause)
    if cause.remediation is not None and cause.remediation.aws == command:
        # One command at the cause mends everything that it causes.
        caused = {k for k, f in before.failures(rule.id).items() if f.root_cause == cause.id}
        assert not caused & set(left)
    assert set(left) <= set(before.failures(rule.id)), "the command makes other resources fail"

    operation = command.split()[2]
    changed = _changed(before, after)
    _foreseen(before, tried, changed)
    looked_for = set(after.snapshot.header.kinds)
    # Subnets are only looked at where a domain has them, roles where something runs as them.
    gone = {key for key in set(before.records) - set(after.records) if key[0] in looked_for - {"subnet"}}
    assert {kind for kind, _ in set(after.records) - set(before.records)} <= {"role", "permission"}
    if operation == "delete-space":
        assert (gone, changed) == ({(finding.resource.type, finding.resource.id)}, set())
        return False
    assert not gone
    if operation == "delete-app":
        assert changed == {("app", finding.resource.id)}
        assert _other(before, after, ("app", finding.resource.id)) == {"Status"}
        return False
    if operation in _MEMBERS:
        # What a role may do changes with its policies.
        ((_, id_),) = {key for key in changed if key[0] != "permission"}
        assert {other for _, other in changed} == {id_}
        target = next(key for key in changed if key[0] != "permission")
        assert {path.partition(".")[0] for path in _other(before, after, target)} == {_MEMBERS[operation]}
        if operation in ("detach-role-policy", "put-role-policy"):
            old, new = (a.records[target].document[_MEMBERS[operation]] for a in (before, after))
            fewer, more = sorted((old, new), key=len)
            assert (fewer, len(more)) == ([p for p in more if p in fewer], len(fewer) + 1)
        return False
    assert len(changed) == 1, changed
    (target,) = changed
    kept = dict(before.records[target].tags or ())
    assert kept.items() <= dict(after.records[target].tags or ()).items()
    if operation == "add-tags":
        assert _other(before, after, target) == set()
    if only_here:
        assert target == ("user_profile", finding.resource.id)
    if not rule.remediation.changes:
        return False
    allowed = paths(rule, target[0])
    moved = (p for p in _other(before, after, target) if not p.startswith(allowed))
    wrong = [p for p in moved if not _copied(after, target, p)]
    assert not wrong, f"not asked for: {wrong}"
    _nothing_lost(before, after, target, allowed)
    assert tried.merged == tried.replaced, "the result hangs on how deep an update reaches"
    return True


def _foreseen(before: Audit, tried: Tried, changed: set[tuple[str, str]]) -> None:
    """What the command is foreseen to make of the snapshot is what it made of the account."""
    lines = read_lines(before.path, lambda _: True)
    ways = [*of_call(read_call(filled_in(tried.command)), ACCOUNT, REGION, lines, "")]
    foreseen = {change.key[2:]: combine(lines[change.key], [change])[0] for change in ways}
    for (kind, id_), line in foreseen.items():
        if kind == "permission":
            continue  # what IAM will answer is not foreseen, and is unknown
        made = tried.after.records.get((kind, id_))
        if line is None or made is None:
            assert line is made
            continue
        seen, told = ({n: v for n, v in d.items() if n not in MOVING and n not in _TWICE}
                      for d in (made.document, line[kind]))  # fmt: skip
        assert told == seen
        assert [(t["Key"], t["Value"]) for t in line.get("tags") or ()] == list(made.tags or ())
    assert {key for key in changed if key[0] != "permission"} <= set(foreseen)


def _meaning(record: Record) -> object:
    return {k: v for k, v in record.document.items() if k not in MOVING}, record.tags


def _changed(before: Seen, after: Seen) -> set[tuple[str, str]]:
    return {k for k, r in after.records.items() if k in before.records and _meaning(r) != _meaning(before.records[k])}


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name)
    else:
        yield path, value


def _other(before: Seen, after: Seen, key: tuple[str, str]) -> set[str]:
    """Paths of the document that have another value than before."""
    old, new = (dict(_leaves(a.records[key].document)) for a in (before, after))
    emptied = {p for p, v in old.items() if v == {}}
    return {p for p in set(old) | set(new) if old.get(p) != new.get(p)} - MOVING - emptied


def paths(rule: Rule, kind: str) -> tuple[str, ...]:
    """Where the rule may change something in a document of that kind."""
    return tuple(_path(c, kind) for c in rule.remediation.changes)


def _path(change: Change, kind: str) -> str:
    path = change.path.partition("[]")[0]
    return f"Default{path}" if kind == "domain" and path.startswith("UserSettings") else path


def _copied(after: Seen, key: tuple[str, str], path: str) -> bool:
    """Whether a profile got for its own what it takes over from its domain anyhow."""
    if key[0] != "user_profile":
        # ListSpaces gives some settings a second time.
        return key[0] == "space" and path.startswith("SpaceSettingsSummary.")
    new = dict(_leaves(after.records[key].document))
    domain = dict(_leaves(after.records["domain", key[1].partition("/")[0]].document))
    return path in new and new[path] == domain.get(f"Default{path}")


def _nothing_lost(before: Seen, after: Seen, key: tuple[str, str], allowed: tuple[str, ...]) -> None:
    old, new = dict(_leaves(before.records[key].document)), dict(_leaves(after.records[key].document))
    for path, value in old.items():
        if path.startswith(allowed) or value == {}:
            continue
        assert path in new or path in MOVING, f"{path} was lost"
    for path in allowed:
        if isinstance(old.get(path), list) and isinstance(new.get(path), list):
            assert _one_way(old[path], new[path]), f"{path}: {old[path]} became {new[path]}"


def _one_way(old: list[Any], new: list[Any]) -> bool:
    """A list only grows, or only shrinks."""
    return all(v in new for v in old) or all(v in old for v in new)
