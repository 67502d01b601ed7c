"""Lifecycle configurations of a root: what is unsafe in their scripts. The scripts themselves are not kept."""

from __future__ import annotations

from auditor.collect.iac.interface import Unknown
from auditor.collect.iac.scope import Scope, split
from auditor.model.snapshot import Record
from auditor.studio.scripts import CONTENT, judged_script


def records(scope: Scope) -> list[Record]:
    """One record for each that exists for certain."""
    found = []
    for config in scope.certain("lifecycle_config"):
        doc = scope.read(config)
        members, gaps = split(doc.members)
        try:
            members |= judged_script(members)
        except ValueError as error:
            gaps[CONTENT] = Unknown("", str(error), "unexpected_response")
        members.pop(CONTENT, None)
        if CONTENT in gaps:
            # Of the script only what was found in it is a member.
            gaps["Script"] = gaps.pop(CONTENT)
        found.append(scope.record("lifecycle_config", config, config.address, members, gaps, doc.lines))
    return found
