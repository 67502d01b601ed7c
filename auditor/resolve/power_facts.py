"""What execution roles can do beyond their own work: open colleagues' user profiles, become more, read all data …

Evaluated once for each role from the entries of ``auditor.studio.role_powers``; there are few roles, however many
profiles there are. None, and what stands among the undecided, is unknown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import TYPE_CHECKING

from auditor.iam.capabilities import (
    ACTING,
    NOBODY,
    WRITING_POLICIES,
    Capability,
    Environment,
    Finding,
    examine,
    widening,
)
from auditor.iam.evaluation import Permissions
from auditor.iam.logic import Truth, some
from auditor.iam.named import named_resource, written
from auditor.iam.reach import reached
from auditor.iam.roles import Role, role_of
from auditor.resolve.filled_tables import create_filled
from auditor.resolve.parsed_statements import run
from auditor.resolve.sql_files import statement
from auditor.studio.role_powers import (
    ALL_DATA,
    COLLEAGUE,
    ESCALATION,
    LARGE_APPS,
    OPEN_PROFILE,
    OPENS_PROFILES,
    STARTS_EMR,
    UNSAFE_JOBS,
    WIDENED,
    opening,
)

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class DomainPlace:
    """A domain of the role's account. ``iam``: whether its AuthMode is IAM; None where that was not seen. ``region``
    empty: any, as in a template."""

    id: str
    name: str
    region: str
    iam: Truth


#: Domains that a template's user profiles name and that it does not hold. A query that looks at every user profile.
_ELSEWHERE_DOMAINS = (
    "union all select distinct account, domain_id, auth_mode from user_profile_resolved"
    " where not domain_seen and account in (select account from template_account)"
)
_POLICIES = ("RolePolicyList", "AttachedManagedPolicies", "LocalPolicyDocuments", "PermissionsBoundary")
#: A domain that a template does not hold.
_ELSEWHERE = DomainPlace(NOBODY, "the domain", "", None)


@dataclass(frozen=True, slots=True)
class Subject:
    """Of several entries: those that are certain, those that are undecided, the policies that allow the certain ones or
    else may allow the others, and why these are not known."""

    held: list[str]
    undecided: list[str]
    policies: list[str]
    unknown: str


@dataclass(frozen=True, slots=True)
class RolePowers:
    """What ``role_power`` has of a role: four columns a subject, SUBJECT_held and so on. ``opens``: names of domains of
    which it may open any user profile."""

    opens: Subject
    escalation: Subject
    data: Subject
    large_instances: Subject
    unsafe_jobs: Subject
    starts_emr: Truth
    emr_unknown: str


_SUBJECTS = tuple(f.name for f in fields(RolePowers) if f.type == "Subject")


@dataclass(frozen=True, slots=True)
class Openable:
    """User profiles by pattern that a role may open; ``sure`` False: perhaps."""

    domain: str
    profile: str
    sure: bool


def role_powers(role: Role, domains: Sequence[DomainPlace], *, template: bool) -> tuple[RolePowers, list[Openable]]:
    """What a role can do. ``domains``: those of its account that were seen."""
    permissions = role.permissions()
    known = [*domains, *([_ELSEWHERE] if template and not domains else [])]
    opens = [_in_domain(OPENS_PROFILES, permissions, role, place) for place in known if place.iam is not False]
    ways = [_in_some_domain(way, permissions, role, [*domains, _ELSEWHERE]) for way in ESCALATION]
    ways.append(_widened(role, permissions))
    data = [examine(kind, permissions, role.places) for kind in ALL_DATA]
    large = [reached(name, asks, permissions, role.places) for name, asks in LARGE_APPS.items()]
    jobs = [reached(name, asks, permissions, role.places) for name, asks in UNSAFE_JOBS.items()]
    emr = reached("emr", STARTS_EMR, permissions, role.places)
    opens_, ways_, data_, large_, jobs_ = (_subject(found) for found in (opens, ways, data, large, jobs))
    why = next(iter(emr.reasons), "") if emr.held is None else ""
    return RolePowers(opens_, ways_, data_, large_, jobs_, emr.held, why), list(_named(role, permissions))


def _subject(found: Sequence[Finding]) -> Subject:
    held, open_ = [f for f in found if f.held], [f for f in found if f.held is None]
    decided = held or open_
    return Subject(
        [f.capability for f in held],
        [f.capability for f in open_],
        sorted({policy for f in decided for policy in f.by}),
        next((reason for f in open_ for reason in f.reasons), ""),
    )


def _in_domain(capability: Capability, permissions: Permissions, role: Role, place: DomainPlace) -> Finding:
    found = examine(capability, permissions, _at(role.places, place))
    # A domain whose AuthMode was not seen may be one that nobody opens so.
    sure = place.iam or place is _ELSEWHERE or not found.held
    return replace(found, capability=place.name, held=found.held if sure else None)


def _in_some_domain(
    capability: Capability, permissions: Permissions, role: Role, places: Iterable[DomainPlace]
) -> Finding:
    """Whether the role can do it in a domain, or at all where it is not about domains."""
    found = [examine(capability, permissions, _at(role.places, place)) for place in _meant(capability, places)]
    truth = some(f.held for f in found)
    return next((f for f in found if f.held is truth), found[0])


def _widened(role: Role, permissions: Permissions) -> Finding:
    """Whether the role can write the policies of a role that its own policies name, and act as that role."""
    open_: list[Finding] = []
    for target in sorted(set(_named_roles(role))):
        found = examine(widening(WIDENED, target), permissions, role.places)
        if found.held:
            return found
        open_ += [found] if found.held is None else []
    return open_[0] if open_ else Finding(WIDENED, False)


def _named_roles(role: Role) -> Iterator[str]:
    """A role for each pattern that its policies write for changing roles; and one for each such pattern together with
    one for acting as roles, since what fits the first alone need not fit the second."""
    acting = sorted({text.split(":", 5)[-1] for action in ACTING for text in written(role, action)})
    kinds = ("role/?*", *(kind for kind in acting if kind.startswith("role/")))
    for action in WRITING_POLICIES:
        for text in set(written(role, f"iam:{action}")):
            # Any role, and the role itself, are an administrator's (``capabilities``).
            if text == "*" or text.endswith((":role/*", ":*")):
                continue
            for partition, account, kind in product(role.places.partitions, role.places.accounts, kinds):
                target = named_resource(text, f"arn:{partition}:iam::{account}:{kind}")
                if target is not None:
                    yield target


def _meant(capability: Capability, places: Iterable[DomainPlace]) -> Iterable[DomainPlace]:
    about = any("{domain}" in ask.resource for group in capability.needs for ask in group)
    return places if about else (_ELSEWHERE,)


def _at(places: Environment, place: DomainPlace) -> Environment:
    domain = re.sub(r"[^\w-]", "-", place.id)
    return replace(places, domain=domain, regions=(place.region,) if place.region else places.regions)


def _named(role: Role, permissions: Permissions) -> Iterator[Openable]:
    """User profiles that the role's own policies name; what they say of all profiles of a domain is asked by itself."""
    if not permissions.grants(OPEN_PROFILE):
        return
    for text in sorted(set(written(role, OPEN_PROFILE))):
        kind, _, rest = text.split(":", 5)[-1].partition("/")
        domain, _, profile = rest.partition("/")
        if kind != "user-profile" or not profile or profile == "*":
            continue
        truth = some(_may_open(text, permissions, role))
        if truth is not False:
            yield Openable(domain, profile.lower(), bool(truth))


