"""Which layer, resource and API path a column's value came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.model.resource import Origin, ResourceRef
from auditor.resolve.table_model import Column, Table

#: How many inputs deep a derived column may lie; a cycle in the tables' metadata would be a defect.
_DEPTH = 4


def needed(documented: Table, names: tuple[str, ...], *, shown: bool = True) -> tuple[str, ...]:
    """The columns themselves and all that they are derived from, each once; without what is only ``shown``, those of it
    that decide where a value comes from."""
    found: list[str] = []
    pending = list(names)
    while pending:
        name = pending.pop(0)
        column = documented.column(name)
        if column is not None and name not in found:
            found.append(name)
            pending += column.inputs if shown or column.via else ()
            pending += [column.culprits] if shown and column.culprits else []
    return tuple(found)


def select_list(documented: Table, names: tuple[str, ...]) -> list[str]:
    """Select-list items that give each column, its origin and what decided it."""
    items: list[str] = []
    for name in names:
        column = documented.column(name)
        if column is None:
            continue
        items.append(f't."{name}" as "{name}"')
        if column.has_origin:
            items.append(f't."{name}_origin"::VARCHAR as "{name}_origin"')
        if column.via:
            items.append(f'({column.via}) as "{name}_via"')
    return items


def deciding(documented: Table, name: str, row: Mapping[str, Any]) -> Column | None:
    """The column whose setting decided the value: the column itself, or the input that ``via`` names."""
    column = documented.column(name)
    for _ in range(_DEPTH):
        if column is None or not column.via:
            return column
        column = documented.column(str(row.get(f"{column.name}_via"))) or column
        if column.name == name:
            return column
        name = column.name
    return column


def origin(documented: Table, name: str, row: Mapping[str, Any], resource: ResourceRef) -> Origin:
    """Origin of the row's value of a column. Layer ``derived`` where no setting stands behind it."""
    column = deciding(documented, name, row)
    if column is None or not column.has_origin or column.paths is None:
        return Origin("derived", resource.id, column.name if column else name)
    layer = row.get(f"{column.name}_origin")
    if layer is None or layer == "ambiguous":
        return Origin("unknown", "", column.paths.get("service", next(iter(column.paths.values()))))
    path = column.paths.get(layer, "")
    if layer == "service":
        return Origin(layer, "", path)
    return Origin(layer, resource.domain_id if layer == "domain" else resource.id, path)
