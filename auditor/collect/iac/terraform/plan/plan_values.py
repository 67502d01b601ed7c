"""Plans: what ``terraform show -json PLAN`` writes.

Values that are known stand in ``planned_values``; ``resource_changes`` says which others are known after apply, and
``configuration`` what was written. What is neither known nor written is left to the provider: not set. Source:
HashiCorp's documentation, "JSON Output Format".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.collect.iac.hcl.values import KNOWN_LATER
from auditor.collect.iac.interface import NotAssessed, Reference, Resource, Unknown, Value
from auditor.collect.iac.terraform.module_delegation import DELEGATES
from auditor.collect.iac.terraform.plan.plan_references import (
    OPAQUE,
    Links,
    PlanAddress,
    Target,
    items,
    leaves,
    mapping,
    place_of,
)
from auditor.collect.iac.terraform.repetition import Key
from auditor.collect.iac.terraform.resource_values import is_identity
from auditor.studio.template_types import TYPES

#: Ends of properties that hold another resource's ARN, id or name; of those, lists.
_LINKS = ("_id", "_ids", "_arn", "_arns", "role", "roles", "security_groups", "subnets", "_name")
_LISTS = ("_ids", "_arns", "roles", "security_groups", "subnets")
#: What some of them can only hold.
_KINDS = {"role": "role", "roles": "role", "subnets": "subnet", "subnet_ids": "subnet", "vpc_id": "vpc",
          "domain_id": "domain"}  # fmt: skip
_TAGS = ("tags", "tags_all")


class _Absent:
    """What a property is that nothing sets."""


ABSENT = _Absent()


def is_plan(content: Any) -> bool:
    """Whether a JSON document is a plan."""
    return isinstance(content, Mapping) and "planned_values" in content and "format_version" in content


@dataclass(slots=True)
class Instance:
    """A resource of the plan: its entry in ``planned_values``, and the module instance that it lies in."""

    entry: Mapping[str, Any]
    place: PlanAddress

    @property
    def address(self) -> str:
        """The whole address."""
        return str(self.entry.get("address"))

    @property
    def type(self) -> str:
        """``aws_vpc``"""
        return str(self.entry.get("type"))

    @property
    def name(self) -> str:
        """The resource's name."""
        return str(self.entry.get("name"))

    @property
    def values(self) -> Mapping[str, Any]:
        """What is known."""
        return mapping(self.entry.get("values"))

    @property
    def configured(self) -> Mapping[str, Any] | None:
        """What is written, None where the plan does not tell."""
        return self.place.resource(str(self.entry.get("mode")), self.type, self.name)


