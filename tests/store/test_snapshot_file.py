"""Snapshot files: what is written comes back, equal snapshots are equal bytes, and no damage passes unseen."""

from __future__ import annotations

import json
import string
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import ExitCode, SnapshotError
from auditor.evaluate.audit import load_tables
from auditor.model.snapshot import KINDS, SCHEMA_VERSION, Coverage, Gap, Header, Record, Scope, Snapshot, Unseen
from auditor.store.snapshot_file import encode, write_snapshot
from auditor.store.snapshot_reader import Ledger, SnapshotReader
from tests.budgets import examples

HEADER = Header(
    schema_version=SCHEMA_VERSION,
    source="aws",
    as_of="2026-11-23T02:00:00Z",
    tool_version="0.1.0",
    botocore_version="1.44.5",
    caller="arn:aws:sts::111122223333:assumed-role/audit/nightly",
    scopes=(Scope("111122223333", "eu-west-1"),),
    unseen=(Unseen("user_profile", "UserSettings.StudioWebPortalSettings.HiddenMlTools"),),
)
PLACE = ("111122223333", "eu-west-1")
SMALL = Snapshot(
    HEADER,
    (
        Record(*PLACE, "account_region", "eu-west-1", {}),
        Record(*PLACE, "domain", "d-1", {"DomainId": "d-1", "DomainName": "Forschung – Zürich"}, tags=(("a", "b"),)),
        Record(*PLACE, "user_profile", "d-1/ana", {"DomainId": "d-1", "UserProfileName": "ana"}, gaps=("Tags",)),
    ),
    (Gap(*PLACE, "user_profile", "d-1/ana", "Tags", "GetResources", "access_denied", "no"),),
    (Coverage(*PLACE, "ListDomains", 1), Coverage(*PLACE, "GetResources", 1, 1, error="AccessDeniedException")),
)

