"""Who shares an execution role, whether people behind it can be told apart, and whose profiles are not people's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from auditor.model.snapshot import GLOBAL, Record
from auditor.studio.personas import DEFAULT_PERSONAS, Match, Persona

from .builder import ACCOUNT, Tables, domain, place, profile, record
from .test_roles import defaults, policy, trust

ROLE, OTHER, THIRD = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("shared", "other", "third"))
PERSONAS = (Persona("analyst", matches=(Match(tags={"kind": "analyst"}),)), *DEFAULT_PERSONAS)
MODE = {"StudioWebPortalSettings": {"ExecutionRoleSessionNameMode": "USER_IDENTITY"}}


def role(arn: str, *actions: str) -> Record:
    document = {"Arn": arn, "AssumeRolePolicyDocument": policy(trust(["sts:AssumeRole", *actions]))}
    return record("role", arn, document, region=GLOBAL)


def tagged(name: str, of_role: str, **tags: str) -> Record:
    return profile(name, {"ExecutionRole": of_role}, tags=tuple(tags.items()))


def test_personas_and_teams_that_share_a_role() -> None:
    """One person's own role has one of each; a profile without a team is no other team."""
    rows = Tables(
        domain(), tagged("ana", ROLE, kind="analyst", Team="Risk "), tagged("ben", ROLE, team="risk"),
        tagged("cleo", ROLE), tagged("dora", OTHER, **{"team-name": "fraud"}), tagged("emil", OTHER, team="risk"),
        tagged("fay", THIRD, team="x"), personas=PERSONAS,
    ).by_name("user_profile")  # fmt: skip
    shown = {name: (row["execution_role_personas"], row["execution_role_teams"]) for name, row in rows.items()}
    assert shown == {
        **dict.fromkeys(("ana", "ben", "cleo"), (["analyst", "default"], ["risk"])),
        **dict.fromkeys(("dora", "emil"), (["default"], ["fraud", "risk"])),
        "fay": (["default"], ["x"]),
    }
    assert {name: row["persona_configured"] for name, row in rows.items()} == {
        "ana": True, **dict.fromkeys(("ben", "cleo", "dora", "emil", "fay"), False),
    }  # fmt: skip


def test_who_was_not_seen_may_be_of_another_team() -> None:
    """What was seen twice is certain; that there is no other is not, where tags, roles or profiles were not read."""
    for unread in (
        [profile("zed", {"ExecutionRole": ROLE}, ["Tags"], tags=None)],
        [profile("zed", gaps=["UserSettings.ExecutionRole"])],
        [place(["user_profile"])],
    ):
        (row,) = (r for r in Tables(domain(), tagged("ana", ROLE, team="a"), *unread).rows("user_profile")
                  if r["name"] == "ana")  # fmt: skip
        assert row["execution_role_teams"] is None
        two = [tagged("ana", ROLE, team="a"), tagged("ben", ROLE, team="b")]
        rows = Tables(domain(), *two, *unread).by_name("user_profile")
        assert rows["ana"]["execution_role_teams"] == ["a", "b"]


@pytest.mark.parametrize(
    ("settings", "own", "apart"),
    [
        ({}, {}, False),
        ({"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"}, {}, True),
        ({"TrustedIdentityPropagationSettings": {"Status": "ENABLED"}}, {}, True),
        ({"TrustedIdentityPropagationSettings": {"Status": "DISABLED"}}, {}, False),
        ({}, MODE, True),
    ],
)
def test_the_person_in_role_sessions(settings: dict[str, Any], own: dict[str, Any], apart: bool) -> None:
    (row,) = Tables(domain(document={"DomainSettings": settings}), profile("ana", own)).rows("user_profile")
    assert row["person_in_role_sessions"] is apart


