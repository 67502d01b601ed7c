"""Whether a plan has the shape of Terraform's: what has another is not a plan in which nothing is planned.

Source: HashiCorp's documentation, "JSON Output Format": plan, values, configuration and change representation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

#: Modules inside modules; deeper ones are not Terraform's.
_DEPTH = 100


def shape_fault(plan: Mapping[str, Any]) -> str:
    """What is not as in Terraform's plans: ``planned_values is a list, not an object``; empty where nothing is."""
    return next(_faults(plan), "")


def _faults(plan: Mapping[str, Any]) -> Iterator[str]:
    for name in ("planned_values", "configuration"):
        if name in plan:
            yield from _object(plan[name], name)
    yield from _object(plan.get("prior_state") or {}, "prior_state")
    yield from _modules(plan["planned_values"], "planned_values")
    prior = (plan.get("prior_state") or {}).get("values") or {}
    yield from _object(prior, "prior_state.values")
    yield from _modules(prior, "prior_state.values")
    configuration = plan.get("configuration", {})
    yield from _object(configuration.get("root_module", {}), "configuration.root_module")
    yield from _object(configuration.get("provider_config", {}), "configuration.provider_config")
    for name in ("resource_changes", "deferred_changes"):
        yield from _objects(plan.get(name), name)
    for at, change in enumerate(plan.get("resource_changes") or ()):
        yield from _texts(change, ("address",), f"resource_changes[{at}]")
        yield from _object(change.get("change"), f"resource_changes[{at}].change")


def _modules(values: Mapping[str, Any], name: str) -> Iterator[str]:
    waiting = [(values.get("root_module", {}), f"{name}.root_module", 0)]
    while waiting:
        module, path, depth = waiting.pop()
        yield from _object(module, path)
        yield from _objects(module.get("resources"), f"{path}.resources")
        for at, resource in enumerate(module.get("resources") or ()):
            where = f"{path}.resources[{at}]"
            yield from _texts(resource, ("address", "mode", "type", "name"), where)
            yield from _object(resource.get("values") or {}, f"{where}.values")
        yield from _objects(module.get("child_modules"), f"{path}.child_modules")
        if depth > _DEPTH:
            yield f"{path} lies too deep"
        waiting += [
            (child, f"{path}.child_modules[{at}]", depth + 1)
            for at, child in enumerate(module.get("child_modules") or ())
        ]


def _object(value: Any, name: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{name} is {_kind(value)}, not an object"


def _objects(value: Any, name: str) -> Iterator[str]:
    if value is None:
        return
    if not isinstance(value, list):
        yield f"{name} is {_kind(value)}, not a list"
        return
    for at, item in enumerate(value):
        yield from _object(item, f"{name}[{at}]")


def _texts(value: Mapping[str, Any], names: tuple[str, ...], where: str) -> Iterator[str]:
    for name in names:
        if not isinstance(value.get(name), str):
            yield f"{where}.{name} is {_kind(value.get(name))}, not text"


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    return "missing or null" if value is None else kinds[type(value)]
