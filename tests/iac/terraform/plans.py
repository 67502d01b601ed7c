"""Parts of plans in the format that HashiCorp documents ("JSON Output Format")."""

from __future__ import annotations

from typing import Any

from auditor.collect.iac.interface import Resource, Root

Json = dict[str, Any]
DOMAIN, PROFILE, ROLE = "aws_sagemaker_domain.d", "aws_sagemaker_user_profile.p", "aws_iam_role.r"


def resource(address: str, values: Json, mode: str = "managed", index: Any = None) -> Json:
    """An entry of planned_values."""
    bare = address.rpartition("module.")[2]
    bare = bare.partition(".")[2] if "module." in address else bare
    parts = bare.removeprefix("data.").split(".", 1)
    entry = {"address": address, "mode": mode, "type": parts[0], "name": parts[1].partition("[")[0], "values": values}
    return entry if index is None else {**entry, "index": index}


def change(address: str, unknown: Json, actions: tuple[str, ...] = ("create",)) -> Json:
    """An entry of resource_changes."""
    return {"address": address, "change": {"actions": list(actions), "before": None, "after_unknown": unknown}}


def config(type_: str, name: str, expressions: Json, mode: str = "managed", **more: Any) -> Json:
    """A resource of the configuration."""
    start = "data." if mode == "data" else ""
    return {
        "address": f"{start}{type_}.{name}",
        "mode": mode,
        "type": type_,
        "name": name,
        "provider_config_key": "aws",
        "expressions": expressions,
        **more,
    }


def refs(*references: str) -> Json:
    return {"references": list(references)}


def plan(
    resources: list[Json],
    changes: list[Json],
    configured: list[Json],
    *,
    modules: list[Json] | None = None,
    calls: Json | None = None,
    **more: Any,
) -> Json:
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.5",
        "planned_values": {"root_module": {"resources": resources, "child_modules": modules or []}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": configured, "module_calls": calls or {}}},
        **more,
    }


def found(root: Root) -> dict[str, Resource]:
    return {r.address: r for r in root.resources}
