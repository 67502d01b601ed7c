"""auditor verify: a store whose runs are signed as auditor.yaml says, an older store, and a snapshot."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from .stored_runs import checked, night

Auditor = Callable[..., Any]


def config(folder: Path) -> Path:
    key = Ed25519PrivateKey.generate()
    (folder / "sign.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "sign.pub").write_bytes(public)
    path = folder / "auditor.yaml"
    path.write_text("sign: {ed25519: sign.pem}\n")
    return path


def test_signed_nights(auditor: Auditor, tmp_path: Path) -> None:
    options = ("--store", "nights", "--config", config(tmp_path))
    assert auditor("verify", "--store", "nights").code == 2
    checked(auditor, night(tmp_path, 1, {"a": "IAM"}), *options)
    checked(auditor, night(tmp_path, 2, {"a": "SSO"}), *options)
    outcome = auditor("verify", "--store", "nights", "--key", tmp_path / "sign.pub")
    assert (outcome.code, outcome.out.splitlines()[1]) == (0, "Signed: every run")
    (root,) = re.findall(r"^Root: ([0-9a-f]{64})$", outcome.out, re.MULTILINE)
    run = max(Path("nights/runs").iterdir())
    assert json.loads(run.read_text())["root"] == root
    assert auditor("verify", "--store", "nights", "--expect", root).out.count("Expected root found; 0 runs added") == 1
    # Night 2 is taken away, and a table of night 1 is changed.
    run.unlink()
    table = next(Path("nights/findings").rglob("*_0.parquet"))
    table.write_bytes(table.read_bytes()[:-1] + b"\0")
    outcome = auditor("verify", "--store", "nights", "--expect", root, "--format", "json")
    found = json.loads(outcome.out)
    assert (outcome.code, found["code"]) == (4, 4)
    assert table.relative_to("nights").as_posix() in [t["file"] for t in found["tampered"]]
    assert any("the newest run was deleted" in t["reason"] for t in found["tampered"])


def test_what_is_asked_is_checked_first(auditor: Auditor, tmp_path: Path) -> None:
    path = config(tmp_path)
    snapshot = night(tmp_path, 1, {"a": "SSO"})
    (tmp_path / "sign.pem").unlink()
    outcome, _ = checked(auditor, snapshot, "--store", "nights", "--config", path)
    assert (outcome.code, "sign.pem: the key cannot be used: it cannot be read" in outcome.err) == (2, True)
    path.write_text("sign: {ed25519: a.pem, kms: alias/audit}\n")
    outcome, _ = checked(auditor, snapshot, "--store", "nights", "--config", path)
    assert (outcome.code, "auditor.yaml:1:1: sign: names one key" in outcome.err) == (2, True)
    for wrong in (("--expect", "12ab"), (snapshot, "--store", "nights"), ("--key", "nothing.pub", "--store", "nights")):
        assert auditor("verify", *wrong).code == 2


def test_a_snapshot_is_what_its_last_line_says(auditor: Auditor, tmp_path: Path) -> None:
    snapshot = night(tmp_path, 1, {"a": "SSO"})
    outcome = auditor("verify", snapshot)
    root = json.loads(snapshot.read_text().splitlines()[-1])["end"]["sha256"]
    assert (outcome.code, outcome.out) == (0, f"Intact: {snapshot}\nRoot: {root}\n")
    assert auditor("verify", snapshot, "--expect", root).code == 0
    assert auditor("verify", snapshot, "--expect", "0" * 64).code == 4
    text = snapshot.read_text()
    for changed in (text.replace("SSO", "IAM"), text.replace('"masked":true', '"masked":truf'), text[:-1]):
        snapshot.write_text(changed)
        outcome = auditor("verify", snapshot, "--format", "json")
        assert (outcome.code, json.loads(outcome.out)["tampered"][0]["file"]) == (4, str(snapshot))
    snapshot.write_text("something else")
    assert auditor("verify", snapshot).code == 2
