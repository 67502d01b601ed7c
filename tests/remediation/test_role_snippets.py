"""Snippets for a role's policies fit how the file writes them, and propose nothing that is deprecated."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

import auditor
from auditor.collect.iac.scan import ScanOptions, scan
from auditor.evaluate.audit import evaluate
from auditor.model.finding import Finding, FindingRemediation
from auditor.model.resource import Culprit
from auditor.model.rule import Rule
from auditor.remediation.role_snippets import fitted
from auditor.report.phrases import place
from auditor.report.sarif_format import related_locations
from auditor.rules.value_columns import IN_SNIPPET
from auditor.store.snapshot_file import write_snapshot

from .simulated_account import REGION, ROOT, RULES

#: Arguments that the provider aws 6 deprecates, of the types that snippets speak about. Source: the provider's
#: documentation of aws_iam_role, aws_sagemaker_domain, aws_sagemaker_user_profile, aws_sagemaker_space and
#: aws_cloudwatch_log_group.
DEPRECATED = {"aws_iam_role": {"managed_policy_arns", "inline_policy"}}
SCHEMAS = {
    name: json.loads((ROOT / "tests" / "iac" / "schemas" / f"{name}.json").read_text(encoding="utf-8"))["types"]
    for name in ("aws", "awscc", "cloudformation")
}
FULL = "arn:aws:iam::aws:policy/AdministratorAccess"
TRUST = """jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole",
  Principal = { Service = "sagemaker.amazonaws.com" } }] })"""
ALL = '{ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] }'
DOMAIN = """
resource "aws_sagemaker_domain" "d" {
  domain_name = "research"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = ROLE
  }
}
"""


def terraform(role: str, rest: str = "", name: str = "aws_iam_role.r.arn") -> str:
    return f'resource "aws_iam_role" "r" {{\n  name = "studio"\n  assume_role_policy = {TRUST}\n{role}\n}}\n{rest}' + (
        DOMAIN.replace("ROLE", name)
    )


def cloudformation(role: str, rest: str = "") -> str:
    return f"""
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{{Effect: Allow, Principal: {{Service: sagemaker.amazonaws.com}}, Action: "sts:AssumeRole"}}]
{role}
{rest}
  Domain:
    Type: AWS::SageMaker::Domain
    Properties:
      DomainName: research
      AuthMode: IAM
      VpcId: vpc-0a1b2c3d4e5f60718
      SubnetIds: [subnet-0a1b2c3d4e5f60718]
      DefaultUserSettings: {{ExecutionRole: !GetAtt Role.Arn}}
