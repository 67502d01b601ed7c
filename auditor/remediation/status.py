"""Why the status of a resource leaves no command, or what to know of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from auditor.model.finding import FindingRemediation
from auditor.model.resource import ResourceRef
from auditor.studio.statuses import IN_PROGRESS, NO_UPDATE, UPDATE_FAILED


def by_status(resources: Iterable[tuple[ResourceRef, Mapping[str, Any]]]) -> tuple[str, str]:
    """Why no update may be printed for a resource, and what to know of its status before one is run; both may be empty.

    ``resources`` are the one to update and those that it lies in, each with its document (Status, FailureReason).
    """
    note = ""
    for resource, document in resources:
        status, reason = document.get("Status"), document.get("FailureReason")
        what = f"{resource.type.replace('_', ' ')} {resource.name} (status {status})"
        because = f" AWS says: {reason}" if isinstance(reason, str) and reason else ""
        if status in NO_UPDATE:
            return f"No command: {NO_UPDATE[str(status)].format(what=what)}.{because}", ""
        if status in IN_PROGRESS and not note:
            note = f"The {what} can't be updated now: wait until its status is InService."
        if status == UPDATE_FAILED and not note:
            note = f"The last update of the {what} failed.{because}"
    return "", note


def with_status(fix: FindingRemediation, row: Mapping[str, Any], resource: ResourceRef) -> FindingRemediation:
    """The remediation of a finding without a command, with what to know of the resource's own status: a rule that no
    command helps may speak about a resource that nothing but deleting helps."""
    if fix.aws or not row.get("status") or resource.file:
        return fix
    document = {"Status": row["status"], "FailureReason": row.get("failure_reason")}
    told = " ".join(filter(None, by_status([(resource, document)])))
    return fix if not told or told in fix.note else replace(fix, note=f"{told} {fix.note}".strip())
