"""Variables and files are put together as Terraform's documentation says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from auditor.collect.iac.interface import Reference, Resource, Root, Unknown
from auditor.collect.iac.terraform.modules import ModuleInstance
from auditor.collect.iac.terraform.variables import Given

Module = Callable[..., ModuleInstance]
Roots = Callable[..., list[Root]]

DOMAIN = 'resource "aws_sagemaker_domain" "d" {\n  domain_name = %s\n}\n'


def by_address(root: Root) -> dict[str, Resource]:
    return {resource.address: resource for resource in root.resources}


def name_of(root: Root, address: str = "aws_sagemaker_domain.d") -> Any:
    return by_address(root)[address].properties.get("domain_name")


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
        "x_override.tf": """
resource "aws_sagemaker_domain" "d" {
  default_user_settings {
    execution_role = "b"
  }
}
""",
    }
    (root,) = roots(files)
    resource = by_address(root)["aws_sagemaker_domain.d"]
    assert resource.properties == {
        "domain_name": "override",
        "auth_mode": "IAM",
        "default_user_settings": [{"execution_role": "b"}],
    }
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
    files = {"main.tf": DOMAIN % '"terraform"', "main.tofu": DOMAIN % '"tofu"', "more.tofu": "locals {\n  a = 1\n}\n"}
    (root,) = roots(files)
    assert name_of(root) == "tofu"
    assert root.files == ("main.tofu", "more.tofu")


def test_blocks_that_change_nothing(roots: Roots) -> None:
    text = (
        DOMAIN % '"x"'
        + """
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
    )
    (root,) = roots(text)
    assert [resource.address for resource in root.resources] == ["aws_sagemaker_domain.d"]
    assert root.not_assessed == ()


@pytest.mark.parametrize("text", ["", "# nothing\n", '\ufeffvariable "x" {}\r\n', "locals {}\n"])
def test_files_with_little_in_them(roots: Roots, text: str) -> None:
    (root,) = roots(text)
    assert root.files == ("main.tf",)
    assert root.not_assessed == ()
