"""A root cause that claims n findings: its one command removes exactly those n."""

from __future__ import annotations

import json
import shlex
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from auditor.evaluate.audit import evaluate
from auditor.model.finding import RootCause
from auditor.model.report import Report
from auditor.model.rule import Rule, Verdict
from auditor.model.snapshot import Snapshot
from auditor.simulator.updates import updated
from auditor.store.snapshot_file import write_snapshot
from auditor.studio.placeholders import placeholders

#: Options of update-domain, and the members of the request that they fill.
OPTIONS = {"--default-user-settings": "DefaultUserSettings", "--default-space-settings": "DefaultSpaceSettings"}


def request(command: str) -> dict[str, Any]:
    """What an update-domain command sends, in JSON or in the AWS CLI's shorthand."""
    words = shlex.split(command)
    assert words[:3] == ["aws", "sagemaker", "update-domain"]
    sent: dict[str, Any] = {}
    for option, text in zip(words[3::2], words[4::2], strict=True):
        if option in OPTIONS:
            pairs = (pair.split("=", 1) for pair in text.split(","))
            sent[OPTIONS[option]] = json.loads(text) if text.startswith("{") else dict(pairs)
    return sent


def failing(report: Report, rule_id: str) -> dict[str, str]:
    """Cause by finding of a rule that fails."""
    failed = (f for f in report.findings if f.rule_id == rule_id and f.status is Verdict.FAIL)
    return {f.fingerprint: f.root_cause for f in failed}


def test_one_command_removes_what_its_cause_claims(
    estate_snapshot: Callable[[str], Snapshot], estate_report: Callable[[str], Report],
    built_in_rules: Sequence[Rule], tmp_path: Path,
) -> None:  # fmt: skip
    """Every cause of the embedded estate with more than one finding. Those of different domains don't touch each other,
    so a rule's are tried at once."""
    before = estate_report("acme")
    rounds: dict[str, list[RootCause]] = defaultdict(list)
    for cause in before.root_causes:
        if cause.affects > 1 and cause.remediation is not None and cause.remediation.aws:
            assert cause.resource.type == "domain", cause
            rounds[cause.rule_id].append(cause)
    assert len(rounds) >= 5
    for rule_id, causes in rounds.items():
        domains = {c.resource.id: c for c in causes}
        assert len(domains) == len(causes), f"{rule_id}: two changes of one domain for one rule"
        snapshot = estate_snapshot("acme")
        records = tuple(
            replace(r, document=updated(r.document, request(filled(domains[r.id])), (), "replace"))
            if r.kind == "domain" and r.id in domains
            else r
            for r in snapshot.records
        )
        path = tmp_path / f"{rule_id}.jsonl"
        write_snapshot(path, replace(snapshot, records=records))
        after = evaluate([path], [r for r in built_in_rules if r.id == rule_id])
        was = failing(before, rule_id)
        # What is unknown afterwards was not removed: a profile's own structure may or may not take the domain's over.
        still = {f.fingerprint for f in after.findings if f.rule_id == rule_id}
        claimed = {name for name, id_ in was.items() if id_ in {c.id for c in causes}}
        assert set(was) - still == claimed, rule_id
        assert len(claimed) == sum(c.affects for c in causes)


def filled(cause: RootCause) -> str:
    """The command with something in place of what only its reader knows."""
    assert cause.remediation is not None
    command = cause.remediation.aws
    for name in placeholders(command):
        command = command.replace(name, f"https://example.com/{name.lower()}")
    return command
