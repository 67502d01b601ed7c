"""Resources and data sources as values: what another expression may ask of them.

An attribute that is written has the value that is written. ``id``, ``arn`` and names that AWS makes up are references,
known to be that resource's. What else the provider computes is unknown. Data sources are read when Terraform runs; only
what follows from their own arguments is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.evaluate import Names, Scope, value
from auditor.collect.iac.hcl.values import KNOWN_LATER, ObjectValue, first_unknown
from auditor.collect.iac.interface import Reference, Unknown, Value
from auditor.collect.iac.terraform import iam_policy_document
from auditor.collect.iac.terraform.blocks import block_values
from auditor.collect.iac.terraform.repetition import Key, key_text
from auditor.iam.managed import arn_of

#: Attributes that name a resource, whatever their value.
_IDENTITIES = ("id", "arn", "name", "bucket")
_IDENTITY_ENDINGS = ("_id", "_arn", "_name")
#: Arguments of data sources that say what is to be found, so that what is found has them.
_ECHOED = ("id", "arn", "name", "bucket", "vpc_id", "subnet_id", "role_name", "domain_id")


def is_identity(name: str) -> bool:
    """Whether an attribute names the resource itself, so that a reference to it is one to the resource."""
    return name in _IDENTITIES or name.endswith(_IDENTITY_ENDINGS)


class ModuleScope(Scope, Protocol):
    """The module call that a resource belongs to, as far as its attributes need it."""

    @property
    def prefix(self) -> str:
        """What stands before an address in the module: ``module.a.``, nothing in the root."""

    def provider(self, name: str) -> Any:
        """The configuration that a provider's local name stands for (``aws``, ``aws.west``), None without one."""

    def once(self, key: tuple[str, ...], work: Callable[[], Any]) -> Any:
        """The result of some work, done once for a key. Raises EvaluationError where it depends on itself."""


class ResourceValue(ObjectValue):
    """One instance of a resource or data source. ``doubt``: why it may not exist; ``number``: why nobody can tell how
    many there are."""

    def __init__(
        self, module: ModuleScope, block: n.Block, key: Key, names: Names, doubt: Unknown | None = None,
        number: Unknown | None = None,
    ) -> None:  # fmt: skip
        self.module, self.block, self.names, self.doubt, self.number = module, block, names, doubt, number
        data = "data." if block.kind == "data" else ""
        self.address = f"{module.prefix}{data}{'.'.join(block.labels)}{key_text(key)}"

    @property
    def type(self) -> str:
        """``aws_vpc``"""
        return self.block.labels[0]

    @property
    def shown(self) -> str:
        """The resource in a text."""
        return f"${{{self.address}}}"

    def attribute(self, name: str) -> Value:
        """The value of an attribute, written or computed."""
        if self.doubt is not None:
            return Unknown(f"${{{self.address}.{name}}}", self.doubt.reason, self.doubt.gap_reason)
        return self._data(name) if self.block.kind == "data" else self._managed(name)

    def written(self, name: str) -> Value:
        """The value of an argument that is written, None where none is."""
        node = self.block.body.attributes.get(name)
        if node is not None:
            return value(node, self.module, self.names)
        found = block_values(self.block.body, name, self.module, self.names)
        return found or None

    def _managed(self, name: str) -> Value:
        written = None if name in ("id", "arn") else self.written(name)
        if is_identity(name):
            later = Reference(self.address, name)
            return later if written is None or isinstance(written, Unknown) else written
        if written is not None:
            return written
        shown = f"${{{self.address}.{name}}}"
        return Unknown(shown, f"{self.address}.{name} is {KNOWN_LATER}", symbol=shown)

    def _data(self, name: str) -> Value:
        if self.type == "aws_iam_policy_document" and name in ("json", "minified_json"):
            work = partial(iam_policy_document.policy, self.block.body, self.module, self.names)
            return self.module.once(("policy", self.address), work)
        if self.is_default_vpc and name == "id":
            return Reference(self.address, "id")
        told = _FOLLOWING[self.type, name](self) if (self.type, name) in _FOLLOWING else None
        if told is not None:
            return told
        written = self.written(name) if name in _ECHOED else None
        if written is not None and first_unknown(written) is None:
            return written
        reason = f"data source {self.address.rpartition('data.')[2]} is read when Terraform runs"
        shown = f"${{{self.address}.{name}}}"
        return Unknown(shown, reason, symbol=shown)

    @property
    def is_default_vpc(self) -> bool:
        """Whether it is ``data.aws_vpc`` that asks for the region's default VPC."""
        if self.block.kind != "data" or self.type != "aws_vpc":
            return False
        node = self.block.body.attributes.get("default")
        return node is not None and value(node, self.module, self.names) in (True, "true")


def _managed_policy(source: ResourceValue) -> Value:
    """The ARN of ``data.aws_iam_policy`` that asks for one of AWS's policies by name. A policy of the account with
    the same name would make the data source fail, since it takes one match only (the provider's documentation)."""
    name = source.written("name")
    return arn_of(name) if isinstance(name, str) and source.written("arn") is None else None


def _rendered(source: ResourceValue) -> Value:
    """The text of ``data.template_file`` in which nothing is to be filled in."""
    text = source.written("template")
    return text if isinstance(text, str) and "${" not in text and "%{" not in text else None


#: Attributes of data sources that follow from their arguments; each gives None where it does not.
_FOLLOWING: Mapping[tuple[str, str], Callable[[ResourceValue], Value]] = {
    ("aws_iam_policy", "arn"): _managed_policy,
    ("aws_iam_policy", "id"): _managed_policy,
    ("template_file", "rendered"): _rendered,
}
