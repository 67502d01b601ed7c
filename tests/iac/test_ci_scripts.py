"""The scripts of deploy/ci, run as their CI systems run them, on a repository with a change."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.auditor_server import started

ROOT = Path(__file__).resolve().parents[2]
CI = ROOT / "deploy" / "ci"
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
    """A clone of a repository of which the branch ``main`` is at ``base``, and the change is checked out. ``path``:
    where its shells find programs."""

    folder: Path
    base: str
    path: str


@pytest.fixture(scope="module")
def path() -> Iterator[str]:
    """With an ``auditor`` that was started once."""
    server = started()
    yield f"{server.folder}{os.pathsep}{os.environ['PATH']}"
    server.stop()


@pytest.fixture
def changed(tmp_path: Path, path: str) -> Callable[[Mapping[str, str], Mapping[str, str]], Repository]:
    def make(before: Mapping[str, str], after: Mapping[str, str]) -> Repository:
        origin, work = tmp_path / "origin", tmp_path / "work"
        git(tmp_path, "init", "--quiet", "--initial-branch=main", str(origin))
        commit(origin, before, "before")
        base = git(origin, "rev-parse", "HEAD").strip()
        git(origin, "switch", "--quiet", "--create", "change")
        commit(origin, after, "the change")
        git(tmp_path, "clone", "--quiet", "--branch", "change", str(origin), str(work))
        return Repository(work, base, path)

    return make


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Tests", "-c", "user.email=tests@example.com")
    return subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def commit(folder: Path, files: Mapping[str, str], message: str) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", message)


def shell(script: str, repository: Repository, **variables: str) -> subprocess.CompletedProcess[str]:
    """As both systems do: bash, which ends at the first command that fails, with CI set."""
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script], cwd=repository.folder, capture_output=True, text=True,
        check=False, timeout=300,
        env={"PATH": repository.path, "HOME": str(repository.folder.parent), "CI": "true", **variables},
    )  # fmt: skip


def github(repository: Repository, event: str = "pull_request") -> subprocess.CompletedProcess[str]:
    """The scripts of a pull request, or of a push, each a shell of its own; the installation is here already. The
    reports then lie in ``report`` beside the clone, a comment in ``comment.md``."""
    workflow = yaml.safe_load((CI / "github-actions.yml").read_text())
    steps = {step["name"]: step for step in workflow["jobs"]["scan"]["steps"] if "run" in step}
    del steps["Install"]
    beside = repository.folder.parent
    summary, outputs = beside / "summary.md", beside / "outputs"
    outputs.touch()
    program = beside / "bin" / "gh"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/bash\n[ "$1 $2 $4" = "pr comment --body-file" ] && cp "$5" {beside}/comment.md\n')
    program.chmod(0o755)
    variables = {
        "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(outputs), "RUNNER_TEMP": str(beside),
        "GITHUB_EVENT_NAME": event, "TARGET": "main", "PULL_REQUEST": "7",
        "PATH": f"{program.parent}:{repository.path}",
    }  # fmt: skip
    done = {}
    for name, step in steps.items():
        written = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
        needs = {
            "What the target branch has already": event == "pull_request", "Scan": True,
            "Summary": "reports" in written, "Comment": "comment" in written,
        }  # fmt: skip
        if needs[name]:
            done[name] = shell(step["run"], repository, **variables)
    assert all(one.returncode == 0 for name, one in done.items() if name != "Scan"), done
    assert not summary.exists() or summary.read_text().startswith(
        ("# SageMaker Studio auditor", "### SageMaker Studio")
    )
    return done["Scan"]


def gitlab(repository: Repository, event: str = "pull_request") -> subprocess.CompletedProcess[str]:
    """The script of a merge request, or of the default branch."""
    job = yaml.safe_load((CI / "gitlab-ci.yml").read_text())["sagemaker-studio"]
    base = repository.base if event == "pull_request" else ""
    variables = {"CI_PROJECT_DIR": str(repository.folder), "CI_MERGE_REQUEST_DIFF_BASE_SHA": base}
    done = shell("\n".join(job["script"]), repository, **variables)
    folder = repository.folder / "report"
    if folder.exists():
        assert {Path(name).name for name in job["artifacts"]["reports"].values()} <= {p.name for p in folder.iterdir()}
        folder.rename(repository.folder.parent / "report")
    return done


SYSTEMS = pytest.mark.parametrize("system", [github, gitlab])


def report_of(repository: Repository) -> Any:
    return json.loads((repository.folder.parent / "report" / "report.json").read_text())


def gates(repository: Repository) -> list[tuple[str, str]]:
    return [(f["rule"]["id"], f["resource"]["file"]) for f in report_of(repository)["findings"] if f["gates"]]


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
    report = report_of(repository)
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


@SYSTEMS
def test_main_is_green_and_reported(changed: Callable[..., Repository], system: Any) -> None:
    repository = changed({"old.json": domain("Old", OPEN)}, {"bad.yaml": "AWSTemplateFormatVersion: x\nResources: [\n"})
    done = system(repository, "push")
    assert done.returncode == 0, done
    assert ("STU603", "fail") in {(f["rule"]["id"], f["status"]) for f in report_of(repository)["findings"]}
    assert system(replace(repository, folder=changed_folder(repository)), "push").returncode == 0


def changed_folder(repository: Repository) -> Path:
    """The clone without any template."""
    for name in ("old.json", "bad.yaml"):
        (repository.folder / name).unlink()
    return repository.folder


#: All that could switch off the gate if what lies in the tree counted; tests/cli/test_untrusted_tree.py has each alone.
SWITCHES = {
    "auditor.yaml": "fail_on: none\nfail_on_rules: {STU603: none}\nskip: [STU603]\nseverities: {STU603: low}\n"
    "waivers: w.yaml\nbaseline: baseline/report.json\nnew_only: true\noutput: ../elsewhere\nformats: [json]\n"
    "allow_unread: true\n",
    "w.yaml": "waivers:\n- {rules: STU603, resources: {account: '*'}, reason: r, owner: o, expires: 2099-12-31}\n",
    "baseline/report.json": "{}",
    "report/report.json": "{}",
}


@SYSTEMS
def test_a_change_cannot_switch_off_its_gate(changed: Callable[..., Repository], system: Any) -> None:
    """The first template of a repository, so that there is no baseline that would take a forged one's place."""
    repository = changed({"README.md": "Nothing yet."}, {"new.json": domain("New", OPEN), **SWITCHES})
    done = system(repository)
    assert (done.returncode, gates(repository)) == (4, [("STU603", "new.json")]), done
    assert not (repository.folder.parent / "elsewhere").exists()
    assert "auditor.yaml is not used: it lies in the scanned tree" in done.stderr
    assert "--trusted-config FILE" in done.stderr


