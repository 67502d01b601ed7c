"""Modules, repetition, variables and files are put together as Terraform's documentation says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from auditor.collect.iac.interface import Reference, Resource, Root, Unknown
from auditor.collect.iac.terraform.modules import ModuleInstance
from auditor.collect.iac.terraform.variables import Given

pytestmark = pytest.mark.checkov
Module = Callable[..., ModuleInstance]
Roots = Callable[..., list[Root]]

DOMAIN = 'resource "aws_sagemaker_domain" "d" {\n  domain_name = %s\n}\n'


def by_address(root: Root) -> dict[str, Resource]:
    return {resource.address: resource for resource in root.resources}


def name_of(root: Root, address: str = "aws_sagemaker_domain.d") -> Any:
    return by_address(root)[address].properties.get("domain_name")


# Repetition


@pytest.mark.parametrize(
    ("meta", "addresses"),
    [
        ("count = 0", []),
        ("count = 2", ["aws_vpc.v[0]", "aws_vpc.v[1]"]),
        ('count = "1"', ["aws_vpc.v[0]"]),
        ("count = var.on ? 1 : 0", ["aws_vpc.v[0]"]),
        ("count = length(var.list)", ["aws_vpc.v[0]", "aws_vpc.v[1]"]),
        ("for_each = toset(var.list)", ['aws_vpc.v["a"]', 'aws_vpc.v["b"]']),
        ("for_each = { x = var.open }", ['aws_vpc.v["x"]']),
        ("for_each = {}", []),
        ('for_each = { "a.b/c" = 1 }', ['aws_vpc.v["a.b/c"]']),
        ("for_each = { for n in var.list : \"${n}1\" => n if n != \"b\" }", ['aws_vpc.v["a1"]']),
    ],
)  # fmt: skip
def test_known_repetition(roots: Roots, meta: str, addresses: list[str]) -> None:
    text = f"""
variable "open" {{}}
variable "on" {{ default = true }}
variable "list" {{ default = ["b", "a"] }}
resource "aws_vpc" "v" {{
  {meta}
}}
"""
    (root,) = roots(text)
    assert [resource.address for resource in root.resources] == addresses
    assert all(resource.doubt is None for resource in root.resources)


@pytest.mark.parametrize(
    "meta",
    [
        "count = var.open", "count = var.open ? 1 : 0", "count = -1", "count = 1.5", "count = 1000000000", "count = null",
        "for_each = var.open", "for_each = toset([var.open])", "for_each = { (var.open) = 1 }", 'for_each = ["a"]',
        "for_each = toset([1])", "for_each = data.aws_subnets.all.ids", "for_each = var.missing",
    ],
)  # fmt: skip
def test_unknown_repetition_is_not_one(roots: Roots, meta: str) -> None:
    (root,) = roots(f'variable "open" {{}}\ndata "aws_subnets" "all" {{}}\nresource "aws_vpc" "v" {{\n  {meta}\n}}\n')
    if meta == "for_each = toset([1])":
        # Terraform turns the number into a text.
        assert [(r.address, r.doubt) for r in root.resources] == [('aws_vpc.v["1"]', None)]
        return
    (resource,) = root.resources
    assert resource.address == "aws_vpc.v"
    assert resource.doubt is not None
    assert "is not known" in resource.doubt.reason


def test_each_and_count_have_values(roots: Roots) -> None:
    text = """
resource "aws_iam_role" "role" {
  for_each = { amy = { path = "/a/" }, bob = { path = "/b/" } }
  name     = each.key
  path     = each.value.path
}
resource "aws_sagemaker_user_profile" "p" {
  for_each          = aws_iam_role.role
  user_profile_name = each.key
  user_settings {
    execution_role = each.value.arn
  }
}
resource "aws_subnet" "s" {
  count      = 2
  cidr_block = "10.0.${count.index}.0/24"
}
"""
    (root,) = roots(text)
    found = by_address(root)
    assert found['aws_iam_role.role["bob"]'].properties == {"name": "bob", "path": "/b/"}
    assert found['aws_sagemaker_user_profile.p["amy"]'].properties["user_settings"] == [
        {"execution_role": Reference('aws_iam_role.role["amy"]', "arn")}
    ]
    assert found["aws_subnet.s[1]"].properties == {"cidr_block": "10.0.1.0/24"}


# Modules

TREE = {
    "main.tf": """
