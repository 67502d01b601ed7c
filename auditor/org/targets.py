"""Who is visited, who is not although asked for, and who is left out by choice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from auditor.counting import plural
from auditor.errors import CollectError, ConfigError
from auditor.model.accounts import Account, AccountStatus
from auditor.model.owner import matches
from auditor.org.organizations import ACTIVE, Member, Organization
from auditor.org.request import ACCOUNT_ID, UNIT_ID, OrganizationRequest

#: States in which an account is closed or is being closed (Organizations user guide, "Monitor the state of your AWS
#: accounts"); one that is PENDING_ACTIVATION cannot be entered yet.
_STATES: Mapping[str, str] = {
    "SUSPENDED": "AWS Organizations gives its state as SUSPENDED",
    "PENDING_CLOSURE": "the account is being closed (PENDING_CLOSURE)",
    "PENDING_ACTIVATION": "the account is not active yet (PENDING_ACTIVATION)",
    "CLOSED": "the account is closed",
}
NOT_IN_ORGANIZATION = "AWS Organizations lists no account of this id"


@dataclass(frozen=True, slots=True)
class Targets:
    """The choice, each by account id.

    ``visit``: those that are entered. ``missed``: asked for and not tried; their status is not COMPLETE. ``left_out``:
    not asked for, with why, as their ``reason``. ``notes``: what a person should know about the choice.
    """

    visit: tuple[Account, ...]
    missed: tuple[Account, ...] = ()
    left_out: tuple[Account, ...] = ()
    notes: tuple[str, ...] = ()


def choose_targets(request: OrganizationRequest, organization: Callable[[], Organization]) -> Targets:
    """The choice that a request means. ``organization`` is asked where it needs one.

    It may leave nobody to visit. Raises ConfigError where no account is named, CollectError where the organization
    cannot be read or does not tell what the request needs.
    """
    if not request.listed:
        if not request.accounts:
            raise ConfigError(
                "no account is named", hint="Use --organization, --account or --accounts, or organization: accounts:."
            )
        members: Mapping[str, Member] = {a.id: Member(a.id, a.name, ACTIVE) for a in request.accounts}
        return _chosen(request, members, ())
    found = organization()
    notes = []
    if found.problem:
        units = [p for p in (*request.include, *request.exclude) if UNIT_ID.fullmatch(p)]
        if units:
            raise CollectError(
                f"{', '.join(units)}: the organization's units cannot be read: {found.problem}",
                hint="Allow what auditor permissions --organization prints, or name accounts instead of units.",
            )
        notes.append(f"Organizational units are not known: {found.problem}")
    return _chosen(request, found.members, notes)


def refuse_nobody(targets: Targets) -> None:
    """Raises ConfigError where nothing was asked for but what is left out."""
    if not targets.visit and not targets.missed:
        why = "".join(f"; {note}" for note in targets.notes)
        raise ConfigError(
            f"include, exclude and --account leave none of {plural(len(targets.left_out), 'account')}{why}",
            hint="auditor accounts list says why each is left out.",
        )


def _chosen(request: OrganizationRequest, members: Mapping[str, Member], notes: Sequence[str]) -> Targets:
    named = {account.id: account.name for account in request.accounts} if request.listed else {}
    visit, missed, left_out = [], [], []
    matched: set[str] = set()
    for member in sorted(members.values(), key=lambda m: m.id):
        reason = _left_out(member, request, named, matched)
        name = named.get(member.id) or member.name
        if reason:
            left_out.append(Account(member.id, name, member.ou, AccountStatus.COMPLETE, reason))
        elif member.state in _STATES:
            missed.append(Account(member.id, name, member.ou, AccountStatus.SUSPENDED, _STATES[member.state]))
        else:
            visit.append(Account(member.id, name, member.ou))
    # An id that was asked for and is not there may be a typing error, or an account that has left.
    wanted = {**named, **{p: "" for p in request.include if ACCOUNT_ID.fullmatch(p)}}
    missed += [
        Account(number, wanted[number], "", AccountStatus.ERROR, NOT_IN_ORGANIZATION)
        for number in wanted
        if number not in members
    ]
    unmatched = [
        f"organization: {key}: no account matches {pattern!r}{_called(pattern, members.values())}"
        for key, patterns in (("include", request.include), ("exclude", request.exclude))
        for pattern in patterns
        if pattern not in matched and not (ACCOUNT_ID.fullmatch(pattern) and pattern in wanted)
    ]
    return Targets(tuple(visit), tuple(sorted(missed)), tuple(left_out), (*notes, *unmatched))


def _called(pattern: str, members: Iterable[Member]) -> str:
    """The ids of organizational units whose name or path a pattern matches, which people write instead; else empty."""
    paths = {m.units[n].id: [u.name for u in m.units[1 : n + 1]] for m in members for n in range(1, len(m.units))}
    found = sorted(
        unit for unit, path in paths.items()
        if any(matches(pattern, name) for name in (path[-1], "/".join(path)))
    )  # fmt: skip
    return f"; units are named by their ids: {', '.join(found)}" if found else ""


def _left_out(member: Member, request: OrganizationRequest, named: Mapping[str, str], matched: set[str]) -> str:
    """Why a member is left out; empty where it is not. Adds the patterns that it matches to ``matched``."""
    included = [p for p in request.include if _matches(p, member)]
    excluded = [p for p in request.exclude if _matches(p, member)]
    matched.update(included, excluded)
    if named and member.id not in named:
        return "not among the accounts that were named"
    if request.include and not included:
        return "no entry of include matches it"
    return f"exclude: {excluded[0]}" if excluded else ""


def _matches(pattern: str, member: Member) -> bool:
    if UNIT_ID.fullmatch(pattern):
        return any(unit.id == pattern for unit in member.units)
    if ACCOUNT_ID.fullmatch(pattern):
        return member.id == pattern
    return matches(pattern, member.name)
