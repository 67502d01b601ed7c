"""Reading gzip files of a store with limits: what they become is the writer's choice, who may not be us."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from auditor.errors import ConfigError
from auditor.regular_files import open_regular

_BLOCK = 1024 * 1024
_MAGIC = b"\x1f\x8b"
#: Bytes that a small file may become anyway.
_FLOOR = 64 * 1024 * 1024
#: Snapshots and reports shrink to a tenth or a fiftieth; the format's own limit is a thousandth.
_RATIO = 250
#: Bytes of a report, which is read into memory.
REPORT_LIMIT = 2 * 1024**3
#: Bytes of a snapshot, which is not: a million profiles are about two gigabytes.
SNAPSHOT_LIMIT = 16 * 1024**3


def blocks(path: Path, limit: int) -> Iterator[bytes]:
    """A file's content, unpacked where it is gzipped.

    Raises ConfigError where it is not a regular file, cannot be read or unpacked, or becomes more than ``limit`` bytes
    or many times more than it is.
    """
    try:
        with open_regular(path) as file:
            head = file.read(len(_MAGIC))
            file.seek(0)
            packed = head == _MAGIC
            size = file.seek(0, io.SEEK_END)
            file.seek(0)
            allowed = min(limit, max(_FLOOR, size * _RATIO)) if packed else limit
            source: BinaryIO | gzip.GzipFile = gzip.GzipFile(fileobj=file) if packed else file
            while block := source.read(_BLOCK):
                allowed -= len(block)
                if allowed < 0:
                    raise ConfigError(f"{path}: becomes too large when it is read, so it is not used")
                yield block
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path}: cannot be read: {reason}") from error
