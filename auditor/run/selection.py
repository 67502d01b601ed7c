"""Which rules run, and how: names and folders, severities, parameters, and what the configuration says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor.config import Config
from auditor.errors import ConfigError
from auditor.model.owner import OwnerRule
from auditor.model.rule import Rule, Severity
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.rules.catalogue import all_rules, rule_folders
from auditor.rules.presets import load_preset, rules_of, values_of
from auditor.rules.rule_names import select
from auditor.rules.verdict_sql import Overrides, parse_overrides
from auditor.run.run_options import RuleOptions
from auditor.studio.personas import Persona

__all__ = ["RuleChoice", "all_rules", "choose", "chosen_rules", "names", "rule_folders", "selected"]


@dataclass(frozen=True, slots=True)
class RuleChoice:
    """The rules that run. ``every``: all that there are, whatever is selected of them; ``folders`` that hold them.

    ``severities`` and ``overrides`` (parameters) are by rule id. ``owners``: who owns what, which a waiver may ask.
    """

    rules: tuple[Rule, ...]
    every: tuple[Rule, ...]
    folders: tuple[Path, ...]
    severities: Mapping[str, Severity]
    overrides: Overrides
    merge: NestedMerge
    personas: tuple[Persona, ...]
    owners: tuple[OwnerRule, ...]


def choose(config: Config, options: RuleOptions, *, bind: bool = True) -> RuleChoice:
    """The rules as the configuration and the options say; an option that is given wins. ``bind`` as in ``all_rules``.

    Raises ConfigError.
    """
    folders = (*config.rules_dirs, *options.rules_dirs)
    every = all_rules(folders, bind=bind)
    severities, overrides = config.for_rules(every)
    preset = load_preset(options.preset) if options.preset else None
    if preset is not None:
        # Whoever sets a value of their own, in the file or as an option, wins.
        overrides = merged_overrides(values_of(preset, every), overrides)
    for rule_id, values in parse_overrides(options.parameters, every).items():
        overrides.setdefault(rule_id, {}).update(values)
    # --only says all about the selection; --skip leaves the configuration's "only" as it is.
    # A preset stands instead of the configuration's selection.
    only, skip = (config.only, config.skip) if preset is None else ((), ())
    among = every if preset is None else rules_of(preset, every)
    rules = selected(among, options.only or only, options.skip or (() if options.only else skip))
    kept = {rule.id for rule in rules}
    return RuleChoice(
        rules=rules,
        every=every,
        folders=folders,
        severities={rule_id: severity for rule_id, severity in severities.items() if rule_id in kept},
        overrides=overrides,
        merge=merge_of(options.nested_merge, config),
        personas=config.personas,
        owners=config.owners,
    )


def merged_overrides(first: Overrides, winning: Overrides) -> dict[str, dict[str, Any]]:
    """Values of both by rule and parameter; of one that both have, the second's."""
    return {rule: {**first.get(rule, {}), **winning.get(rule, {})} for rule in (*first, *winning)}


def merge_of(named: str | None, config: Config) -> NestedMerge:
    """How nested structures merge: as named, else as the configuration says, else unknown. Raises ConfigError."""
    if named is None:
        return config.nested_merge or NestedMerge.UNKNOWN
    try:
        return NestedMerge(named)
    except ValueError as error:
        known = ", ".join(m.value for m in NestedMerge)
        raise ConfigError(f"nested_merge: {named!r} is not one of {known}") from error


def names(values: Sequence[str]) -> tuple[str, ...]:
    """Repeated options and comma-separated lists alike."""
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


def selected(rules: Sequence[Rule], only: Sequence[str], skip: Sequence[str]) -> tuple[Rule, ...]:
    """The rules that ``--only`` and ``--skip`` leave. Raises ConfigError."""
    kept = select(rules, names(only), names(skip))
    if not kept:
        raise ConfigError("--only and --skip leave no rule", hint="See: auditor rules list")
    return kept


def chosen_rules(
    rules_dirs: Sequence[Path], only: Sequence[str], skip: Sequence[str], *, bind: bool = True
) -> tuple[Rule, ...]:
    """The built-in rules and the user's own, as ``--only`` and ``--skip`` leave them. Raises ConfigError."""
    return selected(all_rules(rules_dirs, bind=bind), only, skip)


def parameters_of(values: Mapping[str, Any]) -> tuple[str, ...]:
    """``{"STU505.max_gib": 200}`` as the options have it. Values of every type that a parameter may have are YAML."""
    import json

    return tuple(f"{name}={json.dumps(value)}" for name, value in values.items())
