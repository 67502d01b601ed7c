"""Documents in, rows of the documented tables out."""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.evaluate.audit import load_tables
from auditor.model.snapshot import GLOBAL, KINDS, SCHEMA_VERSION, Gap, Header, Kind, Record, Scope, Snapshot, Unseen
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.resolve.tables import TABLES
from auditor.store.snapshot_file import write_snapshot
from auditor.studio.personas import DEFAULT_PERSONAS, Persona

if TYPE_CHECKING:
    import duckdb

ACCOUNT, REGION = "111122223333", "eu-west-1"
AFTER = "2025-02-03T10:00:00Z"
"""A creation time after Studio became the default experience."""

Document = Mapping[str, Any]


def nest(path: str, value: object) -> dict[str, Any]:
    """``A.B`` and a value as ``{"A": {"B": value}}``."""
    for part in reversed(path.split(".")):
        value = {part: value}
    assert isinstance(value, dict)
    return value


def merged(*documents: Document) -> dict[str, Any]:
    """The documents in one, structures member by member."""
    result: dict[str, Any] = {}
    for document in documents:
        for name, value in document.items():
            old = result.get(name)
            result[name] = merged(old, value) if isinstance(old, dict) and isinstance(value, Mapping) else value
    return result


def record(kind: Kind, id_: str, document: Document, gaps: Sequence[str] = (), **options: Any) -> Record:
    options = {"account": ACCOUNT, "region": REGION, **options}
    return Record(kind=kind, id=id_, document=document, gaps=tuple(gaps), **options)


def domain(id_: str = "d-1", document: Document | None = None, gaps: Sequence[str] = (), **options: Any) -> Record:
    base = {"DomainId": id_, "DomainName": f"name of {id_}", "CreationTime": AFTER, "AuthMode": "IAM"}
    return record("domain", id_, merged(base, document or {}), gaps, **options)


def profile(
    name: str, user: Document | None = None, gaps: Sequence[str] = (), *, of: str = "d-1", also: Document | None = None,
    **options: Any,
) -> Record:  # fmt: skip
    """A profile; ``user`` None leaves UserSettings out, as AWS does where nothing was ever set."""
    base: dict[str, Any] = {"DomainId": of, "UserProfileName": name, **(also or {})}
    if user is not None:
        base["UserSettings"] = user
    return record("user_profile", f"{of}/{name}", base, gaps, **options)


def space(
    name: str, document: Document | None = None, gaps: Sequence[str] = (), *, of: str = "d-1", **options: Any
) -> Record:
    return record("space", f"{of}/{name}", {"DomainId": of, "SpaceName": name, **(document or {})}, gaps, **options)


def place(gaps: Sequence[str] = (), **options: Any) -> Record:
    """The audited account and region itself; ``gaps`` are the kinds whose list is incomplete."""
    return record("account_region", options.get("region", REGION), {}, gaps, **options)


def vpc(id_: str, default: bool | None) -> Record:
    document: dict[str, Any] = {"VpcId": id_} if default is None else {"VpcId": id_, "IsDefault": default}
    return record("vpc", id_, document)


def _snapshot(records: Sequence[Record], unseen: Iterable[tuple[str, str]] = (), gaps: Iterable[Gap] = ()) -> Snapshot:
    places = sorted({(r.account, r.region) for r in records if r.region != GLOBAL})
    header = Header(
        SCHEMA_VERSION, "aws", "2026-11-23T02:00:00Z", "0.1.0", "1.44.5", "",
        tuple(Scope(*p) for p in places), tuple(Unseen(*u) for u in unseen), KINDS,
    )  # fmt: skip
    return Snapshot(header, tuple(records), tuple(gaps))


def _connection(
    snapshots: Iterable[Snapshot], merge: NestedMerge, personas: Sequence[Persona]
) -> duckdb.DuckDBPyConnection:
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, snapshot in enumerate(snapshots):
            paths.append(Path(folder) / f"{number}.jsonl")
            write_snapshot(paths[-1], snapshot)
        return load_tables(paths, merge, personas)[0]


def _rows(con: duckdb.DuckDBPyConnection, table: str) -> list[dict[str, Any]]:
    cursor = con.execute(f"select * from {table}")
    names = [d[0] for d in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


class _Rows(ABC):
    """The rows of one snapshot's tables."""

    @abstractmethod
    def rows(self, table: str) -> list[dict[str, Any]]:
        """Those of a table."""

    def by_name(self, table: str) -> dict[str, dict[str, Any]]:
        """Rows by the resource's name."""
        return {row["name"]: row for row in self.rows(table)}

    def by_id(self, table: str) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self.rows(table)}

    @property
    def gaps(self) -> list[tuple[str, str, str]]:
        """(resource id, setting, reason) of each gap, sorted."""
        return sorted((g["resource_id"], g["setting"], g["reason"]) for g in self.rows("gap"))


