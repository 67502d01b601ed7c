"""Evidence beside the Studio resources themselves. Each kind is optional, has permissions of its own, and is a gap when
it cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.collect.aws import faults, sign_ins
from auditor.collect.aws.run import LOST, Run
from auditor.model.sign_ins import LoggedSignIns
from auditor.model.snapshot import GLOBAL, KINDS, Gap, Kind
from auditor.studio.arns import account_of, is_aws_managed
from auditor.studio.tool_actions import APP_TYPES, CREATE_APP, app_arn, simulated_actions

#: What ``--evidence`` names -> the kinds of records that it stands for.
EVIDENCE: Mapping[str, tuple[Kind, ...]] = {
    "sign-ins": ("sign_in",),
    "roles": ("role",),
    "permissions": ("permission",),
    "identity-center": ("identity_user",),
    "partner-apps": ("partner_app",),
    "mlflow": ("mlflow_server", "mlflow_app"),
    "network": ("vpc", "subnet", "route_table"),
    "account": ("trail", "log_group"),
}
STUDIO_LOG_GROUP = "/aws/sagemaker/studio"
_ALL = tuple(EVIDENCE)


@dataclass(frozen=True, slots=True)
class EvidenceOptions:
    """``names`` of EVIDENCE. ``days``: CloudTrail's window, at most 90 for LookupEvents. ``max_pages`` of 50 events, a
    region. ``logged``: sign-ins read from log files instead; None asks LookupEvents. ``identity_store``: id, or
    id@region, else it is looked for."""

    names: tuple[str, ...] = _ALL
    days: int = 90
    max_pages: int = 400
    logged: LoggedSignIns | None = None
    identity_store: str = ""

    @property
    def kinds(self) -> frozenset[Kind]:
        """Kinds of records that are asked for, the resources themselves included."""
        optional = {kind for kinds in EVIDENCE.values() for kind in kinds}
        wanted = {kind for name in self.names for kind in EVIDENCE[name]}
        return frozenset(kind for kind in KINDS if kind not in optional or kind in wanted)


def begin(run: Run, regions: tuple[str, ...], options: EvidenceOptions) -> None:
    """Submit what needs no resource to be known first."""
    kinds = options.kinds
    for region in regions:
        if "sign_in" in kinds:
            run.tasks.submit(sign_ins.collect, run, region, options.days, options.max_pages, options.logged)
        if "trail" in kinds:
            run.tasks.submit(_trails, run, region)
            run.tasks.submit(_log_groups, run, region)


def follow(run: Run, regions: tuple[str, ...], options: EvidenceOptions) -> None:
    """Submit what hangs on the resources found."""
    kinds = options.kinds
    if "vpc" in kinds:
        for region in regions:
            run.tasks.submit(_network, run, region)
    if "role" in kinds:
        run.tasks.submit(_roles, run, regions)
    if "identity_user" in kinds and _uses_identity_center(run):
        run.tasks.submit(_identity_users, run, regions, options.identity_store)


def finish(run: Run, regions: tuple[str, ...], options: EvidenceOptions) -> None:
    """Submit what hangs on the roles."""
    if "permission" in options.kinds:
        for role in roles_in_use(run, ("UserSettings", "DefaultUserSettings")):
            run.tasks.submit(_permissions, run, regions, role)


def roles_in_use(
    run: Run, layers: Iterable[str] = ("UserSettings", "DefaultUserSettings", "DefaultSpaceSettings")
) -> list[str]:
    """ARNs of execution roles that profiles and domains name, each once."""
    documents = [r.document for kind in ("domain", "user_profile") for r in run.found(kind)]
    found = ((d.get(layer) or {}).get("ExecutionRole") for d in documents for layer in layers)
    return sorted({role for role in found if role})


def _network(run: Run, region: str) -> None:
    """VPCs, subnets and route tables of the domains. By filter, so that one which is gone is no error."""
    domains = [r.document for r in run.found("domain", region)]
    vpcs = sorted({d["VpcId"] for d in domains if d.get("VpcId")})
    subnets = sorted({subnet for d in domains for subnet in d.get("SubnetIds") or ()})
    lists: tuple[tuple[Kind, str, str, str, str, list[str]], ...] = (
        ("vpc", "DescribeVpcs", "Vpcs", "VpcId", "vpc-id", vpcs),
        ("subnet", "DescribeSubnets", "Subnets", "SubnetId", "subnet-id", subnets),
        ("route_table", "DescribeRouteTables", "RouteTables", "RouteTableId", "vpc-id", vpcs),
    )
    for kind, operation, result, key, name, ids in lists:
        # EC2 takes 200 values a filter.
        for begin_at in range(0, len(ids), 200):
            request = {"Filters": [{"Name": name, "Values": ids[begin_at : begin_at + 200]}]}
            try:
                for page in run.pages("ec2", region, operation, request, result):
                    for item in page[result]:
                        run.keep(region, kind, item[key], item)
            except LOST as error:
                run.lose([region], kind, operation, error)


def _trails(run: Run, region: str) -> None:
    """Trails that cover the region, shadow and organisation trails included, whether they log, and what."""
    try:
        answer = run.call("cloudtrail", region, "DescribeTrails", {"includeShadowTrails": True}, ("trailList",))
    except LOST as error:
        run.lose([region], "trail", "DescribeTrails", error)
        return
    for trail in answer["trailList"]:
        document, gaps = dict(trail), []
        arn = str(trail["TrailARN"])
        for member, operation, request, kept in (
            # The status also says when a file was last delivered, which moves all day long.
            ("Status", "GetTrailStatus", {"Name": arn}, ("IsLogging",)),
            ("Selectors", "GetEventSelectors", {"TrailName": arn}, ("EventSelectors", "AdvancedEventSelectors")),
        ):
            try:
                answer = run.call("cloudtrail", region, operation, request)
                document[member] = {name: answer[name] for name in kept if name in answer}
            except LOST as error:
                # An organisation's trail may refuse its members; the other trails still count.
                gaps.append(member)
                run.ledger.gap(region, "trail", arn, operation, error)
        run.keep(region, "trail", arn, document, tuple(gaps))


def _log_groups(run: Run, region: str) -> None:
    request = {"logGroupNamePrefix": STUDIO_LOG_GROUP, "limit": 50}
    try:
        for page in run.pages("logs", region, "DescribeLogGroups", request, "logGroups", "nextToken"):
            for group in page["logGroups"]:
                run.keep(region, "log_group", group["logGroupName"], group)
    except LOST as error:
        run.lose([region], "log_group", "DescribeLogGroups", error)


def _uses_identity_center(run: Run) -> bool:
    """Whether a domain signs in with Identity Center, or may: one that could not be described does not say."""
    return any(d.gaps or d.document.get("AuthMode") == "SSO" for d in run.found("domain")) or any(
        p.document.get("SingleSignOnUserValue") for p in run.found("user_profile")
    )


def _identity_users(run: Run, regions: tuple[str, ...], store: str) -> None:
    """User names of Identity Center, and nothing else about people. Only asked for where a domain uses it."""
    store_id, _, at = store.partition("@")
    places = [at] if at else list(regions)
    try:
        if not store_id:
            store_id, place = _find_store(run, places)
            if not store_id:
                detail = "no Identity Center instance in the audited regions: name it with --identity-store ID@REGION"
                gap = Gap(
                    run.ledger.account, regions[0], "identity_user", "*", "*", "ListInstances", "not_found", detail
                )
                run.ledger.add(gap)
                for region in regions:
                    run.unlisted(region, "identity_user")
                return
        else:
            place = places[0]
        request = {"IdentityStoreId": store_id, "MaxResults": 100}
        for page in run.pages("identitystore", place, "ListUsers", request, "Users"):
            for user in page["Users"]:
                run.keep(
                    GLOBAL, "identity_user", user["UserId"], {"UserId": user["UserId"], "UserName": user["UserName"]}
                )
    except LOST as error:
        operation = "ListUsers" if store_id else "ListInstances"
        run.lose(regions, "identity_user", operation, error)


def _find_store(run: Run, places: list[str]) -> tuple[str, str]:
    """(identity store, its region): the first instance of Identity Center that the account sees."""
    problem: Exception | None = None
    for place in places:
        try:
            for page in run.pages("sso-admin", place, "ListInstances", {"MaxResults": 10}, "Instances"):
                for instance in page["Instances"]:
                    return str(instance["IdentityStoreId"]), place
        except LOST as error:
            problem = error
    if problem is not None:
        raise problem
    return "", ""


def _roles(run: Run, regions: tuple[str, ...]) -> None:
    """Trust, attached and inline policies of the roles in use, from one bulk call instead of several for each role."""
    own = {role for role in roles_in_use(run) if account_of(role) == run.ledger.account}
    if not own:
        return
    request = {"Filter": ["Role", "LocalManagedPolicy"], "MaxItems": 1000}
    roles: list[Mapping[str, Any]] = []
    policies: dict[str, Any] = {}
    try:
        for page in run.pages("iam", regions[0], "GetAccountAuthorizationDetails", request, "RoleDetailList", "Marker"):
            roles += [role for role in page["RoleDetailList"] if role["Arn"] in own]
            for policy in page.get("Policies", ()):
                version: Mapping[str, Any] = next(
                    (v for v in policy.get("PolicyVersionList", ()) if v.get("IsDefaultVersion")), {}
                )
                policies[policy["Arn"]] = version.get("Document")
    except LOST as error:
        run.lose(regions, "role", "GetAccountAuthorizationDetails", error, GLOBAL)
    members = ("Arn", "RoleName", "AssumeRolePolicyDocument", "RolePolicyList", "AttachedManagedPolicies",
               "PermissionsBoundary")  # fmt: skip
    for role in roles:
        attached = [arn for p in role.get("AttachedManagedPolicies", ()) if not is_aws_managed(arn := p["PolicyArn"])]
        document = {name: role[name] for name in members if name in role}
        document["LocalPolicyDocuments"] = {arn: policies[arn] for arn in attached if arn in policies}
        run.keep(GLOBAL, "role", role["Arn"], document)


def _permissions(run: Run, regions: tuple[str, ...], role: str) -> None:
    """What IAM's own simulator says about the tools' actions: two calls a role."""
    partition, account = role.split(":")[1], account_of(role)
    questions: tuple[dict[str, Any], ...] = (
        {"ActionNames": list(simulated_actions())},
        {"ActionNames": [CREATE_APP], "ResourceArns": [app_arn(partition, account, t) for t in APP_TYPES]},
    )
    answers: list[Mapping[str, Any]] = []
    try:
        for question in questions:
            request = {"PolicySourceArn": role, "MaxItems": 1000, **question}
            pages = run.pages("iam", regions[0], "SimulatePrincipalPolicy", request, "EvaluationResults", "Marker")
            members = ("EvalActionName", "EvalResourceName", "EvalDecision")
            answers += [{m: r.get(m) for m in members} for page in pages for r in page["EvaluationResults"]]
    except LOST as error:
        if faults.code(error) == "NoSuchEntity":
            # The role is gone: nothing is allowed, and other rules say so.
            answers = []
        else:
            run.ledger.gap(GLOBAL, "permission", role, "SimulatePrincipalPolicy", error)
            return
    run.keep(GLOBAL, "permission", role, {"RoleArn": role, "Results": answers})
