"""From a plan file to a root, with the places that the configuration beside it gives."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from auditor.budget import INSTANCE, Budget, OverBudgetError
from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.interface import NotAssessed, Resource, Root, Unread
from auditor.collect.iac.source_text import decoded
from auditor.collect.iac.terraform.blocks import written_lines
from auditor.collect.iac.terraform.module_delegation import DELEGATES, delegated, missed
from auditor.collect.iac.terraform.module_files import Module
from auditor.collect.iac.terraform.module_reader import LANGUAGE, ModuleReader
from auditor.collect.iac.terraform.plan.plan_shape import shape_fault
from auditor.collect.iac.terraform.plan.plan_values import Instance, Plan, is_plan
from auditor.collect.iac.tree import MAX_PLAN_BYTES
from auditor.collect.iac.unreadable import UnreadableError
from auditor.json_source import HalfCharacterError, decode_json

_WRITE_ONE = "write one with: terraform show -json PLAN > plan.json"
_ADDRESS = re.compile(r'"address"\s*:\s*("(?:[^"\\]|\\.)*")')


def read_plan(file: Path, reader: ModuleReader) -> Root:
    """The root of a plan file. What is wrong with the file is noted."""
    name = reader.shown(file)
    try:
        text = decoded(reader.tree.read(file, MAX_PLAN_BYTES))
        content = decode_json(text)
    except UnreadableError as error:
        return _refused(name, error.reason)
    except RecursionError:
        return _refused(name, "it is nested too deeply")
    except HalfCharacterError as error:
        return _refused(name, str(error))
    except ValueError as error:
        if not text.lstrip().startswith("{") or '"@level"' in text[:200]:
            return _refused(name, f"it is what Terraform logs, not a plan alone; {_WRITE_ONE}")
        return _refused(name, f"it is not valid JSON: {error}"[:200], getattr(error, "lineno", None))
    if not is_plan(content):
        return _refused(name, _no_plan(content))
    version = str(content["format_version"]).partition(".")[0]
    if version not in ("0", "1"):
        return _refused(name, f"its format version {content['format_version']} is not known here"[:200])
    fault = shape_fault(content)
    if fault:
        return _refused(name, f"{fault}: no plan of Terraform's is like that; {_WRITE_ONE}")
    plan = Plan(content)
    lines = _lines(text)
    beside = reader.beside(file.parent)
    try:
        return _root(name, plan, lines, beside, reader)
    except (OverBudgetError, RecursionError, MemoryError) as error:
        return _refused(
            name, error.reason if isinstance(error, OverBudgetError) else "its values are nested too deeply"
        )


def _root(name: str, plan: Plan, lines: Mapping[str, int], beside: Module | None, reader: ModuleReader) -> Root:
    resources: list[Resource] = []
    notes, budget = plan.gaps(name), Budget(reader.limits)
    for instance, resource in plan.resources():
        budget.place = f"{name}#{resource.address}"
        budget.spend(1, INSTANCE)
        placed = _placed(resource, _block(instance, beside, reader), name, lines)
        made = delegated(placed, budget) if placed.type in DELEGATES else [placed]
        if isinstance(made, Unread):
            notes.append(missed(placed, made))
        else:
            resources += made
    return Root(name, LANGUAGE, tuple(resources), (name,), tuple(notes))


def _refused(name: str, reason: str, line: int | None = None) -> Root:
    return Root(name, LANGUAGE, (), (), (NotAssessed(name, reason, line),))


def _no_plan(content: Any) -> str:
    if isinstance(content, Mapping) and "values" in content:
        return f"it is a state, not a plan; {_WRITE_ONE}"
    return f"it is not a plan; {_WRITE_ONE}"


def _lines(text: str) -> dict[str, int]:
    """Where the plan first names each address. Terraform writes everything into one line; people format it."""
    found: dict[str, int] = {}
    at, line = 0, 1
    for match in _ADDRESS.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        found.setdefault(json.loads(match[1]), line)
    return found


def _placed(resource: Resource, block: n.Block | None, name: str, lines: Mapping[str, int]) -> Resource:
    if block is not None:
        return replace(resource, file=block.file, line=block.line, lines=written_lines(block.body))
    return replace(resource, file=name, line=lines.get(resource.address))


def _block(instance: Instance, module: Module | None, reader: ModuleReader) -> n.Block | None:
    """The block that made a resource, in the configuration beside the plan."""
    names = instance.place.names
    for at, name in enumerate(names):
        if module is None:
            return None
        call = next((block for label, block in module.labelled("module") if label == name), None)
        source = None if call is None else n.literal(call.body.attributes.get("source"))
        found = None if call is None else reader.called(module, names[: at + 1], source)
        module = found if isinstance(found, Module) else None
    if module is None:
        return None
    kind = "data" if instance.entry.get("mode") == "data" else "resource"
    return next((b for b in module.of(kind) if b.labels == (instance.type, instance.name)), None)
