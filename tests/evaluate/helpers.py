"""Rules from text, snapshots from documents, and audits of both."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from auditor.evaluate.audit import EvaluateOptions, evaluate
from auditor.evaluate.gate import apply_gate
from auditor.model.finding import Finding
from auditor.model.report import Gate, Report
from auditor.model.rule import Rule, Severity
from auditor.model.snapshot import SCHEMA_VERSION, Coverage, Gap, Header, Record, Scope, Snapshot
from auditor.rules.load import load_rules
from auditor.store.snapshot_file import write_snapshot

ACCOUNT, REGION = "111122223333", "eu-west-1"
ROLE = "arn:aws:iam::111122223333:role/"

#: A rule file whose every line can be replaced; line numbers in tests are those of this text.
RULE = """\
id: TST001
name: signs-in-with-sso
title: People sign in through Identity Center
severity: low
table: domain
when: not unified_studio
require: auth_mode = 'SSO'
message: "{name} signs in with {auth_mode}"
why: Because.
remediation: {steps: Make a new domain.}
practices: [P03]
references: ["https://docs.aws.amazon.com/"]
since: 0.1.0
params: {}
cases:
  - {given: {auth_mode: SSO}, then: pass}
"""


def changed(**lines: Any) -> str:
    """RULE with the values of some keys replaced; a value None takes the line out. Values stand as JSON, so as YAML."""
    text = []
    for line in RULE.splitlines():
        key = line.split(":")[0]
        if key not in lines:
            text.append(line)
            continue
        value = lines.pop(key)
        if value is not None:
            text.append(f"{key}: {json.dumps(value)}")
        if key == "cases":
            break
    text[5:5] = [f"{key}: {json.dumps(value)}" for key, value in lines.items()]
    return "\n".join(text) + "\n"


def rule_file(folder: Path, text: str | bytes, name: str = "rule.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def rules_of(folder: Path, *texts: str) -> tuple[Rule, ...]:
    return load_rules([rule_file(folder, text, f"rule-{n}.yaml") for n, text in enumerate(texts)])


def domain(id_: str = "d-1", document: Mapping[str, Any] | None = None, gaps: Sequence[str] = ()) -> Record:
    base = {"DomainId": id_, "DomainName": f"name-of-{id_}", "CreationTime": "2025-02-03T10:00:00Z", "AuthMode": "IAM"}
    return Record(ACCOUNT, REGION, "domain", id_, {**base, **(document or {})}, gaps=tuple(gaps))


def profile(
    name: str, user: Mapping[str, Any] | None = None, gaps: Sequence[str] = (), *, of: str = "d-1", **also: Any
) -> Record:
    document = {"DomainId": of, "UserProfileName": name, "UserSettings": user or {}, **also}
    return Record(ACCOUNT, REGION, "user_profile", f"{of}/{name}", document, gaps=tuple(gaps))


def snapshot_file(
    path: Path,
    *records: Record,
    gaps: Sequence[Gap] = (),
    coverage: Sequence[Coverage] = (),
    as_of: str = "2026-11-23T02:00:00Z",
) -> Path:
    accounts = sorted({ACCOUNT, *(r.account for r in records)})
    scopes = tuple(Scope(account, REGION) for account in accounts)
    header = Header(SCHEMA_VERSION, "aws", as_of, "0.1.0", "1.44.5", "", scopes)
    places = [Record(account, REGION, "account_region", REGION, {}) for account in accounts]
    write_snapshot(path, Snapshot(header, (*places, *records), tuple(gaps), tuple(coverage)))
    return path


def in_account(account: str, *records: Record) -> tuple[Record, ...]:
    """The records as those of another account."""
    return tuple(replace(r, account=account) for r in records)


def audit(
    folder: Path,
    rules: Sequence[Rule],
    *records: Record,
    gaps: Sequence[Gap] = (),
    fail_on: Severity | None = Severity.HIGH,
    **options: Any,
) -> Report:
    """The report on a snapshot of the records, the gate applied."""
    file = snapshot_file(folder / "snapshot.jsonl", *records, gaps=gaps)
    return apply_gate(evaluate([file], rules, EvaluateOptions(**options)), Gate(fail_on))


def verdicts(report: Report) -> dict[tuple[str, str], str]:
    """(rule, resource id) → status of each finding."""
    return {(f.rule_id, f.resource.id): str(f.status) for f in report.findings}


def only(findings: Sequence[Finding], rule: str, resource: str) -> Finding:
    """The one finding of a rule on a resource, by the resource's id."""
    (found,) = [f for f in findings if f.rule_id == rule and f.resource.id == resource]
    return found
