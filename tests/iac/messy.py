"""What becomes of any files at all."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from auditor.collect.iac.scan import ScanOptions, scan
from auditor.errors import CollectError, ConfigError
from auditor.model.snapshot import Snapshot
from auditor.store.snapshot_file import encode


def outcome(files: Mapping[str, str | bytes]) -> Snapshot | str:
    """The snapshot of a folder, or what was said instead."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        try:
            snapshot = scan([Path(folder)], ScanOptions())
        except (ConfigError, CollectError) as error:
            return error.diagnosis()
        # What was read can be written: no Unknown or Reference is left in a document.
        assert b"".join(encode(snapshot))
        return snapshot
