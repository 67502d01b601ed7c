"""People of Identity Center: those of the instance that a domain names, and little of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from auditor.collect.aws import CollectOptions, collect, identity_center
from auditor.collect.aws.evidence_request import EvidenceOptions
from auditor.model.snapshot import Snapshot
from auditor.simulator import Simulator
from auditor.simulator.surroundings import INSTANCE

from .conftest import ACCOUNT, HOME, Collect
from .rich import RICH


def test_only_ids_user_names_and_status_are_kept(collected: Collect) -> None:
    found = collected(RICH)
    records = [r for r in found.snapshot.records if r.kind == "identity_user"]
    assert {r.document["UserName"]: r.document["UserStatus"] for r in records} == {
        "dora@acme.example": "ENABLED", "emil@acme.example": "DISABLED",
    }  # fmt: skip
    assert all(set(r.document) == {"UserId", "UserName", "UserStatus", "Instance"} for r in records)
    assert {r.document["Instance"] for r in records} == {INSTANCE}
    assert found.record("account_region", HOME).document["IdentityCenterInstances"] == [INSTANCE]


def _instances(simulated: Callable[..., Simulator], *names: str, status: str = "ACTIVE") -> Snapshot:
    """The account's own store under the last name; the others are of other accounts, and empty."""
    import moto.backends as moto_backends
    from moto.ssoadmin.models import Instance

    simulated(RICH)
    backend: Any = moto_backends.get_backend("sso-admin")[ACCOUNT][HOME]
    (own,) = backend.instances
    others = [Instance(ACCOUNT, HOME) for _ in names[:-1]]
    for instance, name in zip([*others, own], names, strict=True):
        instance.instance_arn = f"arn:aws:sso:::instance/{name}"
    own.status = status
    backend.instances[:] = [*others, own]
    return collect(CollectOptions(regions=(HOME,), evidence=EvidenceOptions(("identity-center",))))


def test_the_domains_own_instance_is_read_whatever_comes_first(simulated: Callable[..., Simulator]) -> None:
    snapshot = _instances(simulated, "ssoins-aaaa", INSTANCE)
    assert snapshot.gaps == ()
    assert {r.document["Instance"] for r in snapshot.records if r.kind == "identity_user"} == {INSTANCE}


def test_an_instance_that_is_nowhere_is_a_gap_that_says_what_to_do(simulated: Callable[..., Simulator]) -> None:
    snapshot = _instances(simulated, "ssoins-aaaa", "ssoins-bbbb")
    (gap,) = snapshot.gaps
    assert (gap.resource_type, gap.reason) == ("identity_user", "not_found")
    assert INSTANCE in gap.detail
    assert "--identity-store" in gap.detail
    (region,) = (r for r in snapshot.records if r.kind == "account_region")
    assert region.document["IdentityCenterInstances"] == []


@pytest.mark.parametrize(
    ("names", "status", "read"),
    [
        (("ssoins-a",), "ACTIVE", [""]),
        (("ssoins-a", "ssoins-b"), "ACTIVE", []),
        (("ssoins-a",), "CREATE_FAILED", []),
    ],
)
def test_a_domain_that_names_none_has_the_only_one(
    simulated: Callable[..., Simulator], monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], status: str,
    read: list[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(identity_center, "_INSTANCE", re.compile("names none"))
    snapshot = _instances(simulated, *names, status=status)
    assert [g.reason for g in snapshot.gaps] == ([] if read else ["not_found"])
    (region,) = (r for r in snapshot.records if r.kind == "account_region")
    assert region.document["IdentityCenterInstances"] == read


def test_a_store_that_is_named_is_asked_without_looking_for_it(simulated: Callable[..., Simulator]) -> None:
    simulator = simulated(RICH)
    store = boto3.client("sso-admin", region_name=HOME).list_instances()["Instances"][0]["IdentityStoreId"]
    before = simulator.calls["sso-admin:ListInstances"]
    wanted = EvidenceOptions(("identity-center",), identity_store=f"{store}@{HOME}")
    snapshot = collect(CollectOptions(regions=(HOME,), evidence=wanted))
    assert sum(1 for r in snapshot.records if r.kind == "identity_user") == 2
    assert (before, simulator.calls["sso-admin:ListInstances"]) == (1, 1)
