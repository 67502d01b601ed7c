"""What a collection has seen, on disk as it comes: memory does not grow with the number of resources, and a collection
that was killed goes on where it was.

A file of SQLite for each account, which holds documents without secrets, as a snapshot does, and answers of which only
those members are kept that a snapshot may hold (``auditor.collect.aws.kept_answers``). What is written together is
there together or not at all, however the process ends; a tenth of a second of work may be lost, and is asked again.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from auditor.errors import ConfigError
from auditor.model.encoded_document import EncodedDocument
from auditor.model.snapshot import Kind, Record

#: Changes with the tables below, and with what is kept in them.
VERSION = "1"
#: Seconds, and writes, after which what was written is made to last.
_SECONDS, _WRITES = 0.1, 50
_PAGE = 200
_TABLES = """
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record (
    kind TEXT NOT NULL, region TEXT NOT NULL, id TEXT NOT NULL, document BLOB NOT NULL, gaps TEXT NOT NULL,
    described TEXT NOT NULL, tag_path TEXT NOT NULL, domain TEXT NOT NULL, retries INTEGER NOT NULL,
    PRIMARY KEY (kind, region, id)
);
CREATE TABLE IF NOT EXISTS tag (
    region TEXT NOT NULL, path TEXT NOT NULL, tags BLOB NOT NULL, PRIMARY KEY (region, path)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answer (call BLOB PRIMARY KEY, retries INTEGER NOT NULL, body BLOB NOT NULL);
"""
_RECORDS = """
SELECT r.id, r.document, r.gaps, r.described, r.tag_path, r.domain, t.tags
FROM record r LEFT JOIN tag t ON t.region = r.region AND t.path = r.tag_path
WHERE r.kind = ? AND r.region = ?"""
Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """A record, and what the file holds beside it: its tags where these were read, the path that they are listed
    under (empty: it has none), its domain."""

    record: Record
    tags: Tags | None
    tag_path: str
    domain: str


class Spool:
    """The file. Safe to use from many threads. Every method raises ConfigError where the disk is full."""

    def __init__(self, path: Path | None, *, lasting: bool = False) -> None:
        """``path`` None: in memory. ``lasting``: it is to outlive the process. A file that cannot be read is begun
        anew."""
        self.path, self.lasting = path, lasting
        self._lock = threading.RLock()
        self._writes, self._committed = 0, time.monotonic()
        try:
            self._con = self._open(path, lasting=lasting)
        except sqlite3.DatabaseError as error:
            if path is None or isinstance(error, sqlite3.OperationalError):
                raise self._unwritable(error) from error
            path.unlink()
            self._con = self._open(path, lasting=lasting)

    def _open(self, path: Path | None, *, lasting: bool) -> sqlite3.Connection:
        con = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        try:
            # The write-ahead log lets nothing half-written be seen, and survives a killed process.
            con.execute(f"PRAGMA journal_mode = {'WAL' if lasting else 'OFF'}")
            con.execute(f"PRAGMA synchronous = {'NORMAL' if lasting else 'OFF'}")
            con.executescript(_TABLES)
        except sqlite3.DatabaseError:
            con.close()
            raise
        return con

    def _unwritable(self, error: sqlite3.Error) -> ConfigError:
        return ConfigError(f"cannot write {self.path}: {error}", hint="Free some space, then repeat the command.")

    def begin(self, facts: dict[str, str]) -> bool:
        """Whether the file is of a collection with these facts; else it is emptied, and they are written."""
        found = dict(self._rows("SELECT name, value FROM fact"))
        if {"version": VERSION, **facts}.items() <= found.items():
            return True
        self.empty(facts)
        return False

    def empty(self, facts: dict[str, str]) -> None:
        """Begin anew, with these facts."""
        for table in ("record", "tag", "answer", "fact"):
            self._write(f"DELETE FROM {table}")
        for name, value in {"version": VERSION, **facts}.items():
            self.note(name, value)

    def fact(self, name: str) -> str | None:
        """What was noted under a name."""
        rows = self._rows("SELECT value FROM fact WHERE name = ?", name)
        return str(rows[0][0]) if rows else None

    def note(self, name: str, value: str) -> None:
        """Note something about the collection; it lasts at once."""
        self._write("INSERT OR REPLACE INTO fact VALUES (?, ?)", name, value)
        self.commit()

    def put(self, record: Record, tag_path: str, domain: str, retries: int) -> None:
        """Write a record whose document is encoded, over one of the same kind, Region and id. Without its tags."""
        assert isinstance(record.document, EncodedDocument), "documents are encoded where they are kept"
        self._write(
            "INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            record.kind, record.region, record.id, record.document.json, msgspec.json.encode(record.gaps).decode(),
            record.described, tag_path, domain, retries,
        )  # fmt: skip

    def drop(self, region: str, kind: str, record_id: str) -> None:
        """Forget a record, if there is one."""
        self._write("DELETE FROM record WHERE kind = ? AND region = ? AND id = ?", kind, region, record_id)

    def drop_region(self, region: str) -> None:
        """Forget a Region's records."""
        self._write("DELETE FROM record WHERE region = ?", region)

    def whole(self, region: str, kind: str, record_id: str) -> int | None:
        """How often its call had to be repeated, if the record is there and nothing is missing in it; else None."""
        query = "SELECT retries FROM record WHERE kind = ? AND region = ? AND id = ? AND gaps = '[]'"
        rows = self._rows(query, kind, region, record_id)
        return int(rows[0][0]) if rows else None

    def holds(self, kind: str, region: str) -> bool:
        """Whether there is a record of the kind in the Region."""
        return bool(self._rows("SELECT 1 FROM record WHERE kind = ? AND region = ? LIMIT 1", kind, region))

    def put_tags(self, region: str, path: str, tags: Tags) -> None:
        """Write the tags of a resource by its path."""
        self._write("INSERT OR REPLACE INTO tag VALUES (?, ?, ?)", region, path, msgspec.json.encode(tags))

    def put_answer(self, call: bytes, retries: int, body: bytes) -> None:
        """Write an answer under what names its call."""
        self._write("INSERT OR REPLACE INTO answer VALUES (?, ?, ?)", call, retries, body)

    def answer(self, call: bytes) -> tuple[int, bytes] | None:
        """How often the call had to be repeated, and its answer, if it is known."""
        rows = self._rows("SELECT retries, body FROM answer WHERE call = ?", call)
        return (rows[0][0], rows[0][1]) if rows else None

    def described(self) -> list[str]:
        """The snapshots that records were carried over from: their times, each once."""
        rows = self._rows("SELECT DISTINCT described FROM record WHERE described != ''")
        return [str(described) for (described,) in rows]

    def places(self) -> list[tuple[str, str]]:
        """Regions and kinds of which there are records, sorted."""
        return sorted(
            (str(region), str(kind)) for region, kind in self._rows("SELECT DISTINCT region, kind FROM record")
        )

    def get(self, account: str, kind: Kind, region: str, record_id: str) -> Stored | None:
        """The record, if there is one."""
        rows = self._rows(f"{_RECORDS} AND r.id = ?", kind, region, record_id)
        return _stored(account, kind, region, rows[0]) if rows else None

    def stored(self, account: str, kind: Kind, region: str) -> Iterator[Stored]:
        """The records of a kind in a Region, by id. None is in memory for long."""
        last = ""
        while rows := self._rows(f"{_RECORDS} AND r.id > ? ORDER BY r.id LIMIT {_PAGE}", kind, region, last):
            for row in rows:
                yield _stored(account, kind, region, row)
            last = rows[-1][0]

    def commit(self) -> None:
        """Make what was written last."""
        with self._lock:
            if self._con.in_transaction:
                self._execute("COMMIT")
            self._writes, self._committed = 0, time.monotonic()

    def close(self) -> None:
        """Make what was written last, where the disk takes it, and close the file."""
        with self._lock:
            try:
                self.commit()
            finally:
                self._con.close()

    def _write(self, statement: str, *values: object) -> None:
        with self._lock:
            if not self._con.in_transaction:
                self._execute("BEGIN")
            self._execute(statement, *values)
            self._writes += 1
            if self._writes >= _WRITES or time.monotonic() - self._committed >= _SECONDS:
                self.commit()

    def _rows(self, statement: str, *values: object) -> list[Any]:
        with self._lock:
            return self._execute(statement, *values).fetchall()

    def _execute(self, statement: str, *values: object) -> sqlite3.Cursor:
        try:
            return self._con.execute(statement, values)
        except sqlite3.DatabaseError as error:
            raise self._unwritable(error) from error


def _stored(account: str, kind: Kind, region: str, row: Sequence[Any]) -> Stored:
    record_id, document, gaps, described, path, domain, tags = row
    lost = tuple(msgspec.json.decode(gaps))
    record = Record(account, region, kind, record_id, EncodedDocument(document), gaps=lost, described=described)
    return Stored(record, None if tags is None else msgspec.json.decode(tags, type=Tags), path, domain)
