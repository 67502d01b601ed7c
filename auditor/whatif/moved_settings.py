"""Settings in force on both sides of a what-if: what differs between them, and the apps that run on what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.evaluate.audit import Export
from auditor.resolve.overlaid_tables import CHANGED, FIRST
from auditor.resolve.table_model import Column
from auditor.resolve.tables import TABLES
from auditor.sql_text import literal
from auditor.store.connection import connect
from auditor.store.snapshot_reader import Key, SnapshotReader
from auditor.studio.resource_types import BY_KIND
from auditor.whatif.changes import Line
from auditor.whatif.consequences import SettingChange, SettingMove

if TYPE_CHECKING:
    import duckdb

#: Tables that hold settings in force, and what runs on them.
_SETTINGS = tuple(t for t in TABLES if t.resource_type and any(c.has_origin for c in t.columns) and t.name != "app")
#: By table, the columns of settings in force.
_COLUMNS = {t.name: [c for c in t.columns if c.has_origin] for t in _SETTINGS}
_RUNNING = ("InService", "Pending")
#: Settings of people, below which a member decides over no setting but its own structure's. The default that is
#: computed hangs on when the domain was made.
_OF_PEOPLE = ("UserSettings", "DefaultUserSettings")
#: Where a document changes: the members of its roots; None: anywhere.
Paths = frozenset[str] | None
#: Where user profiles are before what others say of them is joined.
_RESOLVED = {"user_profile": "user_profile_resolved"}


def export_settings(folder: Path) -> Export:
    """Writes the settings in force into the folder while the rules are evaluated."""

    def export(con: duckdb.DuckDBPyConnection, _: tuple[SnapshotReader, ...]) -> None:
        for table in _SETTINGS:
            columns = ", ".join(f'"{c.name}"' for c in _COLUMNS[table.name])
            domain = "name" if table.name == "domain" else "domain_name"
            con.execute(
                f"copy (select key, {domain} as in_domain, name as called, {columns} from {table.name})"
                f" to {literal(str(folder / table.name))} (format parquet)"
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


def _structure(path: str) -> str:
    """The root of a path and what stands below it: members of one structure decide over one another's origins."""
    return ".".join(path.split(".")[:2])


def _may_move(column: Column, paths: Paths) -> bool:
    """Whether a change may reach a setting: it is in one of its structures, or beside the settings of people."""
    if paths is None:
        return True
    own = {_structure(path) for path in (column.paths or {}).values()}
    return any(path in own or path.partition(".")[0] not in _OF_PEOPLE for path in paths)


def settings_that_stay(name: str, paths: frozenset[str]) -> frozenset[str]:
    """Columns of a table, and where they come from, that a change at these paths reaches in no row."""
    columns = {c.name for c in _COLUMNS[name] if not _may_move(c, paths)}
    return frozenset({*columns, *(f"{column}_origin" for column in columns)})


def changed_paths(before: Line | None, after: Line | None) -> Paths:
    """Where two documents of a resource differ, to the members of their roots; None: anywhere."""
    if before is None or after is None:
        return None
    old, new = before[before["kind"]], after[after["kind"]]
    gaps = set(before.get("gaps", ())) ^ set(after.get("gaps", ()))
    if "*" in gaps:
        return None
    found = {_structure(gap) for gap in gaps}
    for root in {*old, *new}:
        was, is_ = old.get(root), new.get(root)
        if was == is_:
            continue
        if not (isinstance(was, dict) and isinstance(is_, dict)):
            # All that lies in a structure that comes or goes.
            found |= {f"{root}.{name}" for one in (was, is_) if isinstance(one, dict) for name in one} or {root}
            continue
        found |= {f"{root}.{name}" for name in {*was, *is_} if was.get(name) != is_.get(name)}
    return frozenset(found)


