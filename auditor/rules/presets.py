"""Presets: rules that are chosen together for a purpose, with values of their parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec

from auditor.errors import ConfigError
from auditor.model.rule import Rule
from auditor.resources import rules_dir
from auditor.rules.load import PRESETS
from auditor.rules.rule_names import ids_named
from auditor.rules.verdict_sql import Overrides, value_problem
from auditor.yaml_source import near, read_yaml

_Text = Annotated[str, msgspec.Meta(min_length=1)]


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One preset. ``only``: rules by id, name, area or pattern, as ``--only`` takes them. ``params``: ``RULE.NAME`` to
    a value. ``why``: what the rules have in common."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    title: _Text
    why: _Text
    only: Annotated[list[_Text], msgspec.Meta(min_length=1)]
    params: dict[str, Any] = msgspec.field(default_factory=dict)


def preset_files() -> dict[str, Path]:
    """Files of the presets by name."""
    return {path.stem: path for path in sorted((rules_dir() / PRESETS).glob("*.yaml"))}


def load_preset(name: str) -> Preset:
    """The preset of that name. Raises ConfigError where there is none."""
    files = preset_files()
    if name not in files:
        raise ConfigError(f"--preset {name}: unknown preset", hint=near(name, files, f"Known: {', '.join(files)}"))
    source = read_yaml(files[name], "a preset holds one mapping (name: …, title: …, why: …, only: …)")
    preset: Preset = source.convert(Preset, "See: docs/configuration.md")
    return preset


def rules_of(preset: Preset, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules that a preset chooses. Raises ConfigError for a name that no rule has."""
    chosen = ids_named(rules, preset.only, f"preset {preset.name}:")
    return tuple(rule for rule in rules if rule.id in chosen)


def values_of(preset: Preset, rules: Sequence[Rule]) -> Overrides:
    """Its values by rule id and parameter. Raises ConfigError for a parameter that a rule lacks, or another type."""
    by_id: Mapping[str, Rule] = {rule.id: rule for rule in rules}
    found: dict[str, dict[str, Any]] = {}
    for target, value in preset.params.items():
        rule_id, _, name = target.partition(".")
        param = next((p for p in by_id[rule_id].params if p.name == name), None) if rule_id in by_id else None
        problem = "no rule has it" if param is None else value_problem(param, value)
        if problem:
            raise ConfigError(f"preset {preset.name}: {target}: {problem}")
        found.setdefault(rule_id, {})[name] = value
    return found
