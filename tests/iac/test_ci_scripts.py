"""The scripts of deploy/ci, run as their CI systems run them, on a repository with a change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CI = ROOT / "deploy" / "ci"
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
#: STU603: the first reaches the internet directly, the second does not. Both lie in a network that no template holds,
#: so that some verdicts are unknown.
OPEN, CLOSED = "PublicInternetOnly", "VpcOnly"


def domain(name: str, access: str) -> str:
    return json.dumps({"Resources": {name: {"Type": "AWS::SageMaker::Domain", "Properties": {
        "DomainName": name.lower(), "AuthMode": "SSO", "VpcId": "vpc-0a1b2c3d4e5f60718",
        "SubnetIds": ["subnet-0a1b2c3d4e5f60718"], "AppNetworkAccessType": access,
        "DefaultUserSettings": {"ExecutionRole": "arn:aws:iam::123456789012:role/studio", "SecurityGroups": ["sg-1"]},
    }}}})  # fmt: skip


@dataclass(frozen=True)
class Repository:
    """A clone of a repository of which the branch ``main`` is at ``base``, and the change is checked out."""

    folder: Path
    base: str


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[Mapping[str, str], Mapping[str, str]], Repository]:
    def make(before: Mapping[str, str], after: Mapping[str, str]) -> Repository:
        origin, work = tmp_path / "origin", tmp_path / "work"
        git(tmp_path, "init", "--quiet", "--initial-branch=main", str(origin))
        commit(origin, before, "before")
        base = git(origin, "rev-parse", "HEAD").strip()
        git(origin, "switch", "--quiet", "--create", "change")
        commit(origin, after, "the change")
        git(tmp_path, "clone", "--quiet", "--branch", "change", str(origin), str(work))
        return Repository(work, base)

    return make


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Tests", "-c", "user.email=tests@example.com")
    return subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def commit(folder: Path, files: Mapping[str, str], message: str) -> None:
    for name, text in files.items():
        (folder / name).write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", message)


def shell(script: str, repository: Repository, **variables: str) -> subprocess.CompletedProcess[str]:
    """As both systems do: bash, which ends at the first command that fails."""
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script], cwd=repository.folder, capture_output=True, text=True,
        check=False, timeout=300, env={"PATH": PATH, "HOME": str(repository.folder.parent), **variables},
    )  # fmt: skip


def github(repository: Repository) -> subprocess.CompletedProcess[str]:
    """The scripts of a pull request, each a shell of its own; the installation is here already."""
    workflow = yaml.safe_load((CI / "github-actions.yml").read_text())
    scripts = {step["name"]: step["run"] for step in workflow["jobs"]["scan"]["steps"] if "run" in step}
    del scripts["Install"]
    summary = repository.folder.parent / "summary.md"
    variables = {
        "GITHUB_WORKSPACE": str(repository.folder), "GITHUB_STEP_SUMMARY": str(summary), "TARGET": "main",
    }  # fmt: skip
    done = {name: shell(script, repository, **variables) for name, script in scripts.items()}
    assert [done["What the target branch has already"].returncode, done["Summary"].returncode] == [0, 0], done
    assert summary.read_text().startswith("# SageMaker Studio auditor")
    return done["Scan"]


def gitlab(repository: Repository) -> subprocess.CompletedProcess[str]:
    """The script of a merge request."""
    job = yaml.safe_load((CI / "gitlab-ci.yml").read_text())["sagemaker-studio"]
    variables = {"CI_PROJECT_DIR": str(repository.folder), "CI_MERGE_REQUEST_DIFF_BASE_SHA": repository.base}
    done = shell("\n".join(job["script"]), repository, **variables)
    kept = {Path(name).name for name in job["artifacts"]["reports"].values()}
    assert kept <= {path.name for path in (repository.folder / "report").iterdir()}
    return done


SYSTEMS = pytest.mark.parametrize("system", [github, gitlab])


def gates(repository: Repository) -> list[tuple[str, str]]:
    report: Any = json.loads((repository.folder / "report" / "report.json").read_text())
    return [(f["rule"]["id"], f["resource"]["file"]) for f in report["findings"] if f["gates"]]


@SYSTEMS
def test_what_the_change_brings_fails(changed: Callable[..., Repository], system: Any) -> None:
    repository = changed({"old.json": domain("Old", OPEN)}, {"new.json": domain("New", OPEN)})
    done = system(repository)
    assert (done.returncode, done.stderr) == (4, ""), done
    assert gates(repository) == [("STU603", "new.json")]


@SYSTEMS
def test_what_was_there_before_does_not(changed: Callable[..., Repository], system: Any) -> None:
    repository = changed({"old.json": domain("Old", OPEN)}, {"new.json": domain("New", CLOSED)})
    done = system(repository)
    assert (done.returncode, done.stderr) == (0, ""), done
    assert gates(repository) == []
    report = json.loads((repository.folder / "report" / "report.json").read_text())
    # It is in the report all the same, and so is what nobody can know before the deployment.
    assert ("STU603", "old.json", "fail") in {
        (f["rule"]["id"], f["resource"]["file"], f["status"]) for f in report["findings"]
    }
    assert report["summary"]["by_status"]["unknown"] > 0


@SYSTEMS
def test_the_first_template_of_a_repository(changed: Callable[..., Repository], system: Any) -> None:
    """There is no baseline: nothing could be assessed on the target branch."""
    repository = changed({"README.md": "Nothing yet."}, {"new.json": domain("New", OPEN)})
    done = system(repository)
    assert (done.returncode, gates(repository)) == (4, [("STU603", "new.json")]), done


def test_the_hook_blocks_a_commit(changed: Callable[..., Repository]) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    script = " ".join([hook["entry"], *hook["args"]])
    repository = changed({"old.json": domain("Old", CLOSED)}, {"new.json": domain("New", CLOSED)})
    assert shell(script, repository).returncode == 0
    (repository.folder / "new.json").write_text(domain("New", OPEN))
    done = shell(script, repository)
    assert done.returncode == 4
    assert "STU603" in done.stdout
