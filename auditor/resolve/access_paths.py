"""``access_path``: the shortest way that is known from an execution role to administrator access, and to the user
profiles of other people.

A step is one call: opening a user profile, passing a role to a job, assuming a role, starting an app in a shared
space. Only what is certain is a step, so a path that is here exists; that none is here proves nothing where something
about a role is unknown. Roles are few, and ways that reach "any role" are kept as such: no list of pairs is made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from auditor.iam.trust import SAGEMAKER
from auditor.model.access_path import Goal
from auditor.model.snapshot import GLOBAL
from auditor.resolve.filled_tables import create_filled, insert
from auditor.resolve.parsed_statements import run
from auditor.resolve.sql_files import statement
from auditor.studio.arns import account_of
from auditor.studio.role_powers import ASSUME_ANY, CHANGE_PROFILES, JOBS_AS_ANY, WIDENED

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb

ADMINISTRATOR, OTHER_PROFILES = Goal.ADMINISTRATOR, Goal.OTHER_PROFILES
_SAGEMAKER = frozenset(principal.name for principal in SAGEMAKER)


@dataclass(frozen=True, slots=True)
class RoleNode:
    """A role, and what is certain of it. ``opens``: domains of which it opens every user profile; ``named``: user
    profiles that it opens by name; ``trusts``: who may assume it; ``domains``: where profiles have it; ``space_of``:
    where shared spaces run as it. Domains by a name that is unique in the account."""

    arn: str
    administrator: bool
    ways: frozenset[str]
    opens: tuple[str, ...]
    named: tuple[str, ...]
    trusts: frozenset[str]
    domains: frozenset[str]
    space_of: frozenset[str]
    roles_of_named: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name, without path."""
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from a role to a goal, each a sentence without its subject; ``target``: the role at its end, or whose user
    profiles. ``via``: ARNs of the roles that all steps but the last lead to."""

    steps: tuple[str, ...]
    target: str
    via: tuple[str, ...] = ()


@dataclass(slots=True)
class _Index:
    """Roles by what leads to them. Each list is used up by the first role that it leads to, the nearest: what stands in
    it has its path then, and there may be as many roles as user profiles."""

    by_domain: dict[str, list[RoleNode]] = field(default_factory=lambda: defaultdict(list))
    openers: dict[str, list[RoleNode]] = field(default_factory=lambda: defaultdict(list))
    named_by: dict[str, list[RoleNode]] = field(default_factory=lambda: defaultdict(list))
    passers: list[RoleNode] = field(default_factory=list)
    assumers: dict[str, RoleNode] = field(default_factory=dict)
    changers: list[RoleNode] = field(default_factory=list)


def paths(roles: Iterable[RoleNode], goal: Goal) -> dict[str, Path]:
    """By role's ARN, the shortest path to the goal, for roles of one account. Of several that are as short, the first
    by name."""
    nodes = sorted(roles, key=lambda role: role.arn)
    index = _indexed(nodes)
    found = {role.arn: path for role in nodes if (path := _arrived(role, goal)) is not None}
    level = [role for role in nodes if role.arn in found]
    while level:
        reached: list[RoleNode] = []
        for role in level:
            for before, step in _before(role, index):
                if before.arn not in found and before.arn != role.arn:
                    path = found[role.arn]
                    found[before.arn] = Path((step, *path.steps), path.target, (role.arn, *path.via))
                    reached.append(before)
        level = sorted(reached, key=lambda role: role.arn)
    return found


def _indexed(nodes: Iterable[RoleNode]) -> _Index:
    index = _Index()
    for role in nodes:
        for domain in role.domains:
            index.by_domain[domain].append(role)
        for domain in role.opens:
            index.openers[domain].append(role)
        for arn in role.roles_of_named:
            index.named_by[arn].append(role)
        if JOBS_AS_ANY in role.ways:
            index.passers.append(role)
        if ASSUME_ANY in role.ways:
            index.assumers[role.arn] = role
        if CHANGE_PROFILES in role.ways:
            index.changers.append(role)
    return index


def _arrived(role: RoleNode, goal: Goal) -> Path | None:
    """The path of a role that needs no other role."""
    if goal == ADMINISTRATOR:
        if role.administrator:
            return Path((f"{role.name} is an administrator",), role.arn)
        return Path((f"writes the {WIDENED}",), role.arn) if WIDENED in role.ways else None
    for domain in role.opens:
        return Path((f"opens any user profile of {domain}",), domain)
    if role.named:
        return Path((f"opens the user profile {role.named[0]}",), role.named[0])
    return Path(("changes other user profiles",), "any domain") if CHANGE_PROFILES in role.ways else None


def _before(role: RoleNode, index: _Index) -> Iterator[tuple[RoleNode, str]]:
    """Roles from which one step leads to the role, and that none before it led to."""
    account = account_of(role.arn)
    for domain in sorted(role.domains):
        for before in index.openers.pop(domain, ()):
            yield before, f"opens a user profile of {domain} that has {role.name}"
    for before in index.named_by.pop(role.arn, ()):
        yield before, f"opens a user profile that has {role.name}"
    for domain in sorted(role.space_of):
        for before in index.by_domain.pop(domain, ()):
            yield before, f"starts an app in a shared space of {domain}, which runs as {role.name}"
    if role.trusts & _SAGEMAKER:
        for before in _used_up(index.passers):
            yield before, f"passes {role.name} to a SageMaker job"
    everyone = {"*", account, f"{role.arn.rpartition(':')[0]}:root"}
    named = index.assumers if role.trusts & everyone else role.trusts & index.assumers.keys()
    for arn in sorted(named):
        yield index.assumers.pop(arn), f"assumes {role.name}"
    if role.domains:
        for before in _used_up(index.changers):
            yield before, f"changes a user profile that has {role.name}"


def _used_up(nodes: list[RoleNode]) -> list[RoleNode]:
    taken, nodes[:] = list(nodes), []
    return taken


_COLUMNS = {
    "key": "VARCHAR", "account": "VARCHAR", "region": "VARCHAR", "id": "VARCHAR", "name": "VARCHAR",
    "as_of": "TIMESTAMP", "goal": "VARCHAR", "profiles": "BIGINT", "length": "BIGINT", "steps": "VARCHAR[]",
    "via": "VARCHAR[]", "target": "VARCHAR",
}  # fmt: skip


def create(con: duckdb.DuckDBPyConnection) -> None:
    """The table, from ``execution_role`` and what led to it."""
    create_filled(con, "access_path", _COLUMNS, ())
    if not con.execute(
        "select count(*) from execution_role where known_administrator or opens_other_profiles"
        " or len(escalation_ways) > 0"
    ).fetchall()[0][0]:
        return  # the next query looks at every user profile
    accounts: dict[str, list[RoleNode]] = defaultdict(list)
    seen: dict[tuple[str, str], tuple[datetime, int]] = {}
    for row in run(con, statement("role_node")).fetchall():
        account, arn, as_of, profiles, administrator, ways, opens, named, trusts, domains, space_of, further = row
        seen[account, arn] = (as_of, profiles)
        accounts[account].append(
            RoleNode(arn, administrator, frozenset(ways), tuple(opens), tuple(named), frozenset(trusts),
                     frozenset(domains), frozenset(space_of), tuple(further))
        )  # fmt: skip
    rows = [
        [f"{account}/{GLOBAL}/access_path/{goal}/{arn}", account, GLOBAL, arn, arn.rpartition("/")[2], as_of, str(goal),
         profiles, len(path.steps), list(path.steps), list(path.via), path.target]
        for account, roles in accounts.items()
        for goal in (ADMINISTRATOR, OTHER_PROFILES)
        for arn, path in paths(roles, goal).items()
        for as_of, profiles in (seen[account, arn],)
    ]  # fmt: skip
    insert(con, "access_path", _COLUMNS.values(), rows)