class MovedSettings:
    """Settings in force that differ between the two databases of a connection: ``moved`` in the second has a row for
    each that differs of a resource that both have."""

    def __init__(self, con: duckdb.DuckDBPyConnection, touched: Mapping[Key, Paths]) -> None:
        """``touched``: the resources whose documents are others, and where. Settings of no others differ, but of what
        lies in a domain of them: a user profile and a space take from their own document and from their domain's, and
        from nothing else."""
        self._con = con
        self._accounts = sorted({key[0] for key in touched})
        everywhere = [paths for paths in touched.values() if paths is not None]
        self._paths = frozenset[str]().union(*everywhere) if len(everywhere) == len(touched) else None
        con.execute(
            "create table moved (place INTEGER, tbl VARCHAR, key VARCHAR, in_domain VARCHAR, called VARCHAR,"
            " setting VARCHAR, was VARCHAR, becomes VARCHAR)"
        )
        con.execute("create temp table touched (key VARCHAR)")
        con.execute("insert into touched select unnest(?::VARCHAR[])", [sorted("/".join(key) for key in touched)])
        for place, table in enumerate(_SETTINGS):
            self._compare(place, table.name)

    def _compare(self, place: int, name: str) -> None:
        columns = [c.name for c in _COLUMNS[name] if _may_move(c, self._paths)]
        if not columns:
            return
        held = _RESOLVED.get(name, name)
        domain = "null" if name == "domain" else "domain_key"
        called = "name" if name == "domain" else "domain_name"
        read = ", ".join(f'"{c}"' for c in columns)
        # Before a million documents are read.
        accounts = ", ".join(map(literal, self._accounts)) or "null"
        sides = [
            f"(select key, {called} as in_domain, name as called, {read} from {where}.{held}"
            f" where account in ({accounts}) and (key in (select key from touched)"
            f" or {domain} in (select key from touched)))"
            for where in (FIRST, f"{CHANGED}.main")
        ]
        differs = " or ".join(f'b."{c}" is distinct from a."{c}"' for c in columns)
        both = ", ".join(f'b."{c}" as "{c}_b", a."{c}" as "{c}_a"' for c in columns)
        self._con.execute(
            f"create temp table pair as select b.key, b.in_domain, b.called, {both} from {sides[0]} b join {sides[1]} a"
            f" on a.key = b.key where {differs}"
        )
        counts = ", ".join(f'count_if("{c}_b" is distinct from "{c}_a")' for c in columns)
        (numbers,) = self._con.execute(f"select {counts} from pair").fetchall()
        for column in (c for c, number in zip(columns, numbers, strict=True) if number):
            self._con.execute(
                f"insert into moved select {place}, {literal(name)}, key, coalesce(in_domain, ''),"
                f' coalesce(called, \'\'), {literal(column)}, "{column}_b"::VARCHAR, "{column}_a"::VARCHAR from pair'
                f' where "{column}_b" is distinct from "{column}_a"'
            )
        self._con.execute("drop table pair")

    def moves(self, names: int) -> tuple[SettingMove, ...]:
        """What becomes what, for how many, and the first so many names of each."""
        rows = self._con.execute(
            "select tbl, setting, was, becomes, count(*), arg_min(case when tbl = 'domain' then called else in_domain"
            f" || '/' || called end, key, {names}) from moved group by place, tbl, setting, was, becomes"
            " order by place, min(key), setting, was, becomes"
        ).fetchall()
        return tuple(
            SettingMove(table, setting, was, becomes, number, tuple(called))
            for table, setting, was, becomes, number, called in rows
        )

    def every(self) -> Iterator[SettingChange]:
        """All of them, one after another."""
        cursor = self._con.cursor()
        cursor.execute(
            "select tbl, key, case when tbl = 'domain' then '' else in_domain end, called, setting, was, becomes"
            f" from {CHANGED}.main.moved order by place, key, setting"
        )
        while rows := cursor.fetchmany(10_000):
            yield from (SettingChange(*row) for row in rows)

    def running_apps(self) -> tuple[str, ...]:
        """Keys of the running apps of the user profiles and spaces of which a setting differs."""
        moved = f"select key from {CHANGED}.main.moved"
        if not self._con.execute(f"{moved} limit 1").fetchall():
            return ()
        rows = self._con.execute(
            f"select distinct a.key from {FIRST}.app a left join {FIRST}.user_profile_resolved u"
            " on u.domain_key = a.domain_key and u.name = a.user_profile_name"
            f" left join {FIRST}.space s on s.domain_key = a.domain_key and s.name = a.space_name"
            f" where a.status in {_RUNNING} and (u.key in ({moved}) or s.key in ({moved})) order by a.key"
        )
        return tuple(key for (key,) in rows.fetchall())
