"""Who opened which profile: principals as CloudTrail writes them, people and programs apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from auditor.model.snapshot import Record
from resolve.builder import ACCOUNT, REGION, Tables, domain, place, profile, record

STS, IAM = f"arn:aws:sts::{ACCOUNT}:assumed-role", f"arn:aws:iam::{ACCOUNT}"


def role(name: str, session: str) -> dict[str, str]:
    return {"type": "AssumedRole", "arn": f"{STS}/{name}/{session}", "principalId": f"AROA:{session}"}


def sign_in(
    number: int, identity: Mapping[str, Any], of: str = "ana", time: str = "2026-11-01T08:00:00Z", error: str = "",
    request: Mapping[str, Any] | None = None,
) -> Record:  # fmt: skip
    document = {
        "eventTime": time,
        "errorCode": error,
        "userIdentity": identity,
        "requestParameters": {"domainId": "d-1", "userProfileName": of} if request is None else request,
    }
    return record("sign_in", f"event-{number}", document)


def tables(*identities: Mapping[str, Any], gaps: Sequence[str] = ()) -> Tables:
    return Tables(
        place(gaps), domain(), profile("ana"), profile("ben"), *(sign_in(n, i) for n, i in enumerate(identities))
    )


#: (userIdentity, principal, kind). Forms: CloudTrail user guide, "CloudTrail userIdentity element".
PRINCIPALS = [
    ({"type": "IAMUser", "arn": f"{IAM}:user/team/ana", "userName": "ana"}, f"{IAM}:user/team/ana", "human"),
    ({"type": "Root", "arn": f"{IAM}:root"}, f"{IAM}:root", "human"),
    (role("DataScience", "ana@acme.example"), "DataScience/ana@acme.example", "human"),
    # A role of Identity Center carries the person; two permission sets are still one person.
    (role("AWSReservedSSO_Scientist_0123456789abcdef", "ana@acme.example"), "ana@acme.example", "human"),
    (role("AWSReservedSSO_Power_fedcba9876543210", "ana@acme.example"), "ana@acme.example", "human"),
    (role("deploy", "botocore-session-1767225600"), "deploy/botocore-session-1767225600", "machine"),
    (role("web", "i-0123456789abcdef0"), "web/i-0123456789abcdef0", "machine"),
    (role("ci", "GitHubActions"), "ci/GitHubActions", "machine"),
    (role("ci", "gitlab-123-456"), "ci/gitlab-123-456", "machine"),
    (role("build", "AWSCodeBuild-4f1e"), "build/AWSCodeBuild-4f1e", "machine"),
    (role("tf", "terraform-20260101"), "tf/terraform-20260101", "machine"),
    (role("portal", "1767225600123456789"), "portal/1767225600123456789", "machine"),
    # Near misses: people whose names begin like a program's.
    (role("DataScience", "jenkinson"), "DataScience/jenkinson", "human"),
    (role("DataScience", "ian"), "DataScience/ian", "human"),
    (role("DataScience", "terrance.forms"), "DataScience/terrance.forms", "human"),
    ({"type": "AWSService", "invokedBy": "sagemaker.amazonaws.com"}, "sagemaker.amazonaws.com", "machine"),
    ({**role("x", "ana"), "invokedBy": "cloudformation.amazonaws.com"}, "cloudformation.amazonaws.com", "machine"),
    ({"type": "AWSAccount", "principalId": "AIDA", "accountId": "1"}, "AIDA", "unknown"),
    ({"type": "Something", "arn": "arn:new"}, "arn:new", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("identity", "principal", "kind"), PRINCIPALS, ids=[f"{p}-{k}" for _, p, k in PRINCIPALS])
def test_principals(identity: Mapping[str, Any], principal: str, kind: str) -> None:
    (row,) = tables(identity).rows("sign_in")
    assert (row["principal"], row["kind"]) == (principal, kind)


def test_people_and_programs_apart() -> None:
    rows = tables(role("DataScience", "ana"), role("DataScience", "bo"), role("ci", "jenkins-7")).by_name(
        "user_profile"
    )
    assert rows["ana"]["human_principals"] == ["DataScience/ana", "DataScience/bo"]
    assert rows["ana"]["machine_principals"] == ["ci/jenkins-7"]
    assert (rows["ben"]["human_principals"], rows["ben"]["machine_principals"]) == ([], [])


def test_one_who_is_neither_leaves_it_open() -> None:
    """Who that was is not known, so neither is whether it was a second person."""
    rows = tables(role("DataScience", "ana"), {"type": "AWSAccount", "principalId": "AIDA"}).by_name("user_profile")
    assert (rows["ana"]["human_principals"], rows["ana"]["machine_principals"]) == (None, None)
    assert rows["ben"]["human_principals"] == []


def test_events_that_were_not_seen_leave_it_open() -> None:
    rows = tables(role("DataScience", "ana"), gaps=["sign_in"]).by_name("user_profile")
    columns = ("human_principals", "machine_principals", "several_profile_principals")
    assert {rows[name][c] for name in rows for c in columns} == {None}


def test_calls_that_failed_do_not_count() -> None:
    refused = sign_in(1, role("DataScience", "eve"), error="AccessDenied")
    assert Tables(domain(), profile("ana"), refused).rows("sign_in") == []


@pytest.mark.parametrize(
    "request_", [{"domainId": "d-1", "userProfileName": "ANA"}, {"DomainId": "d-1", "UserProfileName": "ana"},
                 {"domainID": "d-1", "userProfileName": "ana"}],
)  # fmt: skip
def test_request_parameters_are_read_tolerantly(request_: Mapping[str, Any]) -> None:
    """Names of members differ in their capitals, and profile names are case-insensitive."""
    event = sign_in(1, role("DataScience", "ana"), request=request_)
    rows = Tables(domain(), profile("ana"), event).by_name("user_profile")
    assert rows["ana"]["human_principals"] == ["DataScience/ana"]


def test_times_are_counted() -> None:
    events = [sign_in(n, role("D", "ana"), time=f"2026-11-0{n}T08:00:00Z") for n in (3, 1, 2)]
    (row,) = Tables(domain(), profile("ana"), *events).rows("sign_in")
    assert (row["times"], row["first_time"].day, row["last_time"].day) == (3, 1, 3)
    assert (row["account"], row["region"], row["domain_id"], row["user_profile_name"]) == (
        ACCOUNT,
        REGION,
        "d-1",
        "ana",
    )


def test_one_person_and_several_profiles_of_a_domain() -> None:
    """In another domain a second profile is as it should be."""
    other = {"domainId": "d-2", "userProfileName": "ana"}
    rows = Tables(
        domain(), domain("d-2"), profile("ana"), profile("ben"), profile("cleo"), profile("ana", of="d-2"),
        sign_in(1, role("D", "x"), "ana"), sign_in(2, role("D", "x"), "ben"), sign_in(3, role("D", "y"), "ben"),
        sign_in(4, role("D", "y"), request=other), sign_in(5, role("ci", "jenkins"), "ana"),
        sign_in(6, role("ci", "jenkins"), "cleo"),
    ).by_id("user_profile")  # fmt: skip
    several = {id_: row["several_profile_principals"] for id_, row in rows.items()}
    assert several == {"d-1/ana": ["D/x"], "d-1/ben": ["D/x"], "d-1/cleo": [], "d-2/ana": []}