def _may_open(text: str, permissions: Permissions, role: Role) -> Iterator[Truth]:
    """For each place that the role may act in, whether it may open a profile that fits the pattern."""
    for request in role.places.requests(opening()):
        like = request.resource.removesuffix(f"{NOBODY}/{COLLEAGUE}") + "?*/?*"
        arn = named_resource(text, like)
        if arn is None:
            continue
        domain, profile = arn.split("/")[-2:]
        for asked in replace(role.places, domain=domain).requests(opening(profile)):
            if asked.resource == arn:
                yield permissions.decide(asked).allowed


_ROLE = {"account": "VARCHAR", "id": "VARCHAR"}


def collect(con: duckdb.DuckDBPyConnection) -> None:
    """``role_power`` and ``role_opening`` (user profiles by pattern) from the raw documents."""
    lists = ("held", "undecided", "policies")
    powers: list[tuple[object, ...]] = []
    opened: list[tuple[object, ...]] = []
    templates = {row[0] for row in con.execute("select account from template_account").fetchall()}
    domains = _domains(con, templates)
    regions: dict[str, list[str]] = {}
    for account, region in con.execute("select account, region from raw_account_region where not template").fetchall():
        regions.setdefault(account, []).append(region)
    # Roles of one account often have the same policies. What these say of the role itself is another answer for each.
    answers: dict[tuple[str, ...], tuple[RolePowers, list[Openable]]] = {}
    for account, arn, text, gaps in con.execute(
        "select account, id, to_json(doc)::VARCHAR, coalesce(gaps, []) from raw_role order by account, id"
    ).fetchall():
        document = json.loads(text)
        policies = json.dumps([document.get(member) for member in _POLICIES], sort_keys=True)
        own = arn if "principal" in policies.lower() else arn.rpartition(":role/")[0]
        key = (account, own, policies, *gaps)
        if key not in answers:
            role = role_of(document, arn, regions.get(account, ()), gaps)
            answers[key] = role_powers(role, domains.get(account, ()), template=account in templates)
        facts, openable = answers[key]
        subjects: list[Subject] = [getattr(facts, name) for name in _SUBJECTS]
        row = [getattr(s, part) for s in subjects for part in lists] + [s.unknown for s in subjects]
        powers.append((account, arn, *row, facts.starts_emr, facts.emr_unknown))
        opened += [(account, arn, one.domain, one.profile, one.sure) for one in openable]
    columns = {
        **_ROLE,
        **{f"{s}_{part}": "VARCHAR[]" for s in _SUBJECTS for part in lists},
        **{f"{s}_unknown": "VARCHAR" for s in _SUBJECTS},
        "starts_emr": "BOOLEAN",
        "emr_unknown": "VARCHAR",
    }
    create_filled(con, "role_power", columns, powers)
    create_filled(con, "role_opening", {**_ROLE, "domain": "VARCHAR", "profile": "VARCHAR", "sure": "BOOLEAN"}, opened)


