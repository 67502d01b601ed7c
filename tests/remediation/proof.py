"""The proof of a printed command: an account with the failure, the real AWS CLI, a new audit, all else as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from auditor.model.finding import Finding
from auditor.model.rule import Change, Rule, Verdict
from auditor.model.snapshot import Record
from auditor.remediation.command_text import read_call
from auditor.whatif.changes import combine, of_call
from auditor.whatif.overlay import read_lines

from .simulated_account import ACCOUNT, MOVING, REGION, RULES, Account, Audit, Seen, filled_in, resource_key

#: Rules that stay open where apps start from custom images: no API says whether such an image does what is set.
OPEN_ON_CUSTOM_IMAGES = ("STU711",)
#: What ListSpaces says of a space's settings beside DescribeSpace.
_TWICE = {"SpaceSettingsSummary", "SpaceSharingSettingsSummary", "OwnershipSettingsSummary"}


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
