"""Which rules are checks, and with which parameters: auditor.yaml, found from the working folder upward."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from auditor.config import find_config_above, load_config
from auditor.errors import ConfigError
from auditor.model.rule import Rule, Severity
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.rules.catalogue import all_rules
from auditor.rules.load import select
from auditor.studio.personas import Persona

#: Names the configuration; without it auditor.yaml is looked for.
VARIABLE = "AUDITOR_CONFIG"


@dataclass(frozen=True, slots=True)
class Settings:
    """What checkov is told about the rules. ``rules`` of the user's own folders were checked, built-in ones were not
    (that takes a moment, and a build of the product has done it); ``bound`` has all of them ready to run."""

    config: Path | None
    rules: tuple[Rule, ...]
    folders: Sequence[Path]
    severities: Mapping[str, Severity]
    overrides: Mapping[str, Mapping[str, Any]]
    merge: NestedMerge
    personas: tuple[Persona, ...]

    def bound(self) -> tuple[Rule, ...]:
        """The rules, ready to be evaluated."""
        kept = {rule.id for rule in self.rules}
        return tuple(rule for rule in all_rules(self.folders) if rule.id in kept)


def load() -> Settings:
    """The settings of the working folder. Raises ConfigError for a file or a rule that cannot be used."""
    return _load(os.environ.get(VARIABLE, ""), Path.cwd())


@cache
def _load(named: str, folder: Path) -> Settings:
    path = Path(named) if named else find_config_above(folder)
    if named and not Path(named).is_file():
        raise ConfigError(f"{VARIABLE}: there is no file {named}")
    config = load_config(path)
    rules = all_rules(config.rules_dirs, bind=bool(config.rules_dirs))
    severities, overrides = config.for_rules(rules)
    return Settings(
        config=path,
        rules=select(rules, config.only, config.skip),
        folders=config.rules_dirs,
        severities=severities,
        overrides=overrides,
        merge=config.nested_merge or NestedMerge.UNKNOWN,
        personas=config.personas,
    )
