"""The Terraform module of the hub, evaluated as Terraform does by the project's own evaluator of HCL. There is no
provider here: whoever makes the resources says what Terraform knows of them afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from auditor.collect.iac.hcl import nodes
from auditor.collect.iac.hcl.evaluate import NO_NAMES, Names, evaluate
from auditor.collect.iac.hcl.parser import parse
from auditor.collect.iac.hcl.values import EvaluationError, ObjectValue

FOLDER = Path(__file__).resolve().parents[1] / "deploy" / "nightly" / "terraform"
REGION, ACCOUNT = "eu-west-1", "123456789012"
VALUES = {
    "image": f"example.com/auditor@sha256:{'0' * 64}", "subnets": ["subnet-1", "subnet-2"],
    "security_groups": ["sg-1"], "member_role": "Auditor", "alarm_email": "security@example.com", "lock_days": 30,
    "external_id_secret": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:external-id",
}  # fmt: skip


#: Makes a resource of a type from its arguments, and gives what Terraform knows of it then.
Make = Mapping[str, Callable[[dict[str, Any]], dict[str, str]]]


class _Lazy(ObjectValue):
    """Values that are worked out when they are asked for."""

    def __init__(self, name: str, find: Callable[[str], Any]) -> None:
        self._name, self._find = name, find

    def attribute(self, name: str) -> Any:
        return self._find(name)

    @property
    def shown(self) -> str:
        return f"${{{self._name}}}"


class _Files:
    def read(self, path: str) -> str:
        return Path(path).read_text(encoding="utf-8")

    def exists(self, path: str) -> bool:
        return Path(path).exists()

    def matching(self, folder: str, pattern: str) -> list[str]:
        return [str(path.relative_to(folder)) for path in Path(folder).glob(pattern)]


class Hub:
    """The module with its resources made, each when another one names it, or in the end."""

    def __init__(self, make: Make, **values: Any) -> None:
        self._make = make
        bodies = [parse(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.tf"))]
        blocks = [block for body in bodies for block in body.blocks]
        self._resources = {b.labels: b.body for b in blocks if b.kind == "resource"}
        self._locals = {k: v for b in blocks if b.kind == "locals" for k, v in b.body.attributes.items()}
        defaults = {b.labels[0]: b.body.attributes for b in blocks if b.kind == "variable"}
        self._variables = {k: self.value(v["default"]) for k, v in defaults.items() if "default" in v} | VALUES | values
        assert self._variables.keys() == defaults.keys()
        self.made: dict[tuple[str, ...], Any] = {}
        self.files = _Files()
        for labels in self._resources:
            self.resource(*labels)

    def spend(self, steps: int = 1, size: int = 0) -> None:
        """Nothing is counted."""

    def value(self, node: nodes.Node, names: Names = NO_NAMES) -> Any:
        return evaluate(node, self, names)

    def named(self, name: str) -> Any:
        data = {
            "aws_caller_identity": {"account_id": ACCOUNT},
            "aws_partition": {"partition": "aws", "dns_suffix": "amazonaws.com"},
            "aws_region": {"name": REGION},
        }
        match name:
            case "var":
                return self._variables
            case "path":
                return {"module": str(FOLDER)}
            case "data":
                return {type_: {"this": values} for type_, values in data.items()}
            case "local":
                return _Lazy(name, lambda local: self.value(self._locals[local]))
            case _ if name.startswith("aws_"):
                return _Lazy(name, lambda label: self.resource(name, label))
        raise EvaluationError(f"nothing is called {name}")

    def resource(self, type_: str, label: str) -> Any:
        """What Terraform knows of it: one, a list where it is counted, a mapping where it is made for each."""
        if (type_, label) not in self.made:
            body = self._resources[type_, label]
            if (first := body.attributes.get("depends_on")) is not None:
                self.value(first)
            count, each = body.attributes.get("count"), body.attributes.get("for_each")
            made: Any
            if count is not None:
                made = [self._make[type_](self.arguments(body, NO_NAMES)) for _ in range(self.value(count))]
            elif each is not None:
                pairs = self.value(each).items()
                made = {k: self._make[type_](self.arguments(body, {"each": {"key": k, "value": v}})) for k, v in pairs}
            else:
                made = self._make[type_](self.arguments(body, NO_NAMES))
            self.made[type_, label] = made
        return self.made[type_, label]

    def arguments(self, body: nodes.Body, names: Names) -> dict[str, Any]:
        skipped = ("count", "for_each", "depends_on")
        found = {k: self.value(v, names) for k, v in body.attributes.items() if k not in skipped}
        for block in body.blocks:
            if block.kind != "lifecycle":
                found.setdefault(block.kind, []).append(self.arguments(block.body, names))
        return found
