"""Shapes that templates in public repositories have, in the smallest template that shows each."""

from __future__ import annotations

from pathlib import Path

import pytest

import auditor
from auditor.iam.patterns import UNKNOWN_PART
from auditor.model.report import Report
from auditor.model.rule import Verdict

TRUST = "{Statement: [{Effect: Allow, Action: sts:AssumeRole, Principal: {Service: sagemaker.amazonaws.com}}]}"
DOMAIN = """
  Domain:
    Type: AWS::SageMaker::Domain
    Properties:
      DomainName: d
      AuthMode: IAM
      VpcId: vpc-1
      SubnetIds: [subnet-1]
      DefaultUserSettings: {ExecutionRole: !GetAtt Role.Arn}
"""


def scanned(folder: Path, rule: str = "STU106", **files: str) -> Report:
    """The report of one rule on files, whose names are written with ``__`` for a dot."""
    for name, text in files.items():
        path = folder / name.replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return auditor.scan([folder], options=auditor.Options(only=[rule]))


def role(statements: str, further: str = "", parameters: str = "") -> str:
    """A template of a role with an inline policy, the domain that uses it, and further resources."""
    return (
        f"{parameters}Resources:\n  Role:\n    Type: AWS::IAM::Role\n    Properties:\n"
        f"      AssumeRolePolicyDocument: {TRUST}\n      Policies:\n        - PolicyName: own\n"
        f"          PolicyDocument: {{Version: 2012-10-17, Statement: [{statements}]}}\n{DOMAIN}{further}"
    )


KEY_AND_BUCKET = "  Key: {Type: AWS::KMS::Key}\n  Bucket: {Type: AWS::S3::Bucket}\n"


@pytest.mark.parametrize(
    "resource",
    [
        "!GetAtt Bucket.Arn",
        "!Sub '${Bucket.Arn}/*'",
        "!Sub 'arn:aws:s3:::${Bucket}/*'",
        "!Join ['', [!GetAtt Bucket.Arn, '/*']]",
    ],
)
def test_a_bucket_of_the_template_is_not_every_bucket(tmp_path: Path, resource: str) -> None:
    text = role(f"{{Effect: Allow, Action: s3:GetObject, Resource: {resource}}}", KEY_AND_BUCKET)
    assert scanned(tmp_path, "STU211", t__yaml=text).rule("STU211").counts["pass"] == 1


def test_a_key_and_a_table_of_the_template_are_not_all_of_them(tmp_path: Path) -> None:
    text = role(
        "{Effect: Allow, Action: kms:Decrypt, Resource: !GetAtt Key.Arn},"
        " {Effect: Allow, Action: dynamodb:*, Resource: !GetAtt Table.Arn}",
        KEY_AND_BUCKET + "  Table: {Type: AWS::DynamoDB::Table}\n",
    )
    assert scanned(tmp_path, "STU211", t__yaml=text).rule("STU211").counts["pass"] == 1


@pytest.mark.parametrize("type_", ["Custom::Lookup", "AWS::CloudFormation::CustomResource", "Vendor::Lookup::Bucket"])
def test_what_a_program_answers_may_be_any_bucket(tmp_path: Path, type_: str) -> None:
    token = "arn:aws:lambda:eu-west-1:123456789012:function:x"
    found = f"  Lookup: {{Type: '{type_}', Properties: {{ServiceToken: '{token}'}}}}\n"
    text = role("{Effect: Allow, Action: s3:GetObject, Resource: !GetAtt Lookup.BucketArn}", found)
    (finding,) = scanned(tmp_path, "STU211", t__yaml=text).findings
    assert finding.status is Verdict.UNKNOWN


def test_a_parameter_may_be_any_bucket(tmp_path: Path) -> None:
    parameters = "Parameters: {Arn: {Type: String}}\n"
    text = role("{Effect: Allow, Action: s3:GetObject, Resource: !Ref Arn}", parameters=parameters)
    (finding,) = scanned(tmp_path, "STU211", t__yaml=text).findings
    assert finding.status is Verdict.UNKNOWN
    assert "S3 buckets" in finding.message
    assert "own: a value in it is not known" in finding.message
    assert UNKNOWN_PART not in finding.message


