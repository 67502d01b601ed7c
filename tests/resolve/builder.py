"""Documents in, rows of the documented tables out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from auditor.evaluate.audit import load_tables
from auditor.model.snapshot import GLOBAL, KINDS, SCHEMA_VERSION, Gap, Header, Kind, Record, Scope, Snapshot, Unseen
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.store.snapshot_file import write_snapshot
from auditor.studio.personas import DEFAULT_PERSONAS, Persona

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


class Tables:
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
        header = Header(
            SCHEMA_VERSION, "aws", "2026-11-23T02:00:00Z", "0.1.0", "1.44.5", "",
            tuple(Scope(*p) for p in places), tuple(Unseen(*u) for u in unseen), KINDS,
        )  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "snapshot.jsonl"
            write_snapshot(path, Snapshot(header, records, tuple(gaps)))
            self._con, _ = load_tables([path], merge, personas)

    def rows(self, table: str) -> list[dict[str, Any]]:
        cursor = self._con.execute(f"select * from {table}")
        names = [d[0] for d in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def by_name(self, table: str) -> dict[str, dict[str, Any]]:
        """Rows by the resource's name."""
        return {row["name"]: row for row in self.rows(table)}

    def by_id(self, table: str) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self.rows(table)}

    @property
    def gaps(self) -> list[tuple[str, str, str]]:
        """(resource id, setting, reason) of each gap, sorted."""
        return sorted((g["resource_id"], g["setting"], g["reason"]) for g in self.rows("gap"))


def one_profile(
    user: Document | None, defaults: Document | None = None, *, merge: NestedMerge = NestedMerge.UNKNOWN, **options: Any
) -> dict[str, Any]:
    """The row of the only profile of the only domain."""
    document = {} if defaults is None else {"DefaultUserSettings": defaults}
    return Tables(domain(document=document), profile("ana", user, **options), merge=merge).rows("user_profile")[0]