@SYSTEMS
def test_what_the_target_branch_allows_is_allowed(changed: Callable[..., Repository], system: Any) -> None:
    """Its configuration counts, the change's does not."""
    repository = changed(
        {"old.json": domain("Old", CLOSED), "auditor.yaml": "skip: [STU603]\n"},
        {"new.json": domain("New", OPEN), "auditor.yaml": "only: [STU603]\n"},
    )
    done = system(repository)
    assert (done.returncode, gates(repository)) == (0, []), done
    assert "STU603" not in {rule["id"] for rule in report_of(repository)["rules"]}


@SYSTEMS
def test_a_file_that_is_refused_fails(changed: Callable[..., Repository], system: Any) -> None:
    """Not by its finding, which nobody sees: that the file was not read is what fails."""
    repository = changed(
        {"old.json": domain("Old", OPEN), "fine.json": domain("Fine", CLOSED)},
        {"old.json": domain("Old", OPEN).replace("Resources", 'Resources": {}, "Resources')},
    )
    done = system(repository)
    assert (done.returncode, gates(repository)) == (5, []), done


def test_only_what_is_new_is_commented(changed: Callable[..., Repository]) -> None:
    repository = changed({"old.json": domain("Old", OPEN)}, {"new.json": domain("New", OPEN)})
    assert github(repository).returncode == 4
    comment = (repository.folder.parent / "comment.md").read_text()
    assert "new.json" in comment
    assert "old.json" not in comment
    (repository.folder.parent / "comment.md").unlink()
    shutil.rmtree(repository.folder.parent / "baseline")
    (repository.folder / "new.json").unlink()
    git(repository.folder, "worktree", "remove", "--force", str(repository.folder.parent / "target"))
    (repository.folder.parent / "outputs").unlink()
    assert github(repository).returncode == 0
    assert not (repository.folder.parent / "comment.md").exists()


def test_the_hook_blocks_a_commit(changed: Callable[..., Repository]) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    script = " ".join([hook["entry"], *hook["args"]])
    repository = changed({"old.json": domain("Old", CLOSED)}, {"new.json": domain("New", CLOSED)})
    assert shell(script, repository).returncode == 0
    (repository.folder / "new.json").write_text(domain("New", OPEN))
    done = shell(script, repository)
    assert done.returncode == 4
    assert "STU603" in done.stdout
