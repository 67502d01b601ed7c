"""Custom resources whose program changes a domain, user profile or space once the template has made it."""

from __future__ import annotations

from collections.abc import Sequence
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


RULES = ("STU302", "STU303", "STU603")
KNOWN = {"STU302": "pass", "STU303": "pass", "STU603": "fail"}


def verdicts(folder: Path, texts: Sequence[str], name: str) -> list[tuple[dict[str, str], bool]]:
    """The verdicts on each template or configuration, in a folder of its own, and whether a part of it is not
    assessed. Each is asked for whatever a rule is about."""
    for number, text in enumerate(texts):
        (folder / f"{number:02}").mkdir()
        (folder / f"{number:02}" / name).write_text(text)
    report: Report = auditor.scan([folder], options=auditor.Options(only=RULES))
    found = [dict.fromkeys(RULES, "pass") for _ in texts]
    for finding in report.findings:
        found[int(Path(finding.resource.file).parent.name)][finding.rule_id] = str(finding.status)
    for rule in RULES:
        # What is no finding passed: the rule looked at one resource of each.
        assert sum(report.rule(rule).counts.values()) == len(texts)
        assert report.rule(rule).counts["pass"] == sum(one[rule] == "pass" for one in found)
    gaps = [Path(g.resource_id.partition("#")[0]) for g in report.gaps if g.reason == "defined_elsewhere"]
    missed = {int(path.parent.name) for path in gaps}
    return [(one, number in missed) for number, one in enumerate(found)]


# Code, policy and properties, and which rules are then unknown.
PROGRAMS: list[tuple[str, str, str, set[str]]] = [
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
    (ASSET, NOTHING, "", set())
]  # fmt: skip


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[dict[str, str], bool]]:
    texts = [
        TEMPLATE.replace("NAME", "StudioDomainUpdate").replace("CODE", code).replace("POLICY", policy)
        .replace("PROPERTIES", properties)
        for code, policy, properties, _ in PROGRAMS
    ]  # fmt: skip
    return verdicts(tmp_path_factory.mktemp("templates"), texts, "t.yaml")


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_what_a_program_may_change_is_unknown(number: int, templates: list[tuple[dict[str, str], bool]]) -> None:
    found, _ = templates[number]
    assert found == KNOWN | dict.fromkeys(PROGRAMS[number][-1], "unknown"), PROGRAMS[number]


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


# A command, which rules are then unknown, and whether a part of the configuration is not assessed.
COMMANDS: list[tuple[str, set[str], bool]] = [
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
]
#: How often the resource is there, and its provisioner: none of these is run when it is made.
NOT_RUN = [
    ("0", f'command = "{AWS} update-domain {ID} --default-user-settings StudioWebPortal=DISABLED"'),
    ("1", f'when = destroy\n    command = "{AWS} update-domain {ID} --app-network-access-type VpcOnly"'),
]


@pytest.fixture(scope="module")
def configurations(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[dict[str, str], bool]]:
    """Those of COMMANDS, then those of NOT_RUN."""
    provisioners = [*(("1", f'command = "{command}"') for command, _, _ in COMMANDS), *NOT_RUN]
    texts = [CONFIGURATION.replace("COUNT", count).replace("WHAT", what) for count, what in provisioners]
    return verdicts(tmp_path_factory.mktemp("configurations"), texts, "main.tf")


@pytest.mark.parametrize("number", range(len(COMMANDS)))
def test_what_a_command_of_terraform_makes_or_changes(
    number: int, configurations: list[tuple[dict[str, str], bool]]
) -> None:
    command, unknown, missed = COMMANDS[number]
    assert configurations[number] == (KNOWN | dict.fromkeys(unknown, "unknown"), missed), command


@pytest.mark.parametrize("number", range(len(NOT_RUN)))
def test_a_command_that_is_not_run_changes_nothing(
    number: int, configurations: list[tuple[dict[str, str], bool]]
) -> None:
    assert configurations[len(COMMANDS) + number] == (KNOWN, False), NOT_RUN[number]
