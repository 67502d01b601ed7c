"""The raw documents of the resources that commands are for, read again from the snapshot files.

The tables hold the settings that rules read. A command also sends what it does not change, so it needs the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from auditor.model.paths import value_at
from auditor.store.snapshot_reader import Key, SnapshotReader


@dataclass(frozen=True, slots=True)
class Document:
    """A resource as the API described it. ``gaps``: paths that were not seen, ``*`` for all that it does not hold."""

    members: Mapping[str, Any]
    gaps: tuple[str, ...]

    def structure(self, path: str) -> Mapping[str, Any] | None:
        """The structure at a dotted path; None where it is absent or no structure."""
        found = value_at(self.members, path)
        return found if isinstance(found, Mapping) else None

    def whole(self, path: str) -> bool:
        """Whether everything at the path was seen: no gap covers it, or lies in it."""
        return not any(
            gap == "*" or f"{path}.".startswith(f"{gap}.") or gap.startswith(f"{path}.") for gap in self.gaps
        )


class Documents:
    """Documents by key. Files are read once, when the first document is asked for, and only what was announced."""

    def __init__(self, files: Sequence[SnapshotReader]) -> None:
        self._files = files
        self._wanted: set[Key] = set()
        self._raw: dict[Key, tuple[bytes, tuple[str, ...]]] | None = None
        self._read: dict[Key, Document] = {}
        self._live = {
            scope.account for file in files if file.header.source == "aws" for scope in file.header.scopes
        }  # fmt: skip

    def announce(self, keys: Iterable[Key]) -> None:
        """Say which will be asked for; domains need not be announced."""
        further = set(keys) - self._wanted
        if further:
            self._wanted |= further
            self._raw = None

    def live(self, account: str) -> bool:
        """Whether the account was read from AWS: only there is something for a command to change."""
        return account in self._live

    def get(self, key: Key) -> Document | None:
        """The document, None where the snapshots hold none. Raises SnapshotError for a damaged file."""
        if key not in self._read:
            if self._raw is None:
                self._raw = self._load()
            found = self._raw.get(key)
            if found is None:
                return None
            document = msgspec.json.decode(found[0])
            self._read[key] = Document(document if isinstance(document, dict) else {}, found[1])
        return self._read[key]

    def told(self, key: Key, paths: Sequence[str]) -> bytes:
        """What a command for the resource depends on: the values at the paths, its status, and what was not seen."""
        found = self.get(key)
        if found is None:
            return b""
        members = found.members
        values = [value_at(members, path) for path in paths]
        return msgspec.json.encode((values, members.get("Status"), members.get("FailureReason"), found.gaps))

    def _load(self) -> dict[Key, tuple[bytes, tuple[str, ...]]]:
        found: dict[Key, tuple[bytes, tuple[str, ...]]] = {}
        for file in self._files:
            unseen: dict[str, tuple[str, ...]] = {}
            for one in file.header.unseen:
                unseen[one.kind] = (*unseen.get(one.kind, ()), one.path)
            for key, text, gaps in file.documents(lambda k: k[2] == "domain" or k in self._wanted):
                found[key] = (text, (*gaps, *unseen.get(key[2], ())))
        return found