_text = st.text(max_size=8)
_words = st.text(string.ascii_letters + string.digits + "-_/é'\"\\\n", min_size=1, max_size=8)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=8,
)
_records = st.lists(
    st.builds(
        Record,
        account=st.sampled_from(["111122223333", "444455556666"]),
        region=st.sampled_from(["eu-west-1", "us-east-1"]),
        kind=st.sampled_from(KINDS),
        id=_words,
        document=st.dictionaries(_text, _json, max_size=4),
        tags=st.none() | st.dictionaries(_text, _text, max_size=3).map(lambda tags: tuple(sorted(tags.items()))),
        gaps=st.sets(_words, max_size=3).map(lambda gaps: tuple(sorted(gaps))),
    ),
    max_size=6,
    unique_by=lambda r: (r.account, r.region, r.kind, r.id),
)
_gaps = st.lists(
    st.builds(
        Gap, _words, _words, _words, _words, _words, _words, st.sampled_from(["access_denied", "throttled"]), _text
    ),
    max_size=4,
)
_coverage = st.lists(st.builds(Coverage, _words, _words, _words, *[st.integers(0, 10**6)] * 4, _text), max_size=4)
_snapshots = st.builds(
    lambda records, gaps, coverage: Snapshot(
        HEADER,
        tuple(sorted(records, key=lambda r: (r.account, r.region, r.kind, r.id))),
        tuple(sorted(gaps)),
        tuple(sorted(coverage)),
    ),
    _records, _gaps, _coverage,
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def small(folder: Path) -> bytes:
    write_snapshot(folder / "small.jsonl", SMALL)
    return (folder / "small.jsonl").read_bytes()


def _header(path: Path) -> object:
    return SnapshotReader(path).header


def _sha256(path: Path) -> object:
    return SnapshotReader(path).sha256


def _snapshot(path: Path) -> object:
    return SnapshotReader(path).snapshot()


@given(snapshot=_snapshots)
@examples(60)
def test_what_is_written_is_read(snapshot: Snapshot, folder: Path) -> None:
    """Documents, tags, gaps and coverage come back whole; absent tags stay apart from no tags."""
    path = folder / "round-trip.jsonl"
    write_snapshot(path, snapshot)
    reader = SnapshotReader(path)
    assert reader.snapshot() == snapshot
    assert reader.ledger == Ledger(snapshot.gaps, snapshot.coverage)
    assert reader.header == replace(HEADER, masked=True)
    end = json.loads(path.read_bytes().splitlines()[-1])["end"]
    assert end["lines"] == 1 + len(snapshot.records) + len(snapshot.gaps) + len(snapshot.coverage)
    assert end["sha256"] == reader.sha256


def test_each_member_is_read_once(small: bytes, tmp_path: Path) -> None:
    """And only when it is asked for: a file of which nothing is wanted may be gone."""
    path = tmp_path / "read.jsonl"
    path.write_bytes(small)
    reader, other = SnapshotReader(path), SnapshotReader(path)
    read = reader.header, reader.sha256, reader.ledger
    path.unlink()
    assert (reader.header, reader.sha256, reader.ledger) == read
    with pytest.raises(SnapshotError, match=r"read\.jsonl"):
        _ = other.header


def test_lines_of_some_kinds_are_those_of_all(small: bytes, tmp_path: Path) -> None:
    path = tmp_path / "kinds.jsonl"
    path.write_bytes(small)
    lines = list(SnapshotReader(path).lines())
    kinds = {key[2] for key, _ in lines if key[2]}
    assert kinds
    for kind in kinds:
        some = [(key, line) for key, line in SnapshotReader(path).lines({kind}) if key[2]]
        assert some == [(key, line) for key, line in lines if key[2] == kind]


@given(snapshot=_snapshots, shuffle=st.randoms(use_true_random=False))
@examples(40)
def test_equal_snapshots_are_equal_bytes(snapshot: Snapshot, shuffle: object) -> None:
    """Neither the order in which resources were collected nor that of a document's members shows in the file."""

    def shuffled(items: object) -> tuple[object, ...]:
        mixed = list(items)  # type: ignore[call-overload]
        shuffle.shuffle(mixed)  # type: ignore[attr-defined]
        return tuple(mixed)

    records = tuple(
        replace(
            r,
            document=dict(shuffled(r.document.items())),
            tags=None if r.tags is None else shuffled(r.tags),
            gaps=shuffled(r.gaps),
        )
        for r in shuffled(snapshot.records)
    )
    other = replace(snapshot, records=records, gaps=shuffled(snapshot.gaps), coverage=shuffled(snapshot.coverage))
    assert b"".join(encode(other)) == b"".join(encode(snapshot))


def test_the_layout_is_the_documented_one(small: bytes) -> None:
    """Header first, the document under its kind's name, tags as AWS writes them, the hash last."""
    lines = [json.loads(line) for line in small.splitlines()]
    assert lines[0]["snapshot"]["as_of"] == HEADER.as_of
    assert lines[2]["kind"] == "domain"
    assert lines[2]["domain"]["DomainName"] == "Forschung – Zürich"
    assert lines[2]["tags"] == [{"Key": "a", "Value": "b"}]
    assert "tags" not in lines[1]
    assert lines[3]["gaps"] == ["Tags"]
    assert lines[4]["gap"]["reason"] == "access_denied"
    assert lines[-1]["end"]["lines"] == len(lines) - 1


@given(data=st.data())
@examples(400)
def test_a_changed_byte_is_refused(data: st.DataObject, small: bytes, folder: Path) -> None:
    """Wherever it lies, the header and the hash included."""
    position = data.draw(st.integers(0, len(small) - 1))
    mask = data.draw(st.integers(1, 255))
    path = folder / "flipped.jsonl"
    path.write_bytes(small[:position] + bytes([small[position] ^ mask]) + small[position + 1 :])
    with pytest.raises(SnapshotError) as error:
        _sha256(path)
    assert str(path) in error.value.message
    assert error.value.exit_code == ExitCode.USAGE


def test_a_truncated_file_is_refused_wherever_it_ends(small: bytes, folder: Path) -> None:
    path = folder / "truncated.jsonl"
    for end in range(len(small)):
        path.write_bytes(small[:end])
        with pytest.raises(SnapshotError) as error:
            _sha256(path)
        assert str(path) in error.value.message, end


@pytest.mark.parametrize("line", range(6))
def test_a_missing_line_is_refused(line: int, small: bytes, tmp_path: Path) -> None:
    """Whole lines taken out leave valid JSON, so that only the hash and the count can tell."""
    lines = small.splitlines(keepends=True)
    path = tmp_path / "short.jsonl"
    path.write_bytes(b"".join(lines[:line] + lines[line + 1 :]))
    with pytest.raises(SnapshotError, match=str(path)):
        _sha256(path)


def test_lines_after_the_hash_are_refused(small: bytes, tmp_path: Path) -> None:
    for rest in (b"\n", b'{"gap":{}}\n', small):
        path = tmp_path / "long.jsonl"
        path.write_bytes(small + rest)
        with pytest.raises(SnapshotError, match=str(path)):
            _sha256(path)


@pytest.mark.parametrize("version", ["2", "10", pytest.param("9" * 5000, id="huge"), "1.1", "next"])
@pytest.mark.parametrize("reader", [_header, _sha256, _snapshot, lambda path: load_tables([path])])
def test_a_newer_version_asks_for_an_upgrade(version: str, reader: Callable[[Path], object], tmp_path: Path) -> None:
    """Also when its header holds members that this version does not know."""
    path = tmp_path / "newer.jsonl"
    write_snapshot(path, replace(SMALL, header=replace(HEADER, schema_version=version)))
    first, _, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(first.replace(b'{"snapshot":{', b'{"snapshot":{"members_of_tomorrow":[],') + b"\n" + rest)
    with pytest.raises(SnapshotError) as error:
        reader(path)
    assert "newer version" in error.value.message
    assert "pgrade" in error.value.diagnosis()
    assert str(path) in error.value.message


@pytest.mark.parametrize("reader", [_header, _sha256, _snapshot, lambda path: load_tables([path])])
def test_what_is_no_snapshot_is_refused(reader: Callable[[Path], object], tmp_path: Path) -> None:
    empty, folder, missing = tmp_path / "empty.jsonl", tmp_path / "folder", tmp_path / "missing.jsonl"
    empty.touch()
    folder.mkdir()
    for path in (empty, folder, missing):
        with pytest.raises(SnapshotError, match=str(path)):
            reader(path)


@given(
    garbage=st.binary(max_size=300) | st.text(max_size=50).map(str.encode) | _json.map(lambda j: json.dumps(j).encode())
)
@examples(150)
def test_garbage_is_refused(garbage: bytes, folder: Path) -> None:
    path = folder / "garbage.jsonl"
    path.write_bytes(garbage + b"\n")
    for reader in (_header, _sha256):
        with pytest.raises(SnapshotError, match=str(path)):
            reader(path)


@pytest.mark.parametrize(
    "before",
    [
        '"as_of":"2026-',
        '"kind":"domain',
        '"tags":[{"Key',
        '"domain":{',
        '"gaps":["Tags"]',
        '"reason"',
        '"calls"',
        '"end"',
    ],
)
def test_damage_is_refused_before_anything_is_evaluated(before: str, small: bytes, tmp_path: Path) -> None:
    """The tables are built while the hash is computed: none may be handed out where it does not fit."""
    path = tmp_path / "damaged.jsonl"
    position = small.index(before.encode()) + len(before) - 1
    path.write_bytes(small[:position] + bytes([small[position] ^ 1]) + small[position + 1 :])
    with pytest.raises(SnapshotError, match=str(path)):
        load_tables([path])


def test_the_same_account_and_region_twice_is_refused(tmp_path: Path) -> None:
    paths = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
    for path in paths:
        write_snapshot(path, SMALL)
    with pytest.raises(SnapshotError, match=r"111122223333.*eu-west-1"):
        load_tables(paths)


class TestDocuments:
    """The raw documents of single resources, without decoding the others."""

    def test_those_that_are_wanted_with_their_gaps(self, tmp_path: Path) -> None:
        path = tmp_path / "s.jsonl"
        write_snapshot(path, SMALL)
        asked = []

        def wanted(key: tuple[str, str, str, str]) -> bool:
            asked.append(key)
            return key[2] == "user_profile"

        (found,) = SnapshotReader(path).documents(wanted)
        key, document, gaps = found
        assert key == (*PLACE, "user_profile", "d-1/ana")
        assert json.loads(document) == {"DomainId": "d-1", "UserProfileName": "ana"}
        assert gaps == ("Tags",)
        # Regions and people, gaps and the ledger are no resources with settings.
        assert asked == [(*PLACE, "domain", "d-1"), (*PLACE, "user_profile", "d-1/ana")]

    def test_a_damaged_line(self, tmp_path: Path) -> None:
        path = tmp_path / "s.jsonl"
        path.write_bytes(b'{"kind": "domain", "id"')
        with pytest.raises(SnapshotError, match="damaged"):
            list(SnapshotReader(path).documents(lambda key: True))
        with pytest.raises(SnapshotError, match=r"none\.jsonl"):
            list(SnapshotReader(tmp_path / "none.jsonl").documents(lambda key: True))
