"""Read snapshot files: one typed scan for all kinds, or of files that are not small one for user profiles beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.errors import SnapshotError
from auditor.model.snapshot import GLOBAL_KINDS, KINDS, Gap, Header
from auditor.resolve import alike_profiles, template_places
from auditor.resolve.few_rows import SMALL
from auditor.resolve.odd_members import OddRecord, copy_others, incomplete_lists, odd_records, write_without
from auditor.resolve.parsed_statements import run
from auditor.resolve.raw_schema import DOCUMENTS, struct_type
from auditor.sql_text import literal, string_list
from auditor.temporary_files import workspace

if TYPE_CHECKING:
    import duckdb

_GAP = dict.fromkeys(
    ("account", "region", "resource_type", "resource_id", "setting", "operation", "reason", "detail"), "VARCHAR"
)
_RECORD = {
    "account": "VARCHAR",
    "region": "VARCHAR",
    "kind": "VARCHAR",
    "id": "VARCHAR",
    "tags": 'STRUCT("Key" VARCHAR, "Value" VARCHAR)[]',
    "gaps": "VARCHAR[]",
}
#: Only templates have places; without one the scan need not look for any.
_PLACE = "STRUCT(file VARCHAR, line INTEGER, construct VARCHAR, lines MAP(VARCHAR, INTEGER))"
#: Longest line of a snapshot: one resource's document. AWS bounds every list in it; this leaves room to spare.
MAX_LINE_BYTES = 64 * 1024 * 1024
#: The same of files with many profiles; those with a longer line are read as others are. DuckDB hands each thread
#: twice as much at a time, which takes memory, and of such large pieces a thread soon has none left.
COMMON_LINE_BYTES = 16 * 1024 * 1024

#: Profiles are by far the most numerous and have the widest documents: where there are many, a scan of their own keeps
#: the other kinds' rows from carrying that width.
WIDE = "user_profile"
NARROW = tuple(kind for kind in KINDS if kind != WIDE)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A snapshot file and its header. ``blocks`` reads the file in blocks that end with a line, each with its number of
    lines, and may raise SnapshotError: so whoever holds it against its hash need not read it once more."""

    path: Path
    header: Header
    blocks: Callable[[], Iterable[tuple[bytes, int]]] | None = None


def load(
    con: duckdb.DuckDBPyConnection,
    files: Sequence[SourceFile],
    folder: Path | None = None,
    *,
    apart: bool | None = None,
) -> None:
    """Create ``raw_<kind>`` (account, region, id, doc, tags, known_tags, gaps, as_of; ``place`` where a file is of
    templates) and ``raw_gap`` from the files, and what ``auditor.resolve.template_places`` makes of places.

    ``known_tags`` are those that are certain where ``tags`` are not known (then NULL); else NULL.
    ``gaps`` of a row holds the paths that its own record names and those that the SDK of its snapshot did not know.
    ``raw_account_region`` has ``template`` as well: whether the account is no account but a template. Members of a type
    that they cannot have are gaps, as ``auditor.resolve.odd_members`` says.
    ``folder``: an empty one for what has to be written, where the connection reads from no other. ``apart``:
    whether profiles are told apart by kind; None: where there are many.
    Raises SnapshotError where a line is not what a snapshot holds, or two files hold the same account and region.
    """
    _refuse_overlap(files)
    with workspace("odd") as own:
        place = folder or own
        many = are_many(files) if apart is None else apart
        odd = _load_many(con, files, place) if many else None
        odd = _load_few(con, files) if odd is None else odd
        if any(odd):
            _forget(con)
            _load(con, [_without(file, found, place) for file, found in zip(files, odd, strict=True)])
    _say_what_is_unseen(con, files)
    for account, region, kind in sorted({place for found in odd for place in incomplete_lists(found)}):
        con.execute(
            "update raw_account_region set gaps = list_distinct(list_append(coalesce(gaps, []), ?))"
            " where account = ? and ? in ('', region)",
            [kind, account, region],
        )


def are_many(files: Sequence[SourceFile]) -> bool:
    """Whether the files are so large that profiles are told apart by kind, and all blocks of each are read."""
    return sum(file.path.stat().st_size for file in files) > alike_profiles.MANY_BYTES