def test_a_person_in_role_sessions_who_may_be_there() -> None:
    """A switch that was not seen may be on; where another is on, that does not matter."""
    unseen = ["DomainSettings.TrustedIdentityPropagationSettings"]
    on = {"DomainSettings": {"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"}}
    rows = Tables(
        domain("d-1", gaps=unseen), domain("d-2", on, unseen), profile("ana"), profile("ben", of="d-2"),
        profile("cleo", of="d-gone"), profile("dora", gaps=["UserSettings.StudioWebPortalSettings"]),
    ).by_name("user_profile")  # fmt: skip
    assert {name: row["person_in_role_sessions"] for name, row in rows.items()} == {
        "ana": None, "ben": True, "cleo": None, "dora": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("profiles", "gaps", "shared"),
    [
        ([("ana", None), ("ben", None)], (), True),
        ([("ana", ROLE), ("ben", OTHER)], (), False),
        ([("ana", ROLE), ("ben", ROLE)], ("user_profile",), True),
        ([("ana", ROLE)], ("user_profile",), None),
        ([], (), False),
    ],
)
def test_whether_a_domain_shares_a_role(
    profiles: Sequence[tuple[str, str | None]], gaps: Sequence[str], shared: bool | None
) -> None:
    people = [profile(name, {"ExecutionRole": own} if own else None) for name, own in profiles]
    (row,) = Tables(place(gaps), domain(document=defaults(THIRD)), *people).rows("domain")
    assert row["has_shared_role"] is shared


def test_roles_that_do_not_trust_a_source_identity() -> None:
    """Of profiles, of the default and of shared spaces; one whose trust policy was not seen leaves the list
    open where nothing else is known."""
    roles = [role(ROLE), role(OTHER, "sts:SetSourceIdentity"), role(THIRD)]
    people = [profile("ana", {"ExecutionRole": ROLE}), profile("ben", {"ExecutionRole": OTHER})]
    for seen, expected in ((roles, ["shared", "third"]), (roles[:2], ["shared"]), (roles[1:2], None)):
        (row,) = Tables(domain(document=defaults(OTHER, THIRD)), *people, *seen).rows("domain")
        assert row["roles_without_source_identity"] == expected
    (row,) = Tables(domain(document=defaults(OTHER)), role(OTHER, "sts:SetSourceIdentity")).rows("domain")
    assert row["roles_without_source_identity"] == []


def test_how_people_sign_in_to_a_domain_that_was_not_seen() -> None:
    """CreateUserProfile requires SingleSignOnUserValue in an SSO domain and refuses it elsewhere."""
    rows = Tables(
        profile("ana", also={"SingleSignOnUserValue": "ana@example.com"}, of="d-gone"), profile("ben", of="d-gone"),
        profile("cleo", gaps=["SingleSignOnUserValue"], of="d-gone"),
    ).by_name("user_profile")  # fmt: skip
    assert {name: (row["auth_mode"], row["auth_mode_origin"]) for name, row in rows.items()} == {
        "ana": ("SSO", "profile"), "ben": ("IAM", "profile"), "cleo": (None, None),
    }  # fmt: skip


def test_the_profile_that_runs_rstudio_is_nobodys() -> None:
    """AWS's own, in a domain with RStudio; elsewhere it is a profile that somebody called so."""
    rstudio = {"DomainSettings": {"RStudioServerProDomainSettings": {"DomainExecutionRoleArn": "arn:r"}}}
    tables = Tables(
        domain("with", {**rstudio, **defaults(ROLE)}), domain("without"), profile("domain-shared", of="with"),
        profile("ana", of="with"), profile("domain-shared", of="without"),
    )  # fmt: skip
    assert sorted(row["id"] for row in tables.rows("user_profile")) == ["with/ana", "without/domain-shared"]
    assert [row["profiles"] for row in tables.rows("execution_role")] == [1]


@pytest.mark.parametrize(("gaps", "number"), [((), 2), (("app",), None)])
def test_apps_that_run(gaps: Sequence[str], number: int | None) -> None:
    apps = [
        record("app", f"d-1/profile/ana/JupyterLab/{status}", {"DomainId": "d-1", "AppName": status, "Status": status})
        for status in ("InService", "Pending", "Deleted", "Failed", "Deleting")
    ]
    rows = Tables(place(gaps), domain(), domain("d-2"), *apps).by_name("domain")
    assert rows["name of d-1"]["running_apps"] == number
    assert rows["name of d-2"]["running_apps"] == (0 if number else None)


