"""The rules of a run: the built-in ones, and those of the user's folders."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from auditor.model.rule import Rule
from auditor.resources import rules_dir
from auditor.rules.frameworks import only_frameworks
from auditor.rules.load import load_rules


def rule_folders(rules_dirs: Sequence[Path]) -> list[Path]:
    """The folder of the built-in rules and the user's own; one that is named twice counts once."""
    return [rules_dir(), *{os.path.realpath(path): path for path in rules_dirs}.values()]


def all_rules(rules_dirs: Sequence[Path], *, bind: bool = True) -> tuple[Rule, ...]:
    """The built-in rules and the user's own; a folder may hold nothing but frameworks. ``bind=False`` as for
    ``load_rules``. Raises ConfigError."""
    return load_rules([folder for folder in rule_folders(rules_dirs) if not only_frameworks(folder)], bind=bind)