variable "base" { default = "acme" }
module "outer" {
  source   = "./modules/outer"
  for_each = { x = "1", y = "2" }
  name     = "${var.base}-${each.value}"
}
module "none" {
  source = "./modules/inner"
  count  = 0
  name   = "never"
}
output "all" { value = values(module.outer)[*].domain_id }
""",
    "modules/outer/main.tf": """
variable "name" {}
module "middle" {
  source = "../middle"
  count  = 2
  name   = "${var.name}-${count.index}"
}
output "domain_id" { value = module.middle[1].domain_id }
""",
    "modules/middle/main.tf": """
variable "name" {}
module "inner" {
  source = "../inner"
  name   = upper(var.name)
}
output "domain_id" { value = module.inner.id }
""",
    "modules/inner/main.tf": """
variable "name" {}
resource "aws_sagemaker_domain" "d" { domain_name = var.name }
output "id" { value = aws_sagemaker_domain.d.id }
""",
}


def test_modules_three_deep_and_repeated(roots: Roots) -> None:
    (root,) = roots(TREE)
    start = "module.outer[{}].module.middle[{}].module.inner.aws_sagemaker_domain.d"
    assert {a: r.properties["domain_name"] for a, r in by_address(root).items()} == {
        start.format('"x"', 0): "ACME-1-0",
        start.format('"x"', 1): "ACME-1-1",
        start.format('"y"', 0): "ACME-2-0",
        start.format('"y"', 1): "ACME-2-1",
    }
    assert {r.file for r in root.resources} == {"modules/inner/main.tf"}
    assert sorted(root.files) == sorted(TREE)
    assert root.not_assessed == ()


def test_outputs_lead_back_to_the_resource(module: Module) -> None:
    assert module(TREE).output("all") == [
        Reference(f'module.outer["{key}"].module.middle[1].module.inner.aws_sagemaker_domain.d', "id") for key in "xy"
    ]


def test_a_module_that_is_called_is_no_root_of_its_own(roots: Roots) -> None:
    found = roots({**TREE, "other/main.tf": DOMAIN % '"other"'})
    assert [root.path for root in found] == [".", "other"]


def test_the_number_of_a_module_may_be_unknown(roots: Roots) -> None:
    files = {
        "main.tf": """
variable "open" {}
module "m" {
  source = "./m"
  count  = var.open
}
resource "aws_sagemaker_user_profile" "p" { domain_id = module.m[0].id }
""",
        "m/main.tf": DOMAIN % '"x"' + 'output "id" { value = aws_sagemaker_domain.d.id }\n',
    }
    (root,) = roots(files)
    found = by_address(root)
    assert found["module.m.aws_sagemaker_domain.d"].doubt is not None
    profile = found["aws_sagemaker_user_profile.p"]
    assert profile.doubt is None
    assert isinstance(profile.properties["domain_id"], Unknown)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ('"terraform-aws-modules/vpc/aws"', "not a local folder (terraform-aws-modules/vpc/aws)"),
        ('"git::https://example.com/x.git//m?ref=v1"', "not a local folder"),
        ('"./missing"', "there is no folder ./missing"),
        ("var.open", "its source is not known"),
        ('"./"', "it calls itself"),
    ],
)
def test_a_module_that_cannot_be_read_is_not_assessed(roots: Roots, source: str, reason: str) -> None:
    text = f"""
