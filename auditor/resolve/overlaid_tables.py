"""The documented tables of snapshots in which some resources are others, beside those of the snapshots as they are.

They lie in a second database of the same connection. What stays is read from the first one's raw tables, and not from
the files again; what changes comes from files that hold nothing else. Accounts in which nothing changes may be left
out: no row of an account says anything that a document of these kinds in another account decides.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.model.snapshot import KINDS
from auditor.resolve import template_places
from auditor.resolve.alike_profiles import leave_out_empty_kinds
from auditor.resolve.aws_own import leave_out_aws_own
from auditor.resolve.build_tables import MATERIALISED_PROFILES, create_tables
from auditor.resolve.filled_tables import create_filled
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.resolve.load_documents import SourceFile, load
from auditor.sql_text import literal
from auditor.studio.personas import Persona

if TYPE_CHECKING:
    import duckdb

#: Account, region, kind and id of a resource.
Key = tuple[str, str, str, str]

#: The second database, and where the first has its tables.
CHANGED = "changed"
FIRST = "memory.main"
#: From here on the numbers of kinds of user profiles are those of profiles that change.
_NEW_KINDS = 1 << 63
#: Kinds of which an account's documents decide nothing in another account, and of which there may be very many.
_OF_ACCOUNT = frozenset({"domain", "user_profile", "space", "app", "role", "permission"})


@dataclass(frozen=True, slots=True)
class Overlay:
    """``files``: the resources that are others, or new, in files with the header of their snapshots and no scopes.
    ``replaced``: keys of the resources that do not stay as they are, those that are removed among them. ``accounts``:
    the only ones that are wanted; None: all. ``folder``: an empty one, for what has to be written."""

    files: Sequence[SourceFile]
    replaced: Collection[Key]
    folder: Path
    accounts: Collection[str] | None = None


def second_database(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A connection to the same tables whose own are made in a second, empty database."""
    second = con.cursor()
    second.execute(f"attach ':memory:' as {CHANGED}").fetchall()
    second.execute(f"use {CHANGED}").fetchall()
    return second


def overlay_tables(
    con: duckdb.DuckDBPyConnection, overlay: Overlay, merge: NestedMerge, personas: Sequence[Persona]
) -> None:
    """Create the documented tables in the second database, ``con``'s, whose first holds those of the snapshots.

    Raises SnapshotError. What a line that is not of its members' types leaves open beside itself is not known here, nor
    which of AWS's own user profiles were left out: where that may change, everything is loaded afresh.
    """
    apart = bool(
        con.execute(
            "select 1 from duckdb_tables() where database_name = 'memory' and table_name = 'raw_user_settings'"
        ).fetchall()
    )
    load(con, overlay.files, overlay.folder, apart=apart)
    create_filled(
        con, "replaced", dict.fromkeys(("account", "region", "kind", "id"), "VARCHAR"), sorted(overlay.replaced)
    )
    for table in ("place", "doubtful", "uncounted", "template_account"):
        con.execute(f"drop table {table}")
    con.execute(f"insert into raw_gap select * from {FIRST}.raw_gap")
    if apart:
        # Kinds of the profiles that change are kinds of their own, whatever there is.
        for table in ("raw_user_profile", "raw_user_settings"):
            con.execute(f"update {table} set alike = alike + {_NEW_KINDS}")
    tables = apart or len(personas) > 1
    _put_together(con, "domain", overlay.accounts, tables)
    leave_out_aws_own(con)
    for kind in KINDS:
        if kind != "domain":
            _put_together(con, kind, overlay.accounts, tables)
    if apart:
        con.execute(f"insert into raw_user_settings by name select * from {FIRST}.raw_user_settings")
        leave_out_empty_kinds(con)
    template_places.create(con, any(file.header.source != "aws" for file in overlay.files))
    create_tables(con, merge, personas)


def load_afresh(
    con: duckdb.DuckDBPyConnection,
    files: Sequence[SourceFile],
    merge: NestedMerge,
    personas: Sequence[Persona],
    folder: Path,
) -> None:
    """The same from whole files. ``folder``: an empty one, for what has to be written. Raises SnapshotError."""
    load(con, files, folder)
    leave_out_aws_own(con)
    create_tables(con, merge, personas)


def mirror_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Show every table of the first database in the second, ``con``'s, where nothing but the rules is another."""
    names = con.execute(
        "select table_name from duckdb_tables() where database_name = 'memory' and not temporary union all"
        " select view_name from duckdb_views() where database_name = 'memory' and not internal and not temporary"
    ).fetchall()
    for (name,) in names:
        if not name.startswith("verdict_"):
            con.execute(f"create view {name} as select * from {FIRST}.{name}")


def _put_together(con: duckdb.DuckDBPyConnection, kind: str, accounts: Collection[str] | None, profiles: bool) -> None:
    """``raw_<kind>``: what stays of the first database's and what the files hold instead. ``profiles``: user profiles
    are a table, as where a persona is noted beside each, or one of each kind is looked for."""
    con.execute(f"alter table raw_{kind} rename to new_{kind}")
    columns = ", ".join(f'"{d[0]}"' for d in con.execute(f"select * from new_{kind} limit 0").description or ())
    con.execute(
        f"create table gone_{kind} as select b.rowid as place from {FIRST}.raw_{kind} b join replaced r"
        f" on r.kind = '{kind}' and r.account = b.account and r.region = b.region and r.id = b.id"
    )
    wanted = []
    if accounts is not None and kind in _OF_ACCOUNT:
        wanted.append(f"account in ({', '.join(map(literal, sorted(accounts))) or 'null'})")
    if con.execute(f"select 1 from gone_{kind} limit 1").fetchall():
        wanted.append(f"rowid not in (select place from gone_{kind})")
    where = f" where {' and '.join(wanted)}" if wanted else ""
    made = f"select {columns} from {FIRST}.raw_{kind}{where}"
    if con.execute(f"select 1 from new_{kind} limit 1").fetchall():
        made += f" union all select {columns} from new_{kind}"
    ((number,),) = con.execute(f"select count(*) from {FIRST}.raw_{kind}{where}").fetchall()
    # A million documents that stay would be in memory twice.
    table = number <= MATERIALISED_PROFILES or (kind == "user_profile" and profiles)
    con.execute(f"create {'table' if table else 'view'} raw_{kind} as {made}")
