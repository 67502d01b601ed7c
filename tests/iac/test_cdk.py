"""A CDK app of today, synthesised here and scanned. The corpus holds what it wrote when it was committed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.cli.main import run
from auditor.collect.iac.scan import ScanOptions, scan
from auditor.evaluate.audit import evaluate
from auditor.model.rule import Rule
from auditor.model.snapshot import LANGUAGE_LIMITS
from auditor.store.snapshot_file import write_snapshot
from tests.cdk_app import synthesise

pytestmark = pytest.mark.cdk


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the app writes."""
    plugin = tmp_path_factory.mktemp("plugin")
    assert run(["prevent", "cdk", "--output", str(plugin), "--quiet"]) == 0
    return synthesise(tmp_path_factory.mktemp("app") / "cdk.out", plugin)


def test_the_plug_in_names_what_breaks_a_rule(assembly: Path) -> None:
    report = json.loads((assembly / "validation-report.json").read_text(encoding="utf-8"))
    (ours,) = (one for one in report["pluginReports"] if one["pluginName"] == "sagemaker-studio-auditor")
    assert ours["conclusion"] == "failure"
    found = sorted(
        (violation["ruleName"], construct["constructPath"], violation["severity"])
        for violation in ours["violations"]
        for construct in violation["violatingConstructs"]
    )
    assert found == [
        ("STU501", "Production/Studio/People/Ana", "error"),
        ("STU501", "Studio/People/Ana", "error"),
        ("STU603", "Production/Studio/Domain", "error"),
        ("STU603", "Studio/Domain", "error"),
    ]


def test_a_real_app(assembly: Path, built_in_rules: tuple[Rule, ...], tmp_path: Path) -> None:
    snapshot = scan([assembly.parent], ScanOptions())
    assert snapshot.header.source == "cloudformation"
    assert [g for g in snapshot.gaps if g.reason not in LANGUAGE_LIMITS] == []
    path = tmp_path / "snapshot.jsonl"
    write_snapshot(path, snapshot)
    report = evaluate([path], built_in_rules)
    assert (report.resources["domain"], report.resources["user_profile"]) == (2, 4)
    mounts = {f.resource.construct: f for f in report.findings if f.rule_id == "STU501"}
    assert set(mounts) == {"Studio/People/Ana", "Production/Studio/People/Ana"}
    ana = mounts["Studio/People/Ana"]
    assert ana.resource.file.endswith(".nested.template.json")
    assert ana.evidence[0].origin.file.endswith("cdk.out/Studio.template.json")
    # The line where the domain's template writes the value that the profile inherits.
    written = (assembly / "Studio.template.json").read_text().splitlines()[(ana.evidence[0].origin.line or 0) - 1]
    assert written.strip().startswith('"AutoMountHomeEFS": "Enabled"')
    broad = {f.resource.construct for f in report.findings if f.rule_id == "STU204"}
    assert broad == {"Studio/Role/Resource", "Production/Studio/Role/Resource"}


def test_the_assembly_itself_or_a_template_of_it(assembly: Path) -> None:
    inside = scan([assembly], ScanOptions())
    assert sorted(r.id for r in inside.records if r.kind == "domain") == ["Domain", "Domain"]
    alone = scan([assembly / "Studio.template.json"], ScanOptions())
    assert [r.id for r in alone.records if r.kind == "domain"] == ["Domain"]
    assert any(g.reason == "defined_elsewhere" for g in alone.gaps), (
        "where the nested template lies is the assembly's to say"
    )