def _domains(con: duckdb.DuckDBPyConnection, templates: set[str]) -> Mapping[str, list[DomainPlace]]:
    """By account; ``domain_label`` has what each is called, which no other of the account is."""
    found: dict[str, list[DomainPlace]] = {}
    # A domain's name is its own in a Region only.
    con.execute(
        "create table domain_label as select account, region, id as domain_id, doc.AuthMode as mode,"
        " coalesce(doc.DomainName, id) as name, case when count(*) over (partition by account, name) > 1"
        " then name || ' (' || id || ')' else name end as label from raw_domain"
    )
    for account, region, id_, name, mode in con.execute(
        "select account, region, domain_id, label, mode from domain_label order by all"
    ).fetchall():
        iam = None if mode is None else mode == "IAM"
        place = DomainPlace(id_, name, "" if account in templates else region, iam)
        found.setdefault(account, []).append(place)
    return found


def openings(con: duckdb.DuckDBPyConnection) -> None:
    """``profile_opening``: by role, the colleagues' user profiles among those that its policies name; ``iam_domain``:
    by account, its domains of AuthMode IAM."""
    templates = con.execute("select count(*) from template_account").fetchall()[0][0]
    run(con, statement("iam_domain", elsewhere=_ELSEWHERE_DOMAINS if templates else ""))
    if con.execute("select count(*) from role_opening").fetchall()[0][0]:
        run(con, statement("profile_opening"))
    else:
        # The query looks at every user profile.
        con.execute(
            "create table profile_opening (account VARCHAR, id VARCHAR, sure BOOLEAN, profiles VARCHAR[],"
            " roles VARCHAR[])"
        )
