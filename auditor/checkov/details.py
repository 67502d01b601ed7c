"""Why a resource fails, in lines for checkov's reports."""

from __future__ import annotations

import os
from collections.abc import Sequence

from auditor.evaluate.verdicts import ResourceVerdict
from auditor.model.finding import Evidence
from auditor.resolve.tables import table
from auditor.rules.message import format_value


def details(judged: ResourceVerdict | None) -> list[str]:
    """What is wrong, and who set it: often it is the domain, at another place than the resource."""
    finding = judged.finding if judged is not None else None
    if judged is None or finding is None:
        return []
    lines = [finding.message]
    for seen in _deciding(judged.table, finding.evidence)[:1]:
        origin, value = seen.origin, f"{seen.origin.path} is {format_value(seen.value)}"
        if origin.layer == "service":
            lines.append(f"{value}: AWS's default")
        elif origin.file:
            file = os.path.relpath(origin.file)
            at = f"{file}:{origin.line}" if origin.line else file
            lines.append(f"{value}: {origin.layer} {origin.resource}, {at}")
    return lines


def _deciding(name: str, evidence: Sequence[Evidence]) -> list[Evidence]:
    """What was set, before what follows from it: StudioWebPortal is DISABLED, not classic."""
    documented = table(name)
    assert documented is not None, name
    first = evidence[:1]
    direct = [
        seen
        for seen in evidence
        if (column := documented.column(seen.setting)) is not None
        and first[0].origin.path in (column.paths or {}).values()
    ]
    return [*direct, *first]
