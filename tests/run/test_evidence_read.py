"""Which evidence a run asks for: what its rules read, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auditor.evaluate.audit import load_tables
from auditor.model.rule import Rule
from auditor.model.snapshot import Snapshot
from auditor.resolve.tables import TABLES
from auditor.rules.evidence_read import column_kinds, evidence_read
from auditor.store.snapshot_file import write_snapshot
from auditor.studio.evidence_sources import EVIDENCE, EVIDENCE_SOURCES, EvidenceSource

#: Tables that say what was seen: of these no column has a kind.
_LEDGER = ("gap", "place")


def test_all_rules_read_all_evidence(built_in_rules: tuple[Rule, ...]) -> None:
    assert evidence_read(built_in_rules) == EVIDENCE


@pytest.mark.parametrize(
    ("rule", "read"),
    [
        ("STU603", ()),
        ("STU102", ("sign-ins",)),
        ("STU107", ("identity-center",)),
        ("STU203", ("roles",)),
        ("STU802", ("account",)),
        ("STU803", ("account",)),
    ],
)
def test_a_rule_reads_what_its_columns_hang_on(
    rule: str, read: tuple[str, ...], built_in_rules: tuple[Rule, ...]
) -> None:
    found = evidence_read([r for r in built_in_rules if r.id == rule])
    assert set(read) <= set(found)
    assert "sign-ins" in found or rule != "STU102"
    if rule == "STU603":
        assert "sign-ins" not in found


def _values(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    con, _ = load_tables([path])
    found = {}
    for table in TABLES:
        if table.name in _LEDGER:
            continue
        for column in table.columns:
            found[f"{table.name}.{column.name}"] = con.execute(
                f'select key, "{column.name}"::VARCHAR from {table.name} order by key'
            ).fetchall()
    return found


@pytest.fixture(scope="module")
def whole(
    estate_snapshot: Callable[[str], Snapshot], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Snapshot, Mapping[str, list[tuple[Any, ...]]]]:
    snapshot = estate_snapshot("acme")
    path = tmp_path_factory.mktemp("whole") / "snapshot.jsonl"
    write_snapshot(path, snapshot)
    return snapshot, _values(path)


@pytest.mark.parametrize("source", [s for s in EVIDENCE_SOURCES if not s.on_request], ids=lambda s: s.name)
def test_what_changes_without_a_source_says_so(
    source: EvidenceSource, whole: tuple[Snapshot, Mapping[str, list[tuple[Any, ...]]]], tmp_path: Path
) -> None:
    """A column that hangs on evidence and does not say so would be unknown in a run that did not ask for it."""
    snapshot, values = whole
    left = replace(
        snapshot,
        header=replace(snapshot.header, kinds=tuple(k for k in snapshot.header.kinds if k not in source.kinds)),
        records=tuple(r for r in snapshot.records if r.kind not in source.kinds),
    )
    path = tmp_path / "snapshot.jsonl"
    write_snapshot(path, left)
    changed = {name for name, rows in _values(path).items() if rows != values[name]}
    kinds = set(source.kinds)
    silent = {
        f"{table.name}.{column.name}"
        for table in TABLES
        for column in table.columns
        if not kinds & ({*table.kinds, *table.further} | column_kinds(table, column.name))
    }
    assert changed, f"no table hangs on {source.name}"
    assert changed & silent - {"account_region.unlisted"} == set()
