"""Custom resources whose program changes a domain, user profile or space once the template has made it."""

from __future__ import annotations

from pathlib import Path

import pytest

import auditor
from auditor.model.report import Report

TEMPLATE = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies: [{PolicyName: own, PolicyDocument: {Statement: [POLICY]}}]
  Function: {Type: AWS::Lambda::Function, Properties: {Role: !GetAtt Role.Arn, Code: CODE}}
  NAME:
    Type: Custom::NAME
    Properties: {ServiceToken: !GetAtt Function.Arn, PROPERTIES}
  Domain:
    Type: AWS::SageMaker::Domain
    Properties:
      DomainName: d
      AuthMode: IAM
      VpcId: vpc-1
      SubnetIds: [subnet-1]
      AppNetworkAccessType: PublicInternetOnly
      DefaultUserSettings: {ExecutionRole: "arn:aws:iam::111122223333:role/team", StudioWebPortal: ENABLED}
  Ana:
    Type: AWS::SageMaker::UserProfile
    Properties: {DomainId: !Ref Domain, UserProfileName: ana, UserSettings: {StudioWebPortal: ENABLED}}
"""
START = "import boto3\\ndef handler(event, context):\\n  "
PORTAL = "client.update_domain(DomainId=ID, DefaultUserSettings={'StudioWebPortal': 'DISABLED'})"
NOTHING = "{Effect: Allow, Action: s3:GetObject, Resource: '*'}"
UPDATE = "{Effect: Allow, Action: sagemaker:UpdateDomain, Resource: !GetAtt Domain.DomainArn}"
ASSET = "{S3Bucket: code, S3Key: asset.zip}"


def program(text: str) -> str:
    return f'{{ZipFile: "{START}{text}"}}'


def verdicts(folder: Path, name: str, code: str, policy: str = NOTHING, properties: str = "") -> dict[str, str]:
    text = TEMPLATE.replace("NAME", name).replace("CODE", code).replace("POLICY", policy)
    (folder / "t.yaml").write_text(text.replace("PROPERTIES", properties))
    report: Report = auditor.scan([folder], options=auditor.Options(only=["STU302", "STU303", "STU603"]))
    return {
        rule: next((v for v in ("fail", "unknown", "pass") if report.rule(rule).counts[v]), "")
        for rule in ("STU302", "STU303", "STU603")
    }


KNOWN = {"STU302": "pass", "STU303": "pass", "STU603": "fail"}


@pytest.mark.parametrize(
    ("code", "policy", "properties", "unknown"),
    [
        # A program that stands in the template changes what it names.
        (program(PORTAL), UPDATE, "", {"STU302"}),
        (program(PORTAL), UPDATE, "DomainId: !Ref Domain", {"STU302"}),
        (program("client.update_domain(AppNetworkAccessType='VpcOnly')"), UPDATE, "", {"STU603"}),
        (program("client.update_user_profile(UserSettings={'StudioWebPortal': 'DISABLED'})"), NOTHING, "", {"STU303"}),
        (program("client.describe_domain(DomainId=ID)['DefaultUserSettings']"), UPDATE, "", set()),
        (program("client.update_domain(**event['Properties'])"), UPDATE, "StudioWebPortal: DISABLED", {"STU302"}),
        # What an asset does is not known: what its properties say where they are such a request, else anything.
        (ASSET, UPDATE, "", {"STU302", "STU603"}),
        (ASSET, UPDATE, "DefaultUserSettings: {StudioWebPortal: DISABLED}", {"STU302"}),
        (ASSET, NOTHING, "DomainSettingsForUpdate: {RStudioServerProDomainSettingsForUpdate: {}}", set()),
        (ASSET, NOTHING, "", set()),
    ],
)  # fmt: skip
def test_what_a_program_may_change_is_unknown(
    tmp_path: Path, code: str, policy: str, properties: str, unknown: set[str]
) -> None:
    found = verdicts(tmp_path, "StudioDomainUpdate", code, policy, properties)
    assert found == KNOWN | dict.fromkeys(unknown, "unknown")


def test_what_does_not_name_the_domain_changes_another(tmp_path: Path) -> None:
    other = "DomainId: !Ref Other"
    text = TEMPLATE.replace("Domain:\n    Type: AWS::SageMaker::Domain", "Other:\n    Type: AWS::SageMaker::Domain")
    both = TEMPLATE + text[text.index("  Other:") : text.index("  Ana:")]
    both = both.replace("NAME", "Patch").replace("CODE", program(PORTAL)).replace("POLICY", UPDATE)
    (tmp_path / "t.yaml").write_text(both.replace("PROPERTIES", other))
    report = auditor.scan([tmp_path], options=auditor.Options(only=["STU302"]))
    (finding,) = report.findings
    assert (finding.resource.id, finding.status.value) == ("Other", "unknown")
    assert "custom resource Patch may change it: its program may call sagemaker:UpdateDomain" in finding.message


CONFIGURATION = """
resource "aws_sagemaker_domain" "d" {
  domain_name             = "d"
  auth_mode               = "SSO"
  vpc_id                  = "vpc-1"
  subnet_ids              = ["subnet-1"]
  app_network_access_type = "PublicInternetOnly"
  default_user_settings {
    execution_role    = "arn:aws:iam::111122223333:role/team"
    studio_web_portal = "ENABLED"
  }
}
resource "aws_sagemaker_user_profile" "ana" {
  domain_id         = aws_sagemaker_domain.d.id
  user_profile_name = "ana"
  user_settings {
    execution_role    = "arn:aws:iam::111122223333:role/ana"
    studio_web_portal = "ENABLED"
  }
}
resource "null_resource" "x" {
  count = COUNT
  provisioner "local-exec" {
    WHAT
  }
}
"""
AWS = "aws sagemaker"
ID = "--domain-id ${aws_sagemaker_domain.d.id}"


@pytest.mark.parametrize(
    ("command", "unknown", "missed"),
    [
        (f"{AWS} update-domain {ID} --default-user-settings StudioWebPortal=DISABLED", {"STU302"}, False),
        (f"{AWS} update-domain {ID} --app-network-access-type VpcOnly", {"STU603"}, False),
        (f"{AWS} update-domain {ID} --cli-input-json file://d.json", {"STU302", "STU603"}, False),
        (f"{AWS} update-domain {ID} --tag-propagation ENABLED", set(), False),
        (f"{AWS} update-user-profile {ID} --user-settings StudioWebPortal=DISABLED", {"STU303"}, False),
        (f"{AWS} create-user-profile {ID} --user-profile-name default", set(), True),
        ("python -c 'sagemaker.create_domain()'", set(), True),
        (f"{AWS} describe-domain {ID}", set(), False),
        ("aws datazone create-domain --name x", set(), False),
        ("aws opensearch update-domain-config --domain-name x", set(), False),
    ],
)
def test_what_a_command_of_terraform_makes_or_changes(
    tmp_path: Path, command: str, unknown: set[str], missed: bool
) -> None:
    text = CONFIGURATION.replace("COUNT", "1").replace("WHAT", f'command = "{command}"')
    assert configured(tmp_path, text) == (KNOWN | dict.fromkeys(unknown, "unknown"), missed)


@pytest.mark.parametrize(
    ("count", "what"),
    [
        ("0", f'command = "{AWS} update-domain {ID} --default-user-settings StudioWebPortal=DISABLED"'),
        ("1", f'when = destroy\n    command = "{AWS} update-domain {ID} --app-network-access-type VpcOnly"'),
    ],
)
def test_a_command_that_is_not_run_changes_nothing(tmp_path: Path, count: str, what: str) -> None:
    text = CONFIGURATION.replace("COUNT", count).replace("WHAT", what)
    assert configured(tmp_path, text) == (KNOWN, False)


def configured(folder: Path, text: str) -> tuple[dict[str, str], bool]:
    """The verdicts on a configuration, and whether a part of it is not assessed."""
    (folder / "main.tf").write_text(text)
    report = auditor.scan([folder], options=auditor.Options(only=["STU302", "STU303", "STU603"]))
    found = {
        rule: next((v for v in ("fail", "unknown", "pass") if report.rule(rule).counts[v]), "")
        for rule in ("STU302", "STU303", "STU603")
    }
    return found, any(g.reason == "defined_elsewhere" for g in report.gaps)
