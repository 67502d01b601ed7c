"""Configuration that is meant to stop a scan: it ends within bounds all the same."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from auditor.collect.iac.scan import ScanOptions, scan
from auditor.model.snapshot import Snapshot

from .messy import outcome


@pytest.mark.parametrize(
    "text",
    [
        'x = "' + "a" * 60 + '${foo "\n',
        "locals {\n  x = " + "(" * 3000 + "1" + ")" * 3000 + "\n}\n",
        "locals {\n  x = " + "[" * 3000 + "]" * 3000 + "\n}\n",
        "locals {\n  x = " + "!" * 3000 + "true\n}\n",
        'locals {\n  x = "' + "${" * 300 + "}" * 300 + '"\n}\n',
        "a {\n" * 20000 + "}\n" * 20000,
        'x = "' + "${" * 20000,
        "x = [\n" + '"a" "b"\n' * 2000 + "]\n",
        'resource "aws_sagemaker_domain" "d" {\n  count = 10000000000\n}\n',
        'resource "aws_sagemaker_domain" "d" {\n  domain_name = format("%999999999d", 1)\n}\n',
        'resource "aws_sagemaker_domain" "d" {\n  domain_name = join("", range(100000000))\n}\n',
        'resource "aws_sagemaker_domain" "d" {\n  domain_name = pow(10, 100000)\n}\n',
        'resource "aws_sagemaker_domain" "d" {\n  domain_name = 99999999999999999999 * 1e5\n}\n',
        'module "a" {\n  source = "./"\n  count = 100\n}\nmodule "b" {\n  source = "."\n}\n',
        "locals {\n  a = [local.b, local.b]\n  b = [local.c, local.c]\n  c = local.a\n}\n"
        'resource "aws_sagemaker_domain" "d" {\n  domain_name = local.a\n}\n',
        'resource "aws_sagemaker_domain" "d" {\n  domain_name = aws_sagemaker_domain.d.domain_name\n}\n',
        'resource "aws_sagemaker_domain" "d" {\n  count = length(aws_sagemaker_domain.d)\n}\n',
        'variable "x" {\n  default = var.x\n}\nresource "aws_sagemaker_domain" "d" {\n  domain_name = var.x\n}\n',
        'resource "aws_sagemaker_domain" "d" {\n  domain_name = file("/dev/zero")\n}\n',
        'resource {\n}\nresource "a" {\n}\nmodule {\n}\nvariable {\n}\nprovider {\n}\noutput {\n}\n',
        "\x00\x01",
        "\ufeff",
        "<<EOF",
        "/*",
        "x = <<EOF\\\nEOF\n",
    ],
    ids=range(25),
)
def test_what_is_meant_to_stop_us(text: str) -> None:
    start = time.monotonic()
    outcome({"main.tf": text, "good.tf": 'resource "aws_sagemaker_domain" "good" {}\n'})
    assert time.monotonic() - start < 20


@pytest.mark.parametrize(
    "expression",
    [
        "concat({0}, {0})",
        "[{0}, {0}]",
        "{{ a = {0}, b = {0} }}",
        '"${{{0}}}${{{0}}}"',
        "flatten([{0}, [{0}]])",
        "[for x in [{0}, {0}] : x]",
        "merge({{ a = {0} }}, {{ b = {0} }})",
        "setproduct({0}, {0})",
        'replace({0}, "x", {0})',
        "jsonencode([{0}, {0}])",
    ],
)
@pytest.mark.parametrize("use", ["{}", "flatten({})", "jsonencode({})", "{0} == {0}", "toset({})", "var.x ? {0} : {0}"])
def test_many_doublings_end(expression: str, use: str) -> None:
    """Each local holds the one before twice: two to the power of forty parts."""
    start = '"x"' if '"' in expression else "[1, 2]"
    text = f"locals {{\n  l0 = {start}\n"
    text += "".join(f"  l{n} = {expression.format(f'local.l{n - 1}')}\n" for n in range(1, 41))
    text += '}\nvariable "x" {}\nresource "aws_sagemaker_domain" "d" {\n'
    text += f"  domain_name = {use.format('local.l40')}\n}}\n"
    begin = time.monotonic()
    outcome({"main.tf": text})
    assert time.monotonic() - begin < 20


@pytest.mark.parametrize("name", ["./\\u0000", "./" + "x" * 5000, "./..\\u0000/x"])
def test_names_that_are_no_paths(name: str) -> None:
    text = f'module "m" {{\n  source = "{name}"\n}}\nresource "aws_sagemaker_domain" "d" {{\n'
    text += f'  domain_name = try(file("{name}"), one(fileset(".", "{name}")), fileexists("{name}"), "none")\n}}\n'
    assert isinstance(outcome({"main.tf": text}), Snapshot)
    files = {".terraform/modules/modules.json": json.dumps({"Modules": [{"Key": "m", "Dir": "\0"}, {"Key": 1}]})}
    assert isinstance(outcome({"main.tf": text.replace(f'"{name}"', '"x/y/z"', 1), **files}), Snapshot)


def test_modules_in_a_circle() -> None:
    found = outcome(
        {
            "a/main.tf": 'module "b" {\n  source = "../b"\n}\nresource "aws_sagemaker_domain" "d" {}\n',
            "b/main.tf": 'module "a" {\n  source = "../a"\n}\n',
        }
    )
    assert isinstance(found, Snapshot)
    assert any("calls itself" in gap.detail for gap in found.gaps)


def test_links_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_sagemaker_domain" "d" {}\n')
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "gone.tf").symlink_to(tmp_path / "nowhere.tf")
    snapshot = scan([tmp_path], ScanOptions())
    assert [record.id for record in snapshot.records if record.kind == "domain"] == ["aws_sagemaker_domain.d"]
