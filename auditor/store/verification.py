"""Whether a store is what its runs have written: every file beside its hash, every manifest beside its followers.

What nobody can tell from the store alone is said in docs/verify.md: who holds key and bucket writes another history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

from auditor.errors import DamagedError
from auditor.store.chain import Retired, combined, read_retired, root_of
from auditor.store.manifest import RUNS, SIGNATURES, Manifest, StoredFile, decode, run_of
from auditor.store.packed_manifests import read_pack
from auditor.store.place import Backend, Entry
from auditor.store.runs import QUARANTINE, Scope
from auditor.store.signing import PublicKey, signature_problem

_PARALLEL = 16
#: Files that one thread hashes before it takes more.
_BATCH = 32


@dataclass(frozen=True, slots=True, order=True)
class Tampered:
    """What is not as it was written: the run, the file (empty: the run as a whole), and what is wrong."""

    run_id: str
    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of it. ``root`` is over the newest runs, in hex; empty where there is no run.

    ``unproven``: runs of versions that kept no hashes. ``quarantined`` and ``retired``: runs that others follow and
    that repair moved away, or that were pruned or replaced, which is all that the store itself can say of them.
    ``added``: runs since the expected root; None where none was expected. ``contents``: whether the files were read.
    """

    root: str
    runs: int
    files: int
    tampered: tuple[Tampered, ...]
    unproven: tuple[str, ...]
    quarantined: tuple[str, ...]
    retired: tuple[Retired, ...]
    unsigned: int = 0
    added: int | None = None
    contents: bool = True


@dataclass(frozen=True, slots=True)
class _Read:
    """A manifest with its bytes, and the root that these have."""

    run: Manifest
    data: bytes
    root: str


def verify_store(
    place: Backend, *, expect: str = "", keys: Sequence[PublicKey] = (), contents: bool = True
) -> Verified:
    """Verify every run. ``expect``: a root that the store had once, kept elsewhere; ``keys``: whose signatures count.

    ``contents`` false: only manifests and signatures, none of the files that they name. Raises ConfigError where the
    place cannot be read, or a run is of a newer version.
    """
    wanted = ("",) if contents else (f"{RUNS}/", f"{SIGNATURES}/", f"{QUARANTINE}/{RUNS}/")
    entries = {e.key: e for prefix in wanted for e in place.entries(prefix)}
    read, tampered = _manifests(place, entries)
    for one in read.values():
        if one.run.root and one.run.root != one.root:
            tampered.append(Tampered(one.run.run_id, one.run.key, "the manifest was changed: its root is another"))
    files = 0
    for one in read.values():
        files += len(one.run.all_files)
        if contents:
            tampered += _files(place, one.run, entries)
    tampered += _additions(read, entries)
    tampered += _packed(place, read)
    chained, quarantined, retired = _links(place, read, entries)
    tampered += chained
    roots = {one.root for one in read.values()}
    followed = {link.root for one in read.values() for link in one.run.previous}
    root = combined(roots - followed)
    added = None
    if expect:
        added = _since(expect, read)
        if added is None:
            newest = max(read.values(), key=lambda one: (one.run.moment, one.run.run_id), default=None)
            tampered.append(Tampered(newest.run.run_id if newest else "", "", _unexpected(expect, newest, retired)))
    unsigned = 0
    if keys:
        wrong, unsigned = _signatures(place, read, entries, keys)
        tampered += wrong
    unproven = sorted(one.run.run_id for one in read.values() if not one.run.root)
    return Verified(
        root, len(read), files, tuple(sorted(set(tampered))), tuple(unproven), quarantined, retired, unsigned, added,
        contents,
    )  # fmt: skip


def _packed(place: Backend, read: Mapping[str, _Read]) -> list[Tampered]:
    """What readers take from the pack instead of a run's manifest, and is not what that holds."""
    there = {entry.key: entry for entry in place.entries(f"{RUNS}/")}
    pack = read_pack(place)
    return [
        Tampered(one.run.run_id, key, "the pack of manifests holds another manifest of the run")
        for one in read.values()
        if (entry := there.get(one.run.key)) is not None and (key := pack.contradicts(entry, one.data, one.run.counts))
    ]


def _manifests(place: Backend, entries: Mapping[str, Entry]) -> tuple[dict[str, _Read], list[Tampered]]:
    keys = [key for key in entries if key.startswith(f"{RUNS}/") and key.endswith(".json")]
    tampered: list[Tampered] = []

    def one(key: str) -> _Read | Tampered:
        try:
            data = place.read(key)
            run = decode(data, f"{place.label}/{key}", key)
        except DamagedError as error:
            return Tampered(run_of(key) or "", key, error.message)
        return _Read(run, data, root_of(data))

    found: dict[str, _Read] = {}
    with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
        for made in pool.map(one, keys):
            if isinstance(made, Tampered):
                tampered.append(made)
            else:
                found[made.run.run_id] = made
    return found, tampered


def _files(place: Backend, run: Manifest, entries: Mapping[str, Entry]) -> list[Tampered]:
    found = []
    right = []
    for file in run.all_files:
        entry = entries.get(file.key)
        if entry is None:
            found.append(Tampered(run.run_id, file.key, "the file is missing"))
        elif entry.size != file.bytes:
            found.append(
                Tampered(run.run_id, file.key, f"the file was changed: {entry.size:,} bytes, not {file.bytes:,}")
            )
        elif file.digest:
            right.append(file)
    written = {file.digest: file.key for file in run.all_files}

    def changed(files: Sequence[StoredFile]) -> list[Tampered]:
        return [one for file in files if (one := _changed(place, run, file, written)) is not None]

    some = [right[begin : begin + _BATCH] for begin in range(0, len(right), _BATCH)]
    with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
        return [*found, *chain.from_iterable(pool.map(changed, some))]


