"""Who shares an execution role, whether people behind it can be told apart, and whose profiles are not people's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from auditor.model.snapshot import GLOBAL, Record
from auditor.studio.personas import DEFAULT_PERSONAS, Match, Persona

from .builder import ACCOUNT, Apart, Tables, Together, domain, place, profile, record
from .role_records import defaults, policy, trust

ROLE, OTHER, THIRD = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("shared", "other", "third"))
together = Together()
PERSONAS = (Persona("analyst", matches=(Match(tags={"kind": "analyst"}),)), *DEFAULT_PERSONAS)
MODE = {"StudioWebPortalSettings": {"ExecutionRoleSessionNameMode": "USER_IDENTITY"}}


def role(arn: str, *actions: str) -> Record:
    document = {"Arn": arn, "AssumeRolePolicyDocument": policy(trust(["sts:AssumeRole", *actions]))}
    return record("role", arn, document, region=GLOBAL)


def tagged(name: str, of_role: str, **tags: str) -> Record:
    return profile(name, {"ExecutionRole": of_role}, tags=tuple(tags.items()))


TEAMS = Together(PERSONAS)(
    domain(), tagged("ana", ROLE, kind="analyst", Team="Risk "), tagged("ben", ROLE, team="risk"),
    tagged("cleo", ROLE), tagged("dora", OTHER, **{"team-name": "fraud"}), tagged("emil", OTHER, team="risk"),
    tagged("fay", THIRD, team="x"),
)  # fmt: skip


def test_personas_and_teams_that_share_a_role() -> None:
    """One person's own role has one of each; a profile without a team is no other team."""
    rows = TEAMS.by_name("user_profile")
    shown = {name: (row["execution_role_personas"], row["execution_role_teams"]) for name, row in rows.items()}
    assert shown == {
        **dict.fromkeys(("ana", "ben", "cleo"), (["analyst", "default"], ["risk"])),
        **dict.fromkeys(("dora", "emil"), (["default"], ["fraud", "risk"])),
        "fay": (["default"], ["x"]),
    }
    assert {name: row["persona_configured"] for name, row in rows.items()} == {
        "ana": True, **dict.fromkeys(("ben", "cleo", "dora", "emil", "fay"), False),
    }  # fmt: skip


#: one and two profiles of a team, beside one whose tags, role or existence was not read
UNREAD = [
    (together(domain(), tagged("ana", ROLE, team="a"), unread),
     together(domain(), tagged("ana", ROLE, team="a"), tagged("ben", ROLE, team="b"), unread))
    for unread in (
        profile("zed", {"ExecutionRole": ROLE}, ["Tags"], tags=None),
        profile("zed", gaps=["UserSettings.ExecutionRole"]),
        place(["user_profile"]),
    )
]  # fmt: skip


def test_who_was_not_seen_may_be_of_another_team() -> None:
    """What was seen twice is certain; that there is no other is not, where tags, roles or profiles were not read."""
    for one, two in UNREAD:
        assert one.by_name("user_profile")["ana"]["execution_role_teams"] is None
        assert two.by_name("user_profile")["ana"]["execution_role_teams"] == ["a", "b"]


def _telling(settings: dict[str, Any], own: dict[str, Any]) -> Apart:
    return together(domain(document={"DomainSettings": settings}), profile("ana", own))


@pytest.mark.parametrize(
    ("tables", "apart"),
    [
        (_telling({}, {}), False),
        (_telling({"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"}, {}), True),
        (_telling({"TrustedIdentityPropagationSettings": {"Status": "ENABLED"}}, {}), True),
        (_telling({"TrustedIdentityPropagationSettings": {"Status": "DISABLED"}}, {}), False),
        (_telling({}, MODE), True),
    ],
)
def test_the_person_in_role_sessions(tables: Apart, apart: bool) -> None:
    (row,) = tables.rows("user_profile")
    assert row["person_in_role_sessions"] is apart


