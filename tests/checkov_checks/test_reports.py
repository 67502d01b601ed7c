"""What checkov reports of the checks: verdicts, reasons, skips, in its formats. One run, read by all tests here."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from auditor.model.rule import Rule

from .commandline import Result, Run, checkov, results_of
from .conftest import PROJECT

pytestmark = pytest.mark.checkov
COUNTING = Path(__file__).parent / "counting"


@dataclass(frozen=True)
class Reported:
    """A run, the folder that it ran in, and the files that it left."""

    run: Run
    folder: Path
    json: list[dict[str, Any]]
    sarif: Mapping[str, Any]
    junit: ElementTree.Element
    evaluations: list[str]

    @property
    def results(self) -> list[Result]:
        return results_of(self.json)

    def said(self, check: str) -> dict[tuple[str, str], str]:
        return {(r.framework, r.resource): r.result for r in self.results if r.check == check}

    def one(self, check: str, framework: str, resource: str) -> Result:
        (found,) = [
            r for r in self.results if (r.check, r.framework, r.resource) == (check, framework, resource)
        ]  # fmt: skip
        return found


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    folder = Path(shutil.copytree(PROJECT, tmp_path_factory.mktemp("reports") / "project"))
    (folder / "auditor.yaml").unlink()
    watched = tmp_path_factory.mktemp("watched")
    out, evaluations = folder.parent / "out", folder.parent / "evaluations"
    run = checkov(
        "-d", ".", "--framework", "terraform", "cloudformation", "-c", "STU*", "--external-checks-dir", COUNTING,
        "-o", "json", "-o", "sarif", "-o", "junitxml", "--output-file-path", out,
        folder=folder, watched=watched, environment={"EVALUATIONS": str(evaluations)},
    )  # fmt: skip
    return Reported(
        run, folder, json.loads((out / "results_json.json").read_text()),
        json.loads((out / "results_sarif.sarif").read_text()),
        ElementTree.parse(out / "results_junitxml.xml").getroot(), evaluations.read_text().splitlines(),
    )  # fmt: skip


def test_failures_fail_the_run(reported: Reported) -> None:
    assert reported.run.code == 1
    assert "Traceback" not in reported.run.err
    assert reported.run.connections == ""


def test_failed_passed_skipped_and_nothing_where_unknown(reported: Reported) -> None:
    terraform, cloudformation = "aws_sagemaker_user_profile.{}", "AWS::SageMaker::UserProfile.{}"
    assert reported.said("STU501") == {
        ("terraform", terraform.format("ana")): "FAILED",
        ("terraform", terraform.format("ben")): "SKIPPED",
        ("terraform", terraform.format("cleo")): "PASSED",
        # Of dan nothing: nobody has said what var.mount is.
        ("cloudformation", cloudformation.format("Ana")): "FAILED",
        ("cloudformation", cloudformation.format("Ben")): "SKIPPED",
        ("cloudformation", cloudformation.format("Cleo")): "PASSED",
        ("cloudformation", cloudformation.format("Eva")): "SKIPPED",
    }


@pytest.mark.parametrize(
    ("framework", "resource", "reason"),
    [
        ("terraform", "aws_sagemaker_user_profile.ben", "his notebooks move in June"),
        ("cloudformation", "AWS::SageMaker::UserProfile.Ben", "his notebooks move in June"),
        ("cloudformation", "AWS::SageMaker::UserProfile.Eva", "until her thesis is written"),
    ],
    ids=["terraform", "cloudformation", "metadata"],
)
def test_a_skip_keeps_its_reason(reported: Reported, framework: str, resource: str, reason: str) -> None:
    found = reported.one("STU501", framework, resource)
    assert found.record["check_result"]["suppress_comment"] == reason


def test_a_skip_is_of_one_check(reported: Reported) -> None:
    others = {r.check for r in reported.results if r.resource.endswith(".ben") and r.result != "SKIPPED"}
    assert {"STU101", "STU402"} <= others


def test_what_is_inherited_names_the_line_that_set_it(reported: Reported) -> None:
    terraform = reported.one("STU501", "terraform", "aws_sagemaker_user_profile.ana").record["details"]
    assert terraform == [
        "User profile ana-lopez auto-mounts its folder of the domain's EFS in every private space",
        "DefaultUserSettings.AutoMountHomeEFS is Enabled: domain module.studio.aws_sagemaker_domain.this, "
        "studio/main.tf:8",
    ]
    record = reported.one("STU501", "cloudformation", "AWS::SageMaker::UserProfile.Ana").record
    assert record["check_result"]["entity"]["details"] == [
        "User profile ana-lopez auto-mounts its folder of the domain's EFS in every private space",
        "DefaultUserSettings.AutoMountHomeEFS is Enabled: domain Domain, template.yaml:12",
    ]


def test_every_result_has_what_the_rule_has(reported: Reported, built_in_rules: tuple[Rule, ...]) -> None:
    rules = {rule.id: rule for rule in built_in_rules}
    assert len({r.check for r in reported.results}) > 20
    for found in reported.results:
        rule = rules[found.check]
        assert found.record["check_name"] == rule.title
        assert found.record["severity"] == rule.severity.upper()
        assert found.record["guideline"].startswith(("https://", "auditor rules show STU"))
        assert found.record["file_line_range"][0] > 0


def test_terraform_names_the_category(reported: Reported) -> None:
    of = {r.check: r.record["bc_category"] for r in reported.results if r.framework == "terraform"}
    assert (of["STU101"], of["STU501"], of["STU603"]) == ("IAM", "AI_AND_ML", "NETWORKING")


def test_the_properties_that_a_rule_reads(reported: Reported) -> None:
    ana = reported.one("STU501", "terraform", "aws_sagemaker_user_profile.ana").record["check_result"]
    assert "user_settings/[0]/auto_mount_home_efs" in ana["evaluated_keys"]
    ana = reported.one("STU501", "cloudformation", "AWS::SageMaker::UserProfile.Ana").record["check_result"]
    assert "Properties/UserSettings/AutoMountHomeEFS" in ana["evaluated_keys"]


def test_one_evaluation_for_each_graph(reported: Reported) -> None:
    assert reported.evaluations == ["PyDiGraph", "PyDiGraph"]


def test_sarif(reported: Reported) -> None:
    runs = reported.sarif["runs"]
    rules = {rule["id"]: rule for run in runs for rule in run["tool"]["driver"]["rules"]}
    assert rules["STU501"]["shortDescription"]["text"].startswith(
        "User profiles on the new Studio should not auto-mount"
    )
    assert rules["STU501"]["helpUri"].startswith("https://docs.aws.amazon.com/sagemaker/")
    places = {
        (location["artifactLocation"]["uri"], location["region"]["startLine"])
        for run in runs
        for result in run["results"]
        if result["ruleId"] == "STU501" and not result.get("suppressions")
        for location in [result["locations"][0]["physicalLocation"]]
    }
    assert places == {("main.tf", 7), ("template.yaml", 15)}


def test_junit(reported: Reported) -> None:
    cases = [c for c in reported.junit.iter("testcase") if "STU501" in c.attrib["name"]]
    assert {(c.attrib["classname"], c.attrib["file"]) for c in cases if c.find("failure") is not None} == {
        ("/main.tf.aws_sagemaker_user_profile.ana", "/main.tf"),
        ("/template.yaml.AWS::SageMaker::UserProfile.Ana", "/template.yaml"),
    }
    assert len([c for c in cases if c.find("skipped") is not None]) == 3