variable "open" {{}}
module "vpc" {{
  source = {source}
}}
resource "aws_sagemaker_domain" "d" {{ vpc_id = module.vpc.vpc_id }}
"""
    (root,) = roots(text)
    (missed,) = root.not_assessed
    assert missed.what == "main.tf#module.vpc"
    assert missed.line == 3
    assert reason in missed.reason
    vpc = by_address(root)["aws_sagemaker_domain.d"].properties["vpc_id"]
    assert isinstance(vpc, Unknown)
    assert vpc.expression == "${module.vpc.vpc_id}"


def test_a_module_that_init_has_fetched_is_read(roots: Roots) -> None:
    files = {
        "main.tf": 'module "s" {\n  source = "acme/studio/aws"\n}\n',
        ".terraform/modules/modules.json": '{"Modules": [{"Key": "", "Source": "", "Dir": "."},'
        ' {"Key": "s", "Source": "registry.terraform.io/acme/studio/aws", "Version": "1.0.0",'
        ' "Dir": ".terraform/modules/s"}, {"Key": "s.inner", "Source": "x/y/z", "Dir": ".terraform/modules/s.inner"}]}',
        ".terraform/modules/s/main.tf": 'module "inner" {\n  source = "x/y/z"\n}\n',
        ".terraform/modules/s.inner/main.tf": DOMAIN % '"fetched"',
    }
    (root,) = roots(files)
    assert name_of(root, "module.s.module.inner.aws_sagemaker_domain.d") == "fetched"
    assert root.not_assessed == ()


def test_a_file_that_cannot_be_read_leaves_the_others(roots: Roots) -> None:
    (root,) = roots({"main.tf": DOMAIN % "local.name", "bad.tf": 'locals {\n  name = "x\n}\n'})
    (missed,) = root.not_assessed
    assert (missed.what, missed.line) == ("bad.tf", 2)
    assert root.files == ("main.tf",)
    assert isinstance(name_of(root), Unknown)


# Variables

VARIABLES = 'variable "x" {\n  type    = string\n  default = "default"\n}\n' + DOMAIN % "var.x"


@pytest.mark.parametrize(
    ("files", "given", "expected"),
    [
        ({}, None, "default"),
        ({"terraform.tfvars": 'x = "tfvars"'}, None, "tfvars"),
        ({"terraform.tfvars": 'x = "tfvars"', "terraform.tfvars.json": '{"x": "json"}'}, None, "json"),
        ({"terraform.tfvars.json": '{"x": "json"}', "a.auto.tfvars": 'x = "auto"'}, None, "auto"),
        ({"b.auto.tfvars": 'x = "b"', "a.auto.tfvars.json": '{"x": "a"}'}, None, "b"),
        ({"z.auto.tfvars": 'x = "auto"'}, {"x": "option"}, "option"),
        ({"other.tfvars": 'x = "other"'}, None, "default"),
        ({"terraform.tfvars": "y = 1"}, None, "default"),
    ],
)
def test_precedence(roots: Roots, files: dict[str, str], given: dict[str, str] | None, expected: str) -> None:
    (root,) = roots({"main.tf": VARIABLES, **files}, Given(given or {}))
    assert name_of(root) == expected


def test_the_environment_is_weakest(roots: Roots, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_VAR_x", "environment")
    (root,) = roots(VARIABLES)
    assert name_of(root) == "environment"
    (root,) = roots({"main.tf": VARIABLES, "terraform.tfvars": 'x = "file"'})
    assert name_of(root) == "file"


def test_a_file_of_variables_that_cannot_be_read_leaves_them_unknown(roots: Roots) -> None:
    (root,) = roots({"main.tf": VARIABLES, "terraform.tfvars": "x = ["})
    assert isinstance(name_of(root), Unknown)
    assert [missed.what for missed in root.not_assessed] == ["terraform.tfvars"]
    # What is stronger than the broken file is known all the same.
    (root,) = roots({"main.tf": VARIABLES, "terraform.tfvars": "x = [", "a.auto.tfvars": 'x = "auto"'})
    assert name_of(root) == "auto"


def test_tfvars_belong_to_root_modules(roots: Roots) -> None:
    files = {
        "main.tf": 'module "m" {\n  source = "./m"\n}\n',
        "m/main.tf": VARIABLES,
        "m/terraform.tfvars": 'x = "not for modules"',
    }
    (root,) = roots(files)
    assert name_of(root, "module.m.aws_sagemaker_domain.d") == "default"


def test_null_and_what_is_not_nullable(roots: Roots) -> None:
    text = 'variable "x" {\n  default  = "default"\n  %s\n}\n' + DOMAIN % "var.x"
    files = {"terraform.tfvars": "x = null"}
    (root,) = roots({"main.tf": text % "", **files})
    assert name_of(root) is None
    (root,) = roots({"main.tf": text % "nullable = false", **files})
    assert name_of(root) == "default"


# Files


def test_override_files(roots: Roots) -> None:
    files = {
        "main.tf": """
