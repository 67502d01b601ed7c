"""What execution roles can do beyond their own work, from policies in to columns of execution_role out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from auditor.iam.roles import role_of
from auditor.model.snapshot import Record
from auditor.resolve.power_facts import DomainPlace, RolePowers, role_powers
from auditor.studio.role_powers import LARGE_TYPES

from .builder import ACCOUNT, Together, domain, place, profile
from .role_records import OTHER, ROLE, defaults, policy, role, statement

together = Together()
OPEN = "sagemaker:CreatePresignedDomainUrl"
PROFILES = f"arn:aws:sagemaker:*:{ACCOUNT}:user-profile/"


def has(*statements: dict[str, Any], arn: str = ROLE) -> Record:
    return role(arn, RolePolicyList=[{"PolicyName": "team", "PolicyDocument": policy(*statements)}])


SSO = {"AuthMode": "SSO"}
ANA, BEN = profile("ana", {"ExecutionRole": ROLE}), profile("ben", {"ExecutionRole": OTHER})
SHARED = profile("cleo", {"ExecutionRole": ROLE})


def opening(resource: str, *records: Record) -> Any:
    return together(place(), domain(), *records, has(statement(OPEN, resource)), has(arn=OTHER))


EVERYBODY = opening("*", ANA, BEN)
FULL_ACCESS = {
    "PolicyName": "AmazonSageMakerFullAccess",
    "PolicyArn": "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess",
}
MANAGED = together(place(), domain(document=defaults(ROLE)), ANA, role(AttachedManagedPolicies=[FULL_ACCESS]))
OF_OTHER_DOMAINS = opening(f"{PROFILES}d-2/*", ANA, BEN)
HERSELF = opening(f"{PROFILES}d-1/ana", ANA, BEN)
HERSELF_SHARED = opening(f"{PROFILES}d-1/ana", ANA, BEN, SHARED)
HIM = opening(f"{PROFILES}d-1/BEN", ANA, BEN)
BY_PATTERN = opening(f"{PROFILES}d-1/b*", ANA, BEN)
BY_ANOTHER_PATTERN = opening(f"{PROFILES}d-1/x*", ANA, BEN)
SINGLE_SIGN_ON = together(place(), domain(document=SSO), ANA, has(statement(OPEN)))
MODE_UNSEEN = together(place(), domain(document={"AuthMode": None}, gaps=["AuthMode"]), ANA, has(statement(OPEN)))
NO_ROLE_SEEN = together(place(), domain(), ANA)


@pytest.mark.parametrize(
    ("tables", "opens", "opened"),
    [
        (EVERYBODY, True, ["every user profile of name of d-1"]),
        (MANAGED, True, ["every user profile of name of d-1"]),
        (OF_OTHER_DOMAINS, False, []),
        (HERSELF, False, []),
        # Whoever else has the role opens hers.
        (HERSELF_SHARED, True, ["ana"]),
        (HIM, True, ["ben"]),
        (BY_PATTERN, True, ["ben"]),
        (BY_ANOTHER_PATTERN, False, []),
    ],
)
def test_who_may_open_whose_profile(tables: Any, opens: bool, opened: list[str]) -> None:
    row = tables.by_id("execution_role")[ROLE]
    assert (row["opens_other_profiles"], row["opened_profiles"]) == (opens, opened)
    assert row["iam_domains"] == ["name of d-1"]


def test_only_domains_of_auth_mode_iam_are_opened_by_a_url() -> None:
    row = SINGLE_SIGN_ON.by_id("execution_role")[ROLE]
    assert (row["iam_domains"], row["opens_other_profiles"]) == ([], False)
    row = MODE_UNSEEN.by_id("execution_role")[ROLE]
    assert (row["iam_domains"], row["opens_other_profiles"]) == (None, None)


def test_a_role_that_was_not_seen_is_unknown() -> None:
    assert NO_ROLE_SEEN.by_id("execution_role")[ROLE]["opens_other_profiles"] is None


def _powers(*statements: dict[str, Any], managed: tuple[str, ...] = (), template: bool = False) -> RolePowers:
    document = {
        "RolePolicyList": [{"PolicyName": "team", "PolicyDocument": policy(*statements)}],
        "AttachedManagedPolicies": [{"PolicyArn": f"arn:aws:iam::aws:policy/{name}"} for name in managed],
    }
    one = DomainPlace("d-1", "one", "eu-west-1", True)
    return role_powers(role_of(document, ROLE, ("eu-west-1",)), [one], template=template)[0]


PASS, JOBS = "iam:PassRole", ["sagemaker:CreateTrainingJob", "sagemaker:CreateProcessingJob"]
TO_SAGEMAKER = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
OWN_TAG = {"StringEquals": {"aws:ResourceTag/AmazonDataZoneUser": "${aws:PrincipalTag/datazone:userId}"}}
TO_JOBS = "iam:PassRole of any role to SageMaker jobs or notebook instances"
OF_OTHERS = "changes to domains or other user profiles"
WIDENED = "policies of a role that it can pass or assume"
MADE = f"arn:aws:iam::{ACCOUNT}:role/made-*"
MADE_BY_ANYBODY, MADE_BY_THE_TEAM = "arn:aws:iam::*:role/*-made-*", "arn:aws:iam::*:role/team-*"
BOUND = {"StringEquals": {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/limit"}}


@pytest.mark.parametrize(
    ("statements", "held", "undecided"),
    [
        ([statement(JOBS)], [], []),
        ([statement(JOBS), statement(PASS, ROLE)], [], []),
        ([statement(JOBS), statement(PASS, Condition=TO_SAGEMAKER)], [TO_JOBS], []),
        ([statement(JOBS), statement(PASS, f"arn:aws:iam::{ACCOUNT}:role/team-*")], [], []),
        ([statement(PASS, Condition=TO_SAGEMAKER)], [], []),
        ([statement(["lambda:CreateFunction", "lambda:InvokeFunction"]), statement(PASS)],
         ["iam:PassRole of any role to Lambda"], []),
        ([statement(["lambda:CreateFunction"]), statement(PASS)], [], []),
        ([statement("sts:AssumeRole")], ["sts:AssumeRole on any role"], []),
        ([statement("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/emr")], [], []),
        ([statement("sts:AssumeRole", Condition={"StringEquals": {"aws:ResourceTag/team": "research"}})], [], []),
        ([statement("sts:AssumeRole", Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}})],
         [], ["sts:AssumeRole on any role"]),
        ([statement("sagemaker:UpdateUserProfile")], [OF_OTHERS], []),
        ([statement("sagemaker:UpdateDomain", f"arn:aws:sagemaker:*:{ACCOUNT}:domain/d-1")], [OF_OTHERS], []),
        ([statement("sagemaker:UpdateDomain", f"arn:aws:sagemaker:*:{ACCOUNT}:domain/d-2")], [], []),
        # As AWS's policy for projects of SageMaker Unified Studio has it: one's own user profile.
        ([statement(["sagemaker:CreateUserProfile", "sagemaker:UpdateUserProfile"], Condition=OWN_TAG)], [], []),
        ([statement("iam:AttachRolePolicy", MADE), statement(PASS, MADE)], [WIDENED], []),
        ([statement("iam:AttachRolePolicy", MADE)], [], []),
        # What fits "*-made-*" alone need not fit "team-*", and one role fits both.
        ([statement("iam:PutRolePolicy", MADE_BY_ANYBODY), statement(PASS, MADE_BY_THE_TEAM)], [WIDENED], []),
        ([statement("iam:PutRolePolicy", MADE_BY_ANYBODY), statement(PASS, MADE_BY_THE_TEAM),
          statement("iam:PutRolePolicy", MADE_BY_THE_TEAM, effect="Deny")], [], []),
        # Who writes the trust policy, of a new role as well, needs no further permission to assume it.
        ([statement(["iam:CreateRole", "iam:AttachRolePolicy"], MADE)], [WIDENED], []),
        ([statement(["iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy"], MADE)], [WIDENED], []),
        ([statement(["iam:CreateRole", "iam:AttachRolePolicy"], MADE, Condition=BOUND)], [], []),
        ([statement("iam:CreateRole", MADE), statement("iam:AttachRolePolicy", ROLE + "-x")], [], []),
        ([statement(["iam:CreateRole", "iam:TagRole"], MADE)], [], []),
        ([statement("iam:AttachRolePolicy", MADE), statement(PASS, f"arn:aws:iam::{ACCOUNT}:role/other-*")], [], []),
        ([statement("sagemaker:*", effect="Deny"), statement("sagemaker:UpdateDomain")], [], []),
    ],
)  # fmt: skip
def test_ways_to_act_as_somebody_else(statements: list[dict[str, Any]], held: list[str], undecided: list[str]) -> None:
    found = _powers(*statements).escalation
    assert (found.held, found.undecided) == (held, undecided)
    assert bool(found.unknown) is bool(undecided)


@pytest.mark.parametrize(
    ("statements", "held", "undecided"),
    [
        ([statement("s3:GetObject")], ["S3 buckets"], []),
        ([statement("s3:*", "arn:aws:s3:::team-data/*")], [], []),
        # As AmazonSageMakerFullAccess has it: not every object has the tag.
        ([statement("s3:GetObject", Condition={"StringEquals": {"s3:ExistingObjectTag/SageMaker": "true"}})], [], []),
        ([statement("s3:GetObject", Condition={"StringEquals": {"aws:ResourceAccount": ACCOUNT}})], ["S3 buckets"], []),
        ([statement("s3:GetObject", Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}})], [], ["S3 buckets"]),
        ([statement("secretsmanager:*")], ["Secrets Manager secrets"], []),
        ([statement("kms:Decrypt")], ["KMS keys"], []),
        ([statement("kms:Decrypt", Condition={"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}})], [], []),
        ([statement("dynamodb:Scan")], ["DynamoDB tables"], []),
        ([statement("dynamodb:Scan", "arn:aws:dynamodb:*:*:table/team-*")], [], []),
    ],
)  # fmt: skip
def test_data_of_everybody(statements: list[dict[str, Any]], held: list[str], undecided: list[str]) -> None:
    found = _powers(*statements).data
    assert (found.held, found.undecided) == (held, undecided)


def _missing(*keys: str) -> dict[str, Any]:
    return {"Null": {f"sagemaker:{key}": "false" for key in keys}}


@pytest.mark.parametrize(
    ("statements", "held"),
    [
        ([], []),
        ([statement(JOBS)], ["a VPC", "a volume key", "an output key"]),
        # A job that has a name of the team's is a job.
        ([statement(JOBS, "arn:aws:sagemaker:*:*:training-job/team-*")], ["a VPC", "a volume key", "an output key"]),
        ([statement(JOBS, Condition=_missing("VpcSubnets", "VpcSecurityGroupIds"))], ["a volume key", "an output key"]),
        ([statement(JOBS, Condition=_missing("VpcSubnets", "VolumeKmsKey", "OutputKmsKey"))], []),
        ([statement(JOBS), statement(JOBS, effect="Deny", Condition={"Null": {"sagemaker:VpcSubnets": "true"}})],
         ["a volume key", "an output key"]),
    ],
)  # fmt: skip
def test_jobs_without_a_vpc_or_keys(statements: list[dict[str, Any]], held: list[str]) -> None:
    found = _powers(*statements).unsafe_jobs
    assert (found.held, found.undecided) == (held, [])


APPS = "arn:aws:sagemaker:*:*:app/"


@pytest.mark.parametrize(
    ("statements", "large"),
    [
        ([], []),
        ([statement("sagemaker:CreateApp", f"{APPS}*/*/jupyterlab/*")], LARGE_TYPES),
        ([statement("sagemaker:CreateApp", f"{APPS}d-1/*")], LARGE_TYPES),
        ([statement("sagemaker:CreateApp", f"{APPS}*/*/canvas/*")], []),
        # As the developer guide limits instance types.
        ([statement("sagemaker:CreateApp",
                    Condition={"ForAllValues:StringLike": {"sagemaker:InstanceTypes": ["ml.t3.*", "system"]}})], []),
        ([statement("sagemaker:CreateApp"),
          statement("sagemaker:CreateApp", effect="Deny",
                    Condition={"ForAnyValue:StringNotLike": {"sagemaker:InstanceTypes": ["ml.g5.*", "system"]}})],
         ["ml.g5.48xlarge"]),
    ],
)  # fmt: skip
def test_large_instance_types(statements: list[dict[str, Any]], large: Sequence[str]) -> None:
    found = _powers(*statements).large_instances
    assert (found.held, found.undecided) == (list(large), [])


def test_an_app_in_the_space_of_somebody_who_is_named_is_no_pass() -> None:
    """As AWS's templates for one user profile write it."""
    owner = {"ArnLike": {"sagemaker:OwnerUserProfileArn": "arn:aws:sagemaker:*:*:user-profile/d-1/ana"}}
    found = _powers(statement("sagemaker:CreateApp", f"{APPS}d-1/*", Condition=owner)).large_instances
    assert (found.held, found.undecided) == ([], list(LARGE_TYPES))
    shared = {"Null": {"sagemaker:OwnerUserProfileArn": "true"}}
    found = _powers(statement("sagemaker:CreateApp", Condition=shared)).large_instances
    assert (found.held, found.undecided) == (list(LARGE_TYPES), [])


