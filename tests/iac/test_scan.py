"""auditor scan: what it finds in folders, its options and exit codes, and that it leaves the machine alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from auditor.cli.main import run
from auditor.collect.iac.cloudformation.cloudformation_reader import CloudFormationReader
from auditor.collect.iac.cloudformation.parameters import Given
from auditor.collect.iac.discover import discover
from auditor.collect.iac.scan import ScanOptions, scan, shown
from auditor.collect.iac.tree import Tree
from auditor.errors import ExitCode
from auditor.store.snapshot_file import write_snapshot
from auditor.store.snapshot_reader import SnapshotReader

from .corpus import MOMENT, ROOT

GOOD = ROOT / "cfn-inherited-from-domain" / "template.yaml"
CLEAN = """\
Resources:
  Domain:
    Type: AWS::SageMaker::Domain
    Properties: {DomainName: d, AuthMode: SSO, AppNetworkAccessType: VpcOnly, VpcId: vpc-1, SubnetIds: [subnet-1]}
"""


def audit(*arguments: object) -> tuple[int, dict[str, Any]]:
    """Exit code and report.json of a scan in the working folder."""
    code = run(["scan", *map(str, arguments), "--format", "json", "--output", "out", "--quiet"])
    path = Path("out/report.json")
    return code, json.loads(path.read_text()) if path.exists() else {}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestExitCodes:
    def test_findings(self, here: Path) -> None:
        code, report = audit(GOOD, "--only", "STU603")
        assert code == ExitCode.FINDINGS
        (finding,) = report["findings"]
        assert finding["resource"]["file"] == GOOD.as_posix()
        assert finding["resource"]["line"] == 2
        assert finding["resource"]["arn"] == ""
        assert finding["remediation"]["aws"] == ""
        assert report["source"] == "cloudformation"

    def test_nothing_wrong(self, here: Path) -> None:
        (here / "t.yaml").write_text(CLEAN)
        code, report = audit(".", "--only", "STU106,STU603")
        assert code == ExitCode.OK
        # What the language cannot express was not lost, and leaves no rule open here.
        assert {g["reason"] for g in report["gaps"]} == {"not_expressible"}

    def test_an_unknown_value_is_incomplete(self, here: Path) -> None:
        (here / "t.yaml").write_text(CLEAN.replace("SSO", "!ImportValue mode"))
        assert audit(".", "--only", "STU106,STU603")[0] == ExitCode.INCOMPLETE
        assert audit(".", "--only", "STU106,STU603", "--allow-incomplete")[0] == ExitCode.OK

    def test_nothing_decided_is_no_success(self, here: Path) -> None:
        (here / "t.yaml").write_text(CLEAN.replace("SSO", "!ImportValue mode"))
        assert audit(".", "--only", "STU106")[0] == ExitCode.NOTHING_COLLECTED
        assert audit(".", "--only", "STU106", "--allow-incomplete")[0] == ExitCode.NOTHING_COLLECTED

    def test_a_file_that_cannot_be_read_is_incomplete(self, here: Path) -> None:
        (here / "t.yaml").write_text(CLEAN)
        (here / "broken.yaml").write_text("AWSTemplateFormatVersion: x\nResources: {")
        code, report = audit(".", "--only", "STU106")
        assert code == ExitCode.INCOMPLETE
        (gap,) = (g for g in report["gaps"] if g["reason"] == "not_assessed")
        assert gap["resource_id"] == "broken.yaml"
        assert {c["operation"]: c["failed"] for c in report["coverage"]} == {"t.yaml": 0, "broken.yaml": 1}

    def test_no_studio_resource(self, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (here / "t.yaml").write_text("Resources: {Bucket: {Type: 'AWS::S3::Bucket'}}")
        assert run(["scan", ".", "--output", "out"]) == ExitCode.OK
        assert "No Studio resource was found" in capsys.readouterr().out

    @pytest.mark.parametrize(
        "content", ["", "replicas: 3", "Resources: none", "AWSTemplateFormatVersion: x\nResources: {"]
    )
    def test_nothing_that_could_be_assessed(self, here: Path, content: str) -> None:
        (here / "t.yaml").write_text(content)
        assert audit(".")[0] == ExitCode.NOTHING_COLLECTED
        assert not Path("out").exists()

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["nowhere"], "no such file or folder"),
            (["app.py"], "CDK source is not a template"),
            (["notes.yaml"], "this is not a template"),
            (["t.yaml", "--parameter", "Mont=x"], "Did you mean 'Mount'?"),
            (["t.yaml", "--parameter", "Mount"], "expected NAME=VALUE"),
            (["t.yaml", "--parameter", "AWS::Regoin=x"], "no pseudo parameter AWS::Regoin"),
            (["t.yaml", "--parameters", "nowhere.json"], "cannot be read"),
            (["t.yaml", "--parameters", "broken.json"], "broken.json:2: neither JSON nor YAML"),
            (["t.yaml", "--parameters", "odd.json"], "is not a parameter"),
            (["t.yaml", "--parameters", "deep.json"], "neither text nor a list"),
        ],
    )  # fmt: skip
    def test_wrong_usage(self, here: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
        shutil.copy(ROOT / "cfn-parameter-default" / "template.yaml", "t.yaml")
        (here / "app.py").write_text("import aws_cdk")
        (here / "notes.yaml").write_text("a: 1")
        (here / "broken.json").write_text("{\n [")
        (here / "odd.json").write_text('[{"Key": "x"}]')
        (here / "deep.json").write_text('{"Mount": {"x": 1}}')
        assert run(["scan", *arguments]) == ExitCode.USAGE
        assert says in capsys.readouterr().err
        assert not Path("audit-report").exists()


def test_the_snapshot_says_the_same_later(here: Path) -> None:
    shutil.copy(GOOD, "t.yaml")
    code, report = audit("t.yaml", "--snapshot", "kept.jsonl")
    assert run(["check", "kept.jsonl", "--format", "json", "--output", "again", "--quiet"]) == code
    assert Path("again/report.json").read_bytes() == Path("out/report.json").read_bytes()
    assert report["snapshots"][0]["source"] == "cloudformation"
    # Places survive the file.
    snapshot = SnapshotReader(Path("kept.jsonl")).snapshot()
    again = here / "again.jsonl"
    write_snapshot(again, snapshot)
    assert again.read_bytes() == Path("kept.jsonl").read_bytes()
    assert any(r.place is not None and r.place.lines for r in snapshot.records)


def test_a_moved_resource_keeps_its_fingerprint(here: Path) -> None:
    text = GOOD.read_text()
    (here / "t.yaml").write_text(text)
    first = {f["fingerprint"]: f["resource"]["line"] for f in audit("t.yaml")[1]["findings"]}
    (here / "t.yaml").write_text("# A comment\n\n" + text)
    second = {f["fingerprint"]: f["resource"]["line"] for f in audit("t.yaml")[1]["findings"]}
    assert first
    assert second == {fingerprint: line + 2 for fingerprint, line in first.items()}


def test_folders(here: Path) -> None:
    skipped = (".git/x.yaml", "node_modules/y.yaml", ".terraform/z.yaml", "b/.hidden.yaml", "notes.md")
    for name in ("a.yaml", "b/c.yml", "b/d.template", "b/e.json", *skipped):
        path = here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"Resources": {"D": {"Type": "AWS::SageMaker::Domain"}}}) if name.endswith("json") else CLEAN
        path.write_text(text)
    reader = CloudFormationReader(shown, Given(), Tree.around([here]))
    assert discover([here, here / "a.yaml"], [reader], Tree.around([here])) == {}
    assert [p.relative_to(here).as_posix() for p in reader.templates] == [
        "a.yaml",
        "b/c.yml",
        "b/d.template",
        "b/e.json",
    ]
    snapshot = scan([Path(), here / "b"], ScanOptions(), MOMENT)
    assert [s.account for s in snapshot.header.scopes] == ["a.yaml", "b/c.yml", "b/d.template", "b/e.json"]


def test_the_same_input_gives_the_same_snapshot() -> None:
    paths = [ROOT / "cfn-role-policies", ROOT / "cdk-assembly"]
    assert scan(paths, ScanOptions(), MOMENT) == scan(paths, ScanOptions(), MOMENT)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("AWSTemplateFormatVersion: '2010-09-09'", True),
        ('{"Resources":{"X":{"Type":"AWS::S3::Bucket"}}}', True),
        ("Resources:\n  X:\n    Type: AWS::S3::Bucket", True),
        ("Resources:\n  X:\n    Type: Custom::Thing", True),
        ("resources:\n  - type: AWS::S3::Bucket", False),
        ("Resources: [cpu, memory]", False),
        ("kind: Deployment\nspec: {resources: {}}", False),
    ],
)
def test_what_looks_like_a_template(text: str, is_one: bool) -> None:
    assert CloudFormationReader(shown, Given(), Tree.around([Path()])).by_text(text) is is_one


_WATCH = """
import logging, sys
reached = []
def hook(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind"):
        reached.append((event, str(arguments)))
sys.addaudithook(hook)
root = logging.getLogger()
before = (root.level, list(root.handlers), logging.root.manager.disable)
from auditor.cli.main import run
code = run(sys.argv[1:])
assert reached == [], reached
assert (root.level, list(root.handlers), logging.root.manager.disable) == before
assert not {"checkov", "boto3", "tree_sitter", "hcl2", "cfnlint"} & set(sys.modules)
sys.exit(code)
"""


def test_quiet_and_offline(tmp_path: Path) -> None:
    """No network, no log line, nothing of checkov, the root logger as it was."""
    broken = tmp_path / "broken.yaml"
    broken.write_text("AWSTemplateFormatVersion: x\nResources: {")
    done = subprocess.run(
        [sys.executable, "-c", _WATCH, "scan", ROOT / "cfn-json", broken, "--quiet", "--output", tmp_path],
        capture_output=True, text=True, timeout=120, env={**os.environ, "LOG_LEVEL": "DEBUG"},
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout == ""
    assert done.returncode == ExitCode.FINDINGS