SWITCH_UNSEEN = ["DomainSettings.TrustedIdentityPropagationSettings"]
PERHAPS = together(
    domain("d-1", gaps=SWITCH_UNSEEN),
    domain("d-2", {"DomainSettings": {"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"}}, SWITCH_UNSEEN),
    profile("ana"), profile("ben", of="d-2"), profile("cleo", of="d-gone"),
    profile("dora", gaps=["UserSettings.StudioWebPortalSettings"]),
)  # fmt: skip


def test_a_person_in_role_sessions_who_may_be_there() -> None:
    """A switch that was not seen may be on; where another is on, that does not matter."""
    rows = PERHAPS.by_name("user_profile")
    assert {name: row["person_in_role_sessions"] for name, row in rows.items()} == {
        "ana": None, "ben": True, "cleo": None, "dora": None,
    }  # fmt: skip


def _with_roles(people: Mapping[str, str | None], gaps: Sequence[str] = (), *others: Record) -> Apart:
    """People with roles of their own, or none, in a domain whose default role is THIRD."""
    profiles = [profile(name, {"ExecutionRole": own} if own else None) for name, own in people.items()]
    return together(place(gaps), domain(document=defaults(THIRD)), *profiles, *others)


@pytest.mark.parametrize(
    ("tables", "shared"),
    [
        (_with_roles({"ana": None, "ben": None}), True),
        (_with_roles({"ana": ROLE, "ben": OTHER}), False),
        (_with_roles({"ana": ROLE, "ben": ROLE}, ["user_profile"]), True),
        (_with_roles({"ana": ROLE}, ["user_profile"]), None),
        (_with_roles({}), False),
        (_with_roles({"ana": ROLE}, (), profile("zed", gaps=["UserSettings.ExecutionRole"])), None),
    ],
)
def test_whether_a_domain_shares_a_role(tables: Apart, shared: bool | None) -> None:
    (row,) = tables.rows("domain")
    assert row["has_shared_role"] is shared


ROLES = [role(ROLE), role(OTHER, "sts:SetSourceIdentity"), role(THIRD)]
OWN_ROLES = [profile("ana", {"ExecutionRole": ROLE}), profile("ben", {"ExecutionRole": OTHER})]
TRUSTING = [
    (together(domain(document=defaults(OTHER, THIRD)), *OWN_ROLES, *ROLES), ["shared", "third"]),
    (together(domain(document=defaults(OTHER, THIRD)), *OWN_ROLES, *ROLES[:2]), ["shared"]),
    (together(domain(document=defaults(OTHER, THIRD)), *OWN_ROLES, *ROLES[1:2]), None),
    (together(domain(document=defaults(OTHER)), role(OTHER, "sts:SetSourceIdentity")), []),
]


def test_roles_that_do_not_trust_a_source_identity() -> None:
    """Of profiles, of the default and of shared spaces; one whose trust policy was not seen leaves the list
    open where nothing else is known."""
    for tables, expected in TRUSTING:
        (row,) = tables.rows("domain")
        assert row["roles_without_source_identity"] == expected


DOMAIN_GONE = together(
    profile("ana", also={"SingleSignOnUserValue": "ana@example.com"}, of="d-gone"), profile("ben", of="d-gone"),
    profile("cleo", gaps=["SingleSignOnUserValue"], of="d-gone"),
)  # fmt: skip


def test_how_people_sign_in_to_a_domain_that_was_not_seen() -> None:
    """CreateUserProfile requires SingleSignOnUserValue in an SSO domain and refuses it elsewhere."""
    rows = DOMAIN_GONE.by_name("user_profile")
    assert {name: (row["auth_mode"], row["auth_mode_origin"]) for name, row in rows.items()} == {
        "ana": ("SSO", "profile"), "ben": ("IAM", "profile"), "cleo": (None, None),
    }  # fmt: skip