def test_what_the_managed_policies_of_aws_allow() -> None:
    """Worked out from the policies as AWS publishes them, in their versions of 2026."""
    full = _powers(managed=("AmazonSageMakerFullAccess",))
    assert (full.opens.held, full.opens.policies) == (["one"], ["AmazonSageMakerFullAccess"])
    assert full.escalation.held == [TO_JOBS, "sagemaker:UpdateAppImageConfig"]
    assert (full.data.held, full.data.undecided, full.starts_emr) == ([], [], False)
    project = _powers(managed=("SageMakerStudioProjectRoleMachineLearningPolicy",))
    assert (project.opens.held, project.opens.undecided, project.escalation.held) == ([], [], [])
    assert _powers(managed=("AmazonS3ReadOnlyAccess", "SecretsManagerReadWrite")).data.held == [
        "S3 buckets",
        "Secrets Manager secrets",
    ]
    assert _powers(managed=("NewerThanThisVersion",)).opens.undecided == ["one"]


IDENTIFIED = {"DomainSettings": {"ExecutionRoleIdentityConfig": "USER_PROFILE_NAME"}}
EMR = statement("elasticmapreduce:RunJobFlow")
NAMED = together(place(), domain(document=IDENTIFIED), ANA, has(EMR))
NAMELESS = together(place(), domain(), ANA, has(EMR))
NAMED_IN_ONE = together(place(), domain(document=IDENTIFIED), domain("d-2"), ANA,
                        profile("ben", {"ExecutionRole": ROLE}, of="d-2"), has(EMR))  # fmt: skip


@pytest.mark.parametrize(("tables", "named"), [(NAMED, True), (NAMELESS, False), (NAMED_IN_ONE, False)])
def test_sessions_name_people_where_every_domain_says_so(tables: Any, named: bool) -> None:
    row = tables.by_id("execution_role")[ROLE]
    assert (row["starts_emr_clusters"], row["sessions_name_people"]) == (True, named)
