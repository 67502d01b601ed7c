"""The second side of a what-if: no more of it than has to be.

What stays is taken from the first side's tables, only the accounts in which something changes are looked at, and only
the rules are evaluated that may say something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING, Any

import msgspec

from auditor.model.rule import Rule
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.resolve.load_documents import SourceFile
from auditor.resolve.odd_members import odd_records
from auditor.resolve.overlaid_tables import Overlay, load_afresh, overlay_tables
from auditor.store.snapshot_reader import Key, SnapshotReader
from auditor.studio.personas import Persona
from auditor.whatif.changes import Change, Clash, Line
from auditor.whatif.consequences import NotTried
from auditor.whatif.differences import Side, looks_elsewhere
from auditor.whatif.moved_settings import Paths, changed_paths, settings_that_stay
from auditor.whatif.overlay import changed_copies

if TYPE_CHECKING:
    import duckdb

#: Columns of user profiles that their own documents decide, and those that beside these hang on two of the domain's.
_OWN = frozenset({
    "key", "account", "region", "id", "name", "arn", "status", "failure_reason", "creation_time", "as_of",
    "name_tokens", "sso_user", "sso_user_origin", "sso_user_tokens",
})  # fmt: skip
_FROM_DOMAIN = frozenset({"auth_mode", "unified_studio"})
#: Of spaces, what names them and who owns them.
_OF_SPACE = frozenset({"key", "account", "region", "id", "name", "status", "owner_key"})
#: Members of a domain's document that decide over none of these.
_DOMAIN_ROOTS = frozenset({"DefaultUserSettings", "DefaultSpaceSettings", "TagPropagation", "AppNetworkAccessType"})
_RSTUDIO = ("DomainSettings", "RStudioServerProDomainSettings")


@dataclass(frozen=True, slots=True)
class Changed:
    """What changes. By file ``lines`` that are there, and in ``becomes`` what becomes of these, and of new ones."""

    changes: Sequence[Change]
    clashes: Sequence[Clash]
    not_tried: Sequence[NotTried]
    lines: Sequence[Mapping[Key, Line]]
    becomes: Sequence[Mapping[Key, Line | None]]

    @property
    def keys(self) -> set[Key]:
        """Of all that does not stay as it is."""
        return {key for those in self.becomes for key in those}

    @property
    def paths(self) -> dict[Key, Paths]:
        """Where each of these changes."""
        return {
            key: changed_paths(lines.get(key), line)
            for lines, becomes in zip(self.lines, self.becomes, strict=True)
            for key, line in becomes.items()
        }


@dataclass(frozen=True, slots=True)
class Source:
    """What the first side was made from. ``folder``: the only one from which its connection still reads."""

    files: Sequence[SnapshotReader]
    merge: NestedMerge
    personas: Sequence[Persona]
    folder: Path


def changed_accounts(files: Sequence[SnapshotReader], changed: Changed, rules: Sequence[Rule]) -> list[str] | None:
    """The accounts in which something changes, where no rule looks beyond an account; None: all have to be looked
    at."""
    every = {place.account for reader in files for place in reader.header.scopes}
    own = {key[0] for key in changed.keys}
    of_templates = any(reader.header.source != "aws" for reader in files)
    return None if of_templates or own >= every or looks_elsewhere(rules) else sorted(own)


def build_changed(
    con: duckdb.DuckDBPyConnection, source: Source, changed: Changed, accounts: Sequence[str] | None
) -> None:
    """The tables of the second side, in the connection's own database. Raises SnapshotError."""
    folder = source.folder / "changed"
    folder.mkdir()
    written: list[SourceFile] = []
    plain = not _opens_rstudio(changed)
    for number, (reader, lines, becomes) in enumerate(zip(source.files, changed.lines, changed.becomes, strict=True)):
        new, old = folder / f"{number}.jsonl", folder / f"{number}-before.jsonl"
        _write(new, (line for line in becomes.values() if line is not None))
        _write(old, (lines[key] for key in becomes if key in lines))
        plain = plain and not odd_records(new) and not odd_records(old)
        old.unlink()
        written.append(SourceFile(new, replace(reader.header, scopes=())))
    place = folder / "kinds"
    place.mkdir()
    if plain:
        overlay_tables(con, Overlay(written, changed.keys, place, accounts), source.merge, source.personas)
        return
    copies = changed_copies([reader.path for reader in source.files], changed.lines, changed.becomes, folder)
    sources = []
    for number, (copy, reader) in enumerate(zip(copies, source.files, strict=True)):
        if copy == reader.path:
            # After the rules were evaluated nothing but the folder may be read.
            copy = folder / f"{number}-as-it-is.jsonl"
            copyfile(reader.path, copy)
        sources.append(SourceFile(copy, reader.header))
    load_afresh(con, sources, source.merge, source.personas, place)


def _write(path: Path, lines: Iterable[Line]) -> None:
    encode = msgspec.json.Encoder().encode
    with path.open("wb") as out:
        out.write(b"{}\n")
        out.writelines(encode(line) + b"\n" for line in lines)


def _opens_rstudio(changed: Changed) -> bool:
    """Whether a domain gets or loses RStudio, in which a user profile and apps are AWS's own."""

    def has(line: Line | None) -> bool:
        place: Any = line and line.get("domain")
        for name in _RSTUDIO:
            place = place.get(name) if isinstance(place, dict) else None
        return place is not None

    return any(
        key[2] == "domain" and has(lines.get(key)) != has(line)
        for lines, becomes in zip(changed.lines, changed.becomes, strict=True)
        for key, line in becomes.items()
    )


def columns_that_stay(changed: Changed) -> dict[str, frozenset[str]]:
    """By table, columns that are the same in every row of both sides; none where a resource comes or goes, or its
    name may be another. Tags stay where the resource does."""
    paths = changed.paths
    roots: dict[str, set[str]] = {"domain": set(), "user_profile": set(), "space": set()}
    for (_, _, kind, _), those in paths.items():
        if kind in roots:
            if those is None:
                return {}
            roots[kind] |= {path.partition(".")[0] for path in those}
    if not (roots["domain"] <= _DOMAIN_ROOTS and roots["user_profile"] <= {"UserSettings"}
            and roots["space"] <= {"SpaceSettings"}):  # fmt: skip
        return {}
    columns = settings_that_stay("user_profile", frozenset().union(*(those or () for those in paths.values())))
    if {"studio_web_portal", "default_landing_uri"} <= columns:
        columns |= {"experience"}
    tags = set() if any(key[2] == "user_profile" for key in paths) else {"tags"}
    return {"user_profile": columns | _OWN | _FROM_DOMAIN | tags, "space": _OF_SPACE | _FROM_DOMAIN}


def without_rows(before: Side, con: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> frozenset[str]:
    """Tables that have no row on either side."""
    filled = {rule.table for rule in before.rules if any(before.verdicts.counts[rule.id].values())}
    asked = {rule.table for rule in rules} - filled
    return frozenset(name for name in asked if not con.execute(f"select 1 from {name} limit 1").fetchall())


def judged_alike(rule: Rule, still: Mapping[str, frozenset[str]]) -> bool:
    """Whether a rule reads nothing but columns that stay as they are."""
    own = {f"{rule.table}.{column}" for column in rule.columns}
    reads = {read for read in rule.reads if "." in read}
    known = {f"{table}.{column}" for table, columns in still.items() for column in columns}
    return rule.table in still and own | reads <= known
