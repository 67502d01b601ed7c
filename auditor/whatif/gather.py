"""The lines of a snapshot that are to change, and the changes of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from auditor.store.snapshot_reader import Key
from auditor.whatif import asked, fixes
from auditor.whatif.changes import Change, Line
from auditor.whatif.consequences import NotTried
from auditor.whatif.overlay import read_lines


def gather(
    files: Sequence[Path],
    wanted: Sequence[asked.Asked],
    calls: Sequence[fixes.CauseCall],
    others: Sequence[Change] = (),
) -> tuple[list[dict[Key, Line]], list[Change], list[NotTried]]:
    """Per file the lines that change; the changes, ``others`` among them; and what could not be tried."""
    names, kinds = asked.Names({one.resource: one.kinds for one in wanted}), fixes.needed(calls)
    roles: dict[Key, Line] = {}
    read: list[dict[Key, Line]] = []
    looked_at = {"domain", *kinds, *(kind for one in wanted for kind in one.kinds)}
    for file in files if wanted or kinds else ():
        read.append(read_lines(file, lambda key: names.may_mean(key) or key[2] in kinds, looked_at))
        for key, line in read[-1].items():
            names.see(key, line)
            if key[2] == "role":
                roles[key] = line
    changes = [*others, *asked.changes_of(wanted, names)]
    by_call, left = fixes.changes_of(calls, roles)
    keys = {change.key for change in (*changes, *by_call)}
    if read and keys <= {key for lines in read for key in lines}:
        found = [{key: line for key, line in lines.items() if key in keys} for lines in read]
    else:
        found = [read_lines(file, keys.__contains__, {key[2] for key in keys}) for file in files]
    there = {key for lines in found for key in lines}
    # What IAM was asked about a role changes with it, where it was asked.
    kept = [c for c in by_call if c.key in there]
    for change in by_call:
        if change.key not in there and change.said:
            left.append(NotTried(change.origin.partition(" ")[0], change.origin.partition(" ")[2], change.said,
                                 "the snapshot does not hold the resource"))  # fmt: skip
    return found, [*changes, *kept], left
