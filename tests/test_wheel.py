"""The wheel works outside the checkout, in an environment that holds nothing but what it declares."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from auditor.simulator import Simulator

pytestmark = pytest.mark.wheel
ROOT = Path(__file__).resolve().parents[1]


def _lacking(reason: str) -> None:
    if os.environ.get("AUDITOR_REQUIRE_WHEEL"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # hatchling comes from the test environment's constraints; without an index to fetch it from there is no wheel.
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        _lacking(f"the wheel could not be built: {done.stdout[-500:]}{done.stderr[-500:]}")
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a new environment with the wheel and its own dependencies only."""
    place = tmp_path_factory.mktemp("installed")
    venv.create(place, with_pip=True)
    command = [str(place / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        _lacking(f"the wheel's dependencies could not be installed: {done.stderr[-500:]}")
    return place / "bin"


def test_holds_rules_and_templates(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    rules = {p.name for p in (ROOT / "rules").rglob("*.yaml")}
    folder = ROOT / "reports" / "templates"
    templates = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert rules == {n.rsplit("/", 1)[1] for n in names if n.startswith("auditor/_data/rules/")}
    inside = "auditor/_data/templates/"
    assert templates == {n.removeprefix(inside) for n in names if n.startswith(inside)}
    assert "auditor/report/report.schema.json" in names
    assert "auditor/simulator/estates/acme.yaml" in names
    assert not [n for n in names if n.startswith(("tests/", "benchmarks/", "tools/"))]


def test_audits_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "AWS_"))}
    listed = subprocess.run(
        [installed / "pip", "list", "--format", "json"], capture_output=True, text=True, check=True, env=clean
    )
    packages = {p["name"].lower() for p in json.loads(listed.stdout)}
    assert "sagemaker-studio-auditor" in packages
    assert not packages & {"moto", "pytest", "checkov", "mypy"}

    with Simulator("acme") as simulator:
        done = subprocess.run(
            [installed / "auditor", "audit", "--region", "eu-west-1", "--region", "us-east-1"],
            capture_output=True, text=True, check=False, cwd=tmp_path, env=clean | simulator.environment,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (4, "")
    document = json.loads((tmp_path / "audit-report" / "report.json").read_text())
    assert document["summary"]["resources"]["domain"] == 5
    assert "<!doctype html>" in (tmp_path / "audit-report" / "report.html").read_text()[:100]


def test_scans_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    """CloudFormation and Terraform, without an extra."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "AWS_"))}
    corpus = ROOT / "tests" / "iac" / "corpus"
    cases = [corpus / "cfn-inherited-from-domain" / "template.yaml", corpus / "tf-inherited-from-domain"]
    done = subprocess.run(
        [installed / "auditor", "scan", *cases], capture_output=True, text=True, check=False, cwd=tmp_path, env=clean
    )
    assert (done.returncode, done.stderr) == (4, "")
    document = json.loads((tmp_path / "audit-report" / "report.json").read_text())
    assert document["summary"]["resources"]["domain"] == 2


def test_the_demo_says_what_it_lacks(installed: Path, tmp_path: Path) -> None:
    done = subprocess.run([installed / "auditor", "demo"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert "pip install 'sagemaker-studio-auditor[demo]'" in done.stderr
    assert "Traceback" not in done.stderr
