"""Many profiles are read, resolved and judged by the kind of their settings: each gets what it would have got alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from budgets import examples
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import SnapshotError
from auditor.evaluate.audit import load_tables
from auditor.evaluate.engine import _of_profiles, evaluate_rules
from auditor.evaluate.kind_columns import KindColumns
from auditor.model.rule import Rule
from auditor.model.snapshot import SCHEMA_VERSION, Header, Record, Scope, Snapshot
from auditor.resolve import alike_profiles, build_tables, evidence_tables
from auditor.resolve.tables import TABLES
from auditor.resources import rules_dir
from auditor.rules.load import load_rules
from auditor.rules.verdict_sql import verdict_sql
from auditor.store.snapshot_file import sealed, write_snapshot
from auditor.store.snapshot_reader import SnapshotReader
from auditor.studio.personas import DEFAULT_PERSONAS, Match, Persona
from resolve.builder import ACCOUNT, REGION, domain, merged, nest, place, profile, record, space

ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
SIZE = "SpaceStorageSettings.DefaultEbsStorageSettings"
#: Settings of every shape that a document has.
SETTINGS: tuple[tuple[str, Sequence[Any]], ...] = (
    ("ExecutionRole", [f"{ROLE}one", f"{ROLE}two", None]),
    ("StudioWebPortal", ["ENABLED", "DISABLED"]),
    ("DefaultLandingUri", ["studio::", "app:JupyterServer:"]),
    ("SecurityGroups", [["sg-1"], ["sg-2", "sg-1"], []]),
    ("AutoMountHomeEFS", ["Enabled", "Disabled", "DefaultAsDomain"]),
    ("StudioWebPortalSettings.HiddenAppTypes", [["JupyterLab"], ["JupyterServer", "Canvas"], []]),
    ("StudioWebPortalSettings.HiddenMlTools", [["Comet"], ["DataWrangler", "Models"]]),
    ("StudioWebPortalSettings.ExecutionRoleSessionNameMode", ["USER_IDENTITY", "STATIC"]),
    ("JupyterLabAppSettings.AppLifecycleManagement.IdleSettings.LifecycleManagement", ["ENABLED", "DISABLED"]),
    ("JupyterLabAppSettings.AppLifecycleManagement.IdleSettings.IdleTimeoutInMinutes", [60, 600]),
    ("JupyterLabAppSettings.CodeRepositories", [[{"RepositoryUrl": "https://example.com/one.git"}]]),
    ("JupyterLabAppSettings.DefaultResourceSpec.InstanceType", ["ml.t3.medium", "ml.g5.48xlarge"]),
    ("CodeEditorAppSettings.CustomImages", [[{"ImageName": "own", "AppImageConfigName": "own"}]]),
    (f"{SIZE}.MaximumEbsVolumeSizeInGb", [100, 16_384]),
    ("CustomFileSystemConfigs", [[{"EFSFileSystemConfig": {"FileSystemId": "fs-1", "FileSystemPath": "/all"}}]]),
    ("CustomPosixUserConfig", [{"Uid": 1001, "Gid": 1001}]),
    ("SharingSettings.S3OutputPath", ["s3://shared/ana", "s3://shared/ben"]),
    ("CanvasAppSettings.WorkspaceSettings.S3ArtifactPath", ["s3://canvas/one"]),
    ("CanvasAppSettings.ModelRegisterSettings.CrossAccountModelRegisterRoleArn", [f"{ROLE}register"]),
    ("JupyterServerAppSettings", [{}, {"DefaultResourceSpec": {"InstanceType": "system"}}]),
    ("RStudioServerProAppSettings.UserGroup", ["R_STUDIO_ADMIN"]),
)  # fmt: skip
GAPS = (
    "*",
    "Tags",
    "UserSettings",
    "UserSettings.ExecutionRole",
    "UserSettings.StudioWebPortalSettings",
    "MayNotExist",
)
PERSONAS = (Persona("analyst", matches=(Match(name="an*"),), apps=("Canvas",)), *DEFAULT_PERSONAS)


def _settings(draw: st.DrawFn, most: int) -> dict[str, Any] | None:
    if draw(st.integers(0, 9)) == 0:
        return None
    chosen = draw(st.lists(st.sampled_from(SETTINGS), max_size=most, unique_by=lambda one: one[0]))
    return merged(*(nest(path, draw(st.sampled_from(values))) for path, values in chosen))


@st.composite
def snapshots(draw: st.DrawFn) -> list[Record]:
    """One or two domains, of which one may not have been seen, and profiles of a few kinds."""
    records = [place(draw(st.sampled_from([(), (), ("user_profile",), ("space", "app")])))]
    kinds = [_settings(draw, 4) for _ in range(draw(st.integers(1, 4)))]
    for number in range(draw(st.integers(1, 2))):
        of = f"d-{number}"
        if draw(st.integers(0, 5)):
            document = {
                "AuthMode": draw(st.sampled_from(["IAM", "SSO"])),
                "DefaultUserSettings": _settings(draw, 4) or {},
            }
            records.append(domain(of, document, draw(st.sampled_from([(), (), ("DefaultUserSettings",)]))))
        for name in draw(
            st.lists(st.sampled_from(["ana", "ben", "cid", "data-team", "Eve", "domain-shared"]), unique=True)
        ):
            user = draw(st.sampled_from(kinds))
            if draw(st.booleans()):
                # The same, but for the role.
                user = {**(user or {}), "ExecutionRole": draw(st.sampled_from([f"{ROLE}one", f"{ROLE}{name}"]))}
            also = {"Status": draw(st.sampled_from(["InService", "Deleting"]))}
            if draw(st.booleans()):
                also["SingleSignOnUserValue"] = f"{name}@example.com"
            gaps = draw(st.sampled_from([(), (), (), *((gap,) for gap in GAPS)]))
            tags = draw(st.sampled_from([(), (("team", "one"),), (("owner", "ana"),)]))
            records.append(profile(name, user, gaps, of=of, also=also, tags=tags))
        if draw(st.booleans()):
            owned = {
                "OwnershipSettings": {"OwnerUserProfileName": "ana"},
                "SpaceSharingSettings": {"SharingType": "Private"},
            }
            records.append(space("room", {**owned, "SpaceSettings": {"AppType": "JupyterLab"}}, of=of))
            app = {
                "DomainId": of,
                "SpaceName": "room",
                "AppType": "JupyterLab",
                "AppName": "default",
                "Status": "InService",
            }
            records.append(record("app", f"{of}/room/JupyterLab/default", app))
    return records


def _file(path: Path, records: Sequence[Record]) -> Path:
    header = Header(
        SCHEMA_VERSION, "aws", "2026-11-23T02:00:00Z", "0.1.0", "1.44.5", "", (Scope(ACCOUNT, REGION),),
        kinds=tuple(sorted({r.kind for r in records} | {"user_profile", "space", "app", "domain"})),
    )  # fmt: skip
    write_snapshot(path, Snapshot(header, tuple(records)))
    return path


@cache
def _rules() -> tuple[Rule, ...]:
    return tuple(load_rules([rules_dir()]))


def _tables(
    monkeypatch: pytest.MonkeyPatch, path: Path, bytes_: int, personas: Sequence[Persona]
) -> duckdb.DuckDBPyConnection:
    with monkeypatch.context() as patched:
        patched.setattr(alike_profiles, "MANY_BYTES", bytes_)
        patched.setattr(build_tables, "MATERIALISED_PROFILES", 0)
        patched.setattr(build_tables, "MATERIALISED_DOCUMENTED", 0)
        patched.setattr(evidence_tables, "MATERIALISED_ROLES", 0)
        con, _ = load_tables([path], personas=personas)
    assert alike_profiles.are_told_apart(con) == (bytes_ == 0)
    return con


@examples(16)
@given(records=snapshots(), personas=st.sampled_from([DEFAULT_PERSONAS, DEFAULT_PERSONAS, PERSONAS]))
def test_every_table_and_verdict_is_the_same(
    records: list[Record], personas: tuple[Persona, ...], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = _file(tmp_path_factory.mktemp("alike") / "one.jsonl", records)
    with pytest.MonkeyPatch.context() as monkeypatch:
        whole, by_kind = (_tables(monkeypatch, path, bytes_, personas) for bytes_ in (10**12, 0))
    for table in TABLES:
        asked = f"select * from {table.name} order by all"
        assert by_kind.execute(asked).fetchall() == whole.execute(asked).fetchall(), table.name
    if any(record.kind == "user_profile" for record in records):
        _same_of_a_kind(by_kind)
    rules = _rules()
    first, second = (evaluate_rules(con, rules, {}) for con in (whole, by_kind))
    assert second.errors == first.errors
    assert second.counts == first.counts
    for table_name in sorted({rule.table for rule in rules}):
        asked = f"select columns(lambda c: c <> 'alike') from verdict_{table_name} order by all"
        assert by_kind.execute(asked).fetchall() == whole.execute(asked).fetchall(), table_name
    whole.close()
    by_kind.close()


def _same_of_a_kind(con: duckdb.DuckDBPyConnection) -> None:
    """What is said to be the same for all profiles of a kind is: two of a kind differ in none of these columns."""
    names = sorted(alike_profiles.alike_columns(con))
    if not names:
        return
    differ = ", ".join(f'count(distinct coalesce("{name}"::VARCHAR, \'NULL\')) as "{name}"' for name in names)
    counts = con.execute(f"select {differ} from user_profile_line group by alike").fetchall()
    assert {name for row in counts for name, number in zip(names, row, strict=True) if number > 1} == set()


def test_a_rule_may_name_its_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is evaluated once for each kind all the same."""
    users = [profile(name, {"StudioWebPortal": "DISABLED"}) for name in ("ana", "ben")]
    con = _tables(monkeypatch, _file(tmp_path / "one.jsonl", [place(), domain(), *users]), 0, DEFAULT_PERSONAS)
    rule = replace(
        next(r for r in _rules() if r.id == "STU303"),
        columns=("studio_web_portal",),
        word_kind="",
        when="true",
        require="user_profile.studio_web_portal = 'ENABLED'",
    )
    con.execute("create type verdict as ENUM('pass', 'fail', 'unknown', 'not_applicable')")
    _of_profiles(con, [rule], {rule.id: f"({verdict_sql(rule)})::verdict"}, KindColumns({}, ()))
    assert con.execute('select "STU303" from verdict_user_profile').fetchall() == [("fail",), ("fail",)]


