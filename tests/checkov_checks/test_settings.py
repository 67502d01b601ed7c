"""auditor.yaml reaches checkov; what is wrong in it, or in the auditor, never looks like a pass."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .commandline import checkov
from .conftest import PROJECT
from .test_reports import COUNTING

pytestmark = pytest.mark.checkov
TERRAFORM, CLOUDFORMATION = ("--framework", "terraform"), ("--framework", "cloudformation")
PROFILE = "AWS::SageMaker::UserProfile."


def test_auditor_yaml_above_the_working_folder(project: Path, watched: Path) -> None:
    shutil.copy(PROJECT / "auditor.yaml", project)
    run = checkov("-d", "..", *CLOUDFORMATION, "-o", "json", folder=project / "studio", watched=watched)
    checks = {r.check for r in run.results()}
    assert {"STU501", "ACME001"} <= checks
    assert {check for check in checks if check.startswith("STU7")} == set(), "operations are left out"
    severities = {r.check: r.record["severity"] for r in run.results()}
    assert (severities["STU501"], severities["STU502"], severities["ACME001"]) == ("HIGH", "LOW", "CRITICAL")
    assert set(run.said("STU505").values()) == {"PASSED"}, "200 GiB of 500 GiB"
    assert run.said("ACME001") == {
        ("cloudformation", f"{PROFILE}{name}"): "PASSED" if name in ("Ana", "Ben", "Dan", "Eva") else "FAILED"
        for name in ("Ana", "Ben", "Cleo", "Dan", "Eva")
    }, "nine letters are allowed"
    assert run.said("ACME002") == {}
    assert "ACME002 has no results: " in run.err
    assert "Traceback" not in run.err


def test_without_it_rules_have_their_defaults(project: Path, watched: Path) -> None:
    run = checkov("-d", ".", *CLOUDFORMATION, "-c", "STU505", "-o", "json", folder=project, watched=watched)
    assert set(run.said("STU505").values()) == {"FAILED"}, "200 GiB of 100 GiB"


def test_the_variable_wins(project: Path, watched: Path) -> None:
    (project / "auditor.yaml").write_text("broken: [\n")
    (project.parent / "other.yaml").write_text("only: [STU502]\n")
    run = checkov(
        "-d", ".", *TERRAFORM, "-o", "json", "--skip-check", "CKV*", folder=project, watched=watched,
        environment={"AUDITOR_CONFIG": "../other.yaml"},
    )  # fmt: skip
    assert {r.check for r in run.results()} == {"STU502"}


def test_in_ci_a_file_of_the_tree_is_named_and_left_aside(project: Path, watched: Path) -> None:
    (project / "auditor.yaml").write_text("only: [STU502]\n")
    given = {"folder": project, "watched": watched}
    options = ("-d", ".", *TERRAFORM, "-o", "json", "--skip-check", "CKV*")
    run = checkov(*options, **given, environment={"CI": "true"})  # type: ignore[arg-type]
    assert "STU501" in {r.check for r in run.results()}
    assert f"{project}/auditor.yaml is not used: it lies in the scanned tree" in run.err
    assert "AUDITOR_TRUSTED_CONFIG=FILE" in run.err
    trusted = {"CI": "true", "AUDITOR_TRUSTED_CONFIG": "auditor.yaml"}
    run = checkov(*options, **given, environment=trusted)  # type: ignore[arg-type]
    assert {r.check for r in run.results()} == {"STU502"}
    assert "Configuration: auditor.yaml, trusted" in run.err


def test_in_ci_options_of_checkov_in_the_tree_are_named(project: Path, watched: Path) -> None:
    """checkov takes them before it asks any check."""
    (project / ".checkov.yaml").write_text("soft-fail: true\n")
    given = {"folder": project, "watched": watched}
    run = checkov("-d", ".", *TERRAFORM, **given, environment={"CI": "true"})  # type: ignore[arg-type]
    assert run.code == 0, "soft-fail"
    assert f"{project}/.checkov.yaml lies in the scanned tree, and checkov takes soft-fail" in run.err
    assert "lies in the scanned tree" not in checkov("-d", ".", *TERRAFORM, **given).err  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("frameworks", "parallel"),
    [((), "fork"), ((), "thread"), (TERRAFORM, "none"), (CLOUDFORMATION, "none")],
    ids=["processes", "threads", "terraform", "cloudformation"],
)
def test_a_wrong_auditor_yaml(project: Path, watched: Path, frameworks: tuple[str, ...], parallel: str) -> None:
    (project / "auditor.yaml").write_text("skip: [STU501]\nseverity: {STU501: high}\n")
    run = checkov(
        "-d", ".", *frameworks, folder=project, watched=watched, environment={"CHECKOV_PARALLELIZATION_TYPE": parallel}
    )
    assert (run.code, run.out) == (2, "")
    assert f"The SageMaker Studio rules cannot be used: {project}/auditor.yaml:2:1: unknown field `severity`" in run.err
    assert "Traceback" not in run.err
    assert run.connections == ""


def test_a_rule_that_cannot_be_read(project: Path, watched: Path) -> None:
    shutil.copy(PROJECT / "auditor.yaml", project)
    rule = project / "own-rules" / "ACME001-short-names.yaml"
    rule.write_text(rule.read_text().replace("require: length(name)", "require: length(nme)"))
    run = checkov("-d", ".", "--framework", "terraform", "cloudformation", folder=project, watched=watched)
    assert (run.code, run.out) == (2, "")
    assert "own-rules/ACME001-short-names.yaml:" in run.err
    assert "nme" in run.err
    assert "Traceback" not in run.err


def test_the_variable_names_no_file(project: Path, watched: Path) -> None:
    run = checkov(
        "-f", "main.tf", folder=project, watched=watched, environment={"AUDITOR_CONFIG": "nowhere/auditor.yaml"}
    )
    assert (run.code, run.out) == (2, "")
    assert "AUDITOR_CONFIG: there is no file nowhere/auditor.yaml" in run.err
    assert "Traceback" not in run.err


def test_the_auditor_is_not_installed_where_checkov_runs(project: Path, watched: Path) -> None:
    run = checkov("-d", ".", folder=project, watched=watched, environment={"HIDDEN": "auditor"})
    assert (run.code, run.out) == (2, "")
    assert "sagemaker-studio-auditor is not installed where checkov runs" in run.err
    assert "Traceback" not in run.err


@pytest.mark.parametrize(
    ("frameworks", "broken"),
    [
        (("terraform", "cloudformation"), "auditor.checkov.graph_evaluation:build"),
        (("cloudformation",), "auditor.checkov.cloudformation:details"),
    ],
)
def test_a_fault_of_the_auditor(project: Path, watched: Path, frameworks: tuple[str, ...], broken: str) -> None:
    run = checkov(
        "-d", ".", "--framework", *frameworks, "-c", "STU501", "--external-checks-dir", COUNTING, folder=project,
        watched=watched, environment={"BROKEN": broken},
    )  # fmt: skip
    assert (run.code, run.out) == (2, "")
    assert "by a fault of the auditor: RuntimeError: the auditor is broken" in run.err
    assert "Traceback" not in run.err
