"""Lines of the summary about templates beside the account."""

from __future__ import annotations

from rich.text import Text

from auditor.counting import plural
from auditor.inert_text import printable
from auditor.model.resource import ResourceRef
from auditor.report.drift_view import DisagreementGroup, OnlyGroup, label
from auditor.report.drift_view import place as drift_place


def resource_words(resource: ResourceRef) -> str:
    """A resource as the summary names it: its type, its domain and its name."""
    inside = (
        f"{resource.domain_name or resource.domain_id}/" if resource.type != "domain" and resource.domain_id else ""
    )
    return f"{resource.type.replace('_', ' ')} {inside}{resource.name}"


def disagreement(group: DisagreementGroup) -> Text:
    """A setting on which templates and account disagree, and where."""
    first = group.examples[0]
    where = plural(group.count, "resource") if group.count > 1 else resource_words(first.account)
    parts = group.setting.split(".")
    # Paths are long, and their ends tell most.
    setting = ".".join(parts) if len(parts) < 4 else f"{parts[0]}.{parts[1]}…{parts[-1]}"
    at = drift_place(first.file, first.line)
    return Text(printable(f"{at} {where}: {setting}: template {group.template}, account {group.account}"))


def live_only(group: OnlyGroup) -> Text:
    """Resources of the account that no template has."""
    noun = group.type.replace("_", " ")
    inside = f" in {group.domain}" if group.domain else ""
    names = ", ".join(label(item.resource) for item in group.examples[:3])
    stack = f", of stack {group.stack}" if group.stack else ""
    more = ", …" if group.count > 3 else ""
    return Text(printable(f"in no template: {plural(group.count, noun)}{inside}{stack}: {names}{more}"))
