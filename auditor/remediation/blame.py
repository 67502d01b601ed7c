"""Where a failure comes from, and so where it is fixed. Said before the fix is made: root causes group by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.model.resource import ResourceRef
from auditor.remediation.inheritance import domain_ref, on_purpose
from auditor.remediation.raw_documents import Document
from auditor.remediation.steps import Step, column_at
from auditor.resolve.origin import deciding, origin
from auditor.resolve.table_model import Table
from auditor.rules.remediation_set import TAGS
from auditor.rules.value_columns import AT

#: The table whose resources take settings over, and are changed either themselves or with all that take over the same.
_INHERITS = "user_profile"


@dataclass(frozen=True, slots=True)
class Blame:
    """The setting at the resource where a change acts.

    ``owner`` holds the setting, or would hold it: the domain where that hands it down. ``setting`` is its path in the
    owner's document, or the column's name where no setting stands behind the value. ``layer`` is where the ``value`` in
    force comes from, as in ``Origin``: AWS's default (``service``) has the owner that would set another.
    """

    owner: ResourceRef
    setting: str
    layer: str
    value: Any


def blame(
    documented: Table,
    blamed: str,
    row: Mapping[str, Any],
    resource: ResourceRef,
    steps: Sequence[Step] = (),
    own: Document | None = None,
) -> Blame:
    """The blame for one failing row.

    ``blamed`` is the column whose value the failure is put down to. ``steps`` are the changes that fix it, none where
    nobody can say or something else has to be done first: then the value's own place is blamed. ``own`` is the
    resource's document, None where the snapshot holds none.
    """
    where = origin(documented, blamed, row, resource)
    column = deciding(documented, blamed, row)
    paths = (column.paths if column else None) or {}
    value = row.get(column.name) if column is not None else row.get(blamed)
    acts_on = _acts_on(documented, row, steps, own)
    if acts_on == "profile":
        owner, setting = resource, paths.get("profile", where.path)
    elif acts_on == "domain" or ("domain" in paths and where.layer in ("domain", "service")):
        # AWS's default applies until somebody sets a value; where a domain hands settings down, that is the place.
        owner = resource if resource.type == "domain" else domain_ref(resource)
        setting = paths.get("domain", where.path)
    elif where.layer == "service" and paths:
        owner, setting = resource, next(iter(paths.values()))
    else:
        owner, setting = resource, where.path
    return Blame(owner, setting, where.layer, value)


def _acts_on(documented: Table, row: Mapping[str, Any], steps: Sequence[Step], own: Document | None) -> str:
    """``profile`` or ``domain`` where a user setting is changed there, else empty.

    The profile: where the rule says so, and where the profile holds one of the settings, or the structure that one lies
    in, itself, since a change of the domain would not reach it then.
    """
    if documented.name != _INHERITS or (steps and steps[0].root == TAGS):
        return ""
    chosen = str(row.get(AT) or "")
    if chosen == "profile" or not steps:
        return "profile" if chosen == "profile" else ""
    if chosen != "domain" and any(_held(documented, row, step, own) for step in steps):
        return "profile"
    return "domain"


def _held(documented: Table, row: Mapping[str, Any], step: Step, own: Document | None) -> bool:
    return row.get(f"{column_at(documented, step.path)}_origin") == "profile" or (
        own is not None and on_purpose(own, step)
    )
