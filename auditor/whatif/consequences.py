"""What changes make of an audit: two reports and two sets of tables beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.counting import plural
from auditor.evaluate.audit import Export
from auditor.model.finding import Finding
from auditor.model.report import Report
from auditor.model.rule import Verdict
from auditor.resolve.tables import TABLES
from auditor.sql_text import literal
from auditor.store.connection import connect
from auditor.store.snapshot_reader import Key, SnapshotReader
from auditor.studio.resource_types import BY_KIND
from auditor.whatif.changes import Change, Clash
from auditor.whatif.replay import Replay
from auditor.whatif.replay_words import policy_headline

if TYPE_CHECKING:
    import duckdb

#: Tables that hold settings in force, and what runs on them.
_SETTINGS = tuple(t for t in TABLES if t.resource_type and any(c.has_origin for c in t.columns) and t.name != "app")
#: By table, the columns of settings in force.
_COLUMNS = {t.name: [c for c in t.columns if c.has_origin] for t in _SETTINGS}
_RUNNING = ("InService", "Pending")


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A setting in force of one resource, before and after; as text, None where it is unknown."""

    table: str
    key: str
    domain: str
    name: str
    setting: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class NotTried:
    """A cause whose change could not be laid over the snapshot, and why."""

    rule_id: str
    cause: str
    resource: str
    reason: str


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What the changes make of the audit.

    ``gone``: failures that are none any more and are decided; ``came``: failures that were none; ``unknown``: verdicts
    that become unknown, or an error, and were none. ``apps``: keys of running apps of a resource whose settings change,
    which keep theirs until they are started again. ``reports``: the audit as it is, and as it would be. ``replay``:
    what a policy would have denied, where that was asked.
    """

    changes: tuple[Change, ...]
    clashes: tuple[Clash, ...]
    not_tried: tuple[NotTried, ...]
    gone: tuple[Finding, ...]
    came: tuple[Finding, ...]
    unknown: tuple[Finding, ...]
    settings: tuple[SettingChange, ...]
    apps: tuple[str, ...]
    before: int
    after: int
    reports: tuple[Report, Report]
    replay: Replay | None = None

    @property
    def of_policy(self) -> bool:
        """Whether only a policy was tried, and nothing that changes the audit."""
        return self.replay is not None and not (
            self.changes or self.not_tried or self.came or self.gone or self.unknown
        )

    @property
    def headline(self) -> str:
        """The difference in one line; where only a policy was tried, what that would have denied."""
        if self.replay is not None and self.of_policy:
            return policy_headline(self.replay)
        parts = [f"{len(self.gone):,} resolved", f"{len(self.came):,} new"]
        parts += [f"{len(self.unknown):,} no longer evaluated"] if self.unknown else []
        return f"{plural(self.before, 'failure')} now, {self.after:,} then: {', '.join(parts)}"


def export_settings(folder: Path) -> Export:
    """Writes the settings in force, and the running apps, into the folder while the rules are evaluated."""

    def export(con: duckdb.DuckDBPyConnection, _: tuple[SnapshotReader, ...]) -> None:
        for table in _SETTINGS:
            columns = ", ".join(f'"{c.name}"' for c in _COLUMNS[table.name])
            domain = "name" if table.name == "domain" else "domain_name"
            con.execute(
                f"copy (select key, {domain} as in_domain, name as called, {columns} from {table.name})"
                f" to {literal(str(folder / table.name))} (format parquet)"
            )
        con.execute(
            "copy (select a.key, u.key as profile, s.key as space from app a"
            " left join user_profile u on u.domain_key = a.domain_key and u.name = a.user_profile_name"
            " left join space s on s.domain_key = a.domain_key and s.name = a.space_name"
            f" where a.status in {_RUNNING}) to {literal(str(folder / 'running'))} (format parquet)"
        )

    return export


class InForce:
    """The settings in force that ``export_settings`` wrote into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._con = connect()

    def at(self, key: Key, path: str) -> Any:
        """The value at a path of a resource's own document; None where it is unknown, or no column has it."""
        kind = BY_KIND[key[2]]
        columns = _COLUMNS.get(kind.table, [])
        column = next((c.name for c in columns if (c.paths or {}).get(kind.layer) == path), None)
        if column is None:
            return None
        row = self._con.execute(
            f'select "{column}" from read_parquet({literal(str(self._folder / kind.table))}) where key = ?',
            ["/".join(key)],
        ).fetchone()
        return row[0] if row else None


def changed_settings(before: Path, after: Path) -> tuple[SettingChange, ...]:
    """Settings in force that differ between what ``export_settings`` wrote into two folders."""
    con = connect()
    found: list[SettingChange] = []
    for table in _SETTINGS:
        columns = [c.name for c in _COLUMNS[table.name]]
        sides = [f"read_parquet({literal(str(folder / table.name))})" for folder in (before, after)]
        differs = " or ".join(f'b."{c}" is distinct from a."{c}"' for c in columns)
        pairs = ", ".join(f"{{'n': {literal(c)}, 'b': b.\"{c}\"::VARCHAR, 'a': a.\"{c}\"::VARCHAR}}" for c in columns)
        rows = con.execute(
            "select key, in_domain, called, c.n, c.b, c.a from (select b.key, b.in_domain, b.called,"
            f" unnest([{pairs}]) as c from {sides[0]} b join {sides[1]} a on a.key = b.key where {differs})"
            " where c.b is distinct from c.a order by key, c.n"
        ).fetchall()
        found += [SettingChange(table.name, row[0], row[1] or "", row[2] or "", *row[3:]) for row in rows]
    return tuple(found)


def running_apps(folder: Path, keys: Iterable[str]) -> tuple[str, ...]:
    """Keys of the running apps of the profiles and spaces."""
    wanted = sorted(set(keys))
    rows = connect().execute(
        f"select key from read_parquet({literal(str(folder / 'running'))})"
        " where list_contains(?, profile) or list_contains(?, space) order by key",
        [wanted, wanted],
    )
    return tuple(key for (key,) in rows.fetchall())


def compare(
    reports: tuple[Report, Report],
    folders: tuple[Path, Path],
    changes: Sequence[Change],
    clashes: Sequence[Clash],
    not_tried: Sequence[NotTried],
) -> WhatIf:
    """The difference between the audit as it is and as it would be."""
    before, after = ({f.fingerprint: f for f in report.findings} for report in reports)
    failed, fails = (
        {p: f for p, f in side.items() if f.status is Verdict.FAIL} for side in (before, after)
    )  # fmt: skip
    settings = changed_settings(*folders)
    return WhatIf(
        tuple(changes),
        tuple(clashes),
        tuple(not_tried),
        gone=tuple(f for p, f in failed.items() if p not in after),
        came=tuple(f for p, f in fails.items() if p not in failed),
        unknown=tuple(
            f for p, f in after.items()
            if f.status is not Verdict.FAIL and (p not in before or before[p].status is Verdict.FAIL)
        ),
        settings=settings,
        apps=running_apps(folders[0], (s.key for s in settings)),
        before=len(failed),
        after=len(fails),
        reports=reports,
    )  # fmt: skip
