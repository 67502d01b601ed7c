"""The Terraform modules beside the AWS provider's own schema: what ``terraform validate`` needs the provider for.

No registry that tests reach has the provider. Bindings that are generated from its schema are published as packages,
and tests/provider holds what two versions take for the types that the modules use (tools/extract_provider.py): the
oldest that the modules allow, and the newest.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auditor.collect.iac.hcl.parser import parse
from tests.provider_arguments import schema, versions, wrong

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
MODULES = sorted({path.parent for path in DEPLOY.rglob("*.tf")})


def _files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.tf"))}


@pytest.mark.parametrize("version", versions())
@pytest.mark.parametrize("folder", MODULES, ids=lambda folder: folder.relative_to(DEPLOY).as_posix())
def test_the_provider_takes_the_module(folder: Path, version: str) -> None:
    assert wrong(_files(folder), schema(version)) == []


@pytest.mark.parametrize("folder", MODULES, ids=lambda folder: folder.relative_to(DEPLOY).as_posix())
def test_the_extracts_are_of_the_versions_that_the_module_allows(folder: Path) -> None:
    (allowed,) = re.findall(r'version = ">= ([\d.]+), < ([\d.]+)"', "".join(_files(folder).values()))
    oldest, newest = ([int(part) for part in text.split(".")] for text in allowed)
    ours = sorted([int(part) for part in text.split(".")] for text in versions())
    assert ours[0][: len(oldest)] == oldest, "the oldest version that is allowed"
    assert ours[-1] < newest
    assert ours[-1][0] == newest[0] - 1, "one of the last series that is allowed"
    assert all(version in (DEPLOY.parent / "docs" / "nightly.md").read_text(encoding="utf-8") for version in versions())


def test_every_type_of_the_modules_is_in_both_extracts() -> None:
    blocks = [block for folder in MODULES for text in _files(folder).values() for block in parse(text).blocks]
    for mode in ("resource", "data"):
        types = {block.labels[0] for block in blocks if block.kind == mode}
        assert {version: set(schema(version)[mode]) for version in versions()} == dict.fromkeys(versions(), types)


GOOD = """
variable "name" {
  type = string
}

resource "aws_sqs_queue" "q" {
  name                      = var.name
  message_retention_seconds = 60
}

resource "aws_scheduler_schedule" "s" {
  schedule_expression = "rate(1 day)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_sqs_queue.q.arn
    role_arn = [for one in [var.name] : "${one}x"][0]
  }
}
"""


@pytest.mark.parametrize("version", versions())
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", None),
        ("message_retention_seconds = 60", "message_retention = 60",
         "aws_sqs_queue.q.message_retention: there is no such argument"),
        ("message_retention_seconds = 60", 'message_retention_seconds = "sixty"',
         "aws_sqs_queue.q.message_retention_seconds: is not a number"),
        ("  message_retention_seconds = 60", "  message_retention_seconds = [60]",
         "aws_sqs_queue.q.message_retention_seconds: is not a number"),
        ('schedule_expression = "rate(1 day)"', "", "aws_scheduler_schedule.s.schedule_expression: is required"),
        ('    mode = "OFF"', "", "aws_scheduler_schedule.s.flexible_time_window.mode: is required"),
        ("flexible_time_window {", "flexible_window {",
         "aws_scheduler_schedule.s.flexible_window: there is no such block"),
        ("flexible_time_window {", "flexible_time_window = {",
         "aws_scheduler_schedule.s.flexible_time_window: is a block, and is written as an argument"),
        ("  target {", "  flexible_time_window {\n    mode = \"OFF\"\n  }\n  target {",
         "aws_scheduler_schedule.s.flexible_time_window: may stand there once"),
        ("aws_sqs_queue.q.arn", "aws_sqs_queue.q.arns", "aws_sqs_queue.q.arns: there is no such attribute"),
        ("aws_sqs_queue.q.arn", "aws_sqs_queue.r.arn", "aws_sqs_queue.r.arn: there is no such resource"),
        ("aws_sqs_queue.q.arn", "aws_sqs_queue.q[var.nam].arn", "var.nam: is not declared"),
        ("aws_sqs_queue.q.arn", '"${local.arn}"', "local.arn: is not declared"),
        ('"${one}x"', '"${two}x"', "two: means nothing"),
        ('variable "name"', 'variable "other" {}\n\nvariable "name"', "var.other: is not used"),
        ('"aws_sqs_queue" "q"', '"aws_sqs_line" "q"', "aws_sqs_line.q: the provider has no such type"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found(version: str, old: str, new: str, said: str | None) -> None:
    found = wrong({"main.tf": GOOD.replace(old, new, 1)}, schema(version))
    assert (said in found) if said else (found == [])
