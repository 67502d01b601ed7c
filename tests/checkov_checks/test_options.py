"""checkov's own options work on the checks as on its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cdk_app import synthesise

from .commandline import checkov

pytestmark = pytest.mark.checkov
CORPUS = Path(__file__).resolve().parents[1] / "iac" / "corpus"
BEN = "aws_sagemaker_user_profile.ben"
#: A module with a person, and one that calls it from a repository.
PERSON = """
variable "landing" {}
resource "aws_sagemaker_user_profile" "p" {
  domain_id         = "d-0123456789ab"
  user_profile_name = "ana"
  user_settings {
    execution_role      = "arn:aws:iam::111122223333:role/ana"
    default_landing_uri = var.landing
    studio_web_portal   = "ENABLED"
  }
}
"""
PEOPLE = """
variable "landing" {}
module "people" {
  source  = "git::file://INNER"
  landing = var.landing
}
"""


def test_one_check_in_all_frameworks_and_a_soft_fail(project: Path, watched: Path) -> None:
    run = checkov("-d", ".", "-c", "STU501", "--soft-fail", "-o", "json", folder=project, watched=watched)
    assert run.code == 0
    assert {r.check for r in run.results()} == {"STU501"}
    assert run.said("STU501")["terraform", "aws_sagemaker_user_profile.ana"] == "FAILED"
    assert run.said("STU501")["cloudformation", "AWS::SageMaker::UserProfile.Ana"] == "FAILED"
    assert run.connections == "", "not even with every framework of checkov's"


def test_a_check_left_out_and_a_baseline(project: Path, watched: Path) -> None:
    given = ("-d", ".", "--framework", "terraform", "--skip-check", "STU502,CKV*", "-o", "json")
    first = checkov(*given, "--create-baseline", folder=project, watched=watched)
    assert first.code == 1
    assert "STU501" in {r.check for r in first.results()}
    assert "STU502" not in {r.check for r in first.results()}
    kept = json.loads((project / ".checkov.baseline").read_text())
    assert any("STU501" in f["check_ids"] for file in kept["failed_checks"] for f in file["findings"])
    main = project / "main.tf"
    main.write_text(main.read_text().replace("  # checkov:skip=STU501:his notebooks move in June\n", ""))
    second = checkov(*given, "--baseline", ".checkov.baseline", folder=project, watched=watched)
    assert [(r.check, r.resource) for r in second.results() if r.result == "FAILED"] == [("STU501", BEN)]
    assert second.code == 1


@pytest.mark.parametrize(
    "environment",
    [{}, {"CHECKOV_GRAPH_FRAMEWORK": "NETWORKX"}, {"TF_SPLIT_GRAPH": "True"}],
    ids=["as usual", "another graph", "several graphs"],
)
def test_values_of_variables(project: Path, watched: Path, environment: dict[str, str]) -> None:
    (project / "production.tfvars").write_text('mount = "Disabled"\n')
    run = checkov(
        "-d", ".", "--framework", "terraform", "-c", "STU501", "-o", "json", "--var-file", "production.tfvars",
        folder=project, watched=watched, environment=environment,
    )  # fmt: skip
    assert run.said("STU501") == {
        ("terraform", "aws_sagemaker_user_profile.ana"): "FAILED",
        ("terraform", "aws_sagemaker_user_profile.ben"): "SKIPPED",
        ("terraform", "aws_sagemaker_user_profile.cleo"): "PASSED",
        ("terraform", "aws_sagemaker_user_profile.dan"): "PASSED",
    }


def test_modules_that_checkov_downloads(tmp_path: Path, watched: Path) -> None:
    """From where it put them, also behind each other: checkov's own checks have results there as well."""
    outer, inner, app = (tmp_path / name for name in ("outer", "inner", "app"))
    for folder, text in ((inner, PERSON), (outer, PEOPLE.replace("INNER", str(inner)))):
        folder.mkdir()
        (folder / "main.tf").write_text(text)
        for command in (
            ["init", "-q"],
            ["add", "."],
            ["-c", "user.name=x", "-c", "user.email=x", "commit", "-qm", "x"],
        ):
            subprocess.run(["git", *command], cwd=folder, check=True)
    app.mkdir()
    (app / "main.tf").write_text("".join(
        f'module "{name}" {{\n  source = "git::file://{outer}"\n  landing = "{landing}"\n}}\n'
        for name, landing in (("old", "app:JupyterServer:"), ("new", "studio::"))
    ))  # fmt: skip
    given = ("-d", ".", "--framework", "terraform", "-c", "STU301", "-o", "json")
    run = checkov(*given, "--download-external-modules", "true", folder=app, watched=watched)
    address = "module.{}.module.people.aws_sagemaker_user_profile.p"
    assert run.said("STU301") == {
        ("terraform", address.format("old")): "FAILED", ("terraform", address.format("new")): "PASSED",
    }  # fmt: skip


