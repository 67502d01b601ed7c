"""Versions: what an installation pulls in is bounded, pinned for users, and what the tests ran with."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import venv
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
DEPENDENCIES = [Requirement(text) for text in PROJECT["dependencies"]]
SHIPPED = [
    *DEPENDENCIES,
    *(Requirement(text) for extra in ("dask", "demo", "checkov", "sign") for text in EXTRAS[extra]),
]


def pins(name: str) -> dict[str, Version]:
    lines = (ROOT / "constraints" / name).read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(package): Version(version) for package, version in pairs}


def needed(requirements: list[Requirement]) -> set[str]:
    """Names of what the requirements install here, with what those need."""
    names: set[str] = set()
    waiting = [(r, "") for r in requirements]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        if name in names:
            continue
        try:
            further = requires(name) or []
        except PackageNotFoundError:
            pytest.fail(f"{name} is not installed: run make test, which installs the development tools")
        names.add(name)
        waiting.extend((Requirement(text), e) for text in further for e in requirement.extras or {""})
    return names


@pytest.mark.parametrize("requirement", SHIPPED, ids=lambda r: r.name)
def test_every_range_has_both_ends(requirement: Requirement) -> None:
    operators = {part.operator for part in requirement.specifier}
    assert operators == {">=", "<"}, f"{requirement}: a version that nobody tried gets in"


@pytest.mark.parametrize("requirement", DEPENDENCIES, ids=lambda r: r.name)
def test_the_ends_are_those_that_are_tried(requirement: Requirement) -> None:
    """The oldest is the range's lower end; beyond the newest stands at most the rest of its major version (or, for a
    package that has no major version yet, of its minor one)."""
    name = canonicalize_name(requirement.name)
    bounds = {part.operator: Version(part.version) for part in requirement.specifier}
    assert pins("oldest.txt")[name] == bounds[">="]
    newest = pins("users.txt")[name]
    upper = (newest.major + 1,) if newest.major else (0, newest.minor + 1)
    assert bounds["<"] <= Version(".".join(map(str, upper)))
    assert newest in requirement.specifier


def test_users_are_given_what_the_tests_ran_with() -> None:
    users, tests = pins("users.txt"), pins("dev.txt")
    assert set(users) == needed(DEPENDENCIES)
    assert {name: version for name, version in users.items() if tests.get(name) != version} == {}


@pytest.mark.parametrize("file", sorted((ROOT / "constraints").glob("*.txt")), ids=lambda file: file.name)
def test_constraints_name_versions_and_nothing_else(file: Path) -> None:
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line)] == []
    assert len({canonicalize_name(line.split("==")[0]) for line in lines}) == len(lines)


def test_a_bill_of_materials_names_what_is_installed(tmp_path: Path) -> None:
    """As make sbom writes it; the tool validates it against CycloneDX' schema before it writes."""
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    site = next((tmp_path / "env" / "lib").glob("python3*")) / "site-packages"
    for name, version in pins("users.txt").items():
        about = site / f"{name.replace('-', '_')}-{version}.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    target = tmp_path / "sbom.cdx.json"
    subprocess.run(
        [Path(sys.executable).parent / "cyclonedx-py", "environment", "--pyproject", ROOT / "pyproject.toml",
         "--output-reproducible", "-o", target, python],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    bill = json.loads(target.read_text())
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["name"] == PROJECT["name"]
    assert {c["name"]: Version(c["version"]) for c in bill["components"]} == pins("users.txt")
    depends = {d["ref"]: d.get("dependsOn", []) for d in bill["dependencies"]}["root-component"]
    assert {canonicalize_name(r.name) for r in DEPENDENCIES} <= {
        canonicalize_name(ref.split("==")[0]) for ref in depends
    }