RSTUDIO = {"DomainSettings": {"RStudioServerProDomainSettings": {"DomainExecutionRoleArn": "arn:r"}}}
WITH_AND_WITHOUT_RSTUDIO = together(
    domain("with", {**RSTUDIO, **defaults(ROLE)}), domain("without"), profile("domain-shared", of="with"),
    profile("ana", of="with"), profile("domain-shared", of="without"),
)  # fmt: skip


def test_the_profile_that_runs_rstudio_is_nobodys() -> None:
    """AWS's own, in a domain with RStudio; elsewhere it is a profile that somebody called so."""
    tables = WITH_AND_WITHOUT_RSTUDIO
    assert sorted(row["id"] for row in tables.rows("user_profile")) == ["with/ana", "without/domain-shared"]
    assert [row["profiles"] for row in tables.rows("execution_role")] == [1]


APPS = [
    record("app", f"d-1/profile/ana/JupyterLab/{status}", {"DomainId": "d-1", "AppName": status, "Status": status})
    for status in ("InService", "Pending", "Deleted", "Failed", "Deleting")
]


@pytest.mark.parametrize(
    ("tables", "number"),
    [(together(place(gaps), domain(), domain("d-2"), *APPS), number) for gaps, number in (([], 2), (["app"], None))],
)
def test_apps_that_run(tables: Apart, number: int | None) -> None:
    rows = tables.by_name("domain")
    assert rows["name of d-1"]["running_apps"] == number
    assert rows["name of d-2"]["running_apps"] == (0 if number else None)


def assumable(*arns: str) -> dict[str, Any]:
    return {"JupyterLabAppSettings": {"EmrSettings": {"AssumableRoleArns": list(arns)}}}


