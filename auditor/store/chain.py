"""What makes a store's history provable: each manifest names the runs before it, and has a root over all that it says.

A manifest's root is the SHA-256 of its own bytes with the root itself left empty. It covers the hash of every file of
the run, and the roots of the runs that it follows; those cover theirs, and so on: whoever knows the newest root can
tell whether anything before it was changed. By hand:

    sed 's/"root":"[0-9a-f]*"}$/"root":""}/' runs/RUN.json | sha256sum

A run follows every run that none follows yet. That is one, but for runs that were added at the same time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from auditor.errors import DamagedError
from auditor.store.manifest import SCHEMA_VERSION, Link, Manifest, encode
from auditor.store.place import Backend

#: Runs that others follow and that are not there any more, for a reason: ``auditor store prune``, or the same snapshots
#: evaluated again.
RETIRED_FILE = "retired.json"
_EMPTY = b'"root":""}'


@dataclass(frozen=True, slots=True)
class Retired:
    """A run that is gone. ``reason``: pruned or replaced."""

    run_id: str
    root: str
    reason: str


class _RetiredFile(msgspec.Struct):
    schema_version: str
    runs: tuple[Retired, ...]


def seal(manifest: Manifest) -> tuple[Manifest, bytes]:
    """The manifest with its root, and its bytes."""
    bare = encode(replace(manifest, root=""))
    root = hashlib.sha256(bare).hexdigest()
    return replace(manifest, root=root), _filled(bare, root)


def _filled(bare: bytes, root: str) -> bytes:
    # The root is the manifest's last member, so that nothing in it can be taken for it.
    text = bare.removesuffix(b"\n")
    assert text.endswith(_EMPTY), "the root stands last"
    return text.removesuffix(_EMPTY) + f'"root":"{root}"}}\n'.encode()


def root_of(data: bytes) -> str:
    """The root of a manifest's bytes: that of a version that wrote none is the hash of the whole file."""
    text = data.removesuffix(b"\n")
    at = len(text) - 64 - len(b'"}')
    if at > 0 and text.endswith(b'"}') and text[:at].endswith(b'"root":"'):
        data = text[: at - len(b'"root":"')] + _EMPTY + b"\n"
    return hashlib.sha256(data).hexdigest()


def heads(roots: Mapping[str, str], runs: Iterable[Manifest]) -> tuple[Link, ...]:
    """The runs that none follows, by name. ``roots``: run id → root."""
    followed = {link.root for run in runs for link in run.previous}
    return tuple(Link(run_id, root) for run_id, root in sorted(roots.items()) if root not in followed)


def combined(roots: Collection[str]) -> str:
    """One root for several: of one, that one; of none, nothing."""
    if len(roots) < 2:
        return next(iter(roots), "")
    return hashlib.sha256("\n".join(sorted(roots)).encode()).hexdigest()


def read_retired(place: Backend) -> tuple[Retired, ...]:
    """What retired.json says; nothing where it is missing. Raises DamagedError where it is not what we write."""
    if not any(e.key == RETIRED_FILE for e in place.entries(RETIRED_FILE)):
        return ()
    try:
        found = msgspec.json.decode(place.read(RETIRED_FILE), type=_RetiredFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedError(f"{place.label}/{RETIRED_FILE}: is damaged: {error}") from error
    return found.runs


def retire(place: Backend, gone: Sequence[Retired], staying: Iterable[Manifest]) -> None:
    """Record, before they go, the runs that others follow, or that none followed yet. Raises ConfigError."""
    try:
        before = read_retired(place)
    except DamagedError:
        before = ()
    followed = {link.root for run in staying for link in run.previous}
    known = {one.root: one for one in before if one.root in followed}
    kept = known | {one.root: one for one in gone}
    if kept.keys() == {one.root for one in before}:
        return
    data = _RetiredFile(SCHEMA_VERSION, tuple(kept[root] for root in sorted(kept)))
    place.put_bytes(RETIRED_FILE, msgspec.json.encode(data) + b"\n")
