"""What ``auditor scan`` prints: findings with file and line, whole lines, and what is left out."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

Auditor = Callable[..., object]
TEMPLATE = """\
Resources:
  Domain:
    Type: AWS::SageMaker::Domain
    Properties:
      AuthMode: IAM
      DomainName: research
      AppNetworkAccessType: PublicInternetOnly
      VpcId: vpc-1
      SubnetIds: [subnet-1]
      DefaultUserSettings:
        ExecutionRole: arn:aws:iam::123456789012:role/x
"""
TERRAFORM = """\
variable "vpc_id" {}
variable "mode" {}
resource "aws_sagemaker_domain" "d" {
  domain_name             = "research"
  auth_mode               = "SSO"
  vpc_id                  = var.vpc_id
  subnet_ids              = ["subnet-1"]
  app_network_access_type = var.mode
  default_user_settings {
    execution_role = "arn:aws:iam::123456789012:role/x"
  }
}
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    file = tmp_path / "studio.yaml"
    file.write_text(TEMPLATE, encoding="utf-8")
    return file


def test_scan_prints_where_each_finding_is(auditor: Auditor, template: Path, tmp_path: Path) -> None:
    outcome = auditor("scan", "studio.yaml", "--only", "STU603,STU106")
    assert outcome.code == 4
    first, rest = outcome.out.split("\n\n", 1)
    assert [re.sub(r"(?<=STU\d{3}) .*", "", line) for line in first.splitlines()] == [
        "studio.yaml:5: medium STU106",
        "studio.yaml:7: high STU603",
    ]
    assert rest.startswith("SageMaker Studio audit")
    assert (tmp_path / "audit-report/report.json").exists()
    again = auditor(
        "scan", "studio.yaml", "--only", "STU603,STU106", "--format", "concise",
        "--baseline", "audit-report/report.json", "--new-only",
    )  # fmt: skip
    assert again.code == 0
    rest, end = again.out.splitlines()
    assert rest == "2 not new"
    assert re.fullmatch(r"No new finding .*\. Exit code 0\.", end)


def test_forms_are_printed_and_nothing_is_written(auditor: Auditor, template: Path, tmp_path: Path) -> None:
    outcome = auditor("scan", "studio.yaml", "--only", "STU603", "--format", "github")
    assert outcome.code == 4
    command, last = outcome.out.splitlines()
    assert command.startswith("::error file=studio.yaml,line=7,title=STU603 domain-on-public-internet (high)::")
    assert re.fullmatch(r"Failed: 1 finding .*\. Exit code 4\.", last)
    assert [path.name for path in tmp_path.iterdir()] == [template.name]


def test_the_summary_says_which_values_to_give(auditor: Auditor, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(TERRAFORM, encoding="utf-8")
    (tmp_path / "t.yaml").write_text(
        TEMPLATE.replace("PublicInternetOnly", "!Ref Mode") + "Parameters: {Mode: {Type: String}}\n", encoding="utf-8"
    )
    outcome = auditor("scan", ".", "--only", "STU603")
    (line,) = (line for line in outcome.out.splitlines() if "--var" in line)
    given = set(re.findall(r"--\w+ \w+=…", line))
    assert given == {"--parameter Mode=…", "--var mode=…", "--var vpc_id=…"}


def test_what_does_not_go_together_is_said(auditor: Auditor, template: Path) -> None:
    both = auditor("scan", "studio.yaml", "--format", "github,concise")
    assert (both.code, both.out) == (2, "")
    assert "one of concise and github" in both.err
    twice = auditor("scan", "studio.yaml", "--format", "github,json", "--output", "-")
    assert (twice.code, twice.out) == (2, "")
    assert "--format github prints as well" in twice.err
