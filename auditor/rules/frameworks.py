"""Compliance frameworks: load their mappings, and say how each requirement stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from auditor.errors import ConfigError
from auditor.model.framework import Framework, Requirement
from auditor.model.report import FrameworkSummary, RequirementStatus, RequirementSummary
from auditor.model.rule import Rule, Verdict
from auditor.rules.load import FRAMEWORKS
from auditor.rules.rule_names import near_rule
from auditor.rules.schema import NAME_PATTERN, Text
from auditor.yaml_source import near, read_yaml


class RequirementFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One requirement, and why each rule speaks about it."""

    id: Text
    title: Text
    rules: Annotated[dict[str, Text], msgspec.Meta(min_length=1)]


class FrameworkFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One framework."""

    name: Annotated[str, msgspec.Meta(pattern=NAME_PATTERN, description="kebab-case, the file's own name")]
    title: Text
    version: Annotated[str, msgspec.Meta(min_length=1, description="Edition that the mapping was made for")]
    source: Annotated[str, msgspec.Meta(pattern=r"^https://\S+$", description="https://… of the framework's text")]
    requirements: Annotated[list[RequirementFile], msgspec.Meta(min_length=1)]


def framework_files(dirs: Iterable[Path]) -> dict[str, Path]:
    """Framework files by name: ``frameworks/*.yaml`` inside each folder of rules.

    Raises ConfigError for a name that two folders use.
    """
    found: dict[str, Path] = {}
    for folder in dirs:
        for path in sorted((folder / FRAMEWORKS).glob("*.y*ml")):
            if path.stem in found:
                raise ConfigError(
                    f"{path}: framework {path.stem!r} is already defined in {found[path.stem]}", hint="Rename the file."
                )
            found[path.stem] = path
    return found


def only_frameworks(folder: Path) -> bool:
    """Whether the folder holds framework files, and no rules."""
    return (folder / FRAMEWORKS).is_dir() and all(
        FRAMEWORKS in path.relative_to(folder).parts for path in folder.rglob("*.y*ml")
    )


def load_frameworks(files: Mapping[str, Path], names: Sequence[str], rules: Iterable[Rule]) -> tuple[Framework, ...]:
    """The frameworks of these names, each once, from ``framework_files``.

    ``rules`` are all that there are, whatever is selected of them. Raises ConfigError for an unknown name, or naming
    file, line and column for what is wrong in a file.
    """
    ids = {rule.id for rule in rules}
    loaded = []
    for name in dict.fromkeys(names):
        if name not in files:
            hint = near(name, files, f"Known: {', '.join(files)}")
            raise ConfigError(f"--framework {name}: unknown framework", hint=hint)
        loaded.append(_load(files[name], ids))
    return tuple(loaded)


def _load(path: Path, rules: set[str]) -> Framework:
    source = read_yaml(path, "a framework file holds one mapping (name: …, requirements: …)")
    wire = source.convert(FrameworkFile, "See: docs/frameworks.md")
    if wire.name != path.stem:
        message = f"name: the file is {path.name}, its framework {wire.name!r}"
        raise source.error(message, "name", value=True, hint="They must be the same.")
    seen: set[str] = set()
    for number, requirement in enumerate(wire.requirements):
        at = ("requirements", str(number))
        if requirement.id in seen:
            raise source.error(f"requirement {requirement.id} is given twice", *at, "id", value=True)
        seen.add(requirement.id)
        for rule in requirement.rules:
            if rule not in rules:
                hint = near_rule(rule, rules, "Only rules that exist can be mapped: auditor rules list")
                message = f"requirement {requirement.id}: there is no rule {rule!r}"
                raise source.error(message, *at, "rules", rule, hint=hint)
    requirements = tuple(Requirement(r.id, r.title, dict(r.rules)) for r in wire.requirements)
    return Framework(wire.name, wire.title, wire.version, wire.source, requirements)


def assess(framework: Framework, counts: Mapping[str, Mapping[Verdict, int]]) -> FrameworkSummary:
    """How each requirement stands, from the verdicts of the rules that were evaluated (rule id → verdict → number).

    One failure is a failure; else one verdict that could not be given leaves it unknown; else it passes where some rule
    passed somewhere. Where no rule found anything to judge, it was not assessed: that is never a pass.
    """
    requirements = []
    for requirement in framework.requirements:
        evaluated = [counts[rule] for rule in requirement.rules if rule in counts]
        fail, passed, unknown, error = (
            sum(of.get(verdict, 0) for of in evaluated)
            for verdict in (Verdict.FAIL, Verdict.PASS, Verdict.UNKNOWN, Verdict.ERROR)
        )
        if fail:
            status = RequirementStatus.FAIL
        elif unknown or error:
            status = RequirementStatus.UNKNOWN
        else:
            status = RequirementStatus.PASS if passed else RequirementStatus.NOT_ASSESSED
        requirements.append(
            RequirementSummary(
                requirement.id, requirement.title, dict(requirement.rules), status, fail, unknown + error
            )
        )  # fmt: skip
    return FrameworkSummary(
        framework.name, framework.title, framework.version, framework.source, tuple(requirements)
    )  # fmt: skip
