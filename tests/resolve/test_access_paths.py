"""The shortest ways from a role to administrator access, and to other people's user profiles."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.model.access_path import Goal
from auditor.resolve.access_paths import ADMINISTRATOR, OTHER_PROFILES, RoleNode, paths
from auditor.studio.role_powers import ASSUME_ANY, CHANGE_PROFILES, JOBS_AS_ANY, WIDENED

from .builder import ACCOUNT, REGION, Apart, Together, domain, place, profile
from .role_records import policy, role, statement, trust

together = Together()
SAGEMAKER = frozenset({"sagemaker.amazonaws.com"})


def node(name: str, *ways: str, **of: Any) -> RoleNode:
    given: dict[str, Any] = {
        "administrator": False, "opens": (), "named": (), "trusts": SAGEMAKER, "domains": frozenset(),
        "space_of": frozenset(), **of,
    }  # fmt: skip
    return RoleNode(f"arn:aws:iam::{ACCOUNT}:role/{name}", ways=frozenset(ways), **given)


def found(goal: Goal, *nodes: RoleNode) -> dict[str, tuple[str, ...]]:
    return {arn.rpartition("/")[2]: path.steps for arn, path in paths(nodes, goal).items()}


ADMIN = node("admin", administrator=True, domains=frozenset({"ops"}))
AT_HOME = "admin is an administrator"


def test_passing_any_role_leads_to_every_role_that_sagemaker_may_assume() -> None:
    passing = node("team", JOBS_AS_ANY)
    assert found(ADMINISTRATOR, ADMIN, passing, node("other")) == {
        "admin": (AT_HOME,),
        "team": ("passes admin to a SageMaker job", AT_HOME),
    }
    elsewhere = node("admin", administrator=True, trusts=frozenset({"glue.amazonaws.com"}))
    assert found(ADMINISTRATOR, elsewhere, passing) == {"admin": (AT_HOME,)}


def test_assuming_any_role_leads_to_roles_that_trust_the_account_or_the_role() -> None:
    assuming = node("team", ASSUME_ANY)
    for trusts in ({"*"}, {ACCOUNT}, {f"arn:aws:iam::{ACCOUNT}:root"}, {assuming.arn}):
        admin = node("admin", administrator=True, trusts=frozenset(trusts))
        assert found(ADMINISTRATOR, admin, assuming)["team"] == ("assumes admin", AT_HOME)
    assert "team" not in found(ADMINISTRATOR, ADMIN, assuming)


def test_opening_or_changing_a_user_profile_leads_to_its_role() -> None:
    opener = node("opener", opens=("ops",))
    changer = node("changer", CHANGE_PROFILES)
    by_name = node("by-name", named=("ann",), roles_of_named=(ADMIN.arn,))
    assert found(ADMINISTRATOR, ADMIN, opener, changer, by_name) == {
        "admin": (AT_HOME,),
        "opener": ("opens a user profile of ops that has admin", AT_HOME),
        "changer": ("changes a user profile that has admin", AT_HOME),
        "by-name": ("opens a user profile that has admin", AT_HOME),
    }
    assert found(OTHER_PROFILES, ADMIN, opener, changer, by_name) == {
        "opener": ("opens any user profile of ops",),
        "changer": ("changes other user profiles",),
        "by-name": ("opens the user profile ann",),
    }


def test_everybody_of_a_domain_is_the_role_of_its_shared_spaces() -> None:
    space = node("spaces", JOBS_AS_ANY, space_of=frozenset({"research"}))
    ana = node("ana", domains=frozenset({"research"}))
    ben = node("ben", domains=frozenset({"other"}))
    assert found(ADMINISTRATOR, ADMIN, space, ana, ben)["ana"] == (
        "starts an app in a shared space of research, which runs as spaces",
        "passes admin to a SageMaker job",
        AT_HOME,
    )
    assert "ben" not in found(ADMINISTRATOR, ADMIN, space, ana, ben)


def test_the_shortest_way_counts_and_who_writes_policies_is_there() -> None:
    near = node("near", JOBS_AS_ANY, opens=("far",))
    far = node("far-role", JOBS_AS_ANY, domains=frozenset({"far"}))
    assert len(found(ADMINISTRATOR, ADMIN, near, far)["near"]) == 2
    assert found(ADMINISTRATOR, node("writer", WIDENED)) == {"writer": (f"writes the {WIDENED}",)}


def test_many_roles_that_lead_to_each_other_are_read_once() -> None:
    """A role for each user profile, as it should be, of which each can become every other one: no list of pairs."""
    mutual = {"trusts": SAGEMAKER | {ACCOUNT}, "opens": ("a",), "domains": frozenset({"a"})}
    many = [node(f"r{number}", JOBS_AS_ANY, ASSUME_ANY, CHANGE_PROFILES, **mutual) for number in range(3_000)]
    ways = found(ADMINISTRATOR, ADMIN, *many)
    assert len(ways) == len(many) + 1
    assert {len(steps) for name, steps in ways.items() if name != "admin"} == {2}


def test_a_role_that_leads_back_to_itself_ends() -> None:
    one = node("one", JOBS_AS_ANY, opens=("a",), domains=frozenset({"a"}))
    two = node("two", JOBS_AS_ANY, domains=frozenset({"a"}))
    assert found(ADMINISTRATOR, one, two) == {}


TEAM, ADMIN_ARN = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("team", "admin"))
TO_SAGEMAKER = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
JOBS = policy(statement("sagemaker:CreateTrainingJob"), statement("iam:PassRole", Condition=TO_SAGEMAKER))
TABLES = together(
    place(),
    domain(),
    profile("ana", {"ExecutionRole": TEAM}),
    profile("root", {"ExecutionRole": ADMIN_ARN}),
    role(TEAM, RolePolicyList=[{"PolicyName": "jobs", "PolicyDocument": JOBS}]),
    role(ADMIN_ARN, AssumeRolePolicyDocument=policy(trust("sts:AssumeRole")),
         RolePolicyList=[{"PolicyName": "all", "PolicyDocument": policy(statement())}]),
)  # fmt: skip

ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
EXTERNAL = {"StringEquals": {"sts:ExternalId": "partner"}}
OURS = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": "arn:aws:sagemaker:*:*:*"}}
ASSUMING = policy(statement("sts:AssumeRole"))
#: who may assume the administrator's role, what the team's may do -> the team's way
TRUSTS = [
    (trust("sts:AssumeRole", ROOT), ASSUMING, ["assumes admin", AT_HOME]),
    # Nobody knows whether the team has the external id.
    (trust("sts:AssumeRole", ROOT, Condition=EXTERNAL), ASSUMING, None),
    # SageMaker acts for the account, whoever passes the role.
    (trust("sts:AssumeRole", Condition=OURS), JOBS, ["passes admin to a SageMaker job", AT_HOME]),
]
TRUSTING = [
    together(
        domain(),
        profile("ana", {"ExecutionRole": TEAM}),
        profile("root", {"ExecutionRole": ADMIN_ARN}),
        role(TEAM, RolePolicyList=[{"PolicyName": "own", "PolicyDocument": own}]),
        role(ADMIN_ARN, AssumeRolePolicyDocument=policy(trusts),
             RolePolicyList=[{"PolicyName": "all", "PolicyDocument": policy(statement())}]),
    )
    for trusts, own, _ in TRUSTS
]  # fmt: skip
THERE = "us-east-1"
OPENS_HERE = statement("sagemaker:CreatePresignedDomainUrl", f"arn:aws:sagemaker:{REGION}:*:user-profile/*")
TWO_REGIONS = together(
    place(),
    place(region=THERE),
    domain("d-1", {"DomainName": "research"}),
    domain("d-2", {"DomainName": "research"}, region=THERE),
    profile("ana", {"ExecutionRole": TEAM}),
    profile("root", {"ExecutionRole": ADMIN_ARN}, of="d-2", region=THERE),
    role(TEAM, RolePolicyList=[{"PolicyName": "own", "PolicyDocument": policy(OPENS_HERE)}]),
    role(ADMIN_ARN, RolePolicyList=[{"PolicyName": "all", "PolicyDocument": policy(statement())}]),
)


def test_the_table() -> None:
    rows = {(row["name"], row["goal"]): row for row in TABLES.rows("access_path")}
    assert set(rows) == {
        ("admin", ADMINISTRATOR),
        ("admin", OTHER_PROFILES),
        ("team", ADMINISTRATOR),
        ("team", OTHER_PROFILES),
    }
    team = rows["team", ADMINISTRATOR]
    assert (team["steps"], team["length"], team["profiles"], team["target"]) == (
        ["passes admin to a SageMaker job", AT_HOME], 2, 1, ADMIN_ARN,
    )  # fmt: skip
    # Via the administrator, who opens everybody's.
    assert rows["team", OTHER_PROFILES]["steps"] == [
        "passes admin to a SageMaker job",
        "opens any user profile of name of d-1",
    ]


@pytest.mark.parametrize(("tables", "steps"), [(t, of[2]) for t, of in zip(TRUSTING, TRUSTS, strict=True)])
def test_a_condition_on_who_assumes_a_role_is_no_step(tables: Apart, steps: list[str] | None) -> None:
    found = {row["name"]: row["steps"] for row in tables.rows("access_path") if row["goal"] == ADMINISTRATOR}
    assert found.get("team") == steps


def test_domains_of_one_name_in_two_regions_are_two() -> None:
    steps = {row["goal"]: row["steps"] for row in TWO_REGIONS.rows("access_path") if row["name"] == "team"}
    assert steps == {OTHER_PROFILES: ["opens any user profile of research (d-1)"]}
