"""Execution roles: what their documents say, who uses them, and what IAM's simulator answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from auditor.iam.roles import role_of
from auditor.model.snapshot import GLOBAL, Record
from auditor.resolve.policy_facts import permitted
from auditor.studio.tools import APP_ARN_PARTS, CREATE_APP, TOOL_ACTIONS

from .builder import ACCOUNT, REGION, Apart, Together, domain, place, profile, record
from .role_records import FAR, OTHER, ROLE, defaults, permission, policy, result, role, statement, trust

together = Together()


def _app(app_type: str) -> str:
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:app/d-any/any/{APP_ARN_PARTS[app_type]}/default"


def test_tools_are_those_with_an_action_that_is_allowed_or_undecided() -> None:
    facts = permitted([
        result("sagemaker:CreateFeatureGroup"),
        result("sagemaker:CreateCluster", "implicitDeny"),
        result("sagemaker:CreateTrainingJob", "implicitDeny", missing=["sagemaker:InstanceTypes"]),
        result(CREATE_APP, resource=_app("Canvas")),
        result(CREATE_APP, "explicitDeny", _app("JupyterServer")),
        result("sagemaker:CallMlflowAppApi"),
    ], role_of({}, ROLE))  # fmt: skip
    assert facts.allowed_tools == ["Canvas", "FeatureStore", "MLflow"]
    assert facts.undecided_tools is not None
    assert {"Training", "JupyterLab", "Datasets"} <= set(facts.undecided_tools)
    assert not {"HyperPodClusters", "JupyterServer"} & set(facts.undecided_tools)
    assert facts.mlflow is True
    # A role that is gone may do nothing; one that nobody asked about is unknown.
    assert (permitted([]).allowed_tools, permitted([]).undecided_tools, permitted([]).mlflow) == ([], [], False)
    assert permitted(None).allowed_tools is None
    everything = permitted([result(a) for actions in TOOL_ACTIONS.values() for a in actions])
    assert everything.allowed_tools == sorted(TOOL_ACTIONS)


IN_USE = together(
    place(),
    domain(document=defaults(ROLE, OTHER, "USER_PROFILE_NAME")),
    profile("ana"), profile("ben"), profile("cleo", {"ExecutionRole": FAR}),
    role(AttachedManagedPolicies=[
        {"PolicyName": "AmazonS3FullAccess", "PolicyArn": "arn:aws:iam::aws:policy/AmazonS3FullAccess"},
        {"PolicyName": "team", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/team"},
    ], LocalPolicyDocuments={f"arn:aws:iam::{ACCOUNT}:policy/team": policy(statement())}),
    permission(ROLE, "sagemaker:CreateProject"),
)  # fmt: skip


def test_one_row_a_role_in_use_with_its_users() -> None:
    rows = IN_USE.by_id("execution_role")
    assert set(rows) == {ROLE, OTHER, FAR}
    studio = rows[ROLE]
    assert (studio["name"], studio["region"], studio["profiles"], studio["shared_spaces"]) == (
        "studio",
        GLOBAL,
        2,
        False,
    )
    assert (studio["managed_policies"], studio["customer_policies"]) == (["AmazonS3FullAccess"], ["team"])
    assert studio["managed_policy_arns"] == ["arn:aws:iam::aws:policy/AmazonS3FullAccess"]
    assert (studio["role_exists"], studio["allows_everything"], studio["source_identity"]) == (True, True, True)
    assert (studio["trusts_set_source_identity"], studio["allowed_tools"]) == (False, ["Projects"])
    # Its list was read and it is not in it; another account's role cannot be looked for.
    assert (rows[OTHER]["role_exists"], rows[OTHER]["shared_spaces"], rows[OTHER]["profiles"]) == (False, True, 0)
    assert rows[FAR]["role_exists"] is None
    assert {arn: row["role_missing"] for arn, row in rows.items()} == {ROLE: False, OTHER: True, FAR: None}


FULL = {"PolicyName": "AmazonS3FullAccess", "PolicyArn": "arn:aws:iam::aws:policy/AmazonS3FullAccess"}
ATTACHED_FOR_CERTAIN = together(
    place(), domain(document=defaults(ROLE)), profile("ana"),
    record("role", ROLE, {"Arn": ROLE, "AttachedManagedPolicies": [FULL]}, ["AttachedManagedPolicies"], region=GLOBAL),
)  # fmt: skip


def test_a_policy_that_is_attached_for_certain_beside_one_that_is_not_known() -> None:
    (row,) = ATTACHED_FOR_CERTAIN.rows("execution_role")
    assert row["managed_policy_arns"] is None
    assert row["known_managed_policy_arns"] == [FULL["PolicyArn"]]
    assert row["administrator"] is None, "the other may deny, or allow everything"


UNLISTED = together(place(["role", "permission"]), domain(document=defaults(ROLE)), profile("ana"))


def test_roles_that_could_not_be_listed_are_unknown() -> None:
    (row,) = UNLISTED.rows("execution_role")
    columns = (
        "role_exists", "role_missing", "managed_policies", "known_managed_policy_arns",
        "allows_everything", "administrator", "administrator_policies",
        "broad_access", "permissions_boundary", "trusts_set_source_identity", "allowed_tools",
    )  # fmt: skip
    assert {row[c] for c in columns} == {None}


UNIFIED = {"DomainSettings": {"UnifiedStudioSettings": {"ProjectId": "p"}}, **defaults(ROLE)}
UNIFIED_ALONE = together(domain(document=UNIFIED))
UNIFIED_AND_ANOTHER = together(domain(document=UNIFIED), domain("d-2", defaults(ROLE)))


def test_a_role_is_of_unified_studio_where_nobody_else_uses_it() -> None:
    assert UNIFIED_ALONE.rows("execution_role")[0]["unified_studio"] is True
    assert [row["unified_studio"] for row in UNIFIED_AND_ANOTHER.rows("execution_role")] == [False]


ONE_ANSWER = together(
    domain(document=defaults(ROLE)), profile("ana"), profile("ben", {"ExecutionRole": OTHER}),
    permission(ROLE, "sagemaker:CreateEndpoint"),
)  # fmt: skip


def test_a_profile_knows_what_its_role_may_do() -> None:
    rows = ONE_ANSWER.by_name("user_profile")
    assert rows["ana"]["role_allowed_tools"] == ["Endpoints", "PerformanceEvaluation"]
    assert rows["ben"]["role_allowed_tools"] is None


def _ana_and_shared_spaces(own: str = "", gaps: Sequence[str] = ()) -> Apart:
    """One profile, with a role of its own or none, in a domain whose shared spaces have ROLE."""
    ana = profile("ana", {"ExecutionRole": own} if own else None)
    return together(place(gaps), domain(document=defaults(ROLE, ROLE)), ana, role())


@pytest.mark.parametrize(
    ("tables", "number"),
    [
        (_ana_and_shared_spaces(OTHER), 0),
        (_ana_and_shared_spaces(ROLE), 1),
        # Inherited: the role is the domain's, nobody's own.
        (_ana_and_shared_spaces(), 0),
        (_ana_and_shared_spaces(OTHER, ["user_profile"]), None),
        (_ana_and_shared_spaces(ROLE, ["user_profile"]), 1),
    ],
)
def test_the_role_of_shared_spaces_and_profiles_own_roles(tables: Apart, number: int | None) -> None:
    (row,) = tables.rows("domain")
    assert row["space_role_profiles"] == number
    assert (row["space_role_policies"], row["space_role_allows_everything"]) == ([], False)
    assert row["space_role_administrator"] is False


NO_ROLE = together(domain())


def test_no_role_of_shared_spaces() -> None:
    (row,) = NO_ROLE.rows("domain")
    assert (row["space_role_profiles"], row["space_role_policies"], row["space_role_allows_everything"]) == (
        0,
        [],
        False,
    )


ADMIN = {"PolicyName": "AdministratorAccess", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
HOME = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
BOUND = f"arn:aws:iam::{ACCOUNT}:policy/bound"


def _inline(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"RolePolicyList": [{"PolicyName": "team", "PolicyDocument": policy(*statements)}]}


#: members of the role's document -> whether it is an administrator, by which actions, policies, policy to detach, and
#: why that is not known
ADMINISTRATORS: list[tuple[dict[str, Any], tuple[Any, ...]]] = [
    ({}, (False, [], [], None, "")),
    ({"AttachedManagedPolicies": [ADMIN]}, (True, ["*"], ["AdministratorAccess"], ADMIN["PolicyArn"], "")),
    (_inline(statement(["iam:AttachRolePolicy", "iam:CreateAccessKey"])),
     (True, ["iam:AttachRolePolicy", "iam:CreateAccessKey"], ["team"], None, "")),
    # Two ways to be one: detaching either is not enough.
    ({"AttachedManagedPolicies": [ADMIN], **_inline(statement())},
     (True, ["*"], ["AdministratorAccess", "team"], None, "")),
    (_inline(statement(Condition=HOME)), (None, [], [], None, "team: aws:SourceIp is not known")),
    # The domains that were audited lie in eu-west-1.
    (_inline(statement(Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})),
     (True, ["*"], ["team"], None, "")),
    ({"AttachedManagedPolicies": [ADMIN], "PermissionsBoundary": {"PermissionsBoundaryArn": BOUND},
      "LocalPolicyDocuments": {BOUND: policy(statement("s3:GetObject"))}}, (False, [], [], None, "")),
]  # fmt: skip


def _role_in_use(**document: Any) -> Apart:
    return together(place(), domain(document=defaults(ROLE)), role(**document))


@pytest.mark.parametrize(
    ("tables", "expected"), [(_role_in_use(**document), expected) for document, expected in ADMINISTRATORS]
)
def test_an_administrator_with_what_makes_it_one(tables: Apart, expected: tuple[Any, ...]) -> None:
    (row,) = tables.rows("execution_role")
    names = ("administrator", "administrator_actions", "administrator_policies", "administrator_policy_arn",
             "administrator_unknown")  # fmt: skip
    assert tuple(row[name] for name in names) == expected


BROAD = _role_in_use(AttachedManagedPolicies=[ADMIN], **_inline(statement(["s3:*", "sagemaker:*"])))


def test_broad_access_is_of_own_policies() -> None:
    (row,) = BROAD.rows("execution_role")
    assert (row["broad_access"], row["broad_policies"]) == (["s3:*", "sagemaker:*"], ["team"])


def hidden(*tools: str, apps: Sequence[str] = ()) -> dict[str, Any]:
    return {"StudioWebPortalSettings": {"HiddenMlTools": list(tools), "HiddenAppTypes": list(apps)}}


def _hiding(settings: Mapping[str, Any], *records: Record) -> Apart:
    return together(place(), domain(document=defaults(ROLE)), profile("ana", settings), role(), *records)


def _hidden_but_permitted(tables: Apart) -> list[str] | None:
    row = tables.by_name("user_profile")["ana"]
    own: list[str] | None = row["hidden_but_permitted"]
    partners: list[str] | None = row["hidden_partner_tools_permitted"]
    return None if own is None or partners is None else own + partners


COMET = record("partner_app", "arn:comet", {"Type": "comet", "Status": "Available"})
PARTNER = "sagemaker:CallPartnerAppApi"


#: what is hidden, actions that are allowed, and that IAM left undecided, partner apps -> what is permitted all the same
HIDDEN: list[tuple[dict[str, Any], list[str], list[str], list[Record], list[str] | None]] = [
    (hidden("FeatureStore", apps=["Canvas"]), [f"{CREATE_APP}/Canvas", "sagemaker:CreateFeatureGroup"], [], [],
     ["Canvas", "FeatureStore"]),
    (hidden("FeatureStore", apps=["Canvas"]), [f"{CREATE_APP}/JupyterLab"], [], [], []),
    # Endpoints are visible and need the same action.
    (hidden("PerformanceEvaluation"), ["sagemaker:CreateEndpoint"], [], [], []),
    # Their page sends test requests.
    (hidden("PerformanceEvaluation"), ["sagemaker:InvokeEndpoint"], [], [], []),
    (hidden("PerformanceEvaluation", "Endpoints"), ["sagemaker:CreateEndpoint"], [], [],
     ["PerformanceEvaluation", "Endpoints"]),
    # Nobody can create an app of Studio Classic, and no app of Fiddler is there to be called.
    (hidden("Fiddler", apps=["JupyterServer"]), [f"{CREATE_APP}/JupyterServer", PARTNER], [], [], []),
    # Nor of RStudio in a domain that has none, which is why it should be hidden.
    (hidden(apps=["RStudioServerPro"]), [f"{CREATE_APP}/RStudioServerPro"], [], [], []),
    (hidden("Comet", "Fiddler"), [PARTNER], [], [COMET], ["Comet"]),
    (hidden("Fiddler"), [PARTNER], [], [COMET], []),
    # What IAM could not tell is never a pass, and hides no certain failure.
    (hidden("Training"), [], ["sagemaker:CreateTrainingJob"], [], None),
    (hidden(apps=["Canvas"]), [], [f"{CREATE_APP}/Canvas"], [], None),
    (hidden("Training", "FeatureStore"), ["sagemaker:CreateFeatureGroup"], ["sagemaker:CreateTrainingJob"], [],
     ["FeatureStore"]),
    (hidden("Datasets"), [], [], [], None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        (_hiding(settings, permission(ROLE, *actions, undecided=undecided), *records), expected)
        for settings, actions, undecided, records, expected in HIDDEN
    ],
)
def test_what_is_hidden_but_permitted(tables: Apart, expected: list[str] | None) -> None:
    assert _hidden_but_permitted(tables) == expected


def _with_rstudio(value: Any, gaps: Sequence[str] = ()) -> Apart:
    document = {**defaults(ROLE), "DomainSettings": {"RStudioServerProDomainSettings": value}}
    return together(
        place(), domain(document=document, gaps=gaps), profile("ana", hidden(apps=["RStudioServerPro"])), role(),
        permission(ROLE, f"{CREATE_APP}/RStudioServerPro"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tables", "expected", "undecided"),
    [
        (_with_rstudio({"DomainExecutionRoleArn": OTHER}), ["RStudioServerPro"], []),
        (_with_rstudio(None, ["DomainSettings.RStudioServerProDomainSettings"]), None, ["RStudioServerPro"]),
    ],
)
def test_rstudio_that_is_hidden_counts_where_the_domain_has_it(
    tables: Apart, expected: list[str] | None, undecided: list[str]
) -> None:
    row = tables.by_name("user_profile")["ana"]
    assert (row["hidden_but_permitted"], row["hidden_undecided"]) == (expected, undecided)


@pytest.mark.parametrize("tables", [_hiding(hidden("Comet", "Training"), COMET)])
def test_of_a_role_that_nobody_asked_about_neither_kind_of_tool_is_known(tables: Apart) -> None:
    row = tables.by_name("user_profile")["ana"]
    assert (row["hidden_but_permitted"], row["hidden_partner_tools_permitted"]) == (None, None)


TEAM = f"arn:aws:sagemaker:*:{ACCOUNT}:training-job/team-*"
ASKED = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/team-"


#: the role's policies (None: not seen), names that IAM was asked about with its answer -> what is hidden but permitted,
#: and what of it is undecided
MADE_UP: list[tuple[list[dict[str, Any]] | None, dict[str, str], list[str] | None, list[str]]] = [
    # The policies name no training job: the denial of a made-up name is the whole answer.
    ([statement("s3:GetObject", "*")], {}, [], []),
    ([statement("sagemaker:Create*", TEAM)], {ASKED: "allowed"}, ["Training"], []),
    ([statement("sagemaker:Create*", TEAM)], {ASKED: "explicitDeny"}, [], []),
    # Nobody asked about the names that they write.
    ([statement("sagemaker:Create*", TEAM)], {}, None, ["Training"]),
    ([statement("sagemaker:*", f"arn:aws:sagemaker:*:{ACCOUNT}:training-job/team-${{aws:PrincipalTag/team}}")],
     {}, None, ["Training"]),
    ([statement("sagemaker:*"), {"Effect": "Deny", "Action": "sagemaker:*", "NotResource": TEAM}],
     {f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/x": "explicitDeny"}, None, ["Training"]),
    # About other jobs, or another Region.
    ([statement("sagemaker:*", "arn:aws:sagemaker:*:*:processing-job/team-*")], {}, [], []),
    ([statement("sagemaker:*", f"arn:aws:sagemaker:us-west-2:{ACCOUNT}:training-job/team-*")], {}, [], []),
    # What was not understood, or not seen, may name any.
    ([statement("sagemaker:*", 7)], {}, None, ["Training"]),
    (None, {}, None, ["Training"]),
]  # fmt: skip


def _asked(policies: list[dict[str, Any]] | None, asked: Mapping[str, str]) -> Apart:
    asking = permission(ROLE)
    more = [result("sagemaker:CreateTrainingJob", decision, arn) for arn, decision in asked.items()]
    answered = {"RoleArn": ROLE, "Results": [*asking.document["Results"], *more]}
    inline = [] if policies is None else [{"PolicyName": "own", "PolicyDocument": policy(*policies)}]
    gaps = ["RolePolicyList"] if policies is None else []
    document = {"Arn": ROLE, "AssumeRolePolicyDocument": policy(trust("sts:AssumeRole")), "RolePolicyList": inline}
    return together(
        place(), domain(document=defaults(ROLE)), profile("ana", hidden("Training")),
        record("permission", ROLE, answered, region=GLOBAL), record("role", ROLE, document, gaps, region=GLOBAL),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tables", "permitted", "undecided"),
    [(_asked(policies, asked), permitted, undecided) for policies, asked, permitted, undecided in MADE_UP],
)
def test_a_denial_of_a_made_up_name_says_nothing_of_the_names_in_a_policy(
    tables: Apart, permitted: list[str] | None, undecided: list[str]
) -> None:
    row = tables.by_name("user_profile")["ana"]
    assert (row["hidden_but_permitted"], row["hidden_undecided"]) == (permitted, undecided)


SIDE_ROLES = together(
    place(), domain(document=defaults(ROLE)), profile("ana"), role(), role(OTHER, AttachedManagedPolicies=[ADMIN]),
    record("mlflow_server", "arn:server", {"TrackingServerName": "runs", "RoleArn": OTHER}),
    record("mlflow_app", "arn:app", {"Name": "runs", "RoleArn": ROLE}),
    record("partner_app", "arn:comet", {"Type": "comet", "Status": "Available", "ExecutionRoleArn": OTHER}),
    record("partner_app", "arn:fiddler", {"Type": "fiddler", "Status": "Available", "ExecutionRoleArn": FAR}),
)  # fmt: skip


def test_roles_of_mlflow_and_of_partner_apps_are_looked_at() -> None:
    rows = SIDE_ROLES.by_id("execution_role")
    assert set(rows) == {ROLE, OTHER}
    assert (rows[OTHER]["side_role"], rows[OTHER]["side_uses"]) == (True, ["MLflow", "partner AI apps"])
    assert (rows[OTHER]["administrator"], rows[OTHER]["assumed_by_roles"]) == (True, False)
    assert (rows[ROLE]["side_role"], rows[ROLE]["side_uses"]) == (False, ["MLflow"])


NOBODY_ASKED = _hiding(hidden("Training"))


def test_a_role_that_nobody_asked_about_leaves_it_open() -> None:
    assert _hidden_but_permitted(NOBODY_ASKED) is None


BESIDE = together(
    place(),
    domain(document={
        "DomainSettings": {"RStudioServerProDomainSettings": {"DomainExecutionRoleArn": OTHER}},
        "DefaultUserSettings": {"ExecutionRole": ROLE},
    }),
    profile("ana", {
        "CanvasAppSettings": {"GenerativeAiSettings": {"AmazonBedrockRoleArn": OTHER}},
        "JupyterLabAppSettings": {"EmrSettings": {"ExecutionRoleArns": [ROLE], "AssumableRoleArns": [FAR]}},
    }),
    role(OTHER, AttachedManagedPolicies=[ADMIN]),
)  # fmt: skip


def test_roles_beside_execution_roles_are_looked_at() -> None:
    """RStudio's, Canvas' and EMR's; what a role of another account can do is that account's audit."""
    found = BESIDE.by_id("execution_role")
    assert set(found) == {ROLE, OTHER}
    assert (found[OTHER]["side_role"], found[OTHER]["side_uses"]) == (True, ["Canvas: Amazon Bedrock", "RStudio"])
    assert (found[OTHER]["administrator"], found[OTHER]["profiles"]) == (True, 0)
    assert (found[ROLE]["side_role"], found[ROLE]["side_uses"]) == (False, ["Amazon EMR: runtime"])
