"""A resource's document as JSON: what is only passed on is never taken apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import msgspec

_encode = msgspec.json.Encoder(order="deterministic").encode


class EncodedDocument(Mapping[str, Any]):
    """A document that is read when it is first asked for something. ``json``: compact, with sorted keys."""

    def __init__(self, json: bytes) -> None:
        self.json = json

    @staticmethod
    def of(document: Mapping[str, Any]) -> EncodedDocument:
        """The document, encoded. Raises what msgspec raises for what JSON cannot hold (TypeError, OverflowError)."""
        return EncodedDocument(_encode(document))

    @cached_property
    def plain(self) -> dict[str, Any]:
        """The document as a dictionary."""
        made: dict[str, Any] = msgspec.json.decode(self.json)
        return made

    def __getitem__(self, key: str) -> Any:
        return self.plain[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.plain)

    def __len__(self) -> int:
        return len(self.plain)
