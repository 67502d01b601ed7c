"""What was audited, resource by resource: the settings in force with their origin, and what belongs to what.

Columns are dictionary-encoded: each holds its distinct values once, and for every resource the number of its value. A
hundred thousand profiles that inherit from a few domains are a few values and a list of small numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auditor.model.resource import ResourceRef


@dataclass(frozen=True, slots=True)
class InventoryColumn:
    """One documented column of one resource type.

    ``values`` are the distinct pairs of value and origin layer (``profile``, ``domain``, ``space``, ``app``,
    ``service``, ``ambiguous``; ``derived`` where no setting stands behind the column); a value of None is unknown.
    ``codes`` has an index into ``values`` for each resource of the table. ``paths`` maps a layer to the API path there,
    ``doc`` and ``unit`` are those of the documented table.
    """

    name: str
    doc: str
    unit: str
    paths: Mapping[str, str]
    values: tuple[tuple[Any, str], ...]
    codes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class InventoryTable:
    """Resources of one type, sorted by key. ``owners``, ``domains`` and ``parents`` run beside ``resources``.

    ``owners``: value of the tag that says whose the resource is, empty where there is none. ``domains``: key of its
    domain, empty for what belongs to none. ``parents``: key of what it hangs on: a space's owner, an app's space or
    profile, else its domain; empty where there is none.
    """

    type: str
    resources: tuple[ResourceRef, ...]
    owners: tuple[str, ...]
    domains: tuple[str, ...]
    parents: tuple[str, ...]
    columns: tuple[InventoryColumn, ...]


@dataclass(frozen=True, slots=True)
class SignIn:
    """A principal that opened a profile. ``profile`` is that profile's key; times are RFC 3339 in UTC.

    ``kind``: human, machine or unknown.
    """

    profile: str
    principal: str
    kind: str
    times: int
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """Domains, profiles, spaces, apps and execution roles, and who signed in.

    ``complete`` is False where only the resources with a finding, and all domains and roles, are here; ``total`` counts
    every audited resource of a type then as well.
    """

    tables: tuple[InventoryTable, ...] = ()
    sign_ins: tuple[SignIn, ...] = ()
    complete: bool = True
    total: Mapping[str, int] = field(default_factory=dict)