class Plan:
    """One plan. ``resources`` are in its order."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        configuration = mapping(content.get("configuration"))
        self._root = PlanAddress((), mapping(configuration.get("root_module")))
        self._providers = mapping(configuration.get("provider_config"))
        self._changes = {
            str(mapping(c).get("address")): mapping(c)
            for c in items(content.get("resource_changes"))
            if "deposed" not in mapping(c)
        }
        planned = mapping(mapping(content.get("planned_values")).get("root_module"))
        prior = mapping(mapping(mapping(content.get("prior_state")).get("values")).get("root_module"))
        self._planned = [i for i in self._walk(planned) if i.entry.get("mode") == "managed" and not self._forgotten(i)]
        data = [i for i in (*self._walk(prior), *self._walk(planned)) if i.entry.get("mode") == "data"]
        self._data = list({i.address: i for i in data}.values())
        read = frozenset(i.address for i in self._data if not self._change(i).get("after_unknown"))
        types = {i.address: i.type for i in (*self._planned, *self._default_vpcs())}
        self._links = Links(types, read)
        self._ids = self._known_ids()
        self._content = content

    def _walk(self, module: Mapping[str, Any]) -> Iterator[Instance]:
        place = place_of(str(module.get("address", "")), self._root)
        for entry in items(module.get("resources")):
            if isinstance(entry, Mapping):
                yield Instance(entry, place)
        for child in items(module.get("child_modules")):
            if isinstance(child, Mapping):
                yield from self._walk(child)

    def _default_vpcs(self) -> list[Instance]:
        """Data sources that stand for the region's default VPC: as read, or as written."""
        found = {i.address: i for i in self._data if i.type == "aws_vpc" and i.values.get("default") is True}
        places = [self._root]
        while places:
            place = places.pop()
            for entry in map(mapping, items(place.configuration.get("resources"))):
                address = f"{place.prefix}{entry.get('address')}"
                default = mapping(mapping(entry.get("expressions")).get("default")).get("constant_value")
                known = any(i.address == address or i.address.startswith(f"{address}[") for i in self._data)
                if (entry.get("mode"), entry.get("type"), default) == ("data", "aws_vpc", True) and not known:
                    found[address] = Instance({**entry, "address": address, "values": {"default": True}}, place)
            for name, call in mapping(place.configuration.get("module_calls")).items():
                if not {"count_expression", "for_each_expression"} & set(mapping(call)):
                    places.append(place.child(str(name), ""))
        return list(found.values())

    def _change(self, instance: Instance) -> Mapping[str, Any]:
        return mapping(self._changes.get(instance.address, {}).get("change"))

    def _forgotten(self, instance: Instance) -> bool:
        """Resources that leave the state but not AWS are listed all the same (hashicorp/terraform#38641)."""
        return items(self._change(instance).get("actions")) in (["forget"], ["delete"])

    def _known_ids(self) -> dict[str, Reference]:
        """Ids and ARNs of what exists already, and of data sources that were read."""
        found: dict[str, Reference] = {}
        for attributes in (("id", "arn"), ("main_route_table_id", "default_route_table_id")):
            for instance in (*self._planned, *self._data):
                for attribute in attributes if instance.type in TYPES else ():
                    text = instance.values.get(attribute)
                    # The id of a role or a policy is its name or ARN; a name may be another thing's as well.
                    if isinstance(text, str) and (attribute == "arn" or ("iam" not in instance.type and "-" in text)):
                        found.setdefault(text, Reference(instance.address, attribute))
        return found

    def gaps(self, name: str) -> list[NotAssessed]:
        """Why the plan does not tell everything."""
        found = []
        if self._content.get("errored"):
            found.append(NotAssessed(name, "Terraform failed while it made the plan, so it is not complete"))
        elif self._content.get("complete") is False:
            reason = "the plan is not complete: Terraform left changes for later, or was given -target"
            found.append(NotAssessed(name, reason))
        for entry in items(self._content.get("deferred_changes")):
            change = mapping(mapping(entry).get("resource_change"))
            if str(change.get("type")) in TYPES:
                reason = str(mapping(entry).get("reason", "deferred"))
                found.append(NotAssessed(f"{name}#{change.get('address')}", f"the plan leaves it for later: {reason}"))
        return found

    def resources(self) -> Iterator[tuple[Instance, Resource]]:
        """Resources of the types that the product reads, or that stand for others, with a place in the plan."""
        for instance in self._planned:
            if instance.type in TYPES or instance.type in DELEGATES:
                found = self._properties(instance)
                yield instance, Resource(instance.address, instance.type, found, "", region=self._region(instance))
        for instance in self._default_vpcs():
            yield instance, Resource(instance.address, "aws_default_vpc", {}, "")
        for instance in self._data:
            if instance.type == "aws_vpc" and instance.values.get("default") is False:
                yield instance, Resource(instance.address, "aws_vpc", {}, "")

    # Values

    def _region(self, instance: Instance) -> str:
        """The region that the plan has for the resource (the aws provider's version 6), else that of its provider where
        it is written out; empty where neither is known."""
        provider = mapping(self._providers.get(str(mapping(instance.configured).get("provider_config_key"))))
        written = mapping(mapping(provider.get("expressions")).get("region")).get("constant_value")
        region = instance.values.get("region", written)
        return region if isinstance(region, str) else ""

    def _properties(self, instance: Instance) -> dict[str, Value]:
        configured = instance.configured
        written = None if configured is None else mapping(configured.get("expressions"))
        unknown = mapping(self._change(instance).get("after_unknown"))
        merge = _Merge(self._links, self._ids, instance.place, configured or {}, _key(instance))
        found = merge.structure(instance.values, unknown, written)
        if instance.type.startswith("aws_"):
            self._tags(instance, found, unknown, configured or {})
        return found

    def _tags(
        self, instance: Instance, found: dict[str, Value], unknown: Mapping[str, Any], configured: Mapping[str, Any]
    ) -> None:
        """The provider's tags under the resource's own: ``tags_all`` where it is known, else as it is configured."""
        everything = found.pop("tags_all", None)
        if isinstance(instance.values.get("tags_all"), Mapping) and unknown.get("tags_all") is not True:
            found["tags"] = everything if everything is not None else {}
            return
        provider = mapping(self._providers.get(str(configured.get("provider_config_key"))))
        block = next(iter(items(mapping(provider.get("expressions")).get("default_tags"))), None)
        if block is None:
            return
        expression = mapping(mapping(block).get("tags"))
        own = found.get("tags", {})
        if "constant_value" not in expression:
            shown = ", ".join(leaves([r for r in items(expression.get("references")) if isinstance(r, str)]))
            found["tags"] = Unknown(f"${{{shown}}}", "the provider's default tags are not in the plan")
        elif isinstance(own, Mapping):
            found["tags"] = {**mapping(expression["constant_value"]), **own}