def test_frameworks_in_threads(project: Path, watched: Path) -> None:
    """As on macOS, where checkov starts no processes."""
    run = checkov(
        "-d", ".", "--framework", "terraform", "cloudformation", "-c", "STU501", "-o", "json",
        folder=project, watched=watched, environment={"CHECKOV_PARALLELIZATION_TYPE": "thread"},
    )  # fmt: skip
    said = run.said("STU501")
    assert len(said) == 7
    assert {resource for (_, resource), result in said.items() if result == "FAILED"} == {
        "aws_sagemaker_user_profile.ana", "AWS::SageMaker::UserProfile.Ana",
    }  # fmt: skip


def test_why_there_is_no_result(project: Path, watched: Path) -> None:
    run = checkov(
        "-f", "template.yaml", "-c", "STU501", "-o", "sarif", "-o", "cli", "--output-file-path", "found.sarif,console",
        folder=project, watched=watched, environment={"LOG_LEVEL": "INFO"},
    )  # fmt: skip
    assert "STU501 has no result on Dan: " in run.err
    assert "Mount" in run.err.partition("STU501 has no result on Dan: ")[2].partition("\n")[0]
    assert "cloudformation scan results" in run.out
    assert json.loads((project / "found.sarif").read_text())["version"] == "2.1.0"


def test_a_plan(watched: Path) -> None:
    plan = CORPUS / "plan-links" / "plan.json"
    run = checkov(
        "-f", plan, "--framework", "terraform_plan", "-c", "STU201,STU501", "-o", "json", folder=plan.parent,
        watched=watched,
    )  # fmt: skip
    assert run.code == 1
    ana, ben = "aws_sagemaker_user_profile.ana", "aws_sagemaker_user_profile.ben"
    assert run.said("STU501") == {("terraform_plan", ana): "FAILED", ("terraform_plan", ben): "PASSED"}
    assert run.said("STU201") == {("terraform_plan", ben): "PASSED"}, "ana's role is known after apply"
    (failed,) = [r for r in run.results() if r.result == "FAILED"]
    assert "domain aws_sagemaker_domain.this, plan.json" in failed.record["details"][1]


def test_a_file_of_a_template(project: Path, watched: Path) -> None:
    run = checkov("-f", "template.yaml", "-c", "STU501", "--compact", "--quiet", folder=project, watched=watched)
    assert run.code == 1
    assert "cloudformation scan results" in run.out
    assert "FAILED for resource: AWS::SageMaker::UserProfile.Ana\n\tSeverity: LOW\n" in run.out
    assert "Passed checks: 1, Failed checks: 1, Skipped checks: 2" in run.out
    assert run.err == ""


@pytest.mark.cdk
def test_a_real_cdk_app(tmp_path: Path, watched: Path) -> None:
    assembly = synthesise(tmp_path / "app" / "cdk.out")
    run = checkov(
        "-d", "cdk.out", "--framework", "cloudformation", "-c", "STU501", "-o", "json", folder=assembly.parent,
        watched=watched,
    )  # fmt: skip
    found = run.results()
    # The nested stack of people, in the app and in its stage; the team sets the value itself.
    assert sorted((r.resource, r.result) for r in found) == [
        ("AWS::SageMaker::UserProfile.Ana", "FAILED"), ("AWS::SageMaker::UserProfile.Ana", "FAILED"),
        ("AWS::SageMaker::UserProfile.Team", "PASSED"), ("AWS::SageMaker::UserProfile.Team", "PASSED"),
    ]  # fmt: skip
    assert all(r.file.endswith(".nested.template.json") for r in found)
    origins = [r.record["check_result"]["entity"]["details"][1] for r in found if r.result == "FAILED"]
    assert len(origins) == 2
    for origin in origins:
        file, _, line = origin.rpartition(", ")[2].rpartition(":")
        # The line of the domain's template that writes the value which the profile inherits.
        written = (assembly.parent / file).read_text().splitlines()[int(line) - 1]
        assert written.strip().startswith('"AutoMountHomeEFS": "Enabled"')