"""


ANYTHING = '{Version: "2012-10-17", Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}'
#: How a file writes it → the first line of the snippet, what it sets, and the line that the finding points at holds.
CASES = {
    "attachment": (
        terraform("", f'resource "aws_iam_role_policy_attachment" "a" {{\n  role = aws_iam_role.r.name\n'
                  f'  policy_arn = "{FULL}"\n}}\n'),
        "# aws_iam_role_policy_attachment: aws_iam_role_policy_attachment.a:", {"policy_arn"},
        'resource "aws_iam_role_policy_attachment" "a"',
    ),
    # The provider attaches what it names (its documentation: "exclusive ownership over managed IAM policies").
    "exclusive attachments": (
        terraform("", 'resource "aws_iam_role_policy_attachments_exclusive" "a" {\n  role_name = aws_iam_role.r.name\n'
                  f'  policy_arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess", "{FULL}"]\n}}\n'),
        "# aws_iam_role_policy_attachments_exclusive: aws_iam_role_policy_attachments_exclusive.a:", {"policy_arns"},
        'resource "aws_iam_role_policy_attachments_exclusive" "a"',
    ),
    "role policy": (
        terraform("", f'resource "aws_iam_role_policy" "p" {{\n  role = aws_iam_role.r.id\n'
                  f"  policy = jsonencode({ALL})\n}}\n"),
        "# aws_iam_role_policy: aws_iam_role_policy.p:", {"policy"}, 'resource "aws_iam_role_policy" "p"',
    ),
    "own policy": (
        terraform("", f'resource "aws_iam_policy" "p" {{\n  name = "p"\n  policy = jsonencode({ALL})\n}}\n'
                  'resource "aws_iam_role_policy_attachment" "a" {\n  role = aws_iam_role.r.name\n'
                  "  policy_arn = aws_iam_policy.p.arn\n}\n"),
        "# aws_iam_policy: aws_iam_policy.p:", {"policy"}, 'resource "aws_iam_',
    ),
    "managed_policy_arns": (
        terraform(f'  managed_policy_arns = ["{FULL}"]'),
        "# aws_iam_role_policy_attachment: one for each narrow policy; take managed_policy_arns",
        {"role", "policy_arn"}, "managed_policy_arns",
    ),
    "inline_policy": (
        terraform(f'  inline_policy {{\n    name = "all"\n    policy = jsonencode({ALL})\n  }}'),
        "# aws_iam_role_policy: name the actions", {"role", "policy"}, "inline_policy",
    ),
    "ManagedPolicyArns": (
        cloudformation(f"      ManagedPolicyArns: [{FULL}]"),
        "# AWS::IAM::Role: Role: without AdministratorAccess", {"ManagedPolicyArns"}, "ManagedPolicyArns",
    ),
    "Policies": (
        cloudformation(f"      Policies: [{{PolicyName: all, PolicyDocument: {ANYTHING}}}]"),
        "# AWS::IAM::Role: Role: name the actions", {"Policies"}, "Policies",
    ),
    "AWS::IAM::Policy": (
        cloudformation("", f"  Own:\n    Type: AWS::IAM::Policy\n    Properties: {{PolicyName: all, Roles: [!Ref Role],"
                       f" PolicyDocument: {ANYTHING}}}"),
        "# AWS::IAM::Policy: Own:", {"PolicyDocument"}, "Own:",
    ),
    "AWS::IAM::ManagedPolicy": (
        cloudformation("", "  Own:\n    Type: AWS::IAM::ManagedPolicy\n    Properties: {Roles: [!Ref Role],"
                       f" PolicyDocument: {ANYTHING}}}"),
        "# AWS::IAM::ManagedPolicy: Own:", {"PolicyDocument"}, "Own:",
    ),
}  # fmt: skip


def _finding(folder: Path, text: str, rules: tuple[Rule, ...]) -> Finding:
    (folder / ("t.yaml" if text.lstrip().startswith("Resources") else "main.tf")).write_text(text, encoding="utf-8")
    path = folder / "snapshot.jsonl"
    write_snapshot(path, scan([folder], ScanOptions()))
    (finding,) = evaluate([path], [r for r in rules if r.id == "STU203"]).findings
    return finding


def _snippet(finding: Finding) -> str:
    assert finding.remediation is not None
    found = finding.remediation
    return found.terraform if finding.resource.file.endswith(".tf") else found.cloudformation


@pytest.mark.parametrize("form", CASES)
def test_a_snippet_fits_how_the_file_does_it(form: str, tmp_path: Path, built_in_rules: tuple[Rule, ...]) -> None:
    text, first, sets, line = CASES[form]
    finding = _finding(tmp_path, text, built_in_rules)
    snippet = _snippet(finding)
    assert snippet.startswith(first)
    assert set(_members(snippet)) == sets
    where = place(finding)
    assert line in text.splitlines()[where.line - 1]
    # The role is a related location.
    (role,) = [r for r in related_locations(finding, where) if "is defined here" in r["message"]["text"]]
    assert "role" in text.splitlines()[role["physicalLocation"]["region"]["startLine"] - 1].lower()


def _members(snippet: str) -> dict[str, Any]:
    if snippet.startswith("# AWS::"):
        loaded: dict[str, Any] = yaml.safe_load(snippet)
        return loaded
    parsed: dict[str, Any] = hcl2.loads(snippet + "\n")
    return {name: value for name, value in parsed.items() if not name.startswith("__")}


def _all_snippets() -> list[str]:
    """Those of the rules, and those that fit a form."""
    languages = [x for r in RULES.values() for x in (r.remediation.cloudformation, r.remediation.terraform)]
    # A rule's value in a snippet is a text in quotes once it is made.
    fixed = [IN_SNIPPET.sub('"value"', text) for language in languages for text in language.values()]
    made = FindingRemediation("s")
    forms = [
        ("AWS::IAM::Role", "ManagedPolicyArns"), ("AWS::IAM::Role", "Policies"), ("AWS::IAM::Policy", ""),
        ("AWS::IAM::RolePolicy", ""), ("AWS::IAM::ManagedPolicy", ""), ("aws_iam_role", "managed_policy_arns"),
        ("aws_iam_role", "inline_policy"), ("aws_iam_role_policy_attachment", ""), ("aws_iam_policy_attachment", ""),
        ("aws_iam_role_policy_attachments_exclusive", ""),
        ("aws_iam_role_policy", ""), ("aws_iam_policy", ""), ("awscc_iam_role", "managed_policy_arns"),
        ("awscc_iam_role", "policies"), ("awscc_iam_role_policy", ""), ("awscc_iam_managed_policy", ""),
    ]  # fmt: skip
    for type_, form in forms:
        found = fitted(made, [Culprit("p", f"{type_}.x", type_, form, "f", 1)])
        assert bool(found.terraform) != bool(found.cloudformation), type_
        fixed.append(found.terraform or found.cloudformation)
    return fixed


def test_nothing_deprecated_is_proposed() -> None:
    """By the schemas' own words for CloudFormation, and the provider's documentation for Terraform."""
    seen = 0
    for text in _all_snippets():
        comment = re.match(r"# (AWS::\w+::\w+|aws(?:cc)?_\w+)", text)
        if comment is None:
            continue
        type_, members = comment[1], _members(text)
        seen += 1
        if type_.startswith("AWS::"):
            schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, type_).schema
            deprecated = {path.rpartition("/")[2] for path in schema.get("deprecatedProperties", ())}
            known = SCHEMAS["cloudformation"].get(type_)
        else:
            deprecated = DEPRECATED.get(type_, set())
            known = SCHEMAS["awscc" if type_.startswith("awscc") else "aws"].get(type_)
        assert not deprecated & set(members), text
        if known is not None:
            assert all(name in known or f"{name}[]" in known for name in members), text
    assert seen > 20


def _found(folder: Path, text: str, rule: str) -> Finding:
    (folder / ("t.yaml" if text.lstrip().startswith("Resources") else "main.tf")).write_text(text, encoding="utf-8")
    (finding,) = auditor.scan([folder], options=auditor.Options(only=[rule])).findings
    return finding


def test_every_policy_that_the_message_names_has_its_snippet(tmp_path: Path) -> None:
    """One broad policy less is no role that is narrow; what is harmless stays."""
    arns = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess, arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
    text = cloudformation(
        f"      ManagedPolicyArns: [{arns}]\n      Policies: [{{PolicyName: all, PolicyDocument: {ANYTHING}}}]"
    )
    snippet = _snippet(_found(tmp_path, text, "STU204"))
    assert [line for line in snippet.splitlines() if line.startswith("#")] == [
        "# AWS::IAM::Role: Role: name the actions and resources that its users need",
        "# AWS::IAM::Role: Role: without AmazonSageMakerFullAccess",
    ]


SPACES_IN_CLOUDFORMATION = (
    cloudformation("", "  Group: {Type: AWS::EC2::SecurityGroup}")
    + """\
      DefaultSpaceSettings:
        ExecutionRole: !GetAtt Role.Arn
        SecurityGroups: [!Ref Group]
        SpaceStorageSettings: {DefaultEbsStorageSettings: {DefaultEbsVolumeSizeInGb: 9, MaximumEbsVolumeSizeInGb: 999}}
"""
)
SPACES_IN_TERRAFORM = terraform("", 'resource "aws_security_group" "g" {}').replace(
    'resource "aws_sagemaker_domain" "d" {', """resource "aws_sagemaker_domain" "d" {
  default_space_settings {
    execution_role  = aws_iam_role.r.arn
    security_groups = [aws_security_group.g.id]
    space_storage_settings {
      default_ebs_storage_settings {
        default_ebs_volume_size_in_gb = 9
        maximum_ebs_volume_size_in_gb = 999
      }
    }
  }""",
)  # fmt: skip


@pytest.mark.parametrize("text", [SPACES_IN_CLOUDFORMATION, SPACES_IN_TERRAFORM], ids=["CloudFormation", "Terraform"])
def test_what_stands_for_a_resource_of_the_template_is_not_written(text: str, tmp_path: Path) -> None:
    """Its ARN is AWS's to make, so a snippet that holds one could not be deployed."""
    snippet = _snippet(_found(tmp_path, text, "STU507"))
    assert "# DefaultSpaceSettings.ExecutionRole stays as it stands" in snippet.splitlines()
    assert "template" not in snippet
    assert "${" not in snippet
    assert "100" in snippet
