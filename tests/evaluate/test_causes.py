"""A root cause that claims n findings: its one command removes exactly those n."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import botocore.session
import msgspec
import pytest
from botocore import xform_name

from auditor.evaluate.audit import evaluate_tables
from auditor.model.finding import RootCause
from auditor.model.report import Report
from auditor.model.rule import Rule
from auditor.model.snapshot import Record, Snapshot
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.simulator.updates import updated
from auditor.store.snapshot_file import write_snapshot
from auditor.studio.personas import DEFAULT_PERSONAS
from auditor.studio.placeholders import placeholders

#: Accounts that are tried; each has what others lack.
ESTATES = ("acme", "generated:2x6")
#: Rules with commands of which no cause stands in these accounts: they take personas, or a persona's tools. Each of
#: their commands is proven by itself (tests/remediation).
NOT_TRIED = {"STU203", "STU307", "STU401", "STU405", "STU406", "STU408", "STU701"}
#: What a command that is filled in by its reader gets instead of a placeholder.
_FILLED = {"ROLE_ARN": "arn:aws:iam::123456789012:role/new", "RETENTION_DAYS": "400"}
#: A role of the embedded estate that no rule objects to.
_ORDINARY = "arn:aws:iam::123456789012:role/studio-ingrid"
Failed = set[tuple[str, str]]


def _filled(command: str) -> str:
    for name in placeholders(command):
        command = re.sub(rf"\b{name}\b", _FILLED.get(name, f"https://example.com/{name.lower()}"), command)
    return command


def _request(service: str, operation: str, words: Sequence[str]) -> dict[str, Any]:
    """The request that a command sends, by the operation's own members."""
    model = botocore.session.get_session().get_service_model(service)
    shape = next(model.operation_model(n) for n in model.operation_names if xform_name(n, "-") == operation).input_shape
    assert shape is not None
    members = {f"--{xform_name(name, '-')}": (name, member) for name, member in shape.members.items()}
    request: dict[str, Any] = {}
    given: list[str] = []
    for word in words:
        if word in members:
            name, _ = members[word]
            given = request.setdefault(name, [])
        elif word != "--region":
            given.append(word)
    request = {name: _value(shape.members[name], texts) for name, texts in request.items()}
    return {name: value for name, value in request.items() if value is not None}


def _value(shape: Any, texts: Sequence[str]) -> Any:
    if len(texts) == 1 and texts[0][:1] in "{[" and shape.type_name in ("structure", "list"):
        return json.loads(texts[0])
    if shape.type_name == "structure":
        return dict(pair.split("=", 1) for pair in texts[0].split(","))
    if shape.type_name == "list":
        return [dict(p.split("=", 1) for p in t.split(",")) if "=" in t else t for t in texts]
    return int(texts[0]) if shape.type_name == "integer" else texts[0]


def _done(records: Iterable[Record], cause: RootCause) -> tuple[Record, ...]:
    """The account's records after the cause's command."""
    assert cause.remediation is not None
    words = shlex.split(_filled(cause.remediation.aws))
    assert words[0] == "aws"
    service, operation = words[1:3]
    rest = [w for i, w in enumerate(words[3:]) if "--region" not in (w, words[3:][i - 1] if i else "")]
    request = _request(service, operation, rest)
    made = [_changed(record, operation, request, cause) for record in records]
    assert made != list(records), cause.remediation.aws
    return (*(record for record in made if record is not None), *_new_role(records))


def _new_role(records: Iterable[Record]) -> Iterator[Record]:
    """The role that is filled in: nobody's yet, and like one that may do little."""
    arn = _FILLED["ROLE_ARN"]
    for kind in ("role", "permission"):
        alike = next((r for r in records if r.kind == kind and r.id == _ORDINARY), None)
        if alike is not None:
            named = {"Arn": arn, "RoleName": "new"} if kind == "role" else {"RoleArn": arn}
            yield replace(alike, id=arn, document={**alike.document, **named})