def _say_what_is_unseen(con: duckdb.DuckDBPyConnection, files: Sequence[SourceFile]) -> None:
    """A place that a live snapshot's header names and of which it holds no record was not looked at: its lists are
    unknown, not empty. Collecting writes the record whatever came of the calls."""
    live = [file for file in files if not _is_template(file)]
    seen = set(con.execute("select account, region from raw_account_region").fetchall()) if live else set()
    for file in live:
        for scope in file.header.scopes:
            if (scope.account, scope.region) in seen:
                continue
            named = [scope.account, scope.region]
            con.execute(
                "insert into raw_account_region by name select ? as account, ? as region, ? as id,"
                f" {string_list(KINDS)}::VARCHAR[] as gaps, {literal(file.header.as_of)}::TIMESTAMP as as_of,"
                " false as template",
                [*named, scope.region],
            )
            detail = "the snapshot names this account and Region, and holds no record of them"
            gap = Gap(scope.account, scope.region, "domain", "*", "*", "ListDomains", "unexpected_response", detail)
            con.execute(
                "insert into raw_gap by name select " + ", ".join(f"? as {f.name}" for f in fields(gap)), astuple(gap)
            )


def _without(file: SourceFile, odd: tuple[OddRecord, ...], folder: Path) -> SourceFile:
    """The file, or where it holds odd members a copy without them."""
    if not odd:
        return file
    target = folder / f"{len(list(folder.iterdir()))}.jsonl"
    write_without(file.path, odd, target)
    return replace(file, path=target)


def _forget(con: duckdb.DuckDBPyConnection) -> None:
    of_this = "select table_name from duckdb_tables() where database_name = current_database()"
    for (name,) in con.execute(of_this).fetchall():
        con.execute(f"drop table {name}")


_Odd = list[tuple[OddRecord, ...]]


