"""A list of which one element is not known: the others are in it all the same, and somebody wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.collect.iac.scan import ScanOptions, scan
from auditor.evaluate.verdicts import judge
from auditor.model.rule import Rule
from auditor.store.snapshot_file import write_snapshot

CLOUDFORMATION = """\
Parameters:
  More: {Type: String}
Resources:
  Domain:
    Type: AWS::SageMaker::Domain
    Properties:
      DomainName: lab
      AuthMode: IAM
      VpcId: vpc-1
      SubnetIds: [subnet-1]
      DefaultUserSettings:
        ExecutionRole: "arn:aws:iam::123456789012:role/x"
        DefaultLandingUri: "studio::"
        StudioWebPortalSettings: {HiddenAppTypes: [JupyterServer, !Ref More]}
  Ana:
    Type: AWS::SageMaker::UserProfile
    Properties: {DomainId: !Ref Domain, UserProfileName: ana}
  Ben:
    Type: AWS::SageMaker::UserProfile
    Properties:
      DomainId: !Ref Domain
      UserProfileName: ben
      UserSettings:
        JupyterLabAppSettings: {CustomImages: [{ImageName: !Ref More, AppImageConfigName: c}]}
        StudioWebPortalSettings: {HiddenAppTypes: [!Ref More, RStudioServerPro], HiddenMlTools: [!Ref More, Comet]}
"""
TERRAFORM = """\
variable "more" {}
resource "aws_sagemaker_domain" "Domain" {
  domain_name = "lab"
  auth_mode   = "IAM"
  vpc_id      = "vpc-1"
  subnet_ids  = ["subnet-1"]
  default_user_settings {
    execution_role      = "arn:aws:iam::123456789012:role/x"
    default_landing_uri = "studio::"
    studio_web_portal_settings {
      hidden_app_types = ["JupyterServer", var.more]
    }
  }
}
resource "aws_sagemaker_user_profile" "Ana" {
  domain_id         = aws_sagemaker_domain.Domain.id
  user_profile_name = "ana"
}
resource "aws_sagemaker_user_profile" "Ben" {
  domain_id         = aws_sagemaker_domain.Domain.id
  user_profile_name = "ben"
  user_settings {
    execution_role = "arn:aws:iam::123456789012:role/x"
    jupyter_lab_app_settings {
      custom_image {
        image_name            = var.more
        app_image_config_name = "c"
      }
    }
    studio_web_portal_settings {
      hidden_app_types = [var.more, "RStudioServerPro"]
      hidden_ml_tools  = [var.more, "Comet"]
    }
  }
}
"""
#: Of Ana, who inherits the domain's list, and of Ben, who has one of his own.
EXPECTED = {
    # Without a persona it is enough that somebody decided what shows.
    "STU401": ("pass", "pass"),
    "STU402": ("pass", "unknown"),
    "STU403": ("unknown", "pass"),
    # No template tells which partners' apps are in service, which is all that keeps Ana's from being judged. Of Ben's
    # one of four is hidden, and another may be.
    "STU404": (None, "unknown"),
    # JupyterLab is not among what is hidden for certain, and may be.
    "STU801": ("unknown", "unknown"),
    # Ben has lists of his own, whatever is in them.
    "STU110": ("pass", "fail"),
}


@pytest.mark.parametrize(("name", "text"), [("template.yaml", CLOUDFORMATION), ("main.tf", TERRAFORM)])
def test_what_is_certain_decides(name: str, text: str, tmp_path: Path, built_in_rules: tuple[Rule, ...]) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    snapshot = tmp_path / "snapshot.jsonl"
    write_snapshot(snapshot, scan([tmp_path / name], ScanOptions()))
    rules = [rule for rule in built_in_rules if rule.id in EXPECTED]
    found = {(one.rule_id, one.id.rpartition(".")[2]): str(one.verdict) for one in judge([snapshot], rules)}
    assert {rule: (found.get((rule, "Ana")), found.get((rule, "Ben"))) for rule in EXPECTED} == EXPECTED