class Tables(_Rows):
    """The tables of a snapshot that holds the records, and their accounts and regions where no record is one."""

    def __init__(
        self,
        *records: Record,
        unseen: Iterable[tuple[str, str]] = (),
        gaps: Iterable[Gap] = (),
        merge: NestedMerge = NestedMerge.UNKNOWN,
        personas: Sequence[Persona] = DEFAULT_PERSONAS,
    ) -> None:
        places = sorted({(r.account, r.region) for r in records if r.region != GLOBAL} or {(ACCOUNT, REGION)})
        if not any(r.kind == "account_region" for r in records):
            records = (*records, *(place(account=account, region=region) for account, region in places))
        self._con = _connection([_snapshot(records, unseen, gaps)], merge, personas)

    def rows(self, table: str) -> list[dict[str, Any]]:
        return _rows(self._con, table)


class Apart(_Rows):
    """The tables of one snapshot among those of a ``Together``, as if it had been alone."""

    def __init__(self, all_of_them: Together, number: int) -> None:
        self._all, self._number = all_of_them, number

    def rows(self, table: str) -> list[dict[str, Any]]:
        return self._all.rows(table, self._number)


class Together:
    """Many small snapshots whose tables are built at once, by whoever asks first: one build takes a second, however
    little it reads.

    A module calls it once for each snapshot, with the records, while it is imported. Each snapshot lies in an account
    of its own, since accounts do not see each other: its number stands for ``ACCOUNT`` wherever that is written, and
    rows have ``ACCOUNT`` again.
    """

    def __init__(
        self, personas: Sequence[Persona] = DEFAULT_PERSONAS, merge: NestedMerge = NestedMerge.UNKNOWN
    ) -> None:
        self._personas, self._merge = personas, merge
        self._snapshots: list[Snapshot] = []

    def __call__(self, *records: Record, unseen: Iterable[tuple[str, str]] = (), gaps: Iterable[Gap] = ()) -> Apart:
        assert "_rows" not in vars(self), "the tables have been built already"
        assert all(r.account == ACCOUNT for r in records), "accounts beside each other have to be built by themselves"
        if not any(r.kind == "account_region" for r in records):
            records = (*records, place())
        account = _account(len(self._snapshots))
        moved = (
            replace(
                r, account=account, id=_moved(r.id, ACCOUNT, account), document=_moved(r.document, ACCOUNT, account)
            )
            for r in records
        )
        self._snapshots.append(_snapshot(tuple(moved), unseen, (replace(gap, account=account) for gap in gaps)))
        return Apart(self, len(self._snapshots) - 1)

    @cached_property
    def _rows(self) -> dict[tuple[str, str], list[dict[str, Any]]]:
        """Rows by table and account. The connection is closed at once: a module would hold it until the very end."""
        # One file for all that have the same header: a file costs more than an account.
        files: dict[tuple[Unseen, ...], list[Snapshot]] = {}
        for snapshot in self._snapshots:
            files.setdefault(snapshot.header.unseen, []).append(snapshot)
        joined = (
            Snapshot(
                replace(each[0].header, scopes=tuple(scope for s in each for scope in s.header.scopes)),
                tuple(r for s in each for r in s.records), tuple(gap for s in each for gap in s.gaps),
            )
            for each in files.values()
        )  # fmt: skip
        found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        with closing(_connection(joined, self._merge, self._personas)) as con:
            for table in TABLES:
                for row in _rows(con, table.name):
                    found[table.name, row["account"]].append(_moved(row, row["account"], ACCOUNT))
        return found

    def rows(self, table: str, number: int) -> list[dict[str, Any]]:
        """The rows of a table that belong to the snapshot of that number."""
        assert any(t.name == table for t in TABLES), table
        return self._rows.get((table, _account(number)), [])


def _account(number: int) -> str:
    """The account of a snapshot among others; it stands in the order of accounts where ACCOUNT does."""
    return f"1111{number:08}"


def _moved(value: Any, old: str, new: str) -> Any:
    """A document or a row with another account's number wherever the old one is written."""
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, Mapping):
        return {_moved(name, old, new): _moved(item, old, new) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_moved(item, old, new) for item in value)
    return value


def one_profile(
    user: Document | None, defaults: Document | None = None, *, merge: NestedMerge = NestedMerge.UNKNOWN, **options: Any
) -> dict[str, Any]:
    """The row of the only profile of the only domain."""
    document = {} if defaults is None else {"DefaultUserSettings": defaults}
    return Tables(domain(document=document), profile("ana", user, **options), merge=merge).rows("user_profile")[0]