def _key(instance: Instance) -> Key:
    index = instance.entry.get("index")
    return index if isinstance(index, int | str) else None


class _Merge:
    """Puts together what is known, what is known after apply, and what was written, of one resource."""

    def __init__(
        self, links: Links, ids: Mapping[str, Reference], place: PlanAddress, configured: Mapping[str, Any], key: Key
    ) -> None:
        self._links, self._ids, self._place, self._configured, self._key = links, ids, place, configured, key

    def structure(self, values: Mapping[str, Any], unknown: Any, written: Any) -> dict[str, Value]:
        """The members. ``written``: expressions by name, one expression for the whole, or None where it is not told."""
        later = mapping(unknown)
        found: dict[str, Value] = {}
        for name in dict.fromkeys([*values, *later]):
            value = self._member(name, values.get(name), later.get(name, False), _inside(written, name))
            if not isinstance(value, _Absent):
                found[name] = value
        return found

    def _member(self, name: str, value: Any, later: Any, written: Any) -> Any:
        if later is True:
            return self._later(name, written)
        if name in _TAGS and isinstance(value, Mapping):
            return {
                k: self._tag(k, value.get(k), mapping(later).get(k)) for k in dict.fromkeys([*value, *mapping(later)])
            }
        if value is None and isinstance(later, Mapping):
            # Nothing in the structure is known yet.
            return self.structure({}, later, written) or ABSENT
        if isinstance(value, Mapping):
            return self.structure(value, later, written)
        if isinstance(value, list):
            return self._list(name, value, later, written)
        if value is None or value == "":
            return ABSENT
        return self._known(name, value, written) if isinstance(value, str) else value

    @staticmethod
    def _tag(key: str, value: Any, later: Any) -> Value:
        return Unknown(f"${{tags.{key}}}", f"tag {key} is {KNOWN_LATER}") if later is True else value

    def _list(self, name: str, value: list[Any], later: Any, written: Any) -> Any:
        marks = items(later)
        if not value:
            # No block, or an empty list that comes from the provider, unless it was written so.
            if written is None:
                return Unknown(f"${{{name}}}", "the plan does not tell whether the empty list was written")
            return [] if _is_attribute(written) else ABSENT
        if any(mark is True for mark in marks):
            found = self._later(name, written, value)
            if isinstance(found, list | _Absent):
                return found
        listed: list[Value] = []
        for at, item in enumerate(value):
            mark = marks[at] if at < len(marks) else False
            own = _element(written, at, len(value))
            if isinstance(item, Mapping):
                listed.append(self.structure(item, mark, own))
                continue
            element = self._later(name, own) if mark is True else self._member(name, item, mark, own)
            listed.append(item if isinstance(element, _Absent) else element)
        return listed

    def _known(self, name: str, value: str, written: Any) -> Value:
        """A text that may be the id or ARN of a resource of the plan."""
        if not _may_link(name):
            return value
        if value in self._ids:
            return self._ids[value]
        if isinstance(written, Mapping):
            found = self._targets(name, written)
            if len(found) == 1 and (target := found.pop()).type == "aws_vpc" and target.address.find("data.") >= 0:
                return Reference(target.address, "id")
        return value

    def _targets(self, name: str, written: Any) -> set[Target]:
        targets = self._links.targets(_whole(written), self._place, self._configured, self._key)
        if not isinstance(written, _Part):
            return targets
        return {target for target in targets if target is OPAQUE or _fits(name, target)}

    def _later(self, name: str, written: Any, beside: list[Any] | None = None) -> Any:
        """A value that is known after apply. ``beside``: the list of which it is a part."""
        if written is ABSENT:
            return ABSENT
        expression = mapping(written)
        if "constant_value" in expression:
            return ABSENT if expression["constant_value"] is None else expression["constant_value"]
        shown, reason = f"${{{name}}}", f"{name} is {KNOWN_LATER}"
        if written is None:
            return Unknown(shown, reason)
        everything = self._links.targets(_whole(written), self._place, self._configured, self._key)
        if not everything:
            # All of it was known when the plan was made, and still the value is not: null, for the provider to set.
            return ABSENT
        named = all(target is not OPAQUE and is_identity(target.attribute or "id") for target in everything)
        if isinstance(written, _Part) and named and not _may_link(name):
            # Ids and ARNs are all that the structure gets from elsewhere, and this is no place for one.
            return ABSENT
        listed = leaves([r for r in items(mapping(_whole(written)).get("references")) if isinstance(r, str)])
        unknown = Unknown(f"${{{', '.join(listed)}}}" if listed else shown, reason)
        targets = self._targets(name, written)
        if not _may_link(name) or not targets or OPAQUE in targets:
            return unknown
        references = [Reference(t.address, t.attribute or _attribute(name)) for t in sorted(targets, key=str)]
        if name.endswith(_LISTS):
            known = [item for item in beside or [] if item is not None]
            return [*known, *references] if beside is None or len(known) + len(references) == len(beside) else unknown
        return references[0] if len(references) == 1 else unknown


