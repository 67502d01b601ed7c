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
