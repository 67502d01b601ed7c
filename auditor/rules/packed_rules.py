"""The built-in rules as they were read and checked, in one file: to do both anew takes longer than a small audit.

The file is of use only beside the very rule files that it was made from; where any of them differs, they are read.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from auditor.resources import rules_dir
from auditor.rules.kept_rules import content, read_kept, written
from auditor.rules.load import load_rules, rule_files, take_built_in

#: Its name beside an auditor.yaml.
RULES_FILE = "built-in-rules.json"


def packed() -> str:
    """The text of such a file; its rules have no cases. Raises RuleError where a rule cannot be used."""
    folder = rules_dir()
    rules = [replace(rule, cases=()) for rule in load_rules([folder])]
    return written(folder, _made_from(), rules).decode()


def use_packed(path: Path) -> bool:
    """Whether this process takes the built-in rules from a file: not where it was made from others than those
    installed, or is none."""
    found = read_kept(path, rules_dir(), _made_from())
    if found is None:
        return False
    take_built_in(found)
    return True


def _made_from() -> str:
    """A package is unpacked at another time, so that only its version and the rule files count."""
    return content(rules_dir(), tuple(rule_files([rules_dir()])))
