"""Further columns of a scan: values that a rule works out for its message and its remediation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from auditor.model.rule import Rule
from auditor.rules.verdict_sql import parameter_values, substitute

#: Prefix, in a row, of the values of a rule's message and remediation.
VALUE = "__value_"
#: Column, in a row, of the place that a remediation names itself.
AT = "__at"
#: Prefix, in a row, of the conditions that withhold the command, numbered from 0.
WITHHOLD = "__withhold_"


def expressions(rule: Rule, overrides: Mapping[str, Any] | None, *, shown: bool = True) -> list[str]:
    """Select-list items for the values of the remediation and what withholds it; what raises gives NULL. Without what
    is only ``shown``: values that neither a change nor a text of the remediation names."""
    values = parameter_values(rule, overrides)
    fix = rule.remediation
    named = {VALUE + name: sql for name, sql in fix.values.items() if shown or name in _named(rule)}
    if fix.at:
        named[AT] = fix.at
    named |= {f"{WITHHOLD}{number}": reason.when for number, reason in enumerate(fix.withhold_when)}
    return [f'try(\n{substitute(sql, values)}\n) as "{name}"' for name, sql in named.items()]


#: A value of the remediation in a snippet: ``$name``.
IN_SNIPPET = re.compile(r"\$([a-z_]+)\b")


def _named(rule: Rule) -> set[str]:
    """Values that the changes, the commands or what withholds these may name."""
    fix = rule.remediation
    texts = [*fix.aws.values(), *(text for one in fix.withhold_when for text in (one.because, one.unknown))]
    changed = {part[1:] for c in fix.changes for part in (c.value, c.but_not) if isinstance(part, str)}
    snippets = [*fix.cloudformation.values(), *fix.terraform.values()]
    changed |= {name for text in snippets for name in IN_SNIPPET.findall(text) if name in fix.values}
    return changed | {name for name in fix.values if any(f"{{{name}" in text for text in texts)}
