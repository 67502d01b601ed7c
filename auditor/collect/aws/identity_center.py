"""People of Identity Center: those of the instance that each domain names as its own, by user name, and nothing else
about them.

An account may see several instances, its organisation's and its own, in any order. A domain made since October 2023
names the application that it signs people in with, and by that the instance; whoever is not in that one may well be in
another. So an instance that is not found, and one of several for a domain that names none, leave it unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from auditor.collect.aws.answers import knows, text
from auditor.collect.aws.call_errors import CALL_FAILED, understood
from auditor.collect.aws.evidence_request import EvidenceRequest
from auditor.collect.aws.run import Run
from auditor.model.snapshot import GLOBAL, Gap

#: Member of a region's record: the instances whose users were read completely. Empty text stands for the one that a
#: domain uses which names none.
READ = "IdentityCenterInstances"
#: arn:aws:sso::ACCOUNT:application/ssoins-…/apl-…
_INSTANCE = re.compile(r":application/(ssoins-[^/]+)/")
_HINT = "name the identity store with --identity-store ID@REGION"
_ACTIVE = "ACTIVE"
#: (identity store, its region).
Store = tuple[str, str]


def instance_of(domain: Mapping[str, Any]) -> str:
    """The instance that a domain's document names, as ``ssoins-…``; empty where it names none."""
    application = _INSTANCE.search(str(domain.get("SingleSignOnApplicationArn") or ""))
    return application[1] if application else ""


def read_instances(run: Run, wanted: Iterable[str], places: Sequence[str]) -> tuple[str, ...]:
    """Keep the users of the instances, searched for in the Regions, in their order; those of which all were read."""
    missing = set(wanted)
    seen = find_stores(run, missing, places)
    return tuple(name for name in sorted(missing) if name in seen and _users(run, (places[0],), name, seen[name]))


def find_stores(run: Run, wanted: Iterable[str], places: Sequence[str]) -> Mapping[str, Store]:
    """The identity stores of the instances, by instance, as far as they are found in the Regions; others may be among
    them. A Region that may not be asked is passed over."""
    seen, missing = dict(run.identity_stores), set(wanted)
    for place in places:
        if missing <= set(seen):
            break
        try:
            with understood("ListInstances"):
                for instance in _instances(run, place):
                    name = text(instance["InstanceArn"]).rpartition("/")[2]
                    seen.setdefault(name, (text(instance["IdentityStoreId"]), place))
        except CALL_FAILED:
            continue
    return seen


def _in_use(run: Run) -> bool:
    """Whether a domain signs in with Identity Center, or may: one that could not be described does not say."""
    return any(d.gaps or d.document.get("AuthMode") == "SSO" for d in run.found("domain")) or any(
        p.document.get("SingleSignOnUserValue") for p in run.each("user_profile")
    )


def collect(run: Run, request: EvidenceRequest) -> None:
    if _in_use(run):
        run.tasks.submit(_people, run, request.regions, request.options.identity_store)


def _people(run: Run, regions: tuple[str, ...], store: str) -> None:
    """Keep the users that domains may refer to. ``store``: ID or ID@REGION, which stands for every domain's."""
    store_id, _, at = store.partition("@")
    places = [at] if at else list(regions)
    if store_id:
        stores: Mapping[str, Store] = {"": (store_id, places[0])}
        run.identity_stores.update(stores)
    else:
        stores = _matched(run, regions, places)
    read = [instance for instance, place in stores.items() if _users(run, regions, instance, place)]
    for region in regions:
        run.describe_region(region, {READ: sorted(read)})


def _matched(run: Run, regions: tuple[str, ...], places: list[str]) -> dict[str, Store]:
    """The identity stores of the instances that domains name, and the only one there is for those that name none."""
    named, unnamed = set[str](), False
    for domain in run.found("domain"):
        if own := instance_of(domain.document):
            named.add(own)
        elif domain.document.get("AuthMode") == "SSO":
            unnamed = True
    seen: dict[str, Store] = {}
    active: dict[str, Store] = {}
    problem: Exception | None = None
    # Regions with domains first: an instance is in its domain's Region as a rule, and an empty one costs no call then.
    for place in sorted(places, key=lambda p: not run.holds("domain", p)):
        if named and named <= seen.keys() and not unnamed:
            break
        try:
            with understood("ListInstances"):
                for instance in _instances(run, place):
                    name = text(instance["InstanceArn"]).rpartition("/")[2]
                    seen[name] = (text(instance["IdentityStoreId"]), place)
                    if instance.get("Status", _ACTIVE) == _ACTIVE:
                        active[name] = seen[name]
        except CALL_FAILED as error:
            problem = error
    run.identity_stores.update(seen)
    missing = sorted(named - set(seen))
    if problem is not None and (missing or unnamed):
        run.record_unlisted(regions, "identity_user", "ListInstances", problem)
    for name in missing if problem is None else ():
        _gap(run, regions, f"the domains' Identity Center instance {name} is not in the audited Regions: {_HINT}")
    stores = {name: seen[name] for name in named & set(seen)}
    if unnamed and problem is None:
        if len(active) == 1:
            stores[""] = next(iter(active.values()))
        else:
            number = f"{len(active)} Identity Center instances are" if active else "no Identity Center instance is"
            _gap(run, regions, f"a domain names no Identity Center instance, and {number} visible: {_HINT}")
    return stores


def _instances(run: Run, place: str) -> list[Mapping[str, Any]]:
    pages = run.pages("sso-admin", place, "ListInstances", {"MaxResults": 10}, "Instances")
    return [dict(instance) for page in pages for instance in page["Instances"]]


def _gap(run: Run, regions: tuple[str, ...], detail: str) -> None:
    run.ledger.add(Gap(run.ledger.account, regions[0], "identity_user", "*", "*", "ListInstances", "not_found", detail))


def _users(run: Run, regions: tuple[str, ...], instance: str, store: Store) -> bool:
    """Keep a store's users; whether all were read."""
    store_id, place = store
    # An older SDK drops the member: then nobody is known to be enabled.
    client = run.clients.client("identitystore", place)
    output = client.meta.service_model.operation_model("ListUsers").output_shape
    gaps = () if knows(output.members["Users"].member, "UserStatus") else ("UserStatus",)
    with run.reading(regions, "identity_user", "ListUsers"):
        request = {"IdentityStoreId": store_id, "MaxResults": 100}
        lost = False
        for page in run.pages("identitystore", place, "ListUsers", request, "Users"):
            for user in page["Users"]:
                kept = False
                with run.reading(regions, "identity_user", "ListUsers"):
                    user_id = text(user["UserId"])
                    told = {"UserId": user_id, "UserName": text(user["UserName"]), "Instance": instance}
                    if user.get("UserStatus") is not None:
                        told["UserStatus"] = user["UserStatus"]
                    run.keep(GLOBAL, "identity_user", user_id, told, gaps)
                    kept = True
                lost = lost or not kept
        return not lost
    return False
