"""Who is assigned to the applications of IAM Identity Center by which domains sign people in.

A domain made since October 2023 names its application (``SingleSignOnApplicationArn``). Where assignments are not
required, it is open to everybody of the instance (API_PutApplicationAssignmentConfiguration). Else it is open to the
users that are assigned, and to members of the groups that are. Identity Center has no groups in groups.

Two calls a domain. Groups are asked for their members only where the users that are assigned leave a user profile over:
one call for 100 members of a group, where the other way round would take a call for each person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from auditor.collect.aws.answers import text
from auditor.collect.aws.call_errors import OddAnswerError
from auditor.collect.aws.evidence_request import EvidenceRequest
from auditor.collect.aws.identity_center import Store, find_stores, instance_of
from auditor.collect.aws.run import Run
from auditor.model.snapshot import Gap, Kind, Record

KIND: Kind = "assignment"
_REQUIRED, _ASSIGNED = "GetApplicationAssignmentConfiguration", "ListApplicationAssignments"
_MEMBERS = "ListGroupMemberships"


def collect(run: Run, request: EvidenceRequest) -> None:
    domains = [d for region in request.regions for d in run.found("domain", region) if _application(d)]
    if domains:
        run.tasks.submit(_assignments, run, request, domains)


def _application(domain: Record) -> str:
    """The ARN of the domain's application; empty where it names none."""
    return str(domain.document["SingleSignOnApplicationArn"]) if instance_of(domain.document) else ""


@dataclass(slots=True)
class _Assigned:
    """Whether assignments are required, and the users and groups assigned; None where that could not be read."""

    required: bool | None = None
    users: set[str] | None = None
    groups: set[str] = field(default_factory=set)


def _assignments(run: Run, request: EvidenceRequest, domains: Sequence[Record]) -> None:
    stores = _stores(run, request, {instance_of(d.document) for d in domains})
    people = _people(run, request.regions)
    members: dict[tuple[str, str], set[str] | None] = {}
    for domain in domains:
        instance = instance_of(domain.document)
        store = stores.get(instance) or stores.get("")
        found = _read(run, domain, store[1] if store else domain.region)
        document: dict[str, Any] = {}
        gaps = []
        if found.required is None:
            gaps.append("AssignmentRequired")
        else:
            document["AssignmentRequired"] = found.required
        users, whole = set(found.users or ()), found.users is not None
        if found.groups and not people.decided(domain, users):
            for group in sorted(found.groups):
                if (instance, group) not in members:
                    members[instance, group] = _members(run, domain.region, store, group)
                of_group = members[instance, group]
                users |= of_group or set()
                whole = whole and of_group is not None
        if not whole and found.required is not False:
            gaps.append("UserIds")
        run.keep(domain.region, KIND, domain.id, {**document, "UserIds": sorted(users)}, tuple(gaps))


def _read(run: Run, domain: Record, place: str) -> _Assigned:
    application, region = _application(domain), domain.region
    found = _Assigned()
    with run.reading([region], KIND, _REQUIRED):
        answer = run.call("sso-admin", place, _REQUIRED, {"ApplicationArn": application}, ("AssignmentRequired",))
        required = answer["AssignmentRequired"]
        if not isinstance(required, bool):
            raise OddAnswerError(f"{_REQUIRED} does not say whether assignments are required")
        found.required = required
    if found.required is False:
        return found
    asked = {"ApplicationArn": application, "MaxResults": 100}
    with run.reading([region], KIND, _ASSIGNED):
        users, groups = set[str](), set[str]()
        for page in run.pages("sso-admin", place, _ASSIGNED, asked, "ApplicationAssignments"):
            for principal in page["ApplicationAssignments"]:
                kind = {"USER": users, "GROUP": groups}[principal["PrincipalType"]]
                kind.add(text(principal["PrincipalId"]))
        found.users, found.groups = users, groups
    return found


def _members(run: Run, region: str, store: Store | None, group: str) -> set[str] | None:
    """Ids of the group's users; None where not all could be read."""
    if store is None:
        return None
    asked = {"IdentityStoreId": store[0], "GroupId": group, "MaxResults": 100}
    with run.reading([region], KIND, _MEMBERS):
        pages = run.pages("identitystore", store[1], _MEMBERS, asked, "GroupMemberships")
        return {text(member["MemberId"]["UserId"]) for page in pages for member in page["GroupMemberships"]}
    return None


def _stores(run: Run, request: EvidenceRequest, wanted: set[str]) -> Mapping[str, Store]:
    """The instances' identity stores. Where people are collected as well, they were searched for, and what was not
    found is a gap of theirs."""
    if run.identity_stores or "identity-center" in request.options.names:
        return run.identity_stores
    store_id, _, at = request.options.identity_store.partition("@")
    if store_id:
        return {"": (store_id, at or request.regions[0])}
    found = find_stores(run, wanted, [at] if at else sorted(request.regions, key=lambda r: not run.holds("domain", r)))
    for instance in sorted(wanted - found.keys()):
        detail = f"the domains' Identity Center instance {instance} is not in the audited Regions"
        place = run.ledger.account, request.regions[0]
        run.ledger.add(Gap(*place, KIND, "*", "UserIds", "ListInstances", "not_found", detail))
    return found


@dataclass(frozen=True, slots=True)
class _People:
    """User ids by instance and user name, and the user names of each domain's profiles, in lower case. None stands for
    a profile that does not say."""

    ids: Mapping[tuple[str, str], set[str]]
    profiles: Mapping[tuple[str, str], set[str | None]]

    def decided(self, domain: Record, users: set[str]) -> bool:
        """Whether the users that are assigned themselves are all that have a profile in the domain."""
        instance = instance_of(domain.document)
        names = self.profiles.get((domain.region, domain.id), set())
        return all(name is not None and self.ids.get((instance, name), set()) & users for name in names)


def _people(run: Run, regions: Sequence[str]) -> _People:
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    for user in run.each("identity_user"):
        document = user.document
        ids[str(document.get("Instance")), str(document.get("UserName")).lower()].add(user.id)
    profiles: dict[tuple[str, str], set[str | None]] = defaultdict(set)
    for region in regions:
        for profile in run.each("user_profile", region):
            name = profile.document.get("SingleSignOnUserValue")
            domain = str(profile.document.get("DomainId"))
            profiles[region, domain].add(name.lower() if isinstance(name, str) else None)
    return _People(ids, profiles)
