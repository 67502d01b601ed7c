"""The built-in rules as they were read and checked, in one file: to do both anew takes longer than a small audit.

The file is of use only beside the very rule files that it was made from; where any of them differs, they are read.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from auditor.model.rule import Rule
from auditor.regular_files import NotReadError, read_regular
from auditor.resources import rules_dir
from auditor.rules.load import load_rules, rule_files, take_built_in
from auditor.version import __version__

#: Its name beside an auditor.yaml.
RULES_FILE = "built-in-rules.json"
#: Bytes of such a file: many times what the built-in rules take.
_LIMIT = 64 << 20


@dataclass(frozen=True, slots=True)
class _Packed:
    """``made_from``: the version and the rule files. A rule's file is relative to the folder of the built-in rules; it
    has no cases."""

    made_from: str
    rules: tuple[Rule, ...]


def packed() -> str:
    """The text of such a file. Raises RuleError where a rule cannot be used."""
    folder = rules_dir()
    rules = load_rules([folder])
    relative = tuple(replace(rule, file=Path(rule.file).relative_to(folder).as_posix(), cases=()) for rule in rules)
    return msgspec.json.encode(_Packed(_made_from(), relative)).decode()


def use_packed(path: Path) -> bool:
    """Whether this process takes the built-in rules from a file: not where it was made from others than those
    installed, or is none."""
    try:
        found = msgspec.json.decode(read_regular(path, _LIMIT), type=_Packed)
    except (NotReadError, msgspec.MsgspecError):
        return False
    if found.made_from != _made_from():
        return False
    folder = rules_dir()
    take_built_in([replace(rule, file=str(folder / rule.file)) for rule in found.rules])
    return True


def _made_from() -> str:
    made = hashlib.sha256(__version__.encode())
    folder = rules_dir()
    for path in sorted(rule_files([folder])):
        made.update(f"\n{path.relative_to(folder).as_posix()}\n".encode())
        made.update(path.read_bytes())
    return made.hexdigest()
