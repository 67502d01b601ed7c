"""The files of a new rule, with blanks to fill in: the rule with its cases, and in a checkout of the product what its
own tests want to know of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from auditor.errors import ConfigError
from auditor.resolve.tables import TABLES, table
from auditor.rules.load import AREAS, PRODUCT_ID, rule_files
from auditor.studio.practices import PRACTICES
from auditor.yaml_source import near

#: What stands where something is to be filled in. A test refuses a built-in rule that still holds it.
BLANK = "TODO"
_ID = re.compile(r"[A-Z]{2,10}[0-9]{3,4}")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_OURS = re.compile(r"STU([1-9])[0-9]{2}")
_CATALOGUE = Path("tests/rules/test_catalogue.py")
_ESTATE = Path("auditor/simulator/estates/acme.expected.yaml")
_PROOFS = Path("tests/remediation/test_other_commands.py")


@dataclass(frozen=True, slots=True)
class NewRule:
    """What is known of a rule before it is written. ``id`` like STU512 or ACME001; ``practices`` P-numbers."""

    id: str
    table: str
    name: str
    severity: str = "medium"
    practices: tuple[str, ...] = ()


def scaffold(new: NewRule, folder: Path, checkout: Path | None) -> dict[Path, str]:
    """Path → whole new text of each file that is written or changed. Nothing is written here.

    ``folder`` takes the rule file of a user's own rule; ``checkout`` is the product's root, where a built-in rule is
    made. Raises ConfigError for an id or name that is taken or not possible, an unknown table or practice.
    """
    if checkout is None and PRODUCT_ID.match(new.id):
        raise ConfigError(f"{new.id}: ids that begin with STU are the product's", hint="Choose another one: ACME001")
    _check(new, folder if checkout is None else checkout / "rules")
    if checkout is None:
        return {folder / f"{new.id}-{new.name}.yaml": _rule(new, "1.0.0")}
    match = _OURS.fullmatch(new.id)
    if match is None:
        raise ConfigError(
            f"{new.id}: a built-in rule is called STU and three digits, the first of which is its area",
            hint=f"1 to {len(AREAS)}: {', '.join(AREAS)}. A rule of your own: --folder DIR",
        )
    area = AREAS[int(match[1]) - 1]
    files = {checkout / "rules" / area / f"{new.id}-{new.name}.yaml": _rule(new, BLANK)}
    row = f"{new.id} {new.name:<33} {new.severity:<8} {new.table:<14} {' '.join(new.practices) or BLANK}"
    files[checkout / _CATALOGUE] = _inserted(checkout / _CATALOGUE, r"(STU\d{3}) [a-z]", new.id, row)
    expected = f"  {new.id}: [] # {BLANK}: a resource of acme.yaml that fails it, derived by hand"
    files[checkout / _ESTATE] = _inserted(checkout / _ESTATE, r"  (STU\d{3}): \[", new.id, expected, until="unknown:")
    proof = f'    "{new.id}": "{BLANK}: why no single call fixes it; or take this line out and write remediation.set",'
    files[checkout / _PROOFS] = _inserted(checkout / _PROOFS, r'    "(STU\d{3})": "', new.id, proof)
    return files


def _check(new: NewRule, rules: Path) -> None:
    if not _ID.fullmatch(new.id):
        raise ConfigError(f"{new.id!r} is not a rule id", hint="Two to ten capital letters and three or four digits.")
    if not _NAME.fullmatch(new.name):
        raise ConfigError(f"{new.name!r} is not a rule name", hint="Lower case words joined by hyphens: my-new-rule")
    if table(new.table) is None:
        names = [t.name for t in TABLES]
        raise ConfigError(
            f"there is no table {new.table!r}", hint=near(new.table, names, f"Tables: {', '.join(names)}")
        )
    for practice in new.practices:
        if practice not in PRACTICES:
            raise ConfigError(f"there is no practice {practice!r}", hint="docs/practices.md lists them.")
    for path in rule_files([rules]) if rules.is_dir() and any(rules.rglob("*.yaml")) else ():
        id_, _, name = path.stem.partition("-")
        if new.id == id_ or new.name == name:
            raise ConfigError(f"{new.id if new.id == id_ else new.name} is already defined in {path}")


def _inserted(path: Path, pattern: str, id_: str, line: str, until: str = "") -> str:
    """The file with the line before the first entry of a greater id, behind the last one otherwise."""
    lines = path.read_text(encoding="utf-8").split("\n")
    end = next((n for n, text in enumerate(lines) if until and text == until), len(lines))
    entries = [(n, match[1]) for n, text in enumerate(lines[:end]) if (match := re.match(pattern, text))]
    later = [n for n, other in entries if other > id_]
    if later:
        place = min(later)
    else:
        place = max((n for n, _ in entries), default=end - 1) + 1
        while place < end and lines[place].startswith("    ") and not re.match(pattern, lines[place]):
            place += 1
    return "\n".join([*lines[:place], line, *lines[place:]])


def _rule(new: NewRule, since: str) -> str:
    return f"""id: {new.id}
name: {new.name}
# A demand that is true of a compliant resource, as in Security Hub: "Domains should …".
title: {BLANK}
severity: {new.severity}
table: {new.table}
# Both are SQL expressions over the columns of {new.table} (docs/tables.md). NULL is unknown: let it through.
# when: what the rule applies to; leave it out where it applies to every row.
require: name <> '{BLANK}'
# What is wrong with this resource; columns stand in braces.
message: "{BLANK}: {{name}} …"
# What an attacker or a bill can do, and why the severity is what it is.
why: >-
  {BLANK}
remediation:
  # What changes, for whom, what stops working meanwhile, whether it can be undone, and how to check it.
  # Where one AWS call fixes it, say so under set (docs/remediation.md): the command follows from that.
  steps: >-
    {BLANK}
practices: [{", ".join(new.practices)}]
references:
  - https://docs.aws.amazon.com/{BLANK}
since: {since}
cases:
  - {{given: {{name: a-compliant-one}}, then: pass}}
  - {{given: {{name: {BLANK}}}, then: fail}}
  - {{given: {{name: null}}, then: unknown}}
"""
