"""One resource in words: its findings, its settings by who set them, what belongs to it and who opened it.

The same as the resource's page in report.html says, for a terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.model.finding import Evidence, Finding
from auditor.model.inventory import Inventory, InventoryTable, SignIn
from auditor.model.report import Report
from auditor.model.resource import Origin, ResourceRef
from auditor.model.rule import Rule
from auditor.report import phrases
from auditor.rules.message import format_value
from auditor.studio.setting_names import setting_words

#: Layers that may have set a value, in the order in which they are shown, and how that is said.
LAYERS: Mapping[str, str] = {
    "unknown": "Unknown",
    "ambiguous": "Not settled by AWS's documentation",
    "profile": "Set on the profile",
    "space": "Set on the space",
    "app": "Set on the app",
    "domain": "Set on the domain",
    "service": "AWS's default",
    "derived": "Derived",
}


#: What a resource may be called, the surest first.
_CALLED: tuple[Callable[[ResourceRef], tuple[str, ...]], ...] = (
    lambda r: (r.key, r.arn, r.id),
    lambda r: (r.name, f"{r.domain_name}/{r.name}"),
)


@dataclass(frozen=True, slots=True)
class Value:
    """A setting of the resource: ``name`` and ``path`` as AWS calls them, ``column`` as the documented table does."""

    column: str
    name: str
    value: Any
    unit: str
    layer: str
    path: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known of a resource. ``children`` hang on it: a domain's profiles, a profile's spaces and apps."""

    resource: ResourceRef
    owner: str
    findings: tuple[Finding, ...]
    values: tuple[Value, ...]
    children: tuple[ResourceRef, ...]
    sign_ins: tuple[SignIn, ...]


def named(inventory: Inventory, name: str) -> tuple[ResourceRef, ...]:
    """The resources that a name means: a key, an ARN, an id, or a name whatever its case; the first of these that fits
    something."""
    everything = [resource for table in inventory.tables for resource in table.resources]
    for called in _CALLED:
        found = tuple(resource for resource in everything if name in called(resource))
        if found:
            return found
    low = name.casefold()
    return tuple(r for r in everything if low in (r.name.casefold(), r.id.casefold()))


def explain(report: Report, resource: ResourceRef) -> Explanation:
    """What the report, which has an inventory, says of one of its resources."""
    inventory = report.inventory
    assert inventory is not None
    table, at = _place(inventory, resource)
    return Explanation(
        resource,
        table.owners[at],
        tuple(f for f in report.findings if f.resource.key == resource.key),
        tuple(_values(table, at)),
        tuple(
            child
            for other in inventory.tables
            for child, parent in zip(other.resources, other.parents, strict=True)
            if parent == resource.key
        ),
        tuple(s for s in inventory.sign_ins if s.profile == resource.key),
    )


def _place(inventory: Inventory, resource: ResourceRef) -> tuple[InventoryTable, int]:
    for table in inventory.tables:
        for at, one in enumerate(table.resources):
            if one.key == resource.key:
                return table, at
    raise AssertionError(f"{resource.key} is not in the inventory")


def _values(table: InventoryTable, at: int) -> Iterator[Value]:
    for column in table.columns:
        value, layer = column.values[column.codes[at]]
        path = column.paths.get(layer, "")
        shown = path or next(iter(column.paths.values()), "")
        name = setting_words(Evidence(column.name, value, Origin(layer, "", shown)))
        yield Value(column.name, name, value, column.unit, layer, path)


def lines(explanation: Explanation) -> Iterator[str]:
    """The text, line by line."""
    resource = explanation.resource
    yield phrases.name(resource)
    yield "  ".join(part for part in (phrases.scope(resource), resource.arn) if part)
    if explanation.owner:
        yield f"Owner: {explanation.owner}"
    yield ""
    yield from _findings(explanation.findings)
    for layer in LAYERS:
        values = [v for v in explanation.values if v.layer == layer]
        if not values:
            continue
        yield ""
        yield _words(layer, explanation)
        yield from (f"  {_value(v)}" for v in values)
    yield from _list("Belongs to it", [phrases.name(child) for child in explanation.children])
    yield from _list(
        "Opened by",
        [f"{s.principal} ({s.kind}), {_times(s.times)}, last {s.last or 'unknown'}" for s in explanation.sign_ins],
    )


def _words(layer: str, explanation: Explanation) -> str:
    inherited = layer == "domain" and explanation.resource.type != "domain"
    return "Inherited from the domain" if inherited else LAYERS[layer]


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        yield "No finding"
        return
    yield "Findings"
    for finding in findings:
        yield f"  {finding.severity} {finding.rule_id} {phrases.sentence(finding)}"
        if finding.waiver is not None:
            yield f"      {phrases.waiver_words(finding.waiver)}"


def _value(value: Value) -> str:
    unit = f" {value.unit}" if value.unit and value.value else ""
    shown = value.value
    if isinstance(shown, Mapping):
        shown = [f"{key}={one}" for key, one in shown.items()]
    # The path says more where it is not the name with the structure before it that the heading names.
    path = f"  ({value.path})" if not value.path.endswith(value.name) and value.path else ""
    return f"{value.name} = {format_value(shown)}{unit}{path}"


def _list(heading: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield ""
        yield f"{heading} ({len(items):,})"
        yield from (f"  {item}" for item in items)


def rule_lines(rule: Rule, explanation: Explanation, verdict: str) -> Iterator[str]:
    """Why the rule gives its verdict: its two expressions and what they read of the resource."""
    yield f"{rule.id} {rule.title}"
    yield f"Verdict on {phrases.name(explanation.resource)}: {verdict.replace('_', ' ')}"
    yield from (f"  {phrases.sentence(f)}" for f in explanation.findings if f.rule_id == rule.id)
    yield ""
    yield "Applies where"
    yield from (f"  {line}" for line in rule.when.strip().splitlines())
    yield "Requires"
    yield from (f"  {line}" for line in rule.require.strip().splitlines())
    read = {v.column: v for v in explanation.values if v.column in rule.columns}
    if read:
        yield "Reads"
    for column in rule.columns:
        if column in read:
            words = (
                "inherited from the domain" if read[column].layer == "domain" else LAYERS[read[column].layer].lower()
            )
            yield f"  {column} = {format_value(read[column].value)}  ({words})"
