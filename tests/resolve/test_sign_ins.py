"""Who opened which profile: principals as CloudTrail writes them, people and programs apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from auditor.model.snapshot import Record
from resolve.builder import ACCOUNT, REGION, Apart, Together, domain, place, profile, record

together = Together()
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


def tables(*identities: Mapping[str, Any], gaps: Sequence[str] = ()) -> Apart:
    return together(
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
    # Calls of the console, and those that a service passes on, carry both: the person decides.
    ({**role("x", "ana"), "invokedBy": "AWS Internal"}, "x/ana", "human"),
    ({**role("x", "ana"), "invokedBy": "cloudformation.amazonaws.com"}, "x/ana", "human"),
    ({"type": "IAMUser", "arn": f"{IAM}:user/jane", "invokedBy": "AWS Internal"}, f"{IAM}:user/jane", "human"),
    ({"invokedBy": "AWS Internal"}, "AWS Internal", "machine"),
    # The source identity stays through chained roles, whatever the session is called.
    ({**role("chained", "session1"), "sourceIdentity": "wes@acme.example"}, "chained/wes@acme.example", "human"),
    ({**role("go", "aws-go-sdk-1767225600"), "sourceIdentity": "val"}, "go/val", "human"),
    # In a notebook it is the profile's name.
    ({**role("studio", "SageMaker"), "sourceIdentity": "ana"}, "studio/SageMaker", "machine"),
    # Code in Lambda, ECS or on EC2 may call its session what it likes; people sit at CloudShell.
    ({**role("portal", "hand-out-links"), "issuerType": "AWS::Lambda::Function"}, "portal/hand-out-links", "machine"),
    ({**role("portal", "hand-out-links"), "executionEnvironment": "AWS_Lambda_python3.12"}, "portal/hand-out-links",
     "machine"),
    ({**role("D", "ana"), "executionEnvironment": "CloudShell"}, "D/ana", "human"),
    (role("task", "0123456789abcdef0123456789abcdef"), "task/0123456789abcdef0123456789abcdef", "machine"),
    (role("glue", "GlueJobRunnerSession"), "glue/GlueJobRunnerSession", "machine"),
    (role("stack", "AWSCloudFormation"), "stack/AWSCloudFormation", "machine"),
    (role("steps", "QkqWhOZrXbLxgYdYwmAVwyGdOAQfRxQB"), "steps/QkqWhOZrXbLxgYdYwmAVwyGdOAQfRxQB", "machine"),
    (role("sc", "ServiceCatalog-1"), "sc/ServiceCatalog-1", "machine"),
    ({"type": "IdentityCenterUser", "onBehalfOf": "u-1"}, "dora@acme.example", "human"),
    ({"type": "IdentityCenterUser", "onBehalfOf": "u-2"}, "u-2", "unknown"),
    ({"type": "IdentityCenterUser"}, "unknown", "unknown"),
    ({"type": "AWSAccount", "principalId": "AIDA", "accountId": "1"}, "AIDA", "unknown"),
    ({"type": "Something", "arn": "arn:new"}, "arn:new", "unknown"),
    # Only type is in every userIdentity: without a name nobody is somebody, and not the same as another without one.
    ({"type": "IAMUser", "userName": "ana"}, "ana", "human"),
    ({"type": "IAMUser", "principalId": "AIDA1"}, "AIDA1", "unknown"),
    ({"type": "AssumedRole", "principalId": "AROA:ana"}, "unknown", "unknown"),
    ({"type": "AssumedRole", "arn": f"{STS}/DataScience"}, "unknown", "unknown"),
    ({"userName": "ana"}, "ana", "unknown"),
]  # fmt: skip


DORA = record("identity_user", "u-1", {"UserId": "u-1", "UserName": "dora@acme.example"}, region="aws-global")


@pytest.mark.parametrize(
    ("opened", "principal", "kind"),
    [(together(place(), domain(), profile("ana"), sign_in(1, i), DORA), p, k) for i, p, k in PRINCIPALS],
    ids=[f"{p}-{k}" for _, p, k in PRINCIPALS],
)
def test_principals(opened: Apart, principal: str, kind: str) -> None:
    (row,) = opened.rows("sign_in")
    assert (row["principal"], row["kind"]) == (principal, kind)


PEOPLE_AND_A_PROGRAM = tables(role("DataScience", "ana"), role("DataScience", "bo"), role("ci", "jenkins-7"))


def test_people_and_programs_apart() -> None:
    rows = PEOPLE_AND_A_PROGRAM.by_name("user_profile")
    assert rows["ana"]["human_principals"] == ["DataScience/ana", "DataScience/bo"]
    assert rows["ana"]["machine_principals"] == ["ci/jenkins-7"]
    assert (rows["ben"]["human_principals"], rows["ben"]["machine_principals"]) == ([], [])


NEITHER = tables(role("DataScience", "ana"), {"type": "AWSAccount", "principalId": "AIDA"})


def test_one_who_is_neither_leaves_it_open() -> None:
    """Who that was is not known, so neither is whether it was a second person. Who is known stays."""
    rows = NEITHER.by_name("user_profile")
    assert (rows["ana"]["human_principals"], rows["ana"]["sign_ins_complete"]) == (["DataScience/ana"], None)
    assert (rows["ben"]["human_principals"], rows["ben"]["sign_ins_complete"]) == ([], True)


NOT_SEEN = tables(role("DataScience", "ana"), gaps=["sign_in"])


def test_events_that_were_not_seen_leave_it_open() -> None:
    rows = NOT_SEEN.by_name("user_profile")
    assert {rows[name]["sign_ins_complete"] for name in rows} == {None}
    assert rows["ana"]["human_principals"] == ["DataScience/ana"]


FAILED = together(domain(), profile("ana"), sign_in(1, role("DataScience", "eve"), error="AccessDenied"))


def test_calls_that_failed_do_not_count() -> None:
    assert FAILED.rows("sign_in") == []


@pytest.mark.parametrize(
    "opened",
    [together(domain(), profile("ana"), sign_in(1, role("DataScience", "ana"), request=request))
     for request in ({"domainId": "d-1", "userProfileName": "ANA"}, {"DomainId": "d-1", "UserProfileName": "ana"},
                     {"domainID": "d-1", "userProfileName": "ana"})],
)  # fmt: skip
def test_request_parameters_are_read_tolerantly(opened: Apart) -> None:
    """Names of members differ in their capitals, and profile names are case-insensitive."""
    rows = opened.by_name("user_profile")
    assert rows["ana"]["human_principals"] == ["DataScience/ana"]


THREE_TIMES = together(
    domain(), profile("ana"), *(sign_in(n, role("D", "ana"), time=f"2026-11-0{n}T08:00:00Z") for n in (3, 1, 2))
)


def test_times_are_counted() -> None:
    (row,) = THREE_TIMES.rows("sign_in")
    assert (row["times"], row["first_time"].day, row["last_time"].day) == (3, 1, 3)
    assert (row["account"], row["region"], row["domain_id"], row["user_profile_name"]) == (
        ACCOUNT,
        REGION,
        "d-1",
        "ana",
    )


SEVERAL_PROFILES = together(
    domain(), domain("d-2"), profile("ana"), profile("ben"), profile("cleo"), profile("ana", of="d-2"),
    sign_in(1, role("D", "x"), "ana"), sign_in(2, role("D", "x"), "ben"), sign_in(3, role("D", "y"), "ben"),
    sign_in(4, role("D", "y"), request={"domainId": "d-2", "userProfileName": "ana"}),
    sign_in(5, role("ci", "jenkins"), "ana"), sign_in(6, role("ci", "jenkins"), "cleo"),
)  # fmt: skip


def test_one_person_and_several_profiles_of_a_domain() -> None:
    """In another domain a second profile is as it should be."""
    rows = SEVERAL_PROFILES.by_id("user_profile")
    several = {id_: row["several_profile_principals"] for id_, row in rows.items()}
    assert several == {"d-1/ana": ["D/x"], "d-1/ben": ["D/x"], "d-1/cleo": [], "d-2/ana": []}


#: Somebody opened ben's profile, and nobody knows who; nobody opened cleo's.
UNRECOGNIZED = together(
    domain(), domain("d-2"), profile("ana"), profile("ben"), profile("cleo"), profile("dora", of="d-2"),
    sign_in(1, role("D", "x"), "ana"), sign_in(2, {"type": "AssumedRole"}, "ben"),
    sign_in(3, role("D", "y"), request={"domainId": "d-2", "userProfileName": "dora"}),
)  # fmt: skip


def test_whoever_was_not_recognized_may_have_opened_another_profile() -> None:
    rows = UNRECOGNIZED.by_name("user_profile")
    several = {name: row["several_profile_principals"] for name, row in rows.items()}
    assert several == {"ana": None, "ben": None, "cleo": [], "dora": []}


SEVERAL_ROLES = together(
    domain(), profile("ana"), profile("ben"), profile("cleo"),
    sign_in(1, role("DS", "Eve@acme.example"), "ana"), sign_in(2, role("Admin", "eve@acme.example"), "ben"),
    sign_in(3, role("AWSReservedSSO_X_0123456789abcdef", "fay@acme.example"), "cleo"),
    sign_in(4, {**role("chained", "s1"), "sourceIdentity": "FAY@acme.example"}, "cleo"),
)  # fmt: skip


def test_a_person_in_several_roles_and_spellings_is_one() -> None:
    """Another profile that one opened in another role is named with that role: it may be an administrator's."""
    rows = SEVERAL_ROLES.by_name("user_profile")
    assert rows["ana"]["several_profile_principals"] == ["DS/Eve@acme.example, Admin/eve@acme.example"]
    assert rows["ben"]["several_profile_principals"] == ["Admin/eve@acme.example, DS/Eve@acme.example"]
    assert rows["cleo"]["human_principals"] == ["chained/FAY@acme.example", "fay@acme.example"]
    assert rows["cleo"]["several_profile_principals"] == []


