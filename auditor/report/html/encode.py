"""Dictionaries and columns of the HTML report's data: each text once, rows as small numbers, packed."""

from __future__ import annotations

import base64
import gzip
import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from auditor.inert_text import visible
from auditor.report.json_text import to_json

#: Stand for what a text repeats of its resource; the page's script puts it back. ``visible`` leaves none in a text.
MARKS = {"id": "\x01", "name": "\x02", "domain_id": "\x03", "domain_name": "\x04", "account": "\x05", "region": "\x06"}
#: Shorter texts than this would be found everywhere.
_SHORTEST = 3
#: Greatest integer that a script holds exactly.
_EXACT = 2**53


class Dictionary:
    """Distinct values in order of first use. ``code`` is a value's place."""

    def __init__(self) -> None:
        self._codes: dict[Any, int] = {}
        self.values: list[Any] = []

    def code(self, value: Any, key: Any = None) -> int:
        """The value's place; ``key`` stands for a value that cannot be hashed."""
        key = value if key is None else key
        found = self._codes.get(key)
        if found is None:
            found = self._codes[key] = len(self.values)
            self.values.append(value)
        return found

    def __len__(self) -> int:
        return len(self.values)


#: A word that a mark stands for, as words are put in order: less its length, its mark, the word. The longest come
#: first: an id holds the name and the domain's id.
Word = tuple[int, str, str]


def words_of(texts: Mapping[str, str]) -> list[Word]:
    """The words of a resource, or of a part of it, by the names of ``MARKS``. Short ones would be found everywhere."""
    shown = ((MARKS[name], visible(text)) for name, text in texts.items() if len(text) >= _SHORTEST)
    return [(-len(word), mark, word) for mark, word in shown]


class Stencil:
    """Cuts the words of one resource out of texts, so that a sentence about 10,000 profiles is one sentence."""

    __slots__ = ("_known", "_own", "_sorted", "_words")

    def __init__(
        self, words: Sequence[Word], own: Sequence[str] = (), known: dict[str, tuple[str, str]] | None = None
    ) -> None:
        """``own``: those of the words that no other resource has. ``known``, which is added to: texts as they are shown
        and as they are cut where no word of ``own`` is in them, shared with the resources that have the other words."""
        self._words = words
        self._sorted = False
        self._own = own
        self._known = known

    def cut(self, text: str) -> str:
        if self._known is None:
            return self._replaced(visible(text))
        found = self._known.get(text)
        shown = visible(text) if found is None else found[0]
        for word in self._own:
            if word in shown:
                return self._replaced(shown)
        if found is None:
            found = self._known[text] = shown, self._replaced(shown)
        return found[1]

    def _replaced(self, text: str) -> str:
        if not self._sorted:
            self._words, self._sorted = sorted(self._words), True
        for _, mark, word in self._words:
            text = text.replace(word, mark)
        return text

    def cut_value(self, value: Any) -> Any:
        """A value as JSON has it, with its texts cut."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            return value if abs(value) <= _EXACT else str(value)
        if isinstance(value, str):
            return self.cut(value)
        if isinstance(value, (list, tuple)):
            return [self.cut_value(item) for item in value]
        if isinstance(value, Mapping):
            return {
                visible(str(key)): self.cut_value(item) for key, item in sorted(value.items(), key=lambda i: str(i[0]))
            }
        text = to_json(value)
        return self.cut(text[1:-1]) if text.startswith('"') else text


NOTHING = Stencil(())


@dataclass(slots=True)
class Columns:
    """Named columns of whole numbers or bytes, laid one after the other. ``layout``: name → [width, offset, number]."""

    layout: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    _parts: list[bytes] = field(default_factory=list)
    _size: int = 0

    def numbers(self, name: str, values: Iterable[int]) -> None:
        """A column of numbers from 0, as narrow as its greatest allows: 1, 2 or 4 bytes each, little endian."""
        wide = array("I", values)
        greatest = max(wide, default=0)
        width = 1 if greatest < 1 << 8 else 2 if greatest < 1 << 16 else 4
        cells = array({1: "B", 2: "H", 4: "I"}[width], wide)
        if sys.byteorder == "big":
            cells.byteswap()
        self._add(name, width, cells.tobytes(), len(cells))

    def raw(self, name: str, width: int, data: bytes) -> None:
        """A column of byte strings of one width."""
        self._add(name, width, data, len(data) // width if width else 0)

    def _add(self, name: str, width: int, data: bytes, number: int) -> None:
        # Typed arrays must begin at a multiple of their width.
        padding = -self._size % 4
        self._parts += [b"\0" * padding, data]
        self.layout[name] = (width, self._size + padding, number)
        self._size += padding + len(data)

    def tobytes(self) -> bytes:
        return b"".join(self._parts)


def pack(header: Mapping[str, Any], columns: Columns) -> str:
    """Header and columns as base64 of gzip: length of the header (4 bytes, little endian), header, padding, columns."""
    text = to_json({**header, "columns": columns.layout}).encode()
    padding = b" " * (-len(text) % 4)
    whole = (len(text) + len(padding)).to_bytes(4, "little") + text + padding + columns.tobytes()
    # No time of its own in the block: the same report must give the same page.
    return base64.b64encode(gzip.compress(whole, 6, mtime=0)).decode()


def hexes(name: str, texts: Sequence[str], columns: Columns) -> list[str] | None:
    """Hexadecimal names of one width as a column of bytes; None then, else the names themselves."""
    width = len(texts[0]) if texts else 0
    if width and not width % 2 and all(len(t) == width and t == t.lower() for t in texts):
        try:
            columns.raw(name, width // 2, bytes.fromhex("".join(texts)))
        except ValueError:
            return list(texts)
        return None
    return list(texts)