def _changed(place: Backend, run: Manifest, file: StoredFile, written: Mapping[str, str]) -> Tampered | None:
    """What is wrong with a file's content. ``written``: SHA-256 → file of the run."""
    try:
        seen = place.digest(file.key)
    except DamagedError as error:
        return Tampered(run.run_id, file.key, error.message)
    if seen == file.digest:
        return None
    other = written.get(seen)
    what = f"was swapped: it holds what {other} should" if other else "was changed: its SHA-256 is another"
    return Tampered(run.run_id, file.key, f"the file {what}")


def _additions(read: Mapping[str, _Read], entries: Mapping[str, Entry]) -> list[Tampered]:
    """Files that are called as a run's own and that its manifest does not name: other programs read them as rows."""
    known = {file.key for one in read.values() for file in one.run.all_files}
    made = []
    for key in entries.keys() - known:
        run_id = run_of(key)
        if run_id is not None and run_id in read and not key.startswith((f"{RUNS}/", f"{SIGNATURES}/")):
            made.append(Tampered(run_id, key, "the file was added: the run's manifest does not name it"))
    return made


def _links(
    place: Backend, read: Mapping[str, _Read], entries: Mapping[str, Entry]
) -> tuple[list[Tampered], tuple[str, ...], tuple[Retired, ...]]:
    """What is wrong with the order of runs; runs in quarantine, and retired ones, that others follow."""
    tampered: list[Tampered] = []
    try:
        known = {one.root: one for one in read_retired(place)}
    except DamagedError as error:
        known, tampered = {}, [Tampered("", "", error.message)]
    by_root = {one.root: one for one in read.values()}
    quarantined: set[str] = set()
    retired: set[str] = set()
    for one in read.values():
        for link in one.run.previous:
            before = by_root.get(link.root)
            if before is not None:
                shared: set[Scope] = {*before.run.scopes} & {*one.run.scopes}
                if before.run.moment >= one.run.moment and shared:
                    what = f"the order was changed: it follows {before.run.run_id}, which is not before it"
                    tampered.append(Tampered(one.run.run_id, one.run.key, what))
            elif link.root in known:
                retired.add(link.root)
            elif link.run_id in read:
                what = f"the manifest was replaced: {one.run.run_id} follows one with another root"
                tampered.append(Tampered(link.run_id, f"{RUNS}/{link.run_id}.json", what))
            elif _in_quarantine(place, link.run_id, link.root, entries):
                quarantined.add(link.run_id)
            elif f"{RUNS}/{link.run_id}.json" not in entries:
                what = f"the run was deleted: {one.run.run_id} follows it"
                tampered.append(Tampered(link.run_id, "", what))
    return tampered, tuple(sorted(quarantined)), tuple(sorted((known[r] for r in retired), key=lambda r: r.run_id))


def _in_quarantine(place: Backend, run_id: str, root: str, entries: Mapping[str, Entry]) -> bool:
    key = f"{QUARANTINE}/{RUNS}/{run_id}.json"
    try:
        return key in entries and root_of(place.read(key)) == root
    except DamagedError:
        return False


def _since(expect: str, read: Mapping[str, _Read]) -> int | None:
    """How many runs came after the store had this root; None where it never had."""
    everything = [one.root for one in read.values()]
    followed = {link.root for one in read.values() for link in one.run.previous}
    # What the store's root was: of a run alone, of those that a later one follows together, and of the heads today.
    had: dict[str, set[str]] = {one.root: {one.root} for one in read.values()}
    had |= {combined(roots): roots for one in read.values() if (roots := {link.root for link in one.run.previous})}
    heads = set(everything) - followed
    had[combined(heads)] = heads
    if expect not in had:
        return None
    by_root = {one.root: one.run for one in read.values()}
    if not had[expect] <= by_root.keys():
        return None
    before, waiting = set[str](), list(had[expect])
    while waiting:
        root = waiting.pop()
        if root not in before:
            before.add(root)
            waiting += [link.root for link in by_root[root].previous if link.root in by_root]
    return len(set(everything) - before)


def _unexpected(expect: str, newest: _Read | None, retired: Sequence[Retired]) -> str:
    gone = next((one for one in retired if one.root == expect), None)
    if gone is not None:
        return f"the expected root is that of run {gone.run_id}, which was {gone.reason}"
    if newest is None:
        return "the expected root is not of this store: it holds no run"
    return (
        f"the expected root is not of this store, which ends at run {newest.run.run_id}: the newest run was deleted, or"
        " this is an older copy or another history"
    )


def _signatures(
    place: Backend, read: Mapping[str, _Read], entries: Mapping[str, Entry], keys: Sequence[PublicKey]
) -> tuple[list[Tampered], int]:
    """Wrong signatures, and runs that no valid one covers; how many are covered by a later run's signature only."""
    tampered = []
    signed: list[_Read] = []
    for one in read.values():
        key = one.run.signature_key
        if key not in entries:
            continue
        try:
            problem = signature_problem(place.read(key), keys, one.run, one.data)
        except DamagedError as error:
            problem = error.message
        if problem:
            tampered.append(Tampered(one.run.run_id, key, problem))
        else:
            signed.append(one)
    by_root = {one.root: one for one in read.values()}
    covered, waiting = set[str](), [one.root for one in signed]
    while waiting:
        root = waiting.pop()
        if root not in covered:
            covered.add(root)
            waiting += [link.root for link in by_root[root].run.previous if link.root in by_root]
    tampered += [
        Tampered(one.run.run_id, one.run.key, "the run is not signed, and no signed run follows it")
        for one in read.values()
        if one.root not in covered and one.run.signature_key not in {t.key for t in tampered}
    ]
    return tampered, len(covered) - len(signed)
