"""From the files of checkov's graph to roots, with the readers of ``auditor scan``.

checkov's own result is not taken over, since it has lost by then what the readers live on: a reference that it cannot
resolve looks like any other text, conditions and parameters of the stack are gone, so are modules' values. The readers
parse the files again; docs/templates.md says what that costs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from checkov.common.bridgecrew.integration_features.integration_feature_registry import integration_feature_registry

from auditor.budget import DEFAULT, Limits, parse_limits
from auditor.checkov.entities import HOLDING, Entity, absolute, module_folders
from auditor.collect.iac.cloudformation import parameters
from auditor.collect.iac.cloudformation.assembly import is_assembly
from auditor.collect.iac.cloudformation.cloudformation_reader import EXPORTS, IMPORTS
from auditor.collect.iac.cloudformation.stack_reader import StackReader
from auditor.collect.iac.interface import Root
from auditor.collect.iac.source_text import decoded
from auditor.collect.iac.terraform import variables
from auditor.collect.iac.terraform.callers import is_caller
from auditor.collect.iac.terraform.module_reader import ModuleReader
from auditor.collect.iac.terraform.plan.plan_reader import read_plan
from auditor.collect.iac.tree import Tree
from auditor.collect.iac.unreadable import UnreadableError


def read(entities: Sequence[Entity], templates: Sequence[str] = ()) -> list[Root]:
    """The roots that the Studio resources among the entities belong to, files by their absolute paths.

    What has no resource of Studio is not read, but for those of all ``templates`` that export what others import.
    """
    roots: list[Root] = []
    named = [*map(Path, _option("directory")), *(Path(entity.root) for entity in entities)]
    tree, limits = Tree.around(named), _limits()
    ours = [entity for entity in entities if entity.studio]
    if any(entity.source == "template" for entity in ours):
        # A nested stack inherits from the template around it.
        files = [e.file for e in entities if e.source == "template" and (e.studio or e.type in HOLDING)]
        if any(_holds(file, IMPORTS, tree) for file in dict.fromkeys(files)):
            files += [file for file in templates if _holds(file, EXPORTS, tree)]
        roots += _templates(files, tree, limits)
    folders = dict.fromkeys(Path(e.root) for e in ours if e.source == "module")
    plans = dict.fromkeys(Path(e.root) for e in ours if e.source == "plan")
    if folders or plans:
        given = variables.given((), [Path(file) for file in _option("var_file")], tree)
        reader = ModuleReader(_name, tree, given, limits, module_folders(entities))
        roots += reader.folders([*folders, *_callers()])
        roots += (read_plan(plan, reader) for plan in plans)
    return roots


def _callers() -> list[Path]:
    """Folders, below those that checkov scans, from which Terragrunt or a Terraform Stack deploys modules."""
    return [
        Path(place)
        for folder in _option("directory")
        for place, _, files in os.walk(folder)
        if any(map(is_caller, files)) and not any(part.startswith(".") for part in Path(place).parts[1:])
    ]


def _holds(file: str, pattern: re.Pattern[str], tree: Tree) -> bool:
    try:
        return pattern.search(decoded(tree.read(Path(file)), "replace")) is not None
    except UnreadableError:
        # The reader says so, where the file is one that it wants.
        return False


def _limits() -> Limits:
    """What each root may cost: checkov takes no option of ours. Raises ConfigError."""
    given = os.environ.get("AUDITOR_BUDGET", "")
    return parse_limits(given) if given else DEFAULT


def _name(path: Path) -> str:
    return absolute(path)


def _option(name: str) -> list[str]:
    """A list among the options of checkov's command line; empty where checkov runs as a library."""
    found = getattr(getattr(integration_feature_registry, "config", None), name, None)
    return list(found) if isinstance(found, list) else []


def _templates(files: Iterable[str], tree: Tree, limits: Limits) -> Iterable[Root]:
    reader = StackReader(_name, parameters.given((), (), tree), tree, limits)
    alone, assemblies = [], []
    for file in dict.fromkeys(map(Path, files)):
        around = [folder for folder in file.parents if is_assembly(folder)]
        if around:
            # Stages lie in assemblies inside the assembly.
            assemblies.append(around[-1])
        else:
            alone.append(file)
    yield from reader.roots(alone, list(dict.fromkeys(assemblies)))
