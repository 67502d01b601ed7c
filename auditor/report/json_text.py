"""Values as JSON text: sorted keys, RFC 3339 timestamps, so that equal reports give equal bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

import msgspec

from auditor.inert_text import in_json


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


#: Items that are written at once.
_LINES = 64

_encoder = msgspec.json.Encoder(enc_hook=_plain, order="sorted")


def to_json(value: Any) -> str:
    """A value as JSON text with sorted keys; dataclasses as objects, timestamps as RFC 3339."""
    return in_json(_encoder.encode(value).decode())


def blocks(items: Iterable[Any]) -> Iterator[str]:
    """The inside of a JSON array, indented, one item a line and some dozens of lines a piece."""
    opening, pending = b"\n    ", iter(items)
    while some := [_encoder.encode(item) for item in islice(pending, _LINES)]:
        yield in_json((opening + b",\n    ".join(some)).decode())
        opening = b",\n    "


def array(items: Iterable[Any]) -> Iterator[str]:
    """The items as a JSON array, one a line, piece by piece."""
    opening = "[\n"
    for item in items:
        yield opening + to_json(item)
        opening = ",\n"
    yield "[]" if opening == "[\n" else "\n]"


def milliseconds(moment: str) -> int:
    """An RFC 3339 timestamp as milliseconds since 1970."""
    return int(datetime.fromisoformat(moment).timestamp() * 1000)
