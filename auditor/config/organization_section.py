"""``organization:`` of auditor.yaml: which accounts a run over several visits, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from auditor.org.request import DEFAULT_ROLE, NamedAccount, external_id_problem, pattern_problem, role_problem
from auditor.studio.partitions import region_problem
from auditor.yaml_source import Source

_ID = "^[0-9]{12}$"
_CHOSEN = "Ids of organizational units (ou-…), ids of accounts, or patterns of account names"
_Text = Annotated[str, msgspec.Meta(min_length=1)]


class AccountEntry(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An account of the list."""

    id: Annotated[str, msgspec.Meta(pattern=_ID, description="Twelve digits, in quotes")]
    name: Annotated[str, msgspec.Meta(min_length=1, description="What reports call it")] | UnsetType = UNSET


class OrganizationFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Accounts of a run over several, for audit --organization and auditor accounts list."""

    role: (
        Annotated[str, msgspec.Meta(min_length=1, description="Role to assume in each account; as --role")] | UnsetType
    ) = UNSET
    external_id: (
        Annotated[
            str, msgspec.Meta(min_length=1, description="External ID, or env:VARIABLE that holds it; as --external-id")
        ]
        | UnsetType
    ) = UNSET
    accounts: Annotated[
        list[AccountEntry], msgspec.Meta(description="The accounts, instead of those that AWS Organizations lists")
    ] = []
    include: Annotated[list[_Text], msgspec.Meta(description=f"Only these accounts. {_CHOSEN}")] = []
    exclude: Annotated[list[_Text], msgspec.Meta(description=f"Not these accounts. {_CHOSEN}")] = []
    regions: (
        Annotated[
            Literal["all"] | list[_Text],
            msgspec.Meta(description="Regions to audit in each account; all: those that are enabled there"),
        ]
        | UnsetType
    ) = UNSET
    skip_regions: Annotated[list[_Text], msgspec.Meta(description="Regions to leave out")] = []


@dataclass(frozen=True, slots=True)
class OrganizationSection:
    """The section's content. ``accounts`` empty: AWS Organizations is asked. ``regions`` empty: not said."""

    role: str = DEFAULT_ROLE
    external_id: str = ""
    accounts: tuple[NamedAccount, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    skip_regions: tuple[str, ...] = ()


def organization_section(source: Source, wire: OrganizationFile) -> OrganizationSection:
    """The section as a value. Raises ConfigError naming the place in the file."""
    problem = "" if isinstance(wire.role, UnsetType) else role_problem(wire.role)
    if problem:
        raise source.error(f"role: {problem}", "organization", "role", value=True)
    problem = "" if isinstance(wire.external_id, UnsetType) else external_id_problem(wire.external_id)
    if problem:
        raise source.error(problem, "organization", "external_id", value=True)
    for key, patterns in (("include", wire.include), ("exclude", wire.exclude)):
        for number, pattern in enumerate(patterns):
            problem = pattern_problem(pattern)
            if problem:
                raise source.error(f"{key}: {problem}", "organization", key, str(number))
    if source.data["organization"].get("accounts") == []:
        hint = "Take the key away, and AWS Organizations is asked."
        raise source.error(
            "organization.accounts: an empty list names no account", "organization", "accounts", hint=hint
        )
    seen = set[str]()
    for number, entry in enumerate(wire.accounts):
        if entry.id in seen:
            raise source.error(f"accounts: {entry.id} stands there twice", "organization", "accounts", str(number))
        seen.add(entry.id)
    regions: tuple[str, ...] = ()
    if not isinstance(wire.regions, UnsetType):
        regions = ("all",) if wire.regions == "all" else tuple(wire.regions)
    refuse_odd_regions(source, regions if wire.regions != "all" else (), wire.skip_regions, "organization")
    return OrganizationSection(
        role=DEFAULT_ROLE if isinstance(wire.role, UnsetType) else wire.role,
        external_id="" if isinstance(wire.external_id, UnsetType) else wire.external_id,
        accounts=tuple(NamedAccount(e.id, "" if isinstance(e.name, UnsetType) else e.name) for e in wire.accounts),
        include=tuple(wire.include),
        exclude=tuple(wire.exclude),
        regions=regions,
        skip_regions=tuple(wire.skip_regions),
    )


def refuse_odd_regions(source: Source, regions: Sequence[str], skipped: Sequence[str], *above: str) -> None:
    """Raise ConfigError, with the place in the file, for what can be no Region; ``above``: the keys that lead there."""
    for key, named in (("regions", regions), ("skip_regions", skipped)):
        for number in range(len(named)):
            problem = region_problem(named, number, or_all=key == "regions")
            if problem:
                hint = "Regions are written as eu-west-1."
                raise source.error(f"{'.'.join((*above, key))}: {problem}", *above, key, str(number), hint=hint)
