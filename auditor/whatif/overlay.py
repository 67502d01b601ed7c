"""A copy of a snapshot in which some resources are others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from auditor.store.snapshot_file import sealed, write_lines
from auditor.store.snapshot_reader import Key, SnapshotReader
from auditor.whatif.changes import Line

_encode = msgspec.json.Encoder().encode


def read_lines(file: Path, wanted: Callable[[Key], bool], kinds: Collection[str] = ()) -> dict[Key, Line]:
    """The resources' lines that are wanted, by key; ``kinds``: theirs, where that is known. Raises SnapshotError; the
    file's hash is not looked at."""
    lines = SnapshotReader(file).lines(kinds)
    return {key: msgspec.json.decode(line) for key, line in lines if key[2] and wanted(key)}


def overlay(file: Path, changed: Mapping[Key, Line | None], target: Path, added: Collection[Key] = frozenset()) -> None:
    """Write a copy of a snapshot in which the resources are as ``changed`` says; None leaves one out. ``added``: those
    of them that the snapshot does not hold."""
    write_lines(target, sealed(_lines(file, changed, added)))


def _lines(file: Path, changed: Mapping[Key, Line | None], added: Collection[Key]) -> Iterator[bytes]:
    new = deque(sorted(added))
    first = True
    for key, line in SnapshotReader(file).lines():
        # Resources stand between the header and what the snapshot says about itself, in the order of their keys.
        while new and not first and (not key[2] or new[0] < key):
            yield from _line(changed[new.popleft()])
        first = False
        yield from (line,) if key not in changed else _line(changed[key])
    for key in new:
        yield from _line(changed[key])


def _line(line: Line | None) -> Iterator[bytes]:
    if line is not None:
        yield _encode(line) + b"\n"


def changed_copies(
    files: Sequence[Path],
    found: Sequence[Mapping[Key, Line]],
    changed: Sequence[Mapping[Key, Line | None]],
    folder: Path,
) -> list[Path]:
    """Copies of the files in which the lines are as ``changed`` says, below the folder; a file in which nothing changes
    is its own. ``found``: the lines that are there."""
    copies: list[Path] = []
    for number, (file, lines, others) in enumerate(zip(files, found, changed, strict=True)):
        if not others:
            copies.append(file)
            continue
        target = folder / f"{number}" / file.name
        target.parent.mkdir(parents=True)
        overlay(file, others, target, others.keys() - lines.keys())
        copies.append(target)
    return copies
