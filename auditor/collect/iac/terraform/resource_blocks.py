"""From a root module to the resources that the product reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from auditor.budget import INSTANCE, Budget
from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.evaluate import NO_NAMES, value
from auditor.collect.iac.hcl.values import as_property
from auditor.collect.iac.interface import NotAssessed, Resource, Unknown, Unread, Value
from auditor.collect.iac.partly_known import merged
from auditor.collect.iac.terraform import provisioners
from auditor.collect.iac.terraform.blocks import properties
from auditor.collect.iac.terraform.module_delegation import DELEGATES, delegated, missed
from auditor.collect.iac.terraform.modules import ModuleInstance, Provider, provider_name
from auditor.collect.iac.terraform.resource_values import ResourceValue
from auditor.studio.template_types import TYPES


def resources(root: ModuleInstance) -> list[Resource]:
    """Every resource of a type that the product reads, of the root module and all that it calls."""
    return [resource for module in root.walk() for resource in _of(module)]


def _of(module: ModuleInstance) -> Iterator[Resource]:
    for block in module.blocks("resource"):
        if next(block.body.of("provisioner"), None) is not None:
            _provisioned(module, block)
        if block.labels[0] in TYPES:
            for handle in module.handles(block):
                yield _resource(handle, module.shared.budget)
        elif block.labels[0] in DELEGATES:
            for handle in module.handles(block):
                yield from _delegated(module, _resource(handle, module.shared.budget))
    for block in module.blocks("data"):
        if block.labels[0] == "aws_vpc":
            for handle in module.handles(block):
                if handle.is_default_vpc:
                    yield Resource(
                        handle.address,
                        "aws_default_vpc",
                        {},
                        block.file,
                        block.line,
                        doubt=handle.doubt or handle.number,
                    )


def _provisioned(module: ModuleInstance, block: n.Block) -> None:
    """Remember what commands of a resource make and change."""
    for handle in module.handles(block):
        for one in provisioners.told(handle):
            if isinstance(one, NotAssessed):
                module.shared.not_assessed[one.what] = one
            else:
                module.shared.changes.append(one)


def _delegated(module: ModuleInstance, instance: Resource) -> list[Resource]:
    """What a resource makes that stands for others."""
    made = delegated(instance, module.shared.budget)
    if isinstance(made, Unread):
        note = missed(instance, made)
        module.shared.not_assessed[note.what] = note
        return []
    return made


def _resource(handle: ResourceValue, budget: Budget) -> Resource:
    block = handle.block
    budget.place = f"{block.file}:{block.line}, {handle.address}"
    budget.spend(1, INSTANCE)
    written, lines = properties(block.body, handle.module, handle.names)
    budget.check(written)
    if handle.type.startswith("aws_"):
        _tag(written, _default_tags(handle))
    return Resource(
        handle.address, handle.type, written, block.file, block.line, lines, doubt=handle.doubt, number=handle.number,
        region=_region(handle, written),
    )  # fmt: skip


def _region(handle: ResourceValue, written: Mapping[str, Value]) -> str:
    """The region that the resource names itself (the aws provider's version 6), else the one of its provider; empty
    where it is not known."""
    region = written.get("region")
    if region is None:
        provider = _provider(handle)[1]
        node = None if provider is None else provider.block.body.attributes.get("region")
        region = None if provider is None or node is None else as_property(value(node, provider.module))
    return region if isinstance(region, str) else ""


def _provider(handle: ResourceValue) -> tuple[str, Provider | None]:
    """The provider that makes the resource: the name that is written, or that its type gives, and its configuration."""
    name = provider_name(handle.block.body.attributes.get("provider")) or handle.type.partition("_")[0]
    return name, handle.module.provider(name)


def _tag(written: dict[str, Value], default: Value) -> None:
    """Put the provider's tags under the resource's own."""
    own = written.get("tags", {})
    if default == {} or not isinstance(own, Unknown | Mapping):
        return
    written["tags"] = merged([default, own], lambda unknown: unknown)


def _default_tags(handle: ResourceValue) -> Value:
    """``default_tags`` of the provider that makes the resource."""
    name, provider = _provider(handle)
    if provider is None:
        if "provider" not in handle.block.body.attributes:
            return {}
        return Unknown(f"${{{name}}}", f"provider {name} is not configured here, so its tags are not known")
    found, _ = properties(
        n.Body({}, [b for b in provider.block.body.blocks if _tags_block(b)]), provider.module, NO_NAMES
    )
    if "default_tags" not in found:
        node = provider.block.body.attributes.get("default_tags")
        found = {} if node is None else {"default_tags": as_property(value(node, provider.module))}
    return _tags_of(found.get("default_tags"))


def _tags_block(block: n.Block) -> bool:
    return "default_tags" in (block.kind, *block.labels)


def _tags_of(default: Value) -> Value:
    while isinstance(default, list):
        default = default[0] if default else {}
    if isinstance(default, Unknown) or default is None:
        return default or {}
    tags = default.get("tags", {}) if isinstance(default, Mapping) else {}
    return tags if isinstance(tags, Mapping | Unknown) else {}
