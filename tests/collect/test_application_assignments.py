"""Who is assigned to a domain: two calls a domain, groups only where they decide, and what is denied stays unknown."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from auditor.simulator import Fault
from auditor.simulator.estate import Estate

from .conftest import Collect, Collected
from .rich import RICH

BOTH = ("identity-center", "assignments")
CALLS = ("sso-admin:GetApplicationAssignmentConfiguration", "sso-admin:ListApplicationAssignments",
         "identitystore:ListGroupMemberships", "sso-admin:ListInstances")  # fmt: skip


def _estate(**people: Any) -> Estate:
    estate = deepcopy(RICH)
    estate.data["identity_center"].pop("groups")
    estate.data["identity_center"].update(people)
    return estate


def _calls(found: Collected) -> list[int]:
    return [found.simulator.calls[name] for name in CALLS]


def _ids(found: Collected) -> dict[str, str]:
    return {r.document["UserName"][:4]: r.id for r in found.snapshot.records if r.kind == "identity_user"}


def test_members_of_groups_are_asked_for_where_nobody_is_assigned_directly(collected: Collect) -> None:
    """The domain of AuthMode IAM has no application. The instance is looked for once."""
    found = collected(RICH, evidence=BOTH)
    assert _calls(found) == [1, 1, 1, 1]
    ids = _ids(found)
    assert found.ids("assignment") == {"d-sso"}
    kept = found.record("assignment", "d-sso").document
    assert kept == {"AssignmentRequired": True, "UserIds": sorted([ids["dora"], ids["emil"]])}


def test_no_group_is_asked_where_everybody_with_a_profile_is_assigned_directly(collected: Collect) -> None:
    found = collected(_estate(groups={"others": ["emil@acme.example"]}), evidence=BOTH)
    assert _calls(found) == [1, 1, 0, 1]
    assert found.record("assignment", "d-sso").document["UserIds"] == [_ids(found)["dora"]]


def test_an_application_that_is_open_to_all_is_asked_for_nobody(collected: Collect) -> None:
    found = collected(_estate(open=True), evidence=BOTH)
    assert _calls(found) == [1, 0, 0, 1]
    assert found.record("assignment", "d-sso").document == {"AssignmentRequired": False, "UserIds": []}


def test_what_is_denied_leaves_what_is_known(collected: Collect) -> None:
    faults = [
        Fault("access_denied", "GetApplicationAssignmentConfiguration"),
        Fault("access_denied", "ListGroupMemberships"),
    ]
    found = collected(RICH, evidence=BOTH, faults=faults)
    kept = found.record("assignment", "d-sso")
    assert (kept.document, kept.gaps) == ({"UserIds": [_ids(found)["emil"]]}, ("AssignmentRequired", "UserIds"))
    assert {g.reason for g in found.gaps} == {"access_denied"}


def test_without_the_people_nothing_is_taken_for_whole_that_is_not(collected: Collect) -> None:
    found = collected(RICH, evidence=("assignments",), faults=[Fault("access_denied", "ListInstances")])
    kept = found.record("assignment", "d-sso")
    assert (len(kept.document["UserIds"]), kept.gaps) == (1, ("UserIds",))
    assert [(g.resource_type, g.setting, g.reason) for g in found.gaps] == [("assignment", "UserIds", "not_found")]
