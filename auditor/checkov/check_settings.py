"""Which rules are checks, and with which parameters: auditor.yaml as the environment names it, else as it is found from
the working folder upward, where the tree is trusted."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from auditor.config.find_config import CONFIG, TRUSTED, ConfigChoice, choice_of, find_config
from auditor.config.load_config import Config, load_config
from auditor.errors import ConfigError
from auditor.run.run_options import RuleOptions
from auditor.run.selection import RuleChoice, choose

#: Where checkov finds options of its own in the working folder.
_OWN = (".checkov.yaml", ".checkov.yml")


@dataclass(frozen=True, slots=True)
class Settings:
    """What checkov is told about the rules. Those of the user's own folders were checked, built-in ones were not (that
    takes a moment, and a build of the product has done it); ``bound`` has all of them ready to run. ``note``: which
    file was taken; ``problem``: which one was left aside; ``weakened``: which one of checkov's own the tree holds."""

    config: Config
    choice: RuleChoice
    note: str = ""
    problem: str = ""
    weakened: str = ""

    def bound(self) -> RuleChoice:
        """The same rules, ready to be evaluated."""
        return choose(self.config, RuleOptions())


def load() -> Settings:
    """The settings of the working folder. Raises ConfigError for a file or a rule that cannot be used."""
    return _load(choice_of(os.environ), Path.cwd())


@cache
def _load(choice: ConfigChoice, folder: Path) -> Settings:
    for variable, named in ((CONFIG, choice.named), (TRUSTED, choice.trusted)):
        if named is not None and not choice.none and not named.exists():
            raise ConfigError(f"{variable}: there is no file {named}")
    found = find_config(choice, folder, variables=True)
    config = load_config(found.path)
    rules = choose(config, RuleOptions(), bind=bool(config.rules_dirs))
    return Settings(config, rules, found.note, found.problem, _weakened(folder) if choice.untrusted else "")


def _weakened(folder: Path) -> str:
    """Why a change of the tree may switch checkov off, before any check of ours is asked."""
    held = [name for name in _OWN if os.path.lexists(folder / name)]
    if not held:
        return ""
    return (
        f"{folder / held[0]} lies in the scanned tree, and checkov takes soft-fail, skip-check, skip-path and framework"
        " from it, so whoever changes the tree can switch these checks off. Remove it before checkov runs, or let"
        " auditor scan be the gate"
    )