def _seal(path: Path, content: bytes) -> None:
    """Write a snapshot's lines with the hash over them, so that they are read and not refused as damaged."""
    lines = (line for line in content.splitlines(keepends=True) if not line.startswith(b'{"end"'))
    path.write_bytes(b"".join(sealed(lines)))


class TestOddInput:
    """What is wrong in a large file is said as of a small one, and nothing of it is passed over."""

    def _both(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
        said: list[Any] = []
        for bytes_ in (10**12, 0):
            monkeypatch.setattr(alike_profiles, "MANY_BYTES", bytes_)
            try:
                con, _ = load_tables([path])
            except SnapshotError as error:
                said.append(str(error))
            else:
                said.append(
                    [con.execute(f"select * from {t} order by all").fetchall() for t in ("user_profile", "gap")]
                )
        return said

    @pytest.mark.parametrize(
        "settings",
        [
            '{"ExecutionRole": 7}',
            '{"ExecutionRole": ["arn:aws:iam::111122223333:role/one"]}',
            '{"ExecutionRole": null, "StudioWebPortal": 3}',
            '{"SecurityGroups": "sg-1"}',
            '{"StudioWebPortal": "DISABLED", "StudioWebPortal": "ENABLED"}',
            '{"ExecutionRole": "one", "ExecutionRole": "two"}',
            '{"ExecutionRole": "one"}',
            '{"ExecutionRole": "one", "StudioWebPortal": "DISABLED"}',
            '{"StudioWebPortal": "DISABLED", "ExecutionRole": "one"}',
            '{"ExecutionRole": "é\\"n\\\\e", "StudioWebPortal": "DISABLED"}',
            '{"ExecutionRole": "é", "StudioWebPortal": "DISABLED"}',
            '{"ExecutionRole": "one", "StudioWebPortal": "DISABLED", "Execution\\u0052ole": "two"}',
            '{"ExecutionRole": "one", "StudioWebPortal": "DISABLED", "StudioWebPortal": "ENABLED"}',
            '{"StudioWebPortalSettings": {"HiddenMlTools": [], "HiddenMlTools": ["Comet"]}}',
            "7",
            '"text"',
            "[]",
        ],
    )
    def test_settings(self, settings: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = _file(tmp_path / "one.jsonl", [place(), domain(), profile("ana", {"StudioWebPortal": "MARK"})])
        lines = path.read_bytes()
        assert lines.count(b'{"StudioWebPortal":"MARK"}') == 1
        _seal(path, lines.replace(b'{"StudioWebPortal":"MARK"}', settings.encode()))
        whole, by_kind = self._both(path, monkeypatch)
        assert by_kind == whole
        assert "damaged" not in by_kind

    @pytest.mark.parametrize(
        "member",
        [
            {"Status": 7}, {"Status": True}, {"FailureReason": {"a": 1}}, {"FailureReason": ""}, {"FailureReason": 1.5},
            {"UserProfileName": 12}, {"DomainId": ["d-1"]}, {"UserProfileArn": 5}, {"SingleSignOnUserValue": 4711},
            {"SingleSignOnUserValue": "4711"}, {"SingleSignOnUserValue": False}, {"CreationTime": 7},
            {"CreationTime": "2026-03-04"}, {"CreationTime": "epoch"}, {"CreationTime": "2026-03-04T05:06:07.25Z"},
            {"UserSettings": "x"}, {"UserSettings": [1]},
            {"tags": [{"Key": "team", "Value": 7}]}, {"tags": [{"Key": "team"}]}, {"tags": [None]}, {"tags": ["x"]},
            {"tags": "x"}, {"tags": [{"Key": "team", "Value": "7"}]}, {"tags": [{"Key": "a\"b", "Value": "\u00e9\n"}]},
        ],
        ids=str,
    )  # fmt: skip
    def test_members(self, member: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = _file(tmp_path / "one.jsonl", [place(), domain(), profile("ana"), profile("ben")])
        lines = [json.loads(line) for line in path.read_bytes().splitlines()]
        (ana,) = [line for line in lines if line.get("id") == "d-1/ana"]
        (ana if "tags" in member else ana["user_profile"]).update(member)
        written = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
        _seal(path, written.encode())
        whole, by_kind = self._both(path, monkeypatch)
        assert by_kind == whole
        assert "damaged" not in by_kind

    def test_texts_that_read_as_numbers_are_told_apart(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        names = ["-1.5e3", "4711", "false", "true"]
        users = [profile(name, also={"SingleSignOnUserValue": name}) for name in names]
        path = _file(tmp_path / "one.jsonl", [place(), domain(), *users])
        con = _tables(monkeypatch, path, 0, DEFAULT_PERSONAS)
        assert con.execute("select name, sso_user from user_profile order by name").fetchall() == [
            (name, name) for name in names
        ]

    @pytest.mark.parametrize(
        "line",
        [
            "{",
            "",
            '{"kind":"domain","kind":"user_profile"}',
            '{"id":"x","kind":"user_profile","kind":"space"}',
            "\x00",
            '{"kind":"user_profile","user_profile":NaN}',
        ],
    )
    def test_lines(self, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = _file(tmp_path / "one.jsonl", [place(), domain(), profile("ana", {"StudioWebPortal": "ENABLED"})])
        _seal(path, path.read_bytes() + line.encode() + b"\n")
        whole, by_kind = self._both(path, monkeypatch)
        assert by_kind == whole
        assert "damaged" not in by_kind

    @pytest.mark.parametrize("bytes_", [0, 10**12])
    def test_a_file_that_was_changed(self, bytes_: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever reads the blocks of a large file holds them against its hash, the last ones too."""
        users = [profile(name, {"StudioWebPortal": "ENABLED"}) for name in ("ana", "zoe")]
        path = _file(tmp_path / "one.jsonl", [place(), domain(), *users])
        monkeypatch.setattr(alike_profiles, "MANY_BYTES", bytes_)
        written = path.read_bytes()
        for name in (b"ana", b"zoe"):
            path.write_bytes(written.replace(b'"UserProfileName":"' + name, b'"UserProfileName":"eve'))
            with pytest.raises(SnapshotError, match="damaged: the content does not match the hash"):
                load_tables([path])
        for left, said in ((-3, "truncated"), (-80, "truncated"), (len(written) // 2, "truncated")):
            path.write_bytes(written[:left])
            with pytest.raises(SnapshotError, match=said):
                load_tables([path])


def test_a_large_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside DuckDB: its hash is of the blocks that are looked at."""
    path = _file(tmp_path / "one.jsonl", [place(), domain(), profile("ana"), profile("ben")])
    reads: list[int] = []
    blocks = SnapshotReader.blocks
    monkeypatch.setattr(SnapshotReader, "blocks", lambda self: (reads.append(1), blocks(self))[1])
    monkeypatch.setattr(alike_profiles, "MANY_BYTES", 0)
    _, (reader,) = load_tables([path])
    assert reader.sha256 == json.loads(path.read_bytes().splitlines()[-1])["end"]["sha256"]
    assert len(reads) == 1
