"""Many commands, each run in the account as it was at the beginning; what they leave is audited at once, each as an
account of its own, since accounts do not see each other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from auditor.evaluate.audit import evaluate_tables
from auditor.model.finding import Finding
from auditor.model.rule import Verdict
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.rules.references import inherit_overrides

from .proof import Tried, attempt, prove
from .simulated_account import ACCOUNT, PERSONAS, RULES, Account, Audit, Beginning, Seen

#: What the rules do not pass, by rule and by the resource's key.
Left = dict[str, dict[str, Verdict]]


@dataclass
class Proofs:
    """What the commands left."""

    before: Audit
    tried: dict[tuple[str, str], Tried] = field(default_factory=dict)
    refused: dict[tuple[str, str], str] = field(default_factory=dict)
    left: dict[tuple[str, str], Left] = field(default_factory=dict)
    #: What was proven so far, to look at what is in force.
    proven: list[Tried] = field(default_factory=list)

    def prove(self, finding: Finding, command: str, *, only_here: bool = False) -> None:
        """The command mends the finding, and changes nothing but what the rule says."""
        key = (finding.fingerprint, command)
        assert key not in self.refused, self.refused[key]
        tried = self.tried[key]
        if prove(self.before, tried, self.left[key][tried.rule.id], only_here=only_here):
            self.proven.append(tried)


def run(beginning: Beginning, commands: Iterable[tuple[Finding, str]], folder: Path) -> Proofs:
    """Run the commands and audit what they leave."""
    proofs = Proofs(beginning.audit)
    account = Account(folder, beginning.state)
    try:
        for finding, command in commands:
            key = (finding.fingerprint, command)
            if key in proofs.tried or key in proofs.refused:
                continue
            try:
                proofs.tried[key] = attempt(account, finding, command)
            except AssertionError as error:
                proofs.refused[key] = str(error)
    finally:
        account.stop()
    made = folder / "accounts"
    made.mkdir()
    rules = sorted({tried.rule.id for tried in proofs.tried.values()})
    old, *new = _left([beginning.audit, *(tried.after for tried in proofs.tried.values())], rules, made)
    for rule in rules:
        same = {key: finding.status for key, finding in beginning.audit.failures(rule).items()}
        assert old[rule] == same, "the accounts see each other"
    proofs.left.update(zip(proofs.tried, new, strict=True))
    return proofs


def _left(seen: Sequence[Seen], rules: Sequence[str], folder: Path) -> list[Left]:
    wanted = [RULES[rule] for rule in rules]
    accounts, paths = as_accounts(seen, folder)
    done = evaluate_tables(paths, wanted, inherit_overrides(wanted, {}), NestedMerge.UNKNOWN, PERSONAS)
    found: dict[str, Left] = {account: {rule: {} for rule in rules} for account in accounts}
    for rule in wanted:
        sql = (
            f"select key, \"{rule.id}\" from verdict_{rule.table} where \"{rule.id}\" not in ('pass', 'not_applicable')"
        )
        for key, verdict in done.con.execute(sql).fetchall():
            account, _, rest = key.partition("/")
            found[account][rule.id][f"{ACCOUNT}/{rest.replace(account, ACCOUNT)}"] = Verdict(verdict)
    done.con.close()
    return list(found.values())


def as_accounts(seen: Sequence[Seen], folder: Path) -> tuple[list[str], list[Path]]:
    """Each snapshot as one of another account: the accounts, and the files."""
    names = [f"{200_000_000_000 + number}" for number, _ in enumerate(seen)]
    return names, [_renamed(a.path, name, folder) for a, name in zip(seen, names, strict=True)]


def _renamed(path: Path, account: str, folder: Path) -> Path:
    *lines, _ = path.read_bytes().replace(ACCOUNT.encode(), account.encode()).splitlines(keepends=True)
    end = {"end": {"lines": len(lines), "sha256": hashlib.sha256(b"".join(lines)).hexdigest()}}
    made = folder / f"{account}.jsonl"
    made.write_bytes(b"".join(lines) + json.dumps(end).encode() + b"\n")
    return made


def asked(request: pytest.FixtureRequest, test: str) -> list[tuple[str, ...]]:
    """The parameters with which that test of the module will run: not all of them may have been asked for."""
    items = (i for i in request.session.items if isinstance(i, pytest.Function) and i.module is request.module)
    found = (i for i in items if i.originalname == test)
    return [tuple(i.callspec.params.values()) if hasattr(i, "callspec") else () for i in found]
