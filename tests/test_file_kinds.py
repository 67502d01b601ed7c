"""Who names the wrong kind of file is told what it is, and which command takes it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.collect.iac.scan import ScanOptions, scan
from auditor.errors import ConfigError
from auditor.file_kinds import kind_hint
from auditor.history.facts import read_report
from auditor.model.report import Report
from auditor.report.json_format import render
from auditor.resources import rules_dir
from auditor.store.snapshot_reader import SnapshotReader

TEMPLATE = "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  D:\n    Type: AWS::SageMaker::Domain\n"
PLAN = '{"format_version":"1.2","terraform_version":"1.9.0","variables":{},"planned_values":{}}'


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("main.tf", 'resource "x" "y" {}', "This is Terraform configuration: auditor scan {folder} evaluates it."),
        ("plan.json", PLAN, "This is a Terraform plan: auditor scan {file} evaluates it."),
        ("t.yaml", TEMPLATE, "This is a CloudFormation template: auditor scan {file} evaluates it."),
        ("t.json", '{\n  "Resources": {}}', "This is a CloudFormation template: auditor scan {file} evaluates it."),
        ("w.yaml", "# ours\nwaivers: []\n", "This is a file of waivers: --waivers takes it"),
        ("notes.txt", "Resources are scarce", ""),
        ("empty", "", ""),
        ("list.json", '[{"a": 1}]', ""),
    ],
)
def test_kinds(tmp_path: Path, name: str, text: str, hint: str) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    said = kind_hint(file)
    assert said.startswith(hint.format(file=file, folder=tmp_path))
    assert bool(said) is bool(hint)


def test_a_snapshot_of_a_store_is_compressed(tmp_path: Path) -> None:
    file = tmp_path / "snapshot-1.jsonl.gz"
    file.write_bytes(gzip.compress(b'{"snapshot":{}}'))
    with pytest.raises(ConfigError) as taken:
        _ = SnapshotReader(file).header
    assert taken.value.hint.startswith("This is compressed")
    assert f"gunzip -c {file} >" in taken.value.hint


def test_a_rule() -> None:
    assert all(kind_hint(path).startswith("This is a rule: ") for path in rules_dir().rglob("STU*.yaml"))


def test_each_reader_says_it(
    tmp_path: Path, estate_file: Callable[[str], Path], estate_report: Callable[[str], Report]
) -> None:
    snapshot, report = estate_file("clean"), tmp_path / "report.json"
    report.write_text("".join(render(estate_report("clean"))), encoding="utf-8")
    assert json.loads(report.read_text(encoding="utf-8"))["tool"]
    with pytest.raises(ConfigError) as taken:
        _ = SnapshotReader(report).header
    assert taken.value.hint.startswith("This is a report.json: ")
    with pytest.raises(ConfigError) as taken:
        read_report(snapshot)
    assert taken.value.hint.startswith("This is a snapshot: auditor check ")
    for file, kind in ((snapshot, "a snapshot"), (report, "a report.json")):
        with pytest.raises(ConfigError) as taken:
            scan([file], ScanOptions())
        assert taken.value.hint.startswith(f"This is {kind}: ")
