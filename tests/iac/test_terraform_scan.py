"""auditor scan on Terraform: folders, options, exit codes, and that it leaves the machine alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.cli.main import run
from auditor.collect.iac.discover import discover
from auditor.collect.iac.scan import ScanOptions, scan, shown
from auditor.collect.iac.terraform.terraform_reader import TerraformReader
from auditor.collect.iac.terraform.variables import Given
from auditor.collect.iac.tree import Tree
from auditor.errors import ExitCode

from .corpus import MOMENT, ROOT
from .test_scan import CLEAN, audit

GOOD = ROOT / "tf-inherited-from-domain" / "main.tf"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_findings_name_file_and_line(here: Path) -> None:
    shutil.copy(GOOD, here)
    code, report = audit(".", "--only", "STU501")
    assert code == ExitCode.OK  # STU501 is low
    (finding,) = report["findings"]
    assert (finding["resource"]["file"], finding["resource"]["line"]) == ("main.tf", 12)
    assert finding["resource"]["id"] == "aws_sagemaker_user_profile.ana"
    origin = finding["evidence"][0]["origin"]
    assert (origin["file"], origin["line"], origin["layer"]) == ("main.tf", 8, "domain")
    assert report["source"] == "terraform"


def test_one_file_means_its_folder(here: Path) -> None:
    text = GOOD.read_text()
    (here / "domain.tf").write_text(text.partition('resource "aws_sagemaker_user_profile"')[0])
    (here / "people.tf").write_text("\n" + text[text.index('resource "aws_sagemaker_user_profile"') :])
    assert len(audit("people.tf", "--only", "STU501")[1]["findings"]) == 1


def test_an_unknown_value_is_incomplete(here: Path) -> None:
    shutil.copy(ROOT / "tf-workspace" / "main.tf", here)
    unknown = (".", "--only", "STU106,STU603", "--fail-on", "none")
    assert audit(*unknown)[0] == ExitCode.INCOMPLETE
    assert audit(*unknown, "--allow-incomplete")[0] == ExitCode.OK
    assert audit(".", "--only", "STU603", "--allow-incomplete")[0] == ExitCode.NOTHING_COLLECTED


def test_nothing_of_studio_is_fine_and_said(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "main.tf").write_text('resource "aws_s3_bucket" "b" {}\n')
    assert run(["scan", ".", "--output", "out"]) == ExitCode.OK
    assert "0 domains" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("main.tf", 'resource "x" {'), ("plan.json", '{"format_version": "1.2", "terraform_version": "1.9.0"'),
        ("state.json", '{"format_version": "1.0", "terraform_version": "1.9.0", "values": {}}'),
        ("terragrunt.hcl", "inputs = {}"), ("notes.md", "# nothing"),
    ],
)  # fmt: skip
def test_nothing_that_could_be_assessed(here: Path, name: str, content: str) -> None:
    (here / name).write_text(content)
    assert audit(".")[0] == ExitCode.NOTHING_COLLECTED


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([".", "--var", "acess=x"], "Did you mean 'access'?"),
        ([".", "--var", "access"], "expected NAME=VALUE"),
        ([".", "--var-file", "nowhere.tfvars"], "nowhere.tfvars: --var-file: it cannot be read"),
        ([".", "--var-file", "broken.tfvars"], "broken.tfvars:2: --var-file: it is not valid HCL"),
        ([".", "--var-file", "broken.tfvars.json"], "broken.tfvars.json:1: --var-file: it is not valid JSON"),
        ([".", "--var-file", "main.tf"], "main.tf:1: a file of variables holds no blocks"),
        (["plan.out"], "terraform show -json plan.out > plan.json"),
    ],
)
def test_wrong_usage(here: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(ROOT / "tf-var" / "main.tf", here)
    (here / "broken.tfvars").write_text('access = "VpcOnly"\nkey = \n')
    (here / "broken.tfvars.json").write_text('{"access": }')
    (here / "plan.out").write_bytes(b"PK\x03\x04tfplan")
    assert run(["scan", *arguments]) == ExitCode.USAGE
    assert says in capsys.readouterr().err
    assert not Path("audit-report").exists()


def test_files_of_variables_in_any_name(here: Path) -> None:
    shutil.copy(ROOT / "tf-var" / "main.tf", here)
    (here / "one.hcl").write_text('access = "VpcOnly"\n')
    (here / "two.json").write_text('{"key": "arn:aws:kms:eu-west-1:1:alias/studio", "more": 1}')
    rules = ("--only", "STU603,STU605")
    report = audit("main.tf", *rules, "--var-file", "one.hcl", "--var-file", "two.json")[1]
    assert report["summary"]["by_status"]["pass"] == 2


def test_languages_beside_each_other(here: Path) -> None:
    (here / "t.yaml").write_text(CLEAN)
    shutil.copy(GOOD, here)
    shutil.copy(ROOT / "plan-links" / "plan.json", here / "plan.json")
    snapshot = scan([Path()], ScanOptions(), MOMENT)
    assert [s.account for s in snapshot.header.scopes] == [".", "plan.json", "t.yaml"]
    assert snapshot.header.source == "mixed"


def test_folders(here: Path) -> None:
    for name in (
        "a/main.tf",
        "a/b/main.tf",
        ".terraform/modules/x/main.tf",
        ".git/x.tf",
        "node_modules/m/x.tf",
        "c/x.tofu",
    ):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text("")
    reader = TerraformReader(shown, Given(), Tree.around([here]))
    assert discover([here, here / "a"], [reader], Tree.around([here])) == {}
    assert [p.relative_to(here).as_posix() for p in reader.modules] == ["a", "a/b", "c"]
    assert [s.account for s in scan([Path()], ScanOptions(), MOMENT).header.scopes] == ["a", "a/b", "c"]


def test_a_moved_resource_keeps_its_fingerprint(here: Path) -> None:
    shutil.copy(GOOD, here)
    on_each_table = (".", "--only", "STU2*,STU5*,STU6*")
    placed = [f for f in audit(*on_each_table)[1]["findings"] if f["resource"]["file"]]
    first = {f["fingerprint"]: f["resource"]["line"] for f in placed}
    (here / "main.tf").write_text("# A comment\n\n" + GOOD.read_text())
    placed = [f for f in audit(*on_each_table)[1]["findings"] if f["resource"]["file"]]
    second = {f["fingerprint"]: f["resource"]["line"] for f in placed}
    assert first
    assert second == {fingerprint: line + 2 for fingerprint, line in first.items()}


def test_the_same_input_gives_the_same_snapshot() -> None:
    paths = [ROOT / "tf-modules", ROOT / "tf-role-policies", ROOT / "plan-modules-for-each"]
    assert scan(paths, ScanOptions(), MOMENT) == scan(paths, ScanOptions(), MOMENT)


_WATCH = """
import logging, sys
reached = []
def hook(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen", "os.system"):
        reached.append((event, str(arguments)))
sys.addaudithook(hook)
root = logging.getLogger()
before = (root.level, list(root.handlers), logging.root.manager.disable)
from auditor.cli.main import run
code = run(sys.argv[1:])
assert reached == [], reached
assert (root.level, list(root.handlers), logging.root.manager.disable) == before
assert "tree_sitter_hcl" in sys.modules
assert not {"checkov", "boto3", "hcl2", "lark"} & set(sys.modules)
sys.exit(code)
"""


def test_quiet_and_offline(tmp_path: Path) -> None:
    """No network, no other program, no log line; nothing of checkov."""
    (tmp_path / "broken.tf").write_text('x = "' + "a" * 50 + "\n")
    output = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-c", _WATCH, "scan", ROOT / "tf-module-remote", tmp_path, "--quiet", "--output", output],
        capture_output=True, text=True, timeout=120, env={**os.environ, "LOG_LEVEL": "DEBUG"},
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout == ""
    assert done.returncode == ExitCode.INCOMPLETE
