"""Modules, repetition, variables and files are put together as Terraform's documentation says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from auditor.collect.iac.interface import Reference, Resource, Root, Unknown
from auditor.collect.iac.terraform.modules import ModuleInstance

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
        ('for_each = { for n in var.list : "${n}1" => n if n != "b" }', ['aws_vpc.v["a1"]']),
    ],
)
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
        "count = var.open",
        "count = var.open ? 1 : 0",
        "count = -1",
        "count = 1.5",
        "count = 1000000000",
        "count = null",
        "for_each = var.open",
        "for_each = toset([var.open])",
        "for_each = { (var.open) = 1 }",
        'for_each = ["a"]',
        "for_each = toset([1])",
        "for_each = data.aws_subnets.all.ids",
        "for_each = var.missing",
    ],
)
def test_unknown_repetition_is_not_one(roots: Roots, meta: str) -> None:
    (root,) = roots(f'variable "open" {{}}\ndata "aws_subnets" "all" {{}}\nresource "aws_vpc" "v" {{\n  {meta}\n}}\n')
    if meta == "for_each = toset([1])":
        # Terraform turns the number into a text.
        assert [(r.address, r.doubt) for r in root.resources] == [('aws_vpc.v["1"]', None)]
        return
    (resource,) = root.resources
    assert resource.address == "aws_vpc.v"
    assert resource.unsure is not None
    assert "is not known" in resource.unsure.reason


@pytest.mark.parametrize(
    ("meta", "name"),
    [
        ('for_each = merge(var.open, { amy = "lab" })', "lab"),
        ('for_each = toset(concat(var.open, ["amy"]))', "amy"),
        ('for_each = merge({ amy = "lab" }, var.open)', None),
    ],
)
def test_a_certain_key_has_an_instance_whatever_others_there_are(roots: Roots, meta: str, name: str | None) -> None:
    domain = f'resource "aws_sagemaker_domain" "d" {{\n  {meta}\n  domain_name = each.value\n}}\n'
    vpc = 'resource "aws_vpc" "v" {\n  tags = { name = aws_sagemaker_domain.d["amy"].domain_name }\n}\n'
    (root,) = roots('variable "open" {}\n' + domain + vpc)
    found = by_address(root)
    amy, others = found['aws_sagemaker_domain.d["amy"]'], found["aws_sagemaker_domain.d"]
    assert amy.unsure is None
    assert others.number is not None
    assert isinstance(amy.properties["domain_name"], Unknown) if name is None else name_of(root, amy.address) == name
    # A name that is not known before deployment stays a reference to the domain of that key.
    behind = Reference(amy.address, "domain_name") if name is None else name
    assert found["aws_vpc.v"].properties["tags"]["name"] == behind


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
    assert found["module.m.aws_sagemaker_domain.d"].unsure is not None
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
