"""Members that are not of the type which the API gives them: a number where a name is expected, a list for a structure.

What such a member means is not known, so it is unknown and not absent: it is taken out of its document, and the
document says that it was not seen. Only members that the tables read are looked at. One pass by msgspec decodes each
line against the types and keeps nothing; only a line that does not fit is looked into.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any

import msgspec

from auditor.errors import SnapshotError
from auditor.model.snapshot import GLOBAL, GLOBAL_KINDS, KINDS, Kind
from auditor.resolve.raw_schema import DOCUMENTS, Tree, tree
from auditor.studio.applications import APPLICATION_MEMBERS
from auditor.studio.side_roles import SIDE_ROLES

#: DuckDB's INTEGER.
_Integer = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
_TYPES: Mapping[str, tuple[Any, str]] = {
    "VARCHAR": (str, "text"),
    "BOOLEAN": (bool, "true or false"),
    "INTEGER": (_Integer, "a whole number"),
    "TIMESTAMP": (datetime, "a time"),
    "JSON": (dict[str, msgspec.Raw], "a structure"),
}
#: A member of a STRUCT: a plain type, or a STRUCT that holds one of these (no type is nested deeper).
_STRUCT_MEMBER = re.compile(r'"(\w+)" (STRUCT\([^()]*\)(?:\[\])?|[A-Z]+(?:\[\])?)')
#: Kinds of which one that cannot be told apart from others leaves more open than itself: whose it is, or whether there
#: is one of its kind at all, hangs on these members.
_TELLING: Mapping[str, frozenset[str]] = {
    "user_profile": frozenset({"DomainId", "UserProfileName"}),
    "space": frozenset({"DomainId", "SpaceName"}),
    "app": frozenset({"DomainId", "UserProfileName", "SpaceName", "AppType", "AppName", "Status"}),
    **{
        kind: frozenset(DOCUMENTS[kind]) - SIDE_ROLES.get(kind, {}).keys() - set(APPLICATION_MEMBERS.get(kind, ()))
        for kind in (
            "cost_tag",
            "event_rule",
            "flow_log",
            "identity_user",
            "metric_filter",
            "mlflow_app",
            "mlflow_server",
            "partner_app",
            "quota",
            "role",
            "sign_in",
            "trail",
        )
    },
}


@dataclass(frozen=True, slots=True)
class OddRecord:
    """A record with members that are not what they should be: API path → what is expected there. ``line`` from 1."""

    line: int
    account: str
    region: str
    kind: str
    id: str
    members: Mapping[str, str]

    @property
    def leaves_list_open(self) -> bool:
        """Whether what its kind's list holds cannot be said any more."""
        telling = _TELLING.get(self.kind, frozenset())
        return any(path.split(".")[0] in telling or path in telling for path in self.members)


class _Tag(msgspec.Struct):
    Key: str
    Value: str


def _structure(members: Tree) -> Any:
    fields = [(name, _type(inner) | None, None) for name, inner in members.items()]
    return msgspec.defstruct("Document", fields, gc=False)


def _type(declared: str | Tree) -> Any:
    """The msgspec type of a member declared by its DuckDB type. A list holds no null."""
    if not isinstance(declared, str):
        return _structure(declared)
    if declared.endswith("[]"):
        return list[_type(declared[:-2])]  # type: ignore[misc]
    if declared.startswith("STRUCT("):
        return _structure(dict(_STRUCT_MEMBER.findall(declared.removeprefix("STRUCT("))))
    return _TYPES[declared][0]


def _expected(declared: str | Tree) -> str:
    if isinstance(declared, str) and declared.endswith("[]"):
        return f"a list of {_expected(declared[:-2])}"
    return "a structure" if not isinstance(declared, str) or declared.startswith("STRUCT(") else _TYPES[declared][1]


_TREES = {kind: tree(DOCUMENTS[kind]) for kind in KINDS if kind in DOCUMENTS}
_Line = msgspec.defstruct(
    "_Line",
    [
        ("kind", str, ""),
        ("tags", list[_Tag] | None, None),
        *((kind, _structure(members) | None, None) for kind, members in _TREES.items()),
    ],
    gc=False,
)
_decoder = msgspec.json.Decoder(_Line)


