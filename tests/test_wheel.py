"""The wheel works outside the checkout, in an environment that holds nothing but what it declares."""

from __future__ import annotations

import json
import os
import shutil
import stat
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


def build(source: Path, folder: Path) -> Path:
    # hatchling comes from the test environment's constraints; without an index to fetch it from there is no wheel.
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(source)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        _lacking(f"the wheel could not be built: {done.stdout[-500:]}{done.stderr[-500:]}")
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module", params=["newest", "oldest"])
def installed(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a new environment with the wheel and its own dependencies only, the newest and the oldest."""
    place = tmp_path_factory.mktemp("installed")
    venv.create(place, with_pip=True)
    versions = ROOT / "constraints" / {"newest": "users.txt", "oldest": "oldest.txt"}[request.param]
    command = [str(place / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", str(wheel)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"PIP_CONSTRAINT": str(versions)}
    )
    if done.returncode:
        _lacking(f"the wheel's dependencies could not be installed: {done.stderr[-500:]}")
    return place / "bin"


def test_holds_the_package_and_its_data_and_nothing_else(wheel: Path) -> None:
    def files(folder: Path, inside: str) -> set[str]:
        return {
            f"{inside}/{path.relative_to(folder).as_posix()}"
            for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }

    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        about = {name.split("/", 1)[1] for name in names if ".dist-info/" in name}
        links = [entry.filename for entry in archive.infolist() if stat.S_ISLNK(entry.external_attr >> 16)]
    assert about == {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
    expected = files(ROOT / "auditor", "auditor") | files(ROOT / "rules", "auditor/_data/rules")
    expected |= files(ROOT / "reports" / "templates", "auditor/_data/templates")
    expected |= files(ROOT / "deploy", "auditor/_data/deploy")
    assert {name for name in names if ".dist-info/" not in name} == expected
    assert {Path(name).suffix for name in expected} <= {
        ".py", ".typed", ".sql", ".json", ".yaml", ".yml", ".j2", ".js", ".css", ".service", ".timer", ".cron",
        ".tf", ".md", ".gz", "",
    }  # fmt: skip
    assert links == []


def test_the_same_source_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """From another folder, with other dates and modes of files."""
    source = tmp_path / "elsewhere"
    for part in ("auditor", "rules", "reports", "deploy"):
        shutil.copytree(
            ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"), copy_function=shutil.copy
        )
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, source / name)
    for path in source.rglob("*.py"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
        path.chmod(0o600)
    assert build(source, tmp_path / "out").read_bytes() == wheel.read_bytes()


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
