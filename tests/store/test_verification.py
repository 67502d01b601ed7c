"""What somebody does to a store is named by run or file; what was pruned or repaired is not called a change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from auditor.store.chain import combined, root_of
from auditor.store.manifest import Manifest, encode
from auditor.store.place import Backend
from auditor.store.runs import RunStore
from auditor.store.verification import verify_store

from .conftest import add, made, wrong

OTHER = "999999999999"


def rewrite(place: Backend, run: Manifest, **members: Any) -> None:
    """A manifest written as somebody would who doesn't know of roots."""
    place.put_bytes(run.key, encode(replace(run, **members)))


@pytest.fixture
def nights(store: RunStore, tmp_path: Path) -> list[Manifest]:
    return add(store, tmp_path, 1, 2, 3)


def test_an_untouched_store_is_intact(store: RunStore, nights: list[Manifest]) -> None:
    found = verify_store(store.place)
    assert (found.tampered, found.unproven, found.runs, found.files) == ((), (), 3, 12)
    assert found.root == nights[-1].root == root_of(store.place.read(nights[-1].key))
    assert [link.run_id for link in nights[2].previous] == [nights[1].run_id]
    assert nights[2].previous[0].root == nights[1].root
    assert verify_store(store.place, expect=found.root).added == 0
    # It has grown since.
    assert verify_store(store.place, expect=nights[0].root).added == 2


def flip(place: Backend, key: str) -> None:
    data = bytearray(place.read(key))
    data[0] ^= 1
    place.put_bytes(key, bytes(data))


@pytest.mark.parametrize("number", range(4))
def test_a_flipped_bit_names_the_file(store: RunStore, nights: list[Manifest], number: int) -> None:
    key = nights[1].all_files[number].key
    flip(store.place, key)
    assert wrong(verify_store(store.place)) == {(nights[1].run_id, key)}


def test_swapped_files_are_named_with_what_they_hold(store: RunStore, tmp_path: Path) -> None:
    (run,) = add(store, tmp_path, 1)
    first, second = run.tables["findings"][0], run.tables["history"][0]
    one, other = store.place.read(first.key), store.place.read(second.key)
    store.place.put_bytes(first.key, other.ljust(len(one)) if len(other) < len(one) else other)
    store.place.put_bytes(second.key, one)
    assert wrong(verify_store(store.place)) == {(run.run_id, first.key), (run.run_id, second.key)}
    # Of equal length, only the content tells.
    twins = made(tmp_path / "twins", 2)
    keys = [f.key for f in twins.manifest.all_files][2:]
    for key, text in zip(keys, ("aaaa", "bbbb"), strict=True):
        twins.files[key].write_text(text)
    added = store.add(twins.manifest, twins.files)
    store.place.put_bytes(keys[0], b"bbbb")
    (reason,) = [t.reason for t in verify_store(store.place).tampered if t.run_id == added.run_id]
    assert reason == f"the file was swapped: it holds what {keys[1]} should"


def test_a_file_that_is_missing_or_added_is_named(store: RunStore, nights: list[Manifest]) -> None:
    gone = nights[0].tables["history"][0].key
    store.place.delete([gone])
    more = nights[2].tables["findings"][0].key.replace("_0.parquet", "_1.parquet")
    store.place.put_bytes(more, b"rows of somebody")
    assert wrong(verify_store(store.place)) == {(nights[0].run_id, gone), (nights[2].run_id, more)}


def test_a_deleted_middle_run_is_named(store: RunStore, nights: list[Manifest]) -> None:
    store.place.delete([nights[1].key, *(f.key for f in nights[1].all_files)])
    found = verify_store(store.place)
    assert [(t.run_id, t.reason) for t in found.tampered] == [
        (nights[1].run_id, f"the run was deleted: {nights[2].run_id} follows it")
    ]