resource "aws_sagemaker_domain" "d" {
  domain_name = "main"
  auth_mode   = "IAM"
  default_user_settings {
    execution_role = "a"
    auto_mount_home_efs = "Enabled"
  }
}
""",
        "override.tf": 'resource "aws_sagemaker_domain" "d" {\n  domain_name = "override"\n}\n',
        "x_override.tf": 'resource "aws_sagemaker_domain" "d" {\n  default_user_settings {\n    execution_role = "b"\n  }\n}\n',
    }  # fmt: skip
    (root,) = roots(files)
    resource = by_address(root)["aws_sagemaker_domain.d"]
    assert resource.properties == {
        "domain_name": "override", "auth_mode": "IAM", "default_user_settings": [{"execution_role": "b"}],
    }  # fmt: skip
    assert (resource.file, resource.line) == ("main.tf", 2)


def test_override_of_locals_and_variables(roots: Roots) -> None:
    files = {
        "main.tf": 'locals {\n  a = "a"\n  b = "b"\n}\nvariable "v" { default = "v" }\n'
        + DOMAIN % '"${local.a}${local.b}${var.v}"',
        "override.tf": 'locals {\n  a = "A"\n}\nvariable "v" { default = "V" }\n',
    }
    (root,) = roots(files)
    assert name_of(root) == "AbV"


def test_an_override_of_nothing_is_not_assessed(roots: Roots) -> None:
    (root,) = roots({"main.tf": "", "override.tf": DOMAIN % '"x"'})
    assert "which is not there" in root.not_assessed[0].reason


def test_json_syntax(roots: Roots) -> None:
    files = {
        "main.tf.json": """{
  "//": "a comment",
  "variable": {"name": {"type": "string", "default": "acme"}, "names": {"type": "set(string)", "default": ["b", "a"]}},
  "locals": {"full": "${var.name}-studio"},
  "resource": {
    "aws_sagemaker_domain": {
      "d": {
        "domain_name": "${local.full}",
        "vpc_id": "${aws_vpc.v.id}",
        "default_user_settings": {
          "execution_role": "arn:aws:iam::1:role/x",
          "studio_web_portal_settings": [{"hidden_ml_tools": ["Comet"]}]
        },
        "tags": {"a": "${var.name}"},
        "lifecycle": {"ignore_changes": ["tags"]}
      }
    },
    "aws_vpc": [{"v": {"cidr_block": "10.0.0.0/16"}}],
    "aws_sagemaker_user_profile": {
      "p": {"for_each": "${var.names}", "user_profile_name": "${each.key}", "provider": "aws.west"}
    }
  },
  "provider": {"aws": [{"region": "x"}, {"alias": "west", "default_tags": {"tags": {"team": "ml"}}}]}
}"""
    }
    (root,) = roots(files)
    found = by_address(root)
    domain = found["aws_sagemaker_domain.d"]
    assert domain.properties == {
        "domain_name": "acme-studio",
        "vpc_id": Reference("aws_vpc.v", "id"),
        "default_user_settings": {
            "execution_role": "arn:aws:iam::1:role/x",
            "studio_web_portal_settings": [{"hidden_ml_tools": ["Comet"]}],
        },
        "tags": {"a": "acme"},
    }
    assert (domain.file, domain.line, domain.lines["domain_name"]) == ("main.tf.json", 7, 8)
    assert domain.lines["default_user_settings.execution_role"] == 11
    assert [a for a in found if "profile" in a] == [f'aws_sagemaker_user_profile.p["{k}"]' for k in "ab"]
    assert found['aws_sagemaker_user_profile.p["a"]'].properties["tags"] == {"team": "ml"}


def test_opentofu_files_stand_for_those_of_the_same_name(roots: Roots) -> None:
    files = {"main.tf": DOMAIN % '"terraform"', "main.tofu": DOMAIN % '"tofu"', "more.tofu": 'locals {\n  a = 1\n}\n'}
    (root,) = roots(files)
    assert name_of(root) == "tofu"
    assert root.files == ("main.tofu", "more.tofu")


def test_blocks_that_change_nothing(roots: Roots) -> None:
    text = DOMAIN % '"x"' + """
