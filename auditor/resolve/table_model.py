"""What a documented table is: its columns, where their values come from, and what a row of it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: A "kind" of what only a running account has: a state, a moment of creation.
LIVE = "live"


@dataclass(frozen=True, slots=True)
class Column:
    """One documented column.

    ``paths`` maps each layer that may set the value to the API path there; empty for identity and derived columns.
    A derived column lists its ``inputs``, the columns that it is computed from, and in ``via`` a SQL expression over
    the table that names the input which decided the value: a finding's origin is that input's origin.
    ``kinds``: snapshot kinds that the value hangs on beside those of its table and of its inputs; ``LIVE`` where it is
    something that only a running account has. ``members``: of the documents of a kind (for an execution role, of the
    role's own), the paths on which the value hangs; a gap elsewhere in them doesn't explain it. ``why``: the column
    that says why this one is not known, where nothing else does: empty, or no items, where it is known. ``culprits``:
    the column that names the policies or subnets behind the value, of which a template says where they are written.
    ``reads``: paths in the resource's own document of which the value says something without being theirs.
    """

    name: str
    type: str
    doc: str
    unit: str = ""
    paths: Mapping[str, str] | None = None
    inputs: tuple[str, ...] = ()
    via: str = ""
    kinds: tuple[str, ...] = ()
    members: Mapping[str, tuple[str, ...]] | None = None
    why: str = ""
    culprits: str = ""
    reads: tuple[str, ...] = ()

    @property
    def has_origin(self) -> bool:
        return bool(self.paths)


@dataclass(frozen=True, slots=True)
class Table:
    """One documented table. ``resource_type`` is what a row is in reports, empty where a row is no resource; ``kinds``
    the snapshot kinds that its rows come from and that its values hang on; ``further`` kinds that only add rows."""

    name: str
    doc: str
    columns: tuple[Column, ...]
    resource_type: str = ""
    kinds: tuple[str, ...] = ()
    further: tuple[str, ...] = ()
    types: Mapping[str, str] = field(init=False, repr=False, compare=False)
    """Column → DuckDB type, with the ``_origin`` companions."""
    _index: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", {c.name: c for c in self.columns})
        object.__setattr__(self, "types", documented_columns(self))

    def column(self, name: str) -> Column | None:
        """The column of that name, or None."""
        return self._index.get(name)

    # Nearly every app is called "default": its owner and type are what people know it by. Once in Python and once in
    # SQL, over rows ``t``.
    def display_name(self, row: Mapping[str, Any]) -> str:
        """What people call the resource of a row."""
        name = row["id"].split("/", 2)[-1] if self.name == "app" else row["name"]
        return str(name or row["id"])

    @property
    def display_name_sql(self) -> str:
        """The same in SQL, NULL where there is no name."""
        return "array_to_string(string_split(t.id, '/')[3:], '/')" if self.name == "app" else "t.name"


def documented_columns(documented: Table, origin: str = "VARCHAR") -> dict[str, str]:
    """Column → DuckDB type, with the ``_origin`` companions, whose type is ``origin``."""
    columns: dict[str, str] = {}
    for column in documented.columns:
        columns[column.name] = column.type
        if column.has_origin:
            columns[f"{column.name}_origin"] = origin
    return columns


def handed_down(prefix: str, column: str) -> str:
    """The domain's column for a setting that it hands down: with the prefix, but no word twice in a row."""
    return column if column.startswith(prefix) else prefix + column
