"""The built-in rules as they were read and checked, kept beside them as Python keeps compiled modules.

To read and check them takes most of the start of a command. What is kept is of use for the very files, modules and
libraries that it was made from; whatever is wrong with it, the rules are read (``auditor/kept_files.py``).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from auditor.kept_files import FOLDER, keep_file, kept_file, may_keep, read_kept_file
from auditor.model.rule import Rule
from auditor.version import __version__

#: What reads and checks rules, beside Python.
_LIBRARIES = ("duckdb", "msgspec", "PyYAML")
_PACKAGE = Path(__file__).resolve().parent.parent


class _Kept(msgspec.Struct):
    """``made_from``: what the rules were read from and by. A rule's file is relative to the folder of the rules."""

    made_from: str
    rules: tuple[Rule, ...]


def written(folder: Path, made_from: str, rules: Sequence[Rule]) -> bytes:
    """The content of a file that keeps the rules of a folder, from which ``read_kept`` reads them."""
    return msgspec.json.encode(_Kept(made_from, _relative(folder, rules)))


def read_kept(path: Path, folder: Path, made_from: str | None) -> tuple[Rule, ...] | None:
    """The rules of the folder that a file keeps; None where it keeps none that were ``made_from`` what there is."""
    text = read_kept_file(path)
    if text is None:
        return None
    try:
        found = msgspec.json.decode(text, type=_Kept)
    except (msgspec.MsgspecError, RecursionError):
        return None
    if found.made_from != made_from:
        return None
    return tuple(replace(rule, file=str(folder / rule.file)) for rule in found.rules)


def kept(folder: Path, made_from: str | None) -> tuple[Rule, ...] | None:
    """The rules of the built-in rules' folder; None where none are kept that were ``made_from`` what there is."""
    return read_kept(_path(folder), folder, made_from)


def keep(folder: Path, made_from: str | None, rules: Sequence[Rule]) -> None:
    """Keep the rules, where that can be written and says the same when it is read. ``made_from``: of before they were
    read, so that what changed meanwhile is not taken for what they came from."""
    if made_from is None or not may_keep(folder):
        return
    text = written(folder, made_from, rules)
    if msgspec.json.decode(text, type=_Kept).rules == _relative(folder, rules):
        keep_file(_path(folder), text)


def _relative(folder: Path, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    return tuple(replace(rule, file=Path(rule.file).relative_to(folder).as_posix()) for rule in rules)


def _path(folder: Path) -> Path:
    return kept_file(folder, "built-in-rules.json")


def content(folder: Path, files: Sequence[Path]) -> str:
    """The version and the content of the rule files, as a hash. Raises OSError."""
    made = hashlib.sha256(__version__.encode())
    for path in sorted(files):
        made.update(f"\n{path.relative_to(folder).as_posix()}\n".encode())
        made.update(path.read_bytes())
    return made.hexdigest()


def made_from(folder: Path, files: Sequence[Path]) -> str | None:
    """What rules come from, as a hash: the content of their files, the state of the package's modules and data, and the
    versions of Python and of the libraries that read and check them. None where that can't be told."""
    try:
        parts = [content(folder, files), sys.version, *map(importlib.metadata.version, _LIBRARIES)]
        parts += [f"{name} {size} {changed}" for name, size, changed in sorted(_modules(str(_PACKAGE)))]
    except (OSError, importlib.metadata.PackageNotFoundError):
        return None
    return hashlib.sha256("\n".join(parts).encode(errors="surrogateescape")).hexdigest()


def _modules(folder: str) -> Iterator[tuple[str, int, int]]:
    """Path, size and time of change of the package's modules, and of the SQL and the data beside them."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in (FOLDER, "_data"):
                    yield from _modules(entry.path)
            elif entry.name.endswith((".py", ".sql", ".json")):
                found = entry.stat(follow_symlinks=False)
                yield entry.path, found.st_size, found.st_mtime_ns