def test_a_nested_stack_s_bucket_is_known_by_its_name(tmp_path: Path) -> None:
    """Addresses of a nested stack's resources stand behind the stack's own."""
    text = role("{Effect: Allow, Action: s3:GetObject, Resource: !Sub '${Bucket.Arn}/*'}", KEY_AND_BUCKET)
    above = "Resources:\n  Inner: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: inner.yaml}}\n"
    assert scanned(tmp_path, "STU211", t__yaml=above, inner__yaml=text).rule("STU211").counts["pass"] == 1


TERRAFORM = """
resource "aws_kms_key" "data" {}
resource "aws_s3_bucket" "data" {
  count = 2
}
resource "aws_iam_role" "studio" {
  name               = "studio"
  assume_role_policy = jsonencode({Version = "2012-10-17", Statement = [
    {Effect = "Allow", Action = "sts:AssumeRole", Principal = {Service = "sagemaker.amazonaws.com"}}]})
}
data "aws_iam_policy_document" "own" {
  statement {
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.data.arn]
  }
  statement {
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.data[0].arn}/*", "arn:aws:s3:::${aws_s3_bucket.data[1].id}/*"]
  }
}
resource "aws_iam_role_policy" "own" {
  role   = aws_iam_role.studio.id
  policy = data.aws_iam_policy_document.own.json
}
resource "aws_sagemaker_domain" "studio" {
  domain_name = "d"
  auth_mode   = "IAM"
  vpc_id      = "vpc-1"
  subnet_ids  = ["subnet-1"]
  default_user_settings {
    execution_role = aws_iam_role.studio.arn
  }
}
"""


def test_resources_of_terraform_are_not_all_resources(tmp_path: Path) -> None:
    assert scanned(tmp_path, "STU211", main__tf=TERRAFORM).rule("STU211").counts["pass"] == 1


def test_what_a_module_hands_out_may_be_anything(tmp_path: Path) -> None:
    text = TERRAFORM.replace("aws_kms_key.data.arn", "module.keys.data")
    module = 'module "keys" {\n  source = "example/keys/aws"\n}\n'
    (finding,) = scanned(tmp_path, "STU211", main__tf=text, keys__tf=module).findings
    assert finding.status is Verdict.UNKNOWN
    assert "KMS keys" in finding.message


def test_what_no_template_holds_is_not_unknown_beside_a_module_elsewhere(tmp_path: Path) -> None:
    module = 'module "studio" {\n  source = "example/studio/aws"\n}\n'
    assert not scanned(tmp_path, "STU806", main__tf=module).findings


def test_a_list_is_unknown_for_what_was_not_read(tmp_path: Path) -> None:
    """And not for a name that is made up at deployment."""
    product = "  More: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'https://example.com/t.yaml'}}\n"
    text = role("", product).replace("DomainName: d", "DomainName: !Sub '${AWS::StackName}'")
    (finding,) = scanned(tmp_path, "STU205", t__yaml=text).findings
    assert finding.status is Verdict.UNKNOWN
    assert "t.yaml#More" in finding.message
    assert "AWS::StackName" not in finding.message


@pytest.mark.parametrize(("rule", "resource"), [("STU205", "Domain"), ("STU201", "User profile")])
def test_others_may_use_a_role_that_the_template_does_not_make(rule: str, resource: str, tmp_path: Path) -> None:
    text = "Resources:\n" + DOMAIN.replace("!GetAtt Role.Arn", "'arn:aws:iam::111122223333:role/studio'")
    text += "  Ana: {Type: AWS::SageMaker::UserProfile, Properties: {DomainId: !Ref Domain, UserProfileName: ana}}\n"
    (finding,) = scanned(tmp_path, rule, t__yaml=text).findings
    assert finding.status is Verdict.UNKNOWN
    assert finding.message.startswith(resource)
    assert finding.message.endswith("(the template doesn't define the role, which others may use)")


def test_a_name_that_is_not_known_is_the_template_s_own(tmp_path: Path) -> None:
    text = role("").replace("DomainName: d", "DomainName: !Sub '${AWS::StackName}'")
    (finding,) = scanned(tmp_path, "STU106", t__yaml=text).findings
    assert finding.message == "Domain Domain uses IAM authentication instead of IAM Identity Center"


def test_a_role_that_only_an_expression_names(tmp_path: Path) -> None:
    text = "Parameters: {Arn: {Type: String}}\nResources:\n" + DOMAIN.replace("!GetAtt Role.Arn", "!Ref Arn")
    (finding,) = scanned(tmp_path, "STU209", t__yaml=text).findings
    assert finding.message.endswith("(the template doesn't say which role this is)")


