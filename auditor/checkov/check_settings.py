"""Which rules are checks, and with which parameters: auditor.yaml, found from the working folder upward."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from auditor.config import Config, find_config_above, load_config
from auditor.errors import ConfigError
from auditor.run.run_options import RuleOptions
from auditor.run.selection import RuleChoice, choose

#: Names the configuration; without it auditor.yaml is looked for.
VARIABLE = "AUDITOR_CONFIG"


@dataclass(frozen=True, slots=True)
class Settings:
    """What checkov is told about the rules. Those of the user's own folders were checked, built-in ones were not (that
    takes a moment, and a build of the product has done it); ``bound`` has all of them ready to run."""

    config: Config
    choice: RuleChoice

    def bound(self) -> RuleChoice:
        """The same rules, ready to be evaluated."""
        return choose(self.config, RuleOptions())


def load() -> Settings:
    """The settings of the working folder. Raises ConfigError for a file or a rule that cannot be used."""
    return _load(os.environ.get(VARIABLE, ""), Path.cwd())


@cache
def _load(named: str, folder: Path) -> Settings:
    path = Path(named) if named else find_config_above(folder)
    if named and not Path(named).is_file():
        raise ConfigError(f"{VARIABLE}: there is no file {named}")
    config = load_config(path)
    return Settings(config, choose(config, RuleOptions(), bind=bool(config.rules_dirs)))