moved {
  from = aws_sagemaker_domain.old
  to   = aws_sagemaker_domain.d
}
removed {
  from = aws_sagemaker_domain.gone
  lifecycle { destroy = false }
}
import {
  to = aws_sagemaker_domain.d
  id = "d-1"
}
check "c" {
  assert {
    condition     = true
    error_message = "no"
  }
}
terraform {
  required_version = ">= 1.5"
  backend "s3" {}
}
"""
    (root,) = roots(text)
    assert [resource.address for resource in root.resources] == ["aws_sagemaker_domain.d"]
    assert root.not_assessed == ()


@pytest.mark.parametrize("text", ["", "# nothing\n", "\ufeffvariable \"x\" {}\r\n", "locals {}\n"])
def test_files_with_little_in_them(roots: Roots, text: str) -> None:
    (root,) = roots(text)
    assert root.files == ("main.tf",)
    assert root.not_assessed == ()


# Blocks


def test_dynamic_blocks(roots: Roots) -> None:
    text = """
variable "open" {}
variable "repos" { default = ["https://a", "https://b"] }
variable "hidden" { default = { JupyterServer = true, Canvas = false } }
resource "aws_sagemaker_domain" "d" {
  default_user_settings {
    execution_role = "r"
    jupyter_lab_app_settings {
      dynamic "code_repository" {
        for_each = var.repos
        content {
          repository_url = code_repository.value
        }
      }
    }
    dynamic "studio_web_portal_settings" {
      for_each = length(var.hidden) > 0 ? [var.hidden] : []
      iterator = portal
      content {
        hidden_app_types = [for k, v in portal.value : k if v]
      }
    }
    dynamic "sharing_settings" {
      for_each = []
      content {
        notebook_output_option = "Allowed"
      }
    }
    dynamic "code_editor_app_settings" {
      for_each = var.open
      content {
        lifecycle_config_arns = []
      }
    }
  }
}
"""
    (root,) = roots(text)
    resource = by_address(root)["aws_sagemaker_domain.d"]
    (settings,) = resource.properties["default_user_settings"]
    assert settings["jupyter_lab_app_settings"] == [
        {"code_repository": [{"repository_url": "https://a"}, {"repository_url": "https://b"}]}
    ]
    assert settings["studio_web_portal_settings"] == [{"hidden_app_types": ["JupyterServer"]}]
    assert "sharing_settings" not in settings
    (unknown,) = settings["code_editor_app_settings"]
    assert isinstance(unknown, Unknown)
    assert "variable open" in unknown.reason
    assert resource.lines["default_user_settings.studio_web_portal_settings.hidden_app_types"] == 20


def test_lines_of_nested_attributes(roots: Roots) -> None:
    text = """
locals {
  portal = { hidden_ml_tools = ["Comet"] }
}
resource "awscc_sagemaker_domain" "d" {
  domain_name = "x"
  default_user_settings = {
    execution_role = "r"
    jupyter_lab_app_settings = {
      app_lifecycle_management = {
        idle_settings = { lifecycle_management = "ENABLED" }
      }
    }
    studio_web_portal_settings = local.portal
  }
}
"""
    (root,) = roots(text)
    lines = by_address(root)["awscc_sagemaker_domain.d"].lines
    settings = "default_user_settings"
    assert lines[settings] == 7
    assert lines[f"{settings}.execution_role"] == 8
    idle = f"{settings}.jupyter_lab_app_settings.app_lifecycle_management.idle_settings"
    assert lines[f"{idle}.lifecycle_management"] == 11
    # A structure that comes from elsewhere: where it is put in.
    assert lines[f"{settings}.studio_web_portal_settings.hidden_ml_tools"] == 14


# Providers and their tags

TAGGED = """
provider "aws" {
  default_tags {
    tags = { team = "ml", stage = "default" }
  }
}
provider "aws" {
  alias = "bare"
}
resource "aws_sagemaker_domain" "d" {
  tags = { stage = "own" }
}
resource "aws_sagemaker_domain" "none" {}
resource "aws_sagemaker_domain" "bare" {
  provider = aws.bare
}
resource "awscc_sagemaker_domain" "cc" {}
module "inherits" { source = "./m" }
module "given" {
  source    = "./m"
  providers = { aws = aws.bare }
}
"""


def test_default_tags(roots: Roots) -> None:
    (root,) = roots({"main.tf": TAGGED, "m/main.tf": 'resource "aws_sagemaker_space" "s" {}\n'})
    found = {address: resource.properties.get("tags") for address, resource in by_address(root).items()}
    both = {"team": "ml", "stage": "default"}
    assert found == {
        "aws_sagemaker_domain.d": {"team": "ml", "stage": "own"},
        "aws_sagemaker_domain.none": both,
        "aws_sagemaker_domain.bare": None,
        "awscc_sagemaker_domain.cc": None,
        "module.inherits.aws_sagemaker_space.s": both,
        "module.given.aws_sagemaker_space.s": None,
    }


@pytest.mark.parametrize(
    ("provider", "resource"),
    [
        ("default_tags {\n    tags = var.open\n  }", ""),
        ("", "tags = var.open"),
        ("default_tags {\n    tags = { a = 1 }\n  }", "tags = merge(var.open, { b = 1 })"),
        ("", "provider = aws.missing"),
    ],
)
def test_tags_that_are_not_known(roots: Roots, provider: str, resource: str) -> None:
    text = f'variable "open" {{}}\nprovider "aws" {{\n  {provider}\n}}\nresource "aws_sagemaker_domain" "d" {{\n  {resource}\n}}\n'
    (root,) = roots(text)
    assert isinstance(by_address(root)["aws_sagemaker_domain.d"].properties["tags"], Unknown)


# Data sources


def test_policy_documents(module: Module) -> None:
    text = """
