"""Why a failure gets no command: what has to be done, or known, first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.model.rule import Rule
from auditor.rules.message import filled
from auditor.rules.value_columns import WITHHOLD


def withheld(rule: Rule, row: Mapping[str, Any]) -> str:
    """Every reason of the rule for which this row gets no command, as sentences; empty where there is none.

    A condition that is unknown, or could not be worked out, withholds the command as well.
    """
    reasons = []
    for number, reason in enumerate(rule.remediation.withhold_when):
        holds = row.get(f"{WITHHOLD}{number}")
        if holds is not False:
            reasons.append(filled(reason.because if holds else reason.unknown, row))
    return f"No command yet: {' '.join(reasons)}" if reasons else ""