def _load_few(con: duckdb.DuckDBPyConnection, files: Sequence[SourceFile]) -> _Odd:
    """Load the files, and return the odd records of each: where there are any, what was loaded is of no use.

    Raises SnapshotError for a line that is not what a snapshot holds.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        # DuckDB reads meanwhile. That a member is odd is rare, and then the files are read again.
        pending = [pool.submit(odd_records, file.path) for file in files]
        try:
            _load(con, files)
        except SnapshotError:
            if not any(found.result() for found in pending):
                raise
        return [found.result() for found in pending]


def _load(con: duckdb.DuckDBPyConnection, files: Sequence[SourceFile]) -> None:
    """Raises SnapshotError for a line that is not what a snapshot holds."""
    import duckdb

    placed = any(_is_template(file) for file in files)
    small = sum(file.path.stat().st_size for file in files) <= SMALL
    try:
        _headers(con, files)
        if small:
            held = _kinds(con, files, placed, KINDS, _mentioned(files))
        else:
            held = _kinds(con, files, placed, NARROW) | {WIDE}
            con.execute(f"create table raw_{WIDE} as {_select(WIDE, _scan(files, {WIDE: DOCUMENTS[WIDE]}), placed)}")
    except duckdb.Error as error:
        raise _damaged(files, error) from error
    alike_profiles.keep_whole(con)
    template_places.create(con, placed, held)


class _AmbiguousError(Exception):
    """A line is of one kind to DuckDB, and of another to whoever copies the other kinds apart."""


def _load_many(con: duckdb.DuckDBPyConnection, files: Sequence[SourceFile], folder: Path) -> _Odd | None:
    """The same of very many profiles, which are told apart by kind; None, and nothing loaded, where they cannot be.

    DuckDB reads the profiles while the other records are copied apart and looked at: so every line is parsed once.
    ``folder`` is for temporary files. Raises SnapshotError for a line that is nested too deep to be read.
    """
    import duckdb

    placed = any(_is_template(file) for file in files)
    texts = _scan(files, {WIDE: alike_profiles.TEXT_MEMBERS}, alike_profiles.TEXT_TAGS, longest=COMMON_LINE_BYTES)
    looks_odd = f", {alike_profiles.looks_odd(f'records.{WIDE}', 'tags')} as odd"
    if headed := len(files) == 1:
        texts = f"(select *{_header_columns(files[0], (WIDE,))} from {texts})"
    query = _select(WIDE, texts, placed, _tags("json_extract_string({0}, '$')"), looks_odd, headed=headed)
    copies = [folder / f"others-{number}.jsonl" for number in range(len(files))]
    with ThreadPoolExecutor(max_workers=1) as pool:
        pending = [
            pool.submit(copy_others, file.path, WIDE, copy, file.blocks() if file.blocks else None)
            for file, copy in zip(files, copies, strict=True)
        ]
        try:
            _headers(con, files)
            may_be_odd = alike_profiles.tell_apart(con, query, folder)
            others = [copied.result() for copied in pending]
            ((profiles,),) = con.execute(f"select count(*) from raw_{WIDE}").fetchall()
            if profiles != sum(one.left_out for one in others):
                # Not our own writer's order.
                others = [
                    copy_others(f.path, WIDE, copy, in_order=False) for f, copy in zip(files, copies, strict=True)
                ]
            if profiles != sum(one.left_out for one in others):
                raise _AmbiguousError
            con.execute("drop table header")
            others_files = [replace(file, path=copy) for file, copy in zip(files, copies, strict=True)]
            _headers(con, others_files)
            _kinds(con, others_files, placed, NARROW)
        except (duckdb.Error, SnapshotError, _AmbiguousError):
            # Why is said by whoever reads the files one record at a time.
            for copied in pending:
                copied.result()
            _forget(con)
            return None
    template_places.create(con, placed)
    return [odd_records(file.path) for file in files] if may_be_odd else [one.odd for one in others]


def _headers(con: duckdb.DuckDBPyConnection, files: Sequence[SourceFile]) -> None:
    con.execute(
        "create table header (filename VARCHAR, as_of TIMESTAMP, template BOOLEAN, unlisted VARCHAR[],"
        " identity_instances VARCHAR[], " + ", ".join(f"unseen_{kind} VARCHAR[]" for kind in KINDS) + ")"
    )
    for file in files:
        con.execute(
            f"insert into header values ({literal(str(file.path))}, {literal(file.header.as_of)},"
            f" {_is_template(file)}, {string_list(_not_looked_for(file.header))}::VARCHAR[],"
            f" {string_list(file.header.identity_instances)}::VARCHAR[], "
            + ", ".join(_unseen(file.header, kind) for kind in KINDS)
            + ")"
        )


def _mentioned(files: Sequence[SourceFile]) -> frozenset[str]:
    """The kinds that small files may hold. To set up the columns of all others takes longer than to read the lines."""
    texts = [file.path.read_bytes() for file in files]
    # A letter of a name can be written as an escape.
    escaped = any(b"\\u00" in text for text in texts)
    return frozenset(kind for kind in KINDS if escaped or any(f'"{kind}"'.encode() in text for text in texts))


def _kinds(
    con: duckdb.DuckDBPyConnection,
    files: Sequence[SourceFile],
    placed: bool,
    kinds: Sequence[str],
    mentioned: Collection[str] | None = None,
) -> set[str]:
    """``raw_<kind>`` of the kinds, which are all or all but user profiles, and ``raw_gap``. ``mentioned``: those that
    the files may hold; None: all. Returns those of which there is a row."""
    read = frozenset(kinds if mentioned is None else mentioned)
    documents: dict[str, Mapping[str, str]] = {
        kind: DOCUMENTS[kind] for kind in kinds if kind in read & DOCUMENTS.keys()
    }
    others = "" if WIDE in kinds else f"kind is distinct from '{WIDE}' and "
    # To join the header takes longer than all else, since that carries the documents.
    headed = mentioned is not None and len(files) == 1
    con.execute(
        f"create table raw as select *{_header_columns(files[0], sorted(read)) if headed else ''}"
        f" from {_scan(files, documents, gaps=True)} where {others}(kind is not null or gap is not null)"
    )
    held = {kind for (kind,) in con.execute("select distinct kind from raw").fetchall()}
    for kind in kinds:
        # To name the types of a table takes a fifth of the time that planning the query takes.
        made = f"as {_select(kind, 'raw', placed, headed=headed)}" if kind in held else f"({_columns(kind, placed)})"
        run(con, f"create table raw_{kind} {made}")
    con.execute("create table raw_gap as select unnest(gap) from raw where gap is not null")
    con.execute("drop table raw")
    return held


def _is_template(file: SourceFile) -> bool:
    return file.header.source != "aws"


def _damaged(files: Sequence[SourceFile], error: Exception) -> SnapshotError:
    """The error for lines that DuckDB cannot read as a snapshot's."""
    place = ", ".join(str(f.path) for f in files)
    reason = str(error).strip().splitlines()[0]
    return SnapshotError(f"{place}: a line is not what a snapshot holds: {reason}")


def _scan(
    files: Sequence[SourceFile],
    documents: Mapping[str, Mapping[str, str]],
    tags: str = _RECORD["tags"],
    *,
    gaps: bool = False,
    longest: int = MAX_LINE_BYTES,
) -> str:
    """``documents``: kind → the members of its documents that are read; ``tags``: the type of a record's tags;
    ``gaps``: with the snapshots' gaps; ``longest``: bytes of a line up to which it is read."""
    columns = _RECORD | {"tags": tags}
    if any(_is_template(file) for file in files):
        columns["place"] = _PLACE
    if gaps:
        columns["gap"] = struct_type(_GAP)
    columns |= {kind: struct_type(members) for kind, members in documents.items()}
    names = ", ".join(f"{literal(name)}: {literal(type_)}" for name, type_ in columns.items())
    # A name is a name: neither a pattern nor, as account=1/snapshot.jsonl, a source of columns.
    paths = string_list(tuple(re.sub(r"[*?\[]", r"[\g<0>]", str(f.path)) for f in files))
    return (
        f"read_json({paths}, format = 'newline_delimited', compression = 'none',"
        f" maximum_object_size = {longest}, filename = true, hive_partitioning = false, columns = {{{names}}})"
    )