def odd_records(path: Path) -> tuple[OddRecord, ...]:
    """The records of a snapshot file with such members. Lines that are no JSON are left to whoever reads the file.

    Raises SnapshotError for a line that is no record, or nested too deep to be read.
    """
    odd: list[OddRecord] = []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            _kind_of(path, number, line, odd)
    return tuple(odd)


def _kind_of(path: Path, number: int, line: bytes, odd: list[OddRecord]) -> str:
    """The kind of a line's record, which is added to ``odd`` where it is; "" where that is not known."""
    kind = ""
    try:
        decoded: Any = _decoder.decode(line)
        kind = decoded.kind
        if getattr(decoded, kind, True) is None:
            odd += _look(path, number, line)
    except msgspec.ValidationError:
        odd += _look(path, number, line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    except RecursionError as error:
        raise SnapshotError(f"{path}:{number}: the line is nested too deep") from error
    return kind


#: Bytes at the beginning of a line in which our own writer puts the kind of a record.
_BEGINNING = 512
_PLACE = re.compile(rb'"(?:account|region)":"[^"\\]*"')
_BLOCK_BYTES = 128 * 1024


@dataclass(frozen=True, slots=True)
class Others:
    """What ``copy_others`` found: odd records of the other kinds, and the records of the kind that was left out."""

    odd: tuple[OddRecord, ...]
    left_out: int


def copy_others(
    path: Path, kind: str, target: Path, blocks: Iterable[tuple[bytes, int]] | None = None, *, in_order: bool = True
) -> Others:
    """Make ``target`` a copy of the snapshot file without the records of a kind. Those that begin as our own writer
    begins them, and where records are ``in_order`` lines between two of these, are not looked at: ``text_looks_odd``
    says in SQL what may be odd of them. Whoever reads them holds their number against ``left_out``, or a record would
    be lost where a file is in no order, or a line is made to look like one of them.

    ``blocks``: the file, in blocks that end with a line, each with its number of lines; None: it is read here.
    Raises SnapshotError as ``odd_records``, and what the blocks raise.
    """
    written = b'"kind":"%b",' % kind.encode()
    odd: list[OddRecord] = []
    left_out = number = 0
    with target.open("wb") as out:
        for block, held in _whole_lines(path) if blocks is None else blocks:
            if in_order and _is_between(block, written):
                number, left_out = number + held, left_out + held
                continue
            for line in BytesIO(block):
                number += 1
                if line.find(written, 0, _BEGINNING) > 0 or _kind_of(path, number, line, odd) == kind:
                    left_out += 1
                else:
                    out.write(line)
    return Others(tuple(odd), left_out)


def _whole_lines(path: Path) -> Iterator[tuple[bytes, int]]:
    """The file in blocks that end with a line, each with its number of lines."""
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            block = block if block.endswith(b"\n") else block + file.readline()
            yield block, block.count(b"\n")


def _is_between(block: bytes, written: bytes) -> bool:
    """Whether the first and the last line of a block are of a kind, account and region: records are written in this
    order, so that those between them are of it as well."""
    first, last = block[: block.find(b"\n")][:_BEGINNING], block[block.rfind(b"\n", 0, -1) + 1 :][:_BEGINNING]
    places = [_PLACE.findall(line) for line in (first, last) if written in line]
    return len(places) == 2 and places[0] == places[1] and block.endswith(b"\n")


def text_looks_odd(text: str) -> str:
    """Whether the text that DuckDB has read for a member may be no text in the file: a number, true, a structure. It is
    the same for a text that says so (``"4711"``): whoever wants to know looks at the file."""
    return (
        f"({text} < ':' and {text} <> '' and not regexp_matches({text}, '[^-+.eE0-9]') or {text} in ('true', 'false')"
        f" or starts_with({text}, '{{') or starts_with({text}, '['))"
    )


def tag_looks_odd(tag: str) -> str:
    """The same of a tag of which key and value are read as JSON, for certain."""
    texts = " and ".join(f"""starts_with({tag}."{member}"::VARCHAR, '"')""" for member in ("Key", "Value"))
    return f"not coalesce({texts}, false)"


def fits(kind: Kind, member: str, text: str) -> bool:
    """Whether a structure, as JSON, is what the tables read as a member of the kind's documents.

    Raises SnapshotError where it is nested too deep to be read.
    """
    try:
        msgspec.json.decode(text, type=_structure_of(kind, member))
    except (msgspec.MsgspecError, UnicodeError):
        return False
    except RecursionError as error:
        raise SnapshotError(f"{member} of a {kind} is nested too deep") from error
    return True


@cache
def _structure_of(kind: Kind, member: str) -> Any:
    return _type(_TREES[kind][member])


def _look(path: Path, number: int, line: bytes) -> Iterator[OddRecord]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return
    if not isinstance(entry, dict) or not isinstance(entry.get("kind", ""), str):
        raise SnapshotError(f"{path}:{number}: the line is not a record")
    kind = entry.get("kind")
    if kind not in KINDS:
        return
    # A record without its document says nothing, as one with a document of another type.
    document = entry.get(kind)
    members = {"*": "a structure"} if document is None else dict(_odd(_TREES.get(kind, {}), document, ""))
    if "tags" in entry and not _fits(list[_Tag], entry["tags"]):
        members["Tags"] = "a list of tags"
    if members:
        account, region, name = (str(entry.get(member, "")) for member in ("account", "region", "id"))
        yield OddRecord(number, account, region, kind, name, members)


def _odd(declared: Tree, document: Any, at: str) -> Iterator[tuple[str, str]]:
    """Path and what is expected there, of each member below ``at`` that does not fit."""
    if document is None:
        return
    if not isinstance(document, Mapping):
        yield at or "*", "a structure"
        return
    for name, inner in declared.items():
        value = document.get(name)
        path = f"{at}.{name}" if at else name
        if value is not None and not isinstance(inner, str):
            yield from _odd(inner, value, path)
        elif value is not None and not _fits(_type(inner), value):
            yield path, _expected(inner)


def _fits(type_: Any, value: Any) -> bool:
    try:
        msgspec.convert(value, type_)
    except (msgspec.ValidationError, RecursionError):
        return False
    return True


def write_without(path: Path, odd: Sequence[OddRecord], target: Path) -> None:
    """A copy of the snapshot without these members; each is a gap of its record, and on a line of its own."""
    by_line = {record.line: record for record in odd}
    with path.open("rb") as file, target.open("wb") as out:
        for number, line in enumerate(file, 1):
            record = by_line.get(number)
            out.write(line if record is None else _without(line, record, f"{path}:{number}"))
        for record in odd:
            for gap in _gaps(record):
                out.write(json.dumps({"gap": gap}).encode() + b"\n")


def _without(line: bytes, record: OddRecord, where: str) -> bytes:
    entry = json.loads(line)
    gaps = entry.get("gaps") or []
    if not isinstance(gaps, list) or not all(isinstance(gap, str) for gap in gaps):
        # A gap that is left out would be a verdict that nobody can give.
        raise SnapshotError(f"{where}: the gaps of the record are not a list of texts")
    for path in record.members:
        if path == "Tags":
            entry.pop("tags", None)
        elif path == "*":
            entry[record.kind] = {}
        else:
            *parents, last = path.split(".")
            structure = entry[record.kind]
            for parent in parents:
                structure = structure[parent]
            del structure[last]
    entry["gaps"] = sorted({*gaps, *record.members})
    return json.dumps(entry).encode() + b"\n"


def _gaps(record: OddRecord) -> Iterator[dict[str, str]]:
    for path, expected in record.members.items():
        yield {
            "account": record.account, "region": record.region, "resource_type": record.kind,
            "resource_id": record.id, "setting": path, "operation": record.kind,
            "reason": "unexpected_response", "detail": f"{path} is not what it should be: {expected}",
        }  # fmt: skip


def incomplete_lists(odd: Iterable[OddRecord]) -> set[tuple[str, str, str]]:
    """(account, region, kind) of the lists that are incomplete because of these records; region "" is all of them."""
    return {
        (record.account, "" if record.kind in GLOBAL_KINDS or record.region == GLOBAL else record.region, record.kind)
        for record in odd
        if record.leaves_list_open
    }
