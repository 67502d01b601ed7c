"""What was collected, written from disk to disk: it is never in memory together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from auditor.counting import plural
from auditor.run.messages import logger
from auditor.store.files import PRIVATE, Access
from auditor.store.snapshot_file import encode_lines, write_lines

if TYPE_CHECKING:
    from auditor.collect.aws.collector import Collection


def write_collection(path: Path, found: Collection, mode: Access = PRIVATE) -> Path:
    """Write the collection as a snapshot file, atomically; the file. Raises ConfigError where it cannot be written."""
    write_lines(path, encode_lines(found.header, found.records(), found.gaps, found.coverage), mode)
    logger.info("collected %s, %s", plural(len(found.header.scopes), "Region"), plural(len(found.gaps), "gap"))
    return path