def _tags(text: str = "{0}") -> str:
    """The tags as a map; ``text``: SQL of the text of a key or a value."""
    entry = f"struct_pack(k := {text.format('t.Key')}, v := {text.format('t.Value')})"
    return f"case when tags is not null then map_from_entries(list_transform(tags, lambda t: {entry})) end"


def _header_columns(file: SourceFile, kinds: Iterable[str]) -> str:
    """The columns of the table ``header`` that rows of the kinds need, as further select-list items."""
    columns = {f"unseen_{kind}": _unseen(file.header, kind) for kind in kinds}
    columns |= {"as_of": f"{literal(file.header.as_of)}::TIMESTAMP", "template": str(_is_template(file))}
    columns["unlisted"] = f"{string_list(_not_looked_for(file.header))}::VARCHAR[]"
    return "".join(f", {sql} as {name}" for name, sql in columns.items())


def _unseen(header: Header, kind: str) -> str:
    """SQL of the paths that the snapshot's source did not know in records of the kind; NULL where there is none."""
    paths = tuple(unseen.path for unseen in header.unseen if unseen.kind == kind)
    return f"{string_list(paths) if paths else 'null'}::VARCHAR[]"


def _select(
    kind: str, relation: str, placed: bool, tags: str = _tags(), more: str = "", *, headed: bool = False
) -> str:
    """The query of a kind's raw table, of a relation of the records that holds it; ``more`` columns of a record.
    ``headed``: the relation has the columns of its header."""
    # What belongs to an account and to no region stands in the snapshot of each of its regions: the latest counts.
    latest = (
        " qualify row_number() over (partition by account, id order by as_of desc) = 1" if kind in GLOBAL_KINDS else ""
    )
    document = f"records.{kind}" if kind in DOCUMENTS else "null"
    return (
        f"select account, region, id, {document} as doc,"
        f" case when not coalesce(list_contains(gaps, 'Tags'), false) then {tags} end as tags,"
        f" case when list_contains(gaps, 'Tags') then {tags} end as known_tags,"
        f" {_gaps(kind)} as gaps, {'place, ' if placed else ''}"
        f" as_of{', template' if kind == 'account_region' else ''}{more}"
        f" from {relation} as records{'' if headed else ' join header using (filename)'} where kind = '{kind}'{latest}"
    )


def _columns(kind: str, placed: bool) -> str:
    """The columns that ``_select`` gives, with their types."""
    tags = "MAP(VARCHAR, VARCHAR)"
    columns = {"account": "VARCHAR", "region": "VARCHAR", "id": "VARCHAR",
               "doc": struct_type(DOCUMENTS[kind]) if kind in DOCUMENTS else "INTEGER",
               "tags": tags, "known_tags": tags, "gaps": "VARCHAR[]"}  # fmt: skip
    columns |= {"place": _PLACE} if placed else {}
    columns |= {"as_of": "TIMESTAMP"} | ({"template": "BOOLEAN"} if kind == "account_region" else {})
    return ", ".join(f"{name} {type_}" for name, type_ in columns.items())


def _gaps(kind: str) -> str:
    """What a record says that it lacks, and what its snapshot's header says of all records of its kind."""
    if kind == "account_region":
        return "list_distinct(list_concat(coalesce(gaps, []), unlisted))"
    return f"case when unseen_{kind} is null then gaps else list_concat(coalesce(gaps, []), unseen_{kind}) end"


def _not_looked_for(header: Header) -> tuple[str, ...]:
    """Kinds that the snapshot's source did not ask for: their lists are unknown, not empty."""
    return tuple(kind for kind in KINDS if kind not in header.kinds)


def _refuse_overlap(files: Sequence[SourceFile]) -> None:
    seen: dict[tuple[str, str], Path] = {}
    for file in files:
        for scope in file.header.scopes:
            place = (scope.account, scope.region)
            if place in seen:
                raise SnapshotError(
                    f"{file.path} and {seen[place]} both hold account {scope.account} in {scope.region}",
                    hint="Pass one snapshot for each account and region.",
                )
            seen[place] = file.path