TAGGED = together(
    domain(), domain("d-2"),
    profile("ana", tags=(("Owner", "Ana.Lee@acme.example"), ("created-by", "eve"))),
    profile("ben", tags=(("owner", "ACME\\ben_ito"),)),
    profile("cleo", tags=(("owner", "eve@other.example"), ("E-Mail", " "))), profile("dan"),
    profile("eve", tags=(("studio:owner", "Eve"),)), profile("fay", of="d-2", tags=(("owner", "dan"),)),
    sign_in(1, role("DS", "ana lee"), "ana"), sign_in(2, role("DS", "eve@acme.example"), "ana"),
    sign_in(3, role("DS", "Ben.Ito@acme.example"), "ben"), sign_in(4, role("DS", "ben.ito2"), "ben"),
    sign_in(5, role("DS", "eve@acme.example"), "cleo"), sign_in(6, role("DS", "dan"), "dan"),
    sign_in(7, role("DS", "EVE"), "eve"), sign_in(8, role("ci", "jenkins"), "eve"),
)  # fmt: skip


def test_whom_tags_name_among_those_who_opened_it() -> None:
    """An address with a domain and one without may be the same person, two domains are two; machines are nobody."""
    entries = {name: row["opener_tags"] for name, row in TAGGED.by_name("user_profile").items()}
    assert entries == {
        "ana": ["createdby,studioowner@eve DS/eve@acme.example", "owner DS/ana lee"],
        "ben": ["- DS/ben.ito2", "owner DS/Ben.Ito@acme.example"],
        "cleo": ["createdby@ana,studioowner@eve DS/eve@acme.example"],
        "dan": ["- DS/dan"],
        "eve": ["createdby@ana,owner@cleo,studioowner DS/EVE"],
        "fay": [],
    }


ONCE_IN_CODE = tables(role("portal", "links"), {**role("portal", "links"), "issuerType": "AWS::Lambda::Function"})


def test_a_session_that_code_made_once_is_code_s() -> None:
    """Older events of the same function do not say where it ran."""
    (row,) = ONCE_IN_CODE.rows("sign_in")
    assert (row["kind"], row["times"]) == ("machine", 2)