variable "open" {}
data "aws_iam_policy_document" "base" {
  statement {
    sid       = "Read"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::a/*"]
  }
}
data "aws_iam_policy_document" "d" {
  source_policy_documents = [data.aws_iam_policy_document.base.json]
  statement {
    effect  = "Deny"
    actions = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    principals {
      type        = "Service"
      identifiers = ["sagemaker.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = ["1"]
    }
  }
}
data "aws_iam_policy_document" "open" {
  statement {
    actions   = ["s3:*"]
    resources = ["${var.open}/*"]
  }
}
locals {
  known = jsondecode(data.aws_iam_policy_document.d.json)
  open  = data.aws_iam_policy_document.open.json
}
"""
    found = module(text)
    assert found.local("known") == {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::a/*"]},
            {
                "Effect": "Deny",
                "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
                "Principal": {"Service": ["sagemaker.amazonaws.com"]},
                "Condition": {"StringEquals": {"aws:SourceAccount": ["1"]}},
            },
        ],
    }
    (statement,) = found.local("open").content["Statement"]
    assert statement["Action"] == ["s3:*"]
    assert statement["Resource"][0].expression == "${var.open}/*"


def test_only_the_default_vpc_is_known_among_data_sources(roots: Roots) -> None:
    text = """
data "aws_vpc" "yes" { default = true }
data "aws_vpc" "no" { default = false }
data "aws_vpc" "tagged" { tags = { Name = "main" } }
"""
    (root,) = roots(text)
    assert [(r.address, r.type) for r in root.resources] == [("data.aws_vpc.yes", "aws_default_vpc")]


# What other languages hide in Terraform


@pytest.mark.parametrize(
    ("resource", "missed"),
    [
        ('"aws_cloudformation_stack" "s" {\n  template_body = file("t.yaml")\n}', True),
        ('"aws_cloudformation_stack" "s" {\n  template_url = "https://x"\n}', True),
        ('"aws_cloudformation_stack" "s" {\n  template_body = "Resources: {}"\n}', False),
        ('"aws_cloudcontrolapi_resource" "r" {\n  type_name = "AWS::SageMaker::Domain"\n}', True),
        ('"aws_cloudcontrolapi_resource" "r" {\n  type_name = "AWS::ECS::Cluster"\n}', False),
        ('"aws_sagemaker_app_image_config" "r" {}', False),
        ('"aws_opensearch_domain" "r" {}', False),
    ],
)
def test_templates_inside_terraform(roots: Roots, resource: str, missed: bool) -> None:
    (root,) = roots({"main.tf": f"resource {resource}\n", "t.yaml": "Resources:\n  D: {Type: AWS::SageMaker::Domain}\n"})
    assert bool(root.not_assessed) is missed
    assert root.resources == ()


def test_terragrunt_is_said(roots: Roots) -> None:
    (root,) = roots({"main.tf": VARIABLES, "terragrunt.hcl": "inputs = {}\n"})
    assert "Terragrunt is not read" in root.not_assessed[0].reason
