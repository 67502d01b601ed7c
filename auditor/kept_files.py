"""Files that are kept beside what they were made from, in ``__pycache__``, as Python keeps compiled modules.

``PYTHONDONTWRITEBYTECODE`` and ``PYTHONPYCACHEPREFIX``, by which modules lie elsewhere, keep them from being written.
The folder holds parts of the program itself: who may write there needs no such file to change what it does.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from auditor.regular_files import NotReadError, read_regular

FOLDER = "__pycache__"
#: Bytes of such a file: many times what the largest takes.
_LIMIT = 64 << 20


def may_keep(folder: Path) -> bool:
    """Whether files may be kept in the folder's ``__pycache__``, so that what nobody keeps needn't be made."""
    return not sys.dont_write_bytecode and not sys.pycache_prefix and os.access(folder, os.W_OK)


def kept_file(folder: Path, name: str) -> Path:
    """Where what was made from a folder's files is kept, for this version of Python: ``name`` ends with its suffix."""
    stem, suffix = name.rsplit(".", 1)
    return folder / FOLDER / f"{stem}.{sys.implementation.cache_tag}.{suffix}"


def read_kept_file(path: Path) -> bytes | None:
    """The content of a kept file; None where there is none that can be read."""
    try:
        return read_regular(path, _LIMIT)
    except NotReadError:
        return None


def keep_file(path: Path, content: bytes) -> None:
    """Write a kept file as a whole or not at all; where it can't be written, nothing happens."""
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        # Several processes may do it at once, and another may read meanwhile.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(content)
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)