def test_a_role_that_the_template_does_not_define(tmp_path: Path) -> None:
    text = "Resources:\n" + DOMAIN.replace("!GetAtt Role.Arn", "arn:aws:iam::111122223333:role/studio")
    for rule in ("STU203", "STU210", "STU212", "STU217"):
        (finding,) = scanned(tmp_path, rule, t__yaml=text).findings
        assert finding.message.endswith("unknown (the template doesn't define the role)"), rule


_PARAMETER = "Parameters: {Given: {Type: String}}\n"
_NO_DEFAULT = "parameter Given has no default)"
_NOTHING = "{Effect: Allow, Action: s3:ListAllMyBuckets, Resource: '*'}"


@pytest.mark.parametrize(
    ("rule", "written", "instead", "why"),
    [
        ("STU210", "AuthMode: IAM", "AuthMode: !Ref Given", _NO_DEFAULT),
        ("STU212", "Service: sagemaker.amazonaws.com", "Service: !Ref Given", _NO_DEFAULT),
        ("STU217", "      Policies:", "      ManagedPolicyArns: [!Ref Given]\n      Policies:",
         "(AttachedManagedPolicies is not known)"),
        ("STU217", _NOTHING, "{Effect: Allow, Action: 'elasticmapreduce:*', Resource: !Ref Given}",
         "(own: a value in it is not known)"),
        ("STU217", "DefaultUserSettings:", "DomainSettings: {ExecutionRoleIdentityConfig: !Ref Given}\n"
         "      DefaultUserSettings:", _NO_DEFAULT),
    ],
)  # fmt: skip
def test_what_of_a_role_is_not_known_and_why(tmp_path: Path, rule: str, written: str, instead: str, why: str) -> None:
    statement = "{Effect: Allow, Action: 'elasticmapreduce:*', Resource: '*'}" if why == _NO_DEFAULT else _NOTHING
    text = role(statement, parameters=_PARAMETER).replace(written, instead)
    assert instead in text
    (finding,) = scanned(tmp_path, rule, t__yaml=text).findings
    assert finding.status is Verdict.UNKNOWN
    assert finding.message.endswith(why), finding.message


PYTHON = "from aws_cdk import aws_sagemaker as sm\n\nsm.CfnDomain(self, 'Domain', auth_mode='IAM')\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("stack__py", PYTHON),
        ("stack__py", "from aws_cdk.aws_sagemaker import CfnUserProfile\nCfnUserProfile(self, 'Ana')\n"),
        ("stack__ts", "import * as ml from 'aws-cdk-lib/aws-sagemaker';\nnew ml.CfnSpace(this, 'S', {});\n"),
        ("Stack__java", "import software.amazon.awscdk.services.sagemaker.*;\nCfnDomain.Builder.create(me, \"D\");\n"),
        ("Stack__cs", "using Amazon.CDK.AWS.SageMaker;\nnew CfnDomain(this, \"D\", new CfnDomainProps {});\n"),
        ("stack__go", 'import "github.com/aws/aws-cdk-go/awscdk/v2/awssagemaker"\nawssagemaker.NewCfnDomain(s, n)\n'),
    ],
)  # fmt: skip
def test_constructs_outside_of_an_app_are_not_assessed(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "main.tf").write_text("")
    gaps = scanned(tmp_path, **{name: text}).gaps
    assert [g.detail.partition(": ")[2] for g in gaps if g.reason == "not_assessed"] == [
        "it is source of the CDK without a cdk.json above it: scan the folder that cdk synth writes"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "from aws_cdk import aws_sagemaker, aws_opensearchservice as search\nsearch.CfnDomain(self, 'D')\n",
        "from aws_cdk import aws_sagemaker as sm\nsm.CfnModel(self, 'M')\n",
        "# aws_sagemaker: CfnDomain\n",
        "template.has_resource('AWS::SageMaker::Domain', {})\n",
    ],
)
def test_other_programs_are_not_ours(tmp_path: Path, text: str) -> None:
    (tmp_path / "main.tf").write_text("")
    assert not [g for g in scanned(tmp_path, stack__py=text).gaps if g.reason == "not_assessed"]


def test_the_source_of_an_app_is_said_once(tmp_path: Path) -> None:
    for name in ("app/stacks", "app/tests"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "studio.py").write_text(PYTHON)
    (tmp_path / "app" / "cdk.json").write_text('{"app": "python app.py"}')
    (tmp_path / "main.tf").write_text("")
    missed = [
        g.resource_id
        for g in auditor.scan([tmp_path], options=auditor.Options(only=["STU106"])).gaps
        if g.reason == "not_assessed"
    ]
    assert [Path(one).name for one in missed] == ["cdk.json"]


