"""The inside of resources: blocks, lines, the provider's tags, data sources, and what hides other languages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from auditor.collect.iac.interface import Resource, Root, Unknown, unknowns
from auditor.collect.iac.partly_known import rest_of
from auditor.collect.iac.terraform.modules import ModuleInstance

Module = Callable[..., ModuleInstance]
Roots = Callable[..., list[Root]]


def by_address(root: Root) -> dict[str, Resource]:
    return {resource.address: resource for resource in root.resources}


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


def test_an_empty_provider_of_a_module_is_the_callers(roots: Roots) -> None:
    files = {
        "main.tf": TAGGED,
        "m/main.tf": 'provider "aws" {}\nresource "aws_sagemaker_space" "s" {}\n',
    }
    (root,) = roots(files)
    tags = {address: resource.properties.get("tags") for address, resource in by_address(root).items()}
    assert tags["module.inherits.aws_sagemaker_space.s"] == {"team": "ml", "stage": "default"}
    assert tags["module.given.aws_sagemaker_space.s"] is None


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
    text = f"""
variable "open" {{}}
provider "aws" {{
  {provider}
}}
resource "aws_sagemaker_domain" "d" {{
  {resource}
}}
"""
    (root,) = roots(text)
    assert next(unknowns(by_address(root)["aws_sagemaker_domain.d"].properties["tags"]), None) is not None


def test_tags_beside_others_that_are_not_known(roots: Roots) -> None:
    (root,) = roots(
        """
variable "open" {}
provider "aws" {
  default_tags {
    tags = var.open
  }
}
resource "aws_sagemaker_domain" "d" {
  tags = { Owner = "ada" }
}
resource "aws_sagemaker_space" "s" {
  tags = merge({ Owner = "ada", stage = "dev" }, var.open, { stage = "prod" })
}
"""
    )
    found = {address: resource.properties["tags"] for address, resource in by_address(root).items()}
    assert found["aws_sagemaker_domain.d"] == {"Owner": "ada"}
    assert found["aws_sagemaker_space.s"]["stage"] == "prod"
    assert isinstance(found["aws_sagemaker_space.s"]["Owner"], Unknown), "var.open may have another"
    assert all(isinstance(rest_of(tags), Unknown) for tags in found.values())


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


def test_every_part_of_a_policy_document(module: Module) -> None:
    text = """
variable "open" {}
data "aws_iam_policy_document" "d" {
  version   = "2008-10-17"
  policy_id = "id"
  override_policy_documents = [
    jsonencode({ Statement = { Sid = "Read", Effect = "Deny", NotAction = "x" } }),
    "no json",
  ]
  statement {
    sid           = "Read"
    not_actions   = ["a"]
    not_resources = ["b"]
    not_principals {
      type        = "AWS"
      identifiers = ["1"]
    }
    not_principals {
      type        = "AWS"
      identifiers = ["2"]
    }
  }
  statement {
    sid = "Any"
    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
  dynamic "statement" {
    for_each = var.open
    content {
      actions = [statement.value]
    }
  }
  statement {
    principals {
      type        = var.open
      identifiers = ["1"]
    }
    condition {
      test     = "StringEquals"
      variable = var.open
      values   = ["1"]
    }
  }
}
locals {
  found = data.aws_iam_policy_document.d.json
}
"""
    document = module(text).local("found").content
    assert (document["Version"], document["Id"]) == ("2008-10-17", "id")
    any_, dynamic, open_, read, broken = document["Statement"]
    assert any_ == {"Effect": "Allow", "Sid": "Any", "Principal": "*"}
    assert isinstance(dynamic, Unknown)
    assert isinstance(open_["Principal"], Unknown)
    assert isinstance(open_["Condition"], Unknown)
    # A statement of an overriding document takes the place of the one with its Sid.
    assert read == {"Sid": "Read", "Effect": "Deny", "NotAction": "x"}
    assert isinstance(broken, Unknown)


def test_not_principals(module: Module) -> None:
    text = """
data "aws_iam_policy_document" "d" {
  statement {
    not_actions = ["a"]
    not_principals {
      type        = "AWS"
      identifiers = ["1"]
    }
    not_principals {
      type        = "AWS"
      identifiers = ["2"]
    }
  }
}
locals {
  found = jsondecode(data.aws_iam_policy_document.d.json).Statement
}
"""
    assert module(text).local("found") == [{"Effect": "Allow", "NotAction": ["a"], "NotPrincipal": {"AWS": ["1", "2"]}}]


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
        ('"aws_cloudformation_stack" "s" {\n  template_body = var.template\n}', True),
        ('"aws_cloudformation_stack" "s" {\n  template_url = "https://x"\n}', True),
        ('"aws_cloudformation_stack" "s" {\n  template_body = "Resources: {}"\n}', False),
        ('"aws_cloudcontrolapi_resource" "r" {\n  type_name = "AWS::SageMaker::Domain"\n}', True),
        ('"aws_cloudcontrolapi_resource" "r" {\n  type_name = "AWS::ECS::Cluster"\n}', False),
        ('"aws_sagemaker_app_image_config" "r" {}', False),
        ('"aws_opensearch_domain" "r" {}', False),
    ],
)
def test_templates_inside_terraform(roots: Roots, resource: str, missed: bool) -> None:
    (root,) = roots(f'variable "template" {{}}\nresource {resource}\n')
    assert bool(root.not_assessed) is missed
    assert root.resources == ()


def test_a_template_beside_the_configuration_is_read(roots: Roots) -> None:
    files = {
        "main.tf": 'resource "aws_cloudformation_stack" "s" {\n  template_body = file("t.yaml")\n}\n',
        "t.yaml": "Resources:\n  D: {Type: AWS::SageMaker::Domain}\n",
    }
    (root,) = roots(files)
    assert [(r.address, r.type) for r in root.resources] == [("aws_cloudformation_stack.s/D", "AWS::SageMaker::Domain")]
    assert root.not_assessed == ()


def test_what_terragrunt_deploys_from_elsewhere_is_said(roots: Roots) -> None:
    far = 'terraform {\n  source = "git::https://git.example.com/studio.git"\n}\n'
    (root,) = roots({"main.tf": 'variable "x" {}\n', "terragrunt.hcl": far})
    assert "the module that Terragrunt deploys is not among what is scanned" in root.not_assessed[0].reason
