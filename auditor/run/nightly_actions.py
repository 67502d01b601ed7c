"""What the roles of the nightly deployment are allowed to do, as its templates and its Terraform module write it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from auditor.collect.iac.hcl.nodes import Block, Literal, Node, Object, Tuple
from auditor.collect.iac.hcl.parser import parse
from auditor.collect.iac.marked import load
from auditor.resources import deploy_dir

_POLICIES = ("aws_iam_policy", "aws_iam_role_policy")


def nightly_actions() -> set[str]:
    """Actions of all policies of the deployment, in CloudFormation and in Terraform."""
    nightly = deploy_dir() / "nightly"
    terraform = nightly / "terraform"
    found: set[str] = set()
    for path in sorted(nightly.glob("*.yaml")):
        found.update(_of_template(path))
    for path in sorted(terraform.rglob("*.tf")):
        blocks = parse(path.read_text(encoding="utf-8")).blocks
        found.update(action for block in blocks if _is_policy(block) for action in _of_terraform(block))
    for path in sorted((terraform / "policies").glob("*.json")):
        found.update(_of_statements(json.loads(path.read_text(encoding="utf-8"))["Statement"]))
    return found


def listed(value: str | Sequence[str]) -> Sequence[str]:
    """The elements of what a policy may write as one value or as a list."""
    return [value] if isinstance(value, str) else value


def _of_statements(statements: Iterable[Any]) -> Iterator[str]:
    for statement in statements:
        yield from listed(statement["Action"])


def _of_template(path: Path) -> Iterator[str]:
    for resource in load(path.read_text(encoding="utf-8"), functions=True)["Resources"].values():
        if not resource["Type"].startswith("AWS::IAM::"):
            continue
        # A role holds its policies; a policy that is a resource of its own is one.
        properties = resource["Properties"]
        for policy in properties.get("Policies", (properties,)):
            yield from _of_statements(policy.get("PolicyDocument", {}).get("Statement", ()))


def _is_policy(block: Block) -> bool:
    return block.kind == "resource" and block.labels[0] in _POLICIES


def _of_terraform(block: Block) -> Iterator[str]:
    """The actions that stand in a policy's statements. What it takes from a file is in ``policies/``."""
    for node in _inside(block.body.attributes["policy"]):
        for key, value in node.items if isinstance(node, Object) else ():
            if isinstance(key, Literal) and key.value == "Action":
                for item in value.items if isinstance(value, Tuple) else (value,):
                    assert isinstance(item, Literal), item.source  # a test reads the module's files
                    yield item.value


def _inside(value: Any) -> Iterator[Node]:
    """A node and all nodes in it."""
    if isinstance(value, Node):
        yield value
    if isinstance(value, list | tuple):
        for item in value:
            yield from _inside(item)
    elif is_dataclass(value):
        for part in fields(value):
            yield from _inside(getattr(value, part.name))