def test_a_deleted_newest_run_and_an_older_copy_need_the_root(store: RunStore, nights: list[Manifest]) -> None:
    root = verify_store(store.place).root
    store.place.delete([nights[2].key, *(f.key for f in nights[2].all_files)])
    assert verify_store(store.place).tampered == ()
    (one,) = verify_store(store.place, expect=root).tampered
    assert f"which ends at run {nights[1].run_id}: the newest run was deleted" in one.reason
    store.place.delete([run.key for run in nights])
    assert [t.reason for t in verify_store(store.place, expect=root).tampered] == [
        "the expected root is not of this store: it holds no run"
    ]


@pytest.mark.parametrize(
    "members", [{"exit_code": 0}, {"gaps": 7}, {"counts": ()}, {"rules": ()}, {"resources": 1}, {"accepted": True}]
)
def test_a_changed_manifest_is_named(store: RunStore, nights: list[Manifest], members: dict[str, Any]) -> None:
    rewrite(store.place, nights[1], **members | ({"exit_code": 5} if members == {"exit_code": 0} else {}))
    assert (nights[1].run_id, nights[1].key) in wrong(verify_store(store.place))


def test_a_replaced_manifest_with_a_root_of_its_own_is_named(store: RunStore, nights: list[Manifest]) -> None:
    from auditor.store.chain import seal

    _, data = seal(replace(nights[1], gaps=9))
    store.place.put_bytes(nights[1].key, data)
    (one,) = verify_store(store.place).tampered
    assert (one.run_id, one.reason.split(":")[0]) == (nights[1].run_id, "the manifest was replaced")


def test_a_manifest_without_its_hashes_is_named(store: RunStore, nights: list[Manifest]) -> None:
    """Who takes the hashes away doesn't get an old run that nobody can prove."""
    bare = {
        "snapshots": tuple(replace(f, digest="") for f in nights[1].snapshots),
        "reports": tuple(replace(f, digest="") for f in nights[1].reports),
        "tables": {name: tuple(replace(f, digest="") for f in files) for name, files in nights[1].tables.items()},
    }
    rewrite(store.place, nights[1], root="", previous=(), **bare)
    assert (nights[1].run_id, nights[1].key) in wrong(verify_store(store.place))


def test_a_changed_order_is_named(store: RunStore, nights: list[Manifest]) -> None:
    from auditor.store.chain import seal

    first, second = store.place.read(nights[0].key), store.place.read(nights[1].key)
    store.place.put_bytes(nights[0].key, second)
    store.place.put_bytes(nights[1].key, first)
    assert {run.run_id for run in nights[:2]} <= {t.run_id for t in verify_store(store.place).tampered}
    # With roots made anew, a run follows one that is not before it.
    last, data = seal(replace(nights[2], previous=()))
    store.place.put_bytes(last.key, data)
    earlier, data = seal(
        replace(nights[0], previous=(replace(nights[1].previous[0], run_id=last.run_id, root=last.root),))
    )
    store.place.put_bytes(earlier.key, data)
    store.place.delete([nights[1].key])
    reasons = [t.reason for t in verify_store(store.place).tampered]
    assert f"the order was changed: it follows {last.run_id}, which is not before it" in reasons


def test_a_run_that_another_overtook_is_not_called_a_changed_order(store: RunStore, tmp_path: Path) -> None:
    """Two machines audited one account at once, and the one that began later, or in the same second, ended first."""
    (first,) = add(store, tmp_path, 1)
    later, slow, same = made(tmp_path, 3), made(tmp_path, 2), made(tmp_path, 3, marker="y")
    twin = replace(same.manifest, run_id=f"{same.manifest.run_id[:-8]}00000000")
    ahead = store.add(later.manifest, later.files)
    behind = store.add(slow.manifest, slow.files)
    assert [link.run_id for link in behind.previous] == [link.run_id for link in ahead.previous] == [first.run_id]
    assert verify_store(store.place).tampered == ()
    names = {key: key.replace(same.manifest.run_id, twin.run_id) for key in same.files}
    told = msgspec.json.decode(encode(twin).replace(same.manifest.run_id.encode(), twin.run_id.encode()), type=Manifest)
    beside = store.add(told, {names[key]: path for key, path in same.files.items()})
    assert [link.run_id for link in beside.previous] == [behind.run_id]
    assert verify_store(store.place).tampered == ()
    (night,) = add(store, tmp_path, 4)
    assert {link.run_id for link in night.previous} == {ahead.run_id, beside.run_id}
    found = verify_store(store.place, expect=ahead.root)
    assert (found.tampered, found.root) == ((), night.root)