def _attribute(name: str) -> str:
    """The attribute that a property wants, where the plan does not say which it is."""
    return "arn" if name.endswith(("arn", "arns", "role")) else "id"


@dataclass(frozen=True, slots=True)
class _Part:
    """A member of a structure that one expression gives as a whole: which part of it is not told."""

    whole: Mapping[str, Any]


def _whole(written: Any) -> Any:
    """The expression that the configuration holds."""
    return written.whole if isinstance(written, _Part) else written


def _is_attribute(written: Any) -> bool:
    """Whether something was written as an attribute, not as a block."""
    return isinstance(written, _Part) or bool({"references", "constant_value"} & set(mapping(written)))


def _inside(written: Any, name: str) -> Any:
    """What was written for a member: ABSENT where nothing was, None where it is not told."""
    if written is None or written is ABSENT:
        return written
    if isinstance(written, _Part):
        return written
    expressions = mapping(written)
    if "constant_value" in expressions:
        constant = expressions["constant_value"]
        inner = constant.get(name) if isinstance(constant, Mapping) else None
        return ABSENT if inner is None else {"constant_value": inner}
    if "references" in expressions:
        return _Part(expressions)
    return expressions.get(name, ABSENT)


def _element(written: Any, at: int, length: int) -> Any:
    """What was written for an element of a list."""
    if isinstance(written, list):
        if len(written) == length:
            return written[at]
        return None
    if isinstance(written, Mapping) and isinstance(written.get("constant_value"), list):
        constants = written["constant_value"]
        return {"constant_value": constants[at]} if len(constants) == length else None
    # A block that is not written out is a dynamic one: what is in it is not told.
    return None if written is ABSENT else written


def _may_link(name: str) -> bool:
    return name.endswith(_LINKS)


def _fits(name: str, target: Target) -> bool:
    """Whether a property may hold what the target gives: a role where a role belongs."""
    kind = next((kind for end, kind in _KINDS.items() if name.endswith(end)), None)
    info = TYPES.get(target.type)
    return kind is None or (info is not None and info.kind == kind)