def _changed(record: Record, operation: str, request: Mapping[str, Any], cause: RootCause) -> Record | None:
    if operation in ("detach-role-policy", "put-role-policy", "update-assume-role-policy"):
        if record.kind != "role" or record.document["RoleName"] != request["RoleName"]:
            return record
        document = dict(record.document)
        if operation == "update-assume-role-policy":
            return replace(
                record, document={**document, "AssumeRolePolicyDocument": json.loads(request["PolicyDocument"])}
            )
        if operation == "put-role-policy":
            put = {"PolicyName": request["PolicyName"], "PolicyDocument": json.loads(request["PolicyDocument"])}
            return replace(record, document={**document, "RolePolicyList": [*document["RolePolicyList"], put]})
        kept = [p for p in document["AttachedManagedPolicies"] if p["PolicyArn"] != request["PolicyArn"]]
        return replace(record, document={**document, "AttachedManagedPolicies": kept})
    if operation == "put-retention-policy":
        if record.kind != "log_group" or record.id != request["logGroupName"]:
            return record
        return replace(record, document={**record.document, "retentionInDays": request["retentionInDays"]})
    if (record.region, record.kind, record.id) != (cause.resource.region, cause.resource.type, cause.resource.id):
        return record
    if operation in ("delete-app", "delete-space"):
        return None
    if operation == "add-tags":
        tags = dict(record.tags or ()) | {t["Key"]: t["Value"] for t in request["Tags"]}
        return replace(record, tags=tuple(tags.items()))
    return replace(
        record, document=updated(record.document, request, ("DomainId", "UserProfileName", "SpaceName"), "replace")
    )


def _as_account(snapshot: Snapshot, account: str) -> Snapshot:
    """The same of another account, so that many are evaluated together."""
    own = snapshot.header.scopes[0].account
    text = msgspec.json.encode(snapshot).replace(own.encode(), account.encode())
    return msgspec.json.decode(text, type=Snapshot)


def _not_in_order(snapshots: Sequence[Snapshot], rules: Sequence[Rule], folder: Path) -> list[Failed]:
    """Rule and resource (without its account) of all that fails or is open, for each snapshot."""
    paths = [folder / f"{number}.jsonl" for number in range(len(snapshots))]
    for number, path in enumerate(paths):
        write_snapshot(path, _as_account(snapshots[number], f"{number:012}"))
    con = evaluate_tables(paths, tuple(rules), {}, NestedMerge.UNKNOWN, DEFAULT_PERSONAS).con
    found: list[Failed] = [set() for _ in snapshots]
    for rule in rules:
        query = f"select key from verdict_{rule.table} where {rule.id} in ('fail', 'unknown', 'error')"
        for (key,) in con.execute(query).fetchall():
            account = key.partition("/")[0]
            found[int(account)].add((rule.id, key.replace(account, "")))
    con.close()
    return found


def _chosen(causes: Iterable[RootCause]) -> list[RootCause]:
    chosen: dict[object, RootCause] = {}
    for cause in causes:
        if cause.remediation is not None and cause.remediation.aws:
            operation = cause.remediation.aws.split()[2]
            chosen.setdefault(cause.id if cause.affects > 1 else (cause.rule_id, operation), cause)
    return list(chosen.values())


@pytest.mark.parametrize("estate", ESTATES)
def test_one_command_removes_what_its_cause_claims(
    estate: str, estate_snapshot: Callable[[str], Snapshot], estate_report: Callable[[str], Report],
    built_in_rules: Sequence[Rule], tmp_path: Path,
) -> None:  # fmt: skip
    """Every cause of several findings, and of one finding the first of each rule and command, each in an account of its
    own that is otherwise the same."""
    snapshot = estate_snapshot(estate)
    account = snapshot.header.scopes[0].account
    report = estate_report(estate)
    causes = _chosen(report.root_causes)
    claims = {
        cause.id: {
            (f.rule_id, f.resource.key.replace(account, "")) for f in report.findings if f.root_cause == cause.id
        }
        for cause in causes
    }
    assert all(len(claims[c.id]) == c.affects for c in causes)
    tried = [replace(snapshot, records=_done(snapshot.records, cause)) for cause in causes]
    rules = [r for r in built_in_rules if r.id in {c.rule_id for c in causes}]
    before, *after = _not_in_order([snapshot, *tried], rules, tmp_path)
    for cause, left in zip(causes, after, strict=True):
        was, is_ = ({one for one in failed if one[0] == cause.rule_id} for failed in (before, left))
        assert was - is_ == claims[cause.id], cause
        assert is_ <= was, cause


def test_every_rule_with_a_command_has_a_cause_that_is_tried(
    estate_report: Callable[[str], Report], built_in_rules: Sequence[Rule]
) -> None:
    tried = {
        cause.rule_id
        for estate in ESTATES
        for cause in estate_report(estate).root_causes
        if cause.remediation is not None and cause.remediation.aws
    }
    assert {r.id for r in built_in_rules if r.remediation.by_command} - tried == NOT_TRIED
