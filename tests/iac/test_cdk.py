"""A CDK app of today, synthesised here and scanned. The corpus holds what it wrote when it was committed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from shutil import which

import pytest

from auditor.collect.iac.scan import ScanOptions, scan
from auditor.evaluate.audit import evaluate
from auditor.model.rule import Rule
from auditor.model.snapshot import INNATE_GAPS
from auditor.store.snapshot_file import write_snapshot

ROOT = Path(__file__).resolve().parents[2]
APP = Path(__file__).parent / "cdk" / "app.py"
pytestmark = [pytest.mark.checkov, pytest.mark.cdk]


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the app writes."""
    python = ROOT / ".venv-cdk" / "bin" / "python"
    if which("node") is None or not python.exists():
        if os.environ.get("AUDITOR_REQUIRE_CDK"):
            pytest.fail("Node.js or .venv-cdk is missing, and AUDITOR_REQUIRE_CDK is set")
        pytest.skip("needs Node.js and .venv-cdk: make test sets it up")
    folder = tmp_path_factory.mktemp("app") / "cdk.out"
    subprocess.run(
        [python, APP], check=True, capture_output=True, timeout=600,
        env={"PATH": os.environ["PATH"], "HOME": str(folder.parent), "CDK_OUTDIR": str(folder),
             "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1"},
    )  # fmt: skip
    return folder


def test_a_real_app(assembly: Path, built_in_rules: tuple[Rule, ...], tmp_path: Path) -> None:
    snapshot = scan([assembly.parent], ScanOptions())
    assert snapshot.header.source == "cloudformation"
    assert [g for g in snapshot.gaps if g.reason not in INNATE_GAPS] == []
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
    assert any(g.reason == "not_assessed" for g in alone.gaps), (
        "where the nested template lies is the assembly's to say"
    )