def test_runs_that_were_added_at_once_are_followed_together(store: RunStore, tmp_path: Path) -> None:
    (first,) = add(store, tmp_path, 1)
    one, other = made(tmp_path, 2), made(tmp_path, 2, account=OTHER)

    class Meanwhile:
        """A place in which the other run comes to be while the first is written."""

        def __init__(self, inner: Backend) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

        def put_bytes(self, key: str, data: bytes) -> None:
            if key == one.manifest.key:
                RunStore(self._inner).add(other.manifest, other.files)
            self._inner.put_bytes(key, data)

    RunStore(Meanwhile(store.place)).add(one.manifest, one.files)
    both = {run.run_id: run for run in store.runs() if run.run_id != first.run_id}
    assert [[link.run_id for link in run.previous] for run in both.values()] == [[first.run_id]] * 2
    found = verify_store(store.place)
    assert (found.tampered, found.root) == ((), combined([run.root for run in both.values()]))
    (third,) = add(store, tmp_path, 3)
    assert {link.run_id for link in third.previous} == set(both)
    assert verify_store(store.place, expect=found.root).added == 1


def test_what_was_pruned_or_replaced_is_told_and_is_no_change(store: RunStore, tmp_path: Path) -> None:
    runs = add(store, tmp_path, 1, 2, 28, 29)
    store.prune(timedelta(days=10), datetime(2026, 11, 30, tzinfo=UTC))
    found = verify_store(store.place)
    assert (found.tampered, [(r.run_id, r.reason) for r in found.retired]) == ((), [(runs[1].run_id, "pruned")])
    again = made(tmp_path / "again", 29, marker="evaluated again")
    store.add(again.manifest, again.files)
    found = verify_store(store.place)
    assert found.tampered == ()
    (one,) = verify_store(store.place, expect=runs[3].root).tampered
    assert "the expected root is not of this store" in one.reason


def test_a_run_in_quarantine_is_not_proven(store: RunStore, nights: list[Manifest]) -> None:
    flipped = nights[1].all_files[0].key
    store.place.put_bytes(flipped, b"short")
    store.repair()
    found = verify_store(store.place)
    assert (found.tampered, found.quarantined) == ((), (nights[1].run_id,))


def test_runs_without_hashes_are_never_called_intact(store: RunStore, tmp_path: Path) -> None:
    """As versions before wrote them; the next run follows them, so that from then on nobody changes them unseen."""
    old = made(tmp_path, 1)
    for key, path in old.files.items():
        store.place.put(key, path)
    sizes = {key: path.stat().st_size for key, path in old.files.items()}

    def sized(files: Any) -> Any:
        return tuple(replace(f, bytes=sizes[f.key]) for f in files)

    was = replace(
        old.manifest, snapshots=sized(old.manifest.snapshots), reports=sized(old.manifest.reports),
        tables={name: sized(files) for name, files in old.manifest.tables.items()},
    )  # fmt: skip
    fields = msgspec.to_builtins(was)
    for name in ("root", "previous", "incomplete", "accepted", "attempt", "missed"):
        del fields[name]
    store.place.put_bytes(was.key, msgspec.json.encode(fields) + b"\n")
    add(store, tmp_path, 2)
    found = verify_store(store.place)
    assert (found.tampered, found.unproven) == ((), (was.run_id,))
    store.place.put_bytes(was.key, msgspec.json.encode(fields | {"gaps": 5}) + b"\n")
    assert {t.run_id for t in verify_store(store.place).tampered} == {was.run_id}


def test_the_chain_alone_is_of_manifests(store: RunStore, nights: list[Manifest]) -> None:
    flip(store.place, nights[0].all_files[0].key)
    found = verify_store(store.place, contents=False)
    assert (found.tampered, found.contents, found.root) == ((), False, nights[2].root)
    store.place.delete([nights[1].key])
    assert wrong(verify_store(store.place, contents=False)) == {(nights[1].run_id, "")}