FUNCTION = """
  Role2: {Type: AWS::IAM::Role, Properties: {ManagedPolicyArns: ['arn:aws:iam::aws:policy/AmazonSageMakerFullAccess']}}
  Function:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt Role2.Arn, CODE}
  SageMakerDomainFinder: {Type: Custom::Finder, Properties: {ServiceToken: !GetAtt Function.Arn}}
"""
START = "def handler(event, context):\\n  "


@pytest.mark.parametrize(
    ("code", "made"),
    [
        (f'Code: {{ZipFile: "{START}client.list_domains()"}}', False),
        ('Code: {ZipFile: "exports.handler = async () => client.listDomains()"}', False),
        (f'Code: {{ZipFile: "{START}client.create_domain()"}}', True),
        (f"Code: {{ZipFile: \"{START}boto3.client('lambda').invoke(FunctionName=NAME)\"}}", True),
        (f'Code: {{ZipFile: "{START}codebuild.start_build(projectName=NAME)"}}', True),
        (f'Code: {{ZipFile: "{START}cloudformation.update_stack(StackName=NAME)"}}', True),
        ('Code: {ZipFile: "exports.handler = async () => client.send(new StartExecutionCommand(input))"}', True),
        (f"Code: {{ZipFile: \"{START}getattr(client, 'create' + '_domain')()\"}}", True),
        (f'Code: {{ZipFile: "{START}list_domains()"}}, Layers: [!Ref Arn]', True),
        # A role for executing is no program that is executed.
        (f"Code: {{ZipFile: \"{START}execution_role = event['ExecutionRole']\"}}", False),
        (f"Code: {{ZipFile: \"{START}os.execvp('aws', ['aws'])\"}}", True),
        ("Code: {ZipFile: !Sub 'def handler(event, context): list_${What}()'}", True),
        ("Code: {ZipFile: __PROGRAM__}", True),
        ("Code: {S3Bucket: code, S3Key: finder.zip}", True),
    ],
)
def test_a_program_that_stands_in_the_template_makes_what_it_says(tmp_path: Path, code: str, made: bool) -> None:
    """Whatever its role permits, and whatever the custom resource is called."""
    report = scanned(tmp_path, t__yaml=role("", FUNCTION.replace("CODE", code)))
    missed = [g.resource_id for g in report.gaps if g.reason in ("not_assessed", "defined_elsewhere")]
    assert [one.rpartition("#")[2] for one in missed] == ["SageMakerDomainFinder"] * made


TERRAFORM_DOMAIN = """
variable "names" { type = set(string) }
variable "on" { type = bool }
resource "aws_iam_role" "r" {
  for_each           = var.names
  name               = each.key
  assume_role_policy = "{}"
}
resource "aws_iam_role" "one" { assume_role_policy = "{}" }
resource "aws_sagemaker_domain" "d" {
  domain_name = "d"
  auth_mode   = "IAM"
  vpc_id      = "vpc-1"
  subnet_ids  = ["subnet-1"]
  default_user_settings { execution_role = ROLE }
}
resource "aws_sagemaker_user_profile" "p" {
  for_each          = toset(["ana", "ben"])
  domain_id         = aws_sagemaker_domain.d.id
  user_profile_name = each.key
}
"""


@pytest.mark.parametrize(
    "written",
    [
        'aws_iam_role.r["team"].arn',
        "one(values(aws_iam_role.r)[*].arn)",
        "var.on ? aws_iam_role.one.arn : data.x.y.arn",
    ],
)
def test_a_role_that_is_not_told_is_there_and_unknown(tmp_path: Path, written: str) -> None:
    """The provider requires the argument, so there is a role, and both user profiles take it over."""
    (tmp_path / "main.tf").write_text(TERRAFORM_DOMAIN.replace("ROLE", written))
    found = auditor.scan([tmp_path], options=auditor.Options(only=["STU201", "STU203"])).findings
    assert sorted((f.rule_id, f.status.value) for f in found) == [
        ("STU201", "fail"), ("STU201", "fail"), ("STU203", "unknown"),
    ]  # fmt: skip
    (role,) = (f for f in found if f.rule_id == "STU203")
    assert role.resource.id == "${aws_sagemaker_domain.d.default_user_settings.execution_role}"
