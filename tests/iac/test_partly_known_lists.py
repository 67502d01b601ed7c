"""A list of which one element is not known: the others are in it all the same, and somebody wrote it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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


def _verdicts(
    name: str, text: str, ids: Collection[str], folder: Path, built_in_rules: Sequence[Rule]
) -> dict[tuple[str, str], str]:
    """Verdict by rule and last part of the resource's address; nothing where the rule is not applicable."""
    (folder / name).write_text(text, encoding="utf-8")
    snapshot = folder / "snapshot.jsonl"
    write_snapshot(snapshot, scan([folder / name], ScanOptions()))
    rules = [rule for rule in built_in_rules if rule.id in ids]
    return {(one.rule_id, one.id.rpartition(".")[2]): str(one.verdict) for one in judge([snapshot], rules)}


@pytest.mark.parametrize(("name", "text"), [("template.yaml", CLOUDFORMATION), ("main.tf", TERRAFORM)])
def test_what_is_certain_decides(name: str, text: str, tmp_path: Path, built_in_rules: tuple[Rule, ...]) -> None:
    found = _verdicts(name, text, EXPECTED, tmp_path, built_in_rules)
    assert {rule: (found.get((rule, "Ana")), found.get((rule, "Ben"))) for rule in EXPECTED} == EXPECTED


#: Roles that permit one thing each, and classic as well as new profiles that hide it beside something unknown.
PERMITTED = """\
Parameters:
  More: {Type: String}
Resources:
  Trainer:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement: [{Effect: Allow, Principal: {Service: sagemaker.amazonaws.com}, Action: "sts:AssumeRole"}]
      Policies:
        - PolicyName: work
          PolicyDocument:
            Version: 2012-10-17
            Statement:
              - {Effect: Allow, Action: ["sagemaker:CreateTrainingJob", "sagemaker:CreateEndpoint"], Resource: "*"}
              - {Effect: Allow, Action: "sagemaker:CreateApp", Resource: "arn:aws:sagemaker:*:*:app/*/*/codeeditor/*"}
  Domain:
    Type: AWS::SageMaker::Domain
    Properties:
      DomainName: lab
      AuthMode: IAM
      VpcId: vpc-1
      SubnetIds: [subnet-1]
      DefaultUserSettings: {ExecutionRole: !GetAtt Trainer.Arn, DefaultLandingUri: "%s", StudioWebPortal: ENABLED}
  Ana:
    Type: AWS::SageMaker::UserProfile
    Properties:
      DomainId: !Ref Domain
      UserProfileName: ana
      UserSettings: %s
"""
STUDIO, CLASSIC = "studio::", "app:JupyterServer:"
_IDLE = "AppLifecycleManagement: {IdleSettings: {LifecycleManagement: ENABLED, IdleTimeoutInMinutes: 60}}"
#: Where the domain's people land, what Ana's list hides, what rules say of her.
HIDDEN = [
    # Classic reads no list: one element is enough for it to be set.
    (CLASSIC, "HiddenAppTypes: [!Ref More, Canvas]", {"STU407": "fail"}),
    (CLASSIC, "HiddenInstanceTypes: [ml.p4d.24xlarge, !Ref More]", {"STU407": "fail"}),
    (CLASSIC, "HiddenMlTools: [!Ref More]", {"STU407": "unknown"}),
    # The role trains; only Training needs the action.
    (STUDIO, "HiddenMlTools: [!Ref More, Training]", {"STU208": "fail"}),
    # It does not write pipelines, but the other one may be Training.
    (STUDIO, "HiddenMlTools: [!Ref More, Pipelines]", {"STU208": "unknown"}),
    # Endpoints need the same action and may be visible, or may not.
    (STUDIO, "HiddenMlTools: [!Ref More, PerformanceEvaluation]", {"STU208": "unknown"}),
    (STUDIO, "HiddenMlTools: [!Ref More, PerformanceEvaluation, Endpoints]", {"STU208": "fail"}),
    # It starts Code Editor, and no JupyterLab.
    (STUDIO, "HiddenAppTypes: [CodeEditor, !Ref More]", {"STU208": "fail", "STU704": "unknown"}),
    # Certainly hidden and not permitted, so its idle shutdown is no matter; Code Editor is permitted, and shuts down.
    (STUDIO, "HiddenAppTypes: [JupyterLab, !Ref More]", {"STU208": "unknown", "STU704": "pass"}),
    (STUDIO, "HiddenAppTypes: [Canvas, !Ref More]", {"STU208": "unknown", "STU704": "unknown"}),
]


@pytest.mark.parametrize(("landing", "hidden", "expected"), HIDDEN)
def test_a_certain_element_counts_beside_an_unknown_one(
    landing: str, hidden: str, expected: dict[str, str], tmp_path: Path, built_in_rules: tuple[Rule, ...]
) -> None:
    settings = f"{{CodeEditorAppSettings: {{{_IDLE}}}, StudioWebPortalSettings: {{{hidden}}}}}"
    found = _verdicts("template.yaml", PERMITTED % (landing, settings), set(expected), tmp_path, built_in_rules)
    assert {rule: found.get((rule, "Ana")) for rule in expected} == expected