def assumable(*arns: str) -> dict[str, Any]:
    return {"JupyterLabAppSettings": {"EmrSettings": {"AssumableRoleArns": list(arns)}}}


def chained(arn: str, *actions: str) -> Record:
    """A role that another role may assume, as one for Amazon EMR is."""
    statement = trust(["sts:AssumeRole", *actions], {"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    return record("role", arn, {"Arn": arn, "AssumeRolePolicyDocument": policy(statement)}, region=GLOBAL)


@pytest.mark.parametrize(
    ("roles", "without"),
    [
        ([chained(OTHER)], ["other"]),
        ([chained(OTHER, "sts:SetSourceIdentity")], []),
        ([role(OTHER, "sts:SetSourceIdentity")], ["other"]),  # SageMaker may, and no role may assume it
        ([], None),
    ],
)
@pytest.mark.parametrize("layer", ["domain", "profile"])
def test_roles_that_execution_roles_assume_have_to_trust_the_source_identity_as_well(
    roles: list[Record], without: list[str] | None, layer: str
) -> None:
    """Source: developer guide, "Monitor individual user resource access with sourceIdentity", considerations."""
    settings = assumable(OTHER)
    shared: dict[str, Any] = {"DefaultUserSettings": settings} if layer == "domain" else {}
    ana = {"ExecutionRole": ROLE, **({} if layer == "domain" else settings)}
    tables = Tables(
        place(), domain(document=shared), profile("ana", ana), role(ROLE, "sts:SetSourceIdentity"), *roles
    )  # fmt: skip
    (row,) = tables.rows("domain")
    assert row["roles_without_source_identity"] == without


def test_a_role_of_another_account_that_is_assumed_leaves_it_open() -> None:
    """Unless another role is known not to be ready."""
    far = assumable("arn:aws:iam::999999999999:role/emr")
    people = [profile("ana", {"ExecutionRole": ROLE, **far})]
    for ready, without in ((["sts:SetSourceIdentity"], None), ([], ["shared"])):
        tables = Tables(place(), domain(), *people, role(ROLE, *ready))
        (row,) = tables.rows("domain")
        assert row["roles_without_source_identity"] == without
        assert {r["id"] for r in tables.rows("execution_role")} == {ROLE}


def test_what_a_trust_policy_has_to_say_hangs_on_who_assumes_the_role() -> None:
    both = {
        "Arn": THIRD,
        "AssumeRolePolicyDocument": policy(
            trust("sts:AssumeRole"), trust("sts:AssumeRole", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
        ),
    }
    tables = Tables(
        place(), domain(), profile("ana", {"ExecutionRole": ROLE, **assumable(OTHER, THIRD)}),
        profile("ben", {"ExecutionRole": THIRD}), role(ROLE, "sts:SetSourceIdentity"), chained(OTHER),
        record("role", THIRD, both, region=GLOBAL),
    )  # fmt: skip
    rows = tables.by_id("execution_role")
    shown = {id_: (r["side_role"], r["assumed_by_roles"], r["trusts_set_source_identity"]) for id_, r in rows.items()}
    assert shown == {ROLE: (False, False, True), OTHER: (True, True, False), THIRD: (False, True, False)}
    made = {id_: r["trust_with_source_identity"] for id_, r in rows.items()}
    assert made[OTHER].count("sts:SetSourceIdentity") == 1
    assert made[THIRD].count("sts:SetSourceIdentity") == 2
    ready = Tables(
        place(), domain(), profile("ana", {"ExecutionRole": ROLE, **assumable(OTHER, THIRD)}),
        profile("ben", {"ExecutionRole": THIRD}), role(ROLE, "sts:SetSourceIdentity"),
        *(record("role", arn, {"Arn": arn, "AssumeRolePolicyDocument": json.loads(made[arn])}, region=GLOBAL)
          for arn in (OTHER, THIRD)),
    )  # fmt: skip
    (row,) = ready.rows("domain")
    assert row["roles_without_source_identity"] == []
