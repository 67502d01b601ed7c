"""Nights of a small account, for the commands that keep and compare them: snapshots whose domains sign in as told."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from auditor.model.snapshot import Gap, Record
from tests.evaluate.helpers import ACCOUNT, REGION, domain, snapshot_file

RULES = ("--only", "STU106,STU605")
#: Name of a domain → how people sign in; None: that could not be seen.
Signs = dict[str, str | None]


def night(folder: Path, day: int, signs: Signs, *, tags: Sequence[tuple[str, str]] | None = None,
          gaps: Sequence[Gap] = (), account: str = ACCOUNT) -> Path:  # fmt: skip
    """A snapshot of that day in November. STU106 fails on IAM; every domain has a customer key, so STU605 passes."""
    records: list[Record] = []
    for name, mode in sorted(signs.items()):
        record = domain(f"d-{name}", {"DomainName": name, "AuthMode": mode, "KmsKeyId": "alias/studio"})
        records.append(replace(record, tags=tags, gaps=("AuthMode",) if mode is None else ()))
    path = folder / f"night-{day:02d}.jsonl"
    if account != ACCOUNT:
        return _elsewhere(path, day, records, gaps, account)
    return snapshot_file(path, *records, gaps=gaps, as_of=f"2026-11-{day:02d}T02:00:00Z")


def _elsewhere(path: Path, day: int, records: Sequence[Record], gaps: Sequence[Gap], account: str) -> Path:
    from auditor.model.snapshot import SCHEMA_VERSION, Header, Scope, Snapshot
    from auditor.store.snapshot_file import write_snapshot

    header = Header(
        SCHEMA_VERSION, "aws", f"2026-11-{day:02d}T02:00:00Z", "0.1.0", "1.44.5", "", (Scope(account, REGION),)
    )  # fmt: skip
    place = Record(account, REGION, "account_region", REGION, {})
    moved = (replace(r, account=account) for r in (place, *records))
    write_snapshot(path, Snapshot(header, tuple(moved), tuple(gaps)))
    return path


def checked(auditor: Callable[..., Any], snapshot: Path, *options: object) -> tuple[Any, dict[str, Any]]:
    """Outcome and report.json of ``auditor check``."""
    outcome = auditor("check", snapshot, *RULES, "--format", "json", "--fail-on", "medium", *options)
    report = Path("audit-report/report.json")
    return outcome, json.loads(report.read_text()) if report.exists() else {}


def states(report: dict[str, Any]) -> dict[str, str]:
    """Name of the domain → state, of failures of this run and of earlier ones."""
    here = {f["resource"]["name"]: f["state"] for f in report["findings"] if f["status"] == "fail"}
    return here | {p["resource"]["name"]: p["state"] for p in report["past"]}
