"""The accounts of an organization, as AWS Organizations lists them, each with the organizational units it lies in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.collect.aws import call_errors
from auditor.collect.aws.answers import text
from auditor.collect.aws.call_errors import CALL_FAILED, OddAnswerError, understood
from auditor.collect.aws.run import Run
from auditor.errors import CollectError
from auditor.org.request import ACCOUNT_ID

#: What listing needs, for the credentials that a run starts with.
PERMISSIONS: Mapping[str, str] = {
    "organizations:ListAccounts": "the organization's accounts",
    "organizations:ListRoots": "where its tree of organizational units begins",
    "organizations:ListOrganizationalUnitsForParent": "the tree of organizational units",
    "organizations:ListAccountsForParent": "which account lies in which unit",
}
#: The most that these lists give a page (MaxResults in the API reference).
_PAGE = 20
#: State of an account that can be entered. ``Status``, its predecessor, uses the same word.
ACTIVE = "ACTIVE"
_WHO_MAY = (
    "AWS Organizations answers the management account and delegated administrators only. Allow what auditor permissions"
    " --organization prints, or name the accounts with --account or --accounts."
)
#: Reasons that have nothing to do with who may ask.
_PASSING = ("credentials_expired", "throttled", "server_error", "unreachable")
_LATER = "Sign in again if the message says so, and repeat the command."


@dataclass(frozen=True, slots=True)
class Unit:
    """An organizational unit, or the organization's root: its id and name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """An account of the organization. ``state``: ACTIVE, SUSPENDED, PENDING_CLOSURE, PENDING_ACTIVATION, CLOSED; empty
    where AWS did not say. ``units``: the root, then the units that it lies in; empty where these are not known."""

    id: str
    name: str
    state: str
    units: tuple[Unit, ...] = ()

    @property
    def ou(self) -> str:
        """Names of the units, outermost first, without the root."""
        return "/".join(unit.name for unit in self.units[1:])


@dataclass(frozen=True, slots=True)
class Organization:
    """The members by id, and why their units are not known; empty where they are."""

    members: Mapping[str, Member]
    problem: str = ""


def read_organization(run: Run, region: str) -> Organization:
    """All members. ``region`` is one of the partition's. Raises CollectError where the accounts cannot be listed.

    The tree is walked after the list, so that an account which moves meanwhile is there all the same. One that moved
    into a unit that was walked already lies in none: then everything is read once more.
    """
    found = _read(run, region)
    if not found.problem and (moved := _nowhere(found)):
        found = _read(run, region)
        if not found.problem and (moved := _nowhere(found)):
            return Organization(found.members, f"no unit holds {', '.join(moved)}, though the organization does")
    return found


def _nowhere(found: Organization) -> list[str]:
    """Members that no unit holds, not even the root."""
    return sorted(member.id for member in found.members.values() if not member.units)


def _read(run: Run, region: str) -> Organization:
    try:
        members = {m.id: m for m in _members(run, region, "ListAccounts", {})}
    except CALL_FAILED as error:
        raise CollectError(
            f"the organization's accounts cannot be listed: {call_errors.message(error)}",
            hint=_WHO_MAY if call_errors.reason(error) not in _PASSING else _LATER, reason=call_errors.reason(error),
        ) from error  # fmt: skip
    try:
        for parents in _tree(run, region):
            for member in _members(run, region, "ListAccountsForParent", {"ParentId": parents[-1].id}):
                # What was opened meanwhile is of the next run.
                if member.id in members:
                    members[member.id] = Member(member.id, member.name, member.state, parents)
    except CALL_FAILED as error:
        return Organization(members, call_errors.message(error))
    return Organization(members)


def _listed(
    run: Run, region: str, operation: str, request: Mapping[str, Any], result: str
) -> Iterator[Mapping[str, Any]]:
    for page in run.pages("organizations", region, operation, {"MaxResults": _PAGE, **request}, result):
        yield from page[result]


def _members(run: Run, region: str, operation: str, request: Mapping[str, Any]) -> list[Member]:
    with understood(operation):
        return [_member(account) for account in _listed(run, region, operation, request, "Accounts")]


def _member(account: Mapping[str, Any]) -> Member:
    number = text(account["Id"])
    if not ACCOUNT_ID.fullmatch(number):
        raise OddAnswerError("AWS Organizations lists an account whose id is not 12 digits")
    # Status is what State was called until September 2026; older SDKs know no other.
    state = account.get("State") or account.get("Status") or ""
    return Member(number, text(account.get("Name", ""), empty=True), text(state, empty=True))


def _tree(run: Run, region: str) -> Iterator[tuple[Unit, ...]]:
    """Every unit, with those above it, from the root on."""
    with understood("ListRoots"):
        roots = [Unit(text(r["Id"]), text(r["Name"])) for r in _listed(run, region, "ListRoots", {}, "Roots")]
    open_: list[tuple[Unit, ...]] = [(root,) for root in roots]
    seen = {root.id for root in roots}
    while open_:
        parents = open_.pop(0)
        yield parents
        operation, result = "ListOrganizationalUnitsForParent", "OrganizationalUnits"
        with understood(operation):
            inside = [
                Unit(text(u["Id"]), text(u["Name"]))
                for u in _listed(run, region, operation, {"ParentId": parents[-1].id}, result)
            ]
        open_ += [(*parents, unit) for unit in inside if unit.id not in seen]
        seen.update(unit.id for unit in inside)