def chained(arn: str, *actions: str) -> Record:
    """A role that another role may assume, as one for Amazon EMR is."""
    statement = trust(["sts:AssumeRole", *actions], {"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    return record("role", arn, {"Arn": arn, "AssumeRolePolicyDocument": policy(statement)}, region=GLOBAL)


def _assuming(layer: str, roles: Sequence[Record]) -> Apart:
    """A person whose role may assume OTHER, as the domain or the profile says."""
    shared: dict[str, Any] = {"DefaultUserSettings": assumable(OTHER)} if layer == "domain" else {}
    ana = {"ExecutionRole": ROLE, **({} if layer == "domain" else assumable(OTHER))}
    return together(
        place(), domain(document=shared), profile("ana", ana), role(ROLE, "sts:SetSourceIdentity"), *roles
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tables", "without"),
    [
        (_assuming(layer, roles), without)
        for layer in ("domain", "profile")
        for roles, without in (
            ([chained(OTHER)], ["other"]),
            ([chained(OTHER, "sts:SetSourceIdentity")], []),
            ([role(OTHER, "sts:SetSourceIdentity")], ["other"]),  # SageMaker may, and no role may assume it
            ([], None),
        )
    ],
)
def test_roles_that_execution_roles_assume_have_to_trust_the_source_identity_as_well(
    tables: Apart, without: list[str] | None
) -> None:
    """Source: developer guide, "Monitor individual user resource access with sourceIdentity", considerations."""
    (row,) = tables.rows("domain")
    assert row["roles_without_source_identity"] == without


FAR = profile("ana", {"ExecutionRole": ROLE, **assumable("arn:aws:iam::999999999999:role/emr")})
FAR_ASSUMED = [
    (together(place(), domain(), FAR, role(ROLE, "sts:SetSourceIdentity")), None),
    (together(place(), domain(), FAR, role(ROLE)), ["shared"]),
]


def test_a_role_of_another_account_that_is_assumed_leaves_it_open() -> None:
    """Unless another role is known not to be ready."""
    for tables, without in FAR_ASSUMED:
        (row,) = tables.rows("domain")
        assert row["roles_without_source_identity"] == without
        assert {r["id"] for r in tables.rows("execution_role")} == {ROLE}


BOTH = policy(trust("sts:AssumeRole"), trust("sts:AssumeRole", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
CHAIN = (
    place(), domain(), profile("ana", {"ExecutionRole": ROLE, **assumable(OTHER, THIRD)}),
    profile("ben", {"ExecutionRole": THIRD}), role(ROLE, "sts:SetSourceIdentity"),
)  # fmt: skip
NOT_READY = together(
    *CHAIN, chained(OTHER), record("role", THIRD, {"Arn": THIRD, "AssumeRolePolicyDocument": BOTH}, region=GLOBAL)
)


def test_what_a_trust_policy_has_to_say_hangs_on_who_assumes_the_role() -> None:
    rows = NOT_READY.by_id("execution_role")
    shown = {id_: (r["side_role"], r["assumed_by_roles"], r["trusts_set_source_identity"]) for id_, r in rows.items()}
    assert shown == {ROLE: (False, False, True), OTHER: (True, True, False), THIRD: (False, True, False)}
    made = {id_: r["trust_with_source_identity"] for id_, r in rows.items()}
    assert made[OTHER].count("sts:SetSourceIdentity") == 1
    assert made[THIRD].count("sts:SetSourceIdentity") == 2
    ready = Tables(
        *CHAIN,
        *(record("role", arn, {"Arn": arn, "AssumeRolePolicyDocument": json.loads(made[arn])}, region=GLOBAL)
          for arn in (OTHER, THIRD)),
    )  # fmt: skip
    (row,) = ready.rows("domain")
    assert row["roles_without_source_identity"] == []


def _side(*more: Record) -> Apart:
    """A role of an MLflow tracking server beside somebody's execution role."""
    server = "arn:aws:sagemaker:eu-west-1:111122223333:mlflow-tracking-server/runs"
    return together(
        domain(document=defaults(THIRD, THIRD)), profile("ana", {"ExecutionRole": OTHER}),
        record("mlflow_server", server, {"TrackingServerArn": server, "RoleArn": ROLE}), *ROLES, *more,
    )  # fmt: skip


SIDE = [
    (_side(), True),
    (_side(profile("zed", {"ExecutionRole": ROLE})), False),
    # Somebody, or a domain, may use the role as an execution role, and nobody saw.
    (_side(profile("zed", gaps=["*"])), None),
    (_side(profile("zed", gaps=["UserSettings.ExecutionRole"])), None),
    (_side(place(["user_profile"])), None),
    (_side(place(["domain"])), None),
    (_side(record("domain", "d-2", {"DomainId": "d-2"}, gaps=("*",))), None),
    (_side(domain("d-2", gaps=["DefaultSpaceSettings.ExecutionRole"])), None),
]


def test_a_side_role_is_nobodys_execution_role() -> None:
    for tables, expected in SIDE:
        rows = {row["id"]: row["side_role"] for row in tables.rows("execution_role")}
        assert (rows[ROLE], rows[OTHER], rows[THIRD]) == (expected, False, False)


def test_sessions_name_people_as_far_as_all_that_use_a_role_were_seen() -> None:
    """One domain that uses the role without naming people is enough for no; yes takes all of them."""
    named = domain("d-2", {"DomainSettings": {"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"}})
    for more, expected in (
        ((), True), ((profile("zed", gaps=["*"]),), None), ((place(["user_profile"]),), None),
        ((domain("d-3"), profile("zed", {"ExecutionRole": ROLE}, of="d-3")), False),
        ((domain("d-3"), profile("zed", {"ExecutionRole": ROLE}, of="d-3"), profile("ann", gaps=["*"])), False),
    ):  # fmt: skip
        tables = Together()(named, profile("ana", {"ExecutionRole": ROLE}, of="d-2"), *ROLES, *more)
        rows = {row["id"]: row["sessions_name_people"] for row in tables.rows("execution_role")}
        assert rows[ROLE] is expected
