"""The corpus: small templates with the verdicts expected of them. corpus/README.md says what a case holds."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from auditor.collect.iac.scan import ScanOptions, scan
from auditor.errors import AuditorError
from auditor.evaluate.audit import evaluate, load_tables
from auditor.evaluate.engine import evaluate_rules
from auditor.model.rule import Rule
from auditor.model.snapshot import LANGUAGE_LIMITS, Snapshot
from auditor.store.snapshot_file import write_snapshot

ROOT = Path(__file__).parent / "corpus"
MOMENT = datetime(2026, 11, 23, 2, tzinfo=UTC)
TABLES = (
    "domain",
    "user_profile",
    "space",
    "app",
    "execution_role",
    "lifecycle_config",
    "mlflow_server",
    "partner_app",
    "account_region",
)


@dataclass(frozen=True)
class Case:
    """One case as its folder holds it."""

    folder: Path
    shows: str
    scan: tuple[str, ...] = (".",)
    language: str = "cloudformation"
    parameters: Mapping[str, str] = field(default_factory=dict)
    parameter_files: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    variable_files: tuple[str, ...] = ()
    expect: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    places: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    gaps: tuple[Mapping[str, str], ...] | None = None
    exit: int | None = None

    @property
    def paths(self) -> list[Path]:
        return [self.folder / name for name in self.scan]

    @property
    def options(self) -> ScanOptions:
        return ScanOptions(
            tuple(f"{name}={value}" for name, value in self.parameters.items()),
            tuple(self.folder / name for name in self.parameter_files),
            tuple(f"{name}={value}" for name, value in self.variables.items()),
            tuple(self.folder / name for name in self.variable_files),
        )


def cases() -> list[Case]:
    """Every case, by name."""
    found = []
    for path in sorted(ROOT.glob("*/expected.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        gaps = content.pop("gaps", None)
        content = {k: tuple(v) if isinstance(v, list) else v for k, v in content.items()}
        found.append(Case(path.parent, gaps=None if gaps is None else tuple(gaps), **content))
    return found


@dataclass(frozen=True)
class Outcome:
    """What a scan of a case gave. Resources are named by their id, or ``file#id`` where the case has several such."""

    verdicts: Mapping[str, Mapping[str, str]]
    """Rule → resource → verdict."""
    rows: Mapping[str, Mapping[str, Mapping[str, Any]]]
    """Table → resource → column → value."""
    gaps: tuple[tuple[str, str, str, str], ...]
    """(resource, setting, reason, detail), those of the language aside."""
    places: Mapping[tuple[str, str], tuple[str, str, str]]
    """(rule, resource) of each finding → place of the resource, of the value, and the construct."""


class Corpus:
    """All cases at once: one snapshot of all of them, so one evaluation. A root is a case's own, so they never meet."""

    def __init__(self, found: Sequence[Case], rules: Sequence[Rule]) -> None:
        self.cases = {case.folder.name: case for case in found}
        self.errors: dict[str, AuditorError] = {}
        snapshots = []
        here = Path.cwd()
        os.chdir(ROOT)
        try:
            for case in found:
                try:
                    snapshots.append(scan(case.paths, case.options, MOMENT))
                except AuditorError as error:
                    self.errors[case.folder.name] = error
        finally:
            os.chdir(here)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "snapshot.jsonl"
            write_snapshot(path, merged(snapshots))
            con, _ = load_tables([path])
            evaluate_rules(con, rules, {})
            self._rows = {name: _table(con, name) for name in TABLES}
            self._verdicts = {
                r.id: con.execute(
                    f'select t.account, t.id, v."{r.id}"::VARCHAR from {r.table} t join verdict_{r.table} v using (key)'
                ).fetchall()
                for r in rules
            }
            self._report = evaluate([path], rules)

    def outcome(self, name: str) -> Outcome:
        """What came of one case. Raises the error that its scan ended with."""
        if name in self.errors:
            raise self.errors[name]
        prefix = f"{name}/"
        named = _Names([(r["account"], r["id"]) for rows in self._rows.values() for r in rows], prefix)
        return Outcome(
            verdicts={
                rule: {named(a, i): v for a, i, v in found if _inside(a, name)}
                for rule, found in self._verdicts.items()
            },
            rows={
                table: {
                    named(r["account"], r["id"]): {**r, "account": r["account"].removeprefix(prefix)}
                    for r in rows if _inside(r["account"], name)
                }
                for table, rows in self._rows.items()
            },
            gaps=tuple(
                (named(g.account, g.resource_id.removeprefix(prefix)), g.setting, g.reason,
                 g.detail.replace(prefix, ""))
                for g in self._report.gaps if _inside(g.account, name) and g.reason not in LANGUAGE_LIMITS
            ),
            places={
                (f.rule_id, named(f.resource.account, f.resource.id)): (
                    f"{f.resource.file}:{f.resource.line}".removeprefix(prefix),
                    f"{f.evidence[0].origin.file}:{f.evidence[0].origin.line}".removeprefix(prefix),
                    f.resource.construct,
                )
                for f in self._report.findings if _inside(f.resource.account, name)
            },
        )  # fmt: skip


def _inside(account: str, case: str) -> bool:
    """Whether a root is a case's: a file or folder of it, or the folder itself."""
    return account == case or account.startswith(f"{case}/")


class _Names:
    """Names of a case's resources: the id, unless several roots have it."""

    def __init__(self, places: Sequence[tuple[str, str]], prefix: str) -> None:
        self._prefix = prefix
        roots: dict[str, set[str]] = {}
        for account, id_ in places:
            if _inside(account, prefix[:-1]):
                roots.setdefault(id_, set()).add(account)
        self._several = {id_ for id_, accounts in roots.items() if len(accounts) > 1}

    def __call__(self, account: str, id_: str) -> str:
        return f"{account.removeprefix(self._prefix)}#{id_}" if id_ in self._several else id_


def merged(snapshots: Sequence[Snapshot]) -> Snapshot:
    """Snapshots of different roots as one."""
    first = snapshots[0]
    scopes = tuple(scope for s in snapshots for scope in s.header.scopes)
    header = replace(first.header, source="mixed", scopes=scopes)
    return Snapshot(
        header,
        tuple(r for s in snapshots for r in s.records),
        tuple(g for s in snapshots for g in s.gaps),
        tuple(c for s in snapshots for c in s.coverage),
    )


def _table(con: Any, name: str) -> list[dict[str, Any]]:
    cursor = con.execute(f"select * from {name}")
    names = [d[0] for d in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def verdicts_right(corpus: Corpus) -> tuple[int, int]:
    """How many of the expected verdicts (and exit codes) came out, of how many."""
    right = total = 0
    for name, case in corpus.cases.items():
        if case.exit is not None or name in corpus.errors:
            total += 1
            right += name in corpus.errors and corpus.errors[name].exit_code == case.exit
            continue
        found = corpus.outcome(name).verdicts
        for rule, expected in case.expect.items():
            for resource in {**expected, **found[rule]}:
                total += 1
                right += found[rule].get(resource) == expected.get(resource, "not_applicable")
    return right, total
