"""Evidence beside the Studio resources themselves. Each kind is optional, has permissions of its own, and is a gap when
it cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.collect.aws import call_errors, identity_center, sign_in_events
from auditor.collect.aws.answers import text
from auditor.collect.aws.call_errors import CALL_FAILED
from auditor.collect.aws.run import Run
from auditor.iam import simulation
from auditor.iam.roles import is_aws_managed
from auditor.model.sign_ins import LogSource
from auditor.model.snapshot import GLOBAL, Kind
from auditor.studio.arns import account_of
from auditor.studio.evidence_sources import EVIDENCE, kinds_of
from auditor.studio.side_roles import side_roles
from auditor.studio.tools import acts_on, simulated_arns
from auditor.studio.trails import records_management

STUDIO_LOG_GROUP = "/aws/sagemaker/studio"


@dataclass(frozen=True, slots=True)
class EvidenceOptions:
    """``names`` of evidence sources. ``days``: CloudTrail's window, at most 90 for LookupEvents. ``max_pages`` of 50
    events, a region. ``logged`` reads sign-ins from a trail's log files instead; None asks LookupEvents.
    ``identity_store``: id, or id@region, else it is looked for."""

    names: tuple[str, ...] = EVIDENCE
    days: int = 90
    max_pages: int = 400
    logged: LogSource | None = None
    identity_store: str = ""

    @property
    def kinds(self) -> frozenset[Kind]:
        """Kinds of records that are asked for, the resources themselves included."""
        return kinds_of(self.names)


def begin(run: Run, regions: Sequence[str], options: EvidenceOptions) -> None:
    """Submit what the regions' domains make worth asking for. Domains are known, what lies in them is not yet."""
    kinds = options.kinds
    signing_in = tuple(region for region in regions if _signs_in_with_iam(run, region))
    if "sign_in" in kinds:
        for region in (r for r in regions if r not in signing_in):
            run.unlisted(region, "sign_in")
        if options.logged is not None and signing_in:
            run.tasks.submit(sign_in_events.collect_logged, run, signing_in, options.days, options.logged)
    for region in regions:
        if "sign_in" in kinds and options.logged is None and region in signing_in:
            run.tasks.submit(sign_in_events.collect, run, region, options.days, options.max_pages)
        if "trail" in kinds:
            run.tasks.submit(_trails, run, region)
            run.tasks.submit(_log_groups, run, region)


#: Evidence that is asked for region by region, where there is a domain.
_REGIONAL: tuple[Kind, ...] = ("sign_in", "trail", "log_group", "partner_app", "mlflow_server", "mlflow_app")


def leave_out(run: Run, regions: Iterable[str], options: EvidenceOptions) -> None:
    """Nothing in the regions needs evidence, so it is not asked for: unknown, and no gap."""
    for region in regions:
        for kind in (kind for kind in _REGIONAL if kind in options.kinds):
            run.unlisted(region, kind)


def _signs_in_with_iam(run: Run, region: str) -> bool:
    """Whether a domain may have the events at all: those of Identity Center have none."""
    domains = run.found("domain", region)
    return not domains or any(d.document.get("AuthMode") != "SSO" for d in domains)


def follow(run: Run, regions: tuple[str, ...], options: EvidenceOptions) -> None:
    """Submit what hangs on the resources found."""
    kinds = options.kinds
    if "vpc" in kinds:
        for region in regions:
            run.tasks.submit(_network, run, region)
    if "role" in kinds:
        run.tasks.submit(_roles, run, regions)
    if "identity_user" in kinds and identity_center.in_use(run):
        run.tasks.submit(identity_center.collect, run, regions, options.identity_store)


def finish(run: Run, regions: tuple[str, ...], options: EvidenceOptions) -> None:
    """Submit what hangs on the roles."""
    if "permission" in options.kinds:
        layers = ("UserSettings", "DefaultUserSettings")
        used = {region: set(roles_in_use(run, layers, region)) for region in regions}
        for role in sorted(set().union(*used.values())):
            run.tasks.submit(_permissions, run, tuple(r for r in regions if role in used[r]), role)


def roles_in_use(
    run: Run, layers: Iterable[str] = ("UserSettings", "DefaultUserSettings", "DefaultSpaceSettings"), region: str = ""
) -> list[str]:
    """ARNs of execution roles that profiles and domains of a Region, or of all, name, each once."""
    documents = [r.document for kind in ("domain", "user_profile") for r in run.found(kind, region)]
    structures = [d.get(layer) for d in documents for layer in layers]
    found = (s.get("ExecutionRole") for s in structures if isinstance(s, Mapping))
    return sorted({role for role in found if isinstance(role, str) and role})


def side_roles_in_use(run: Run) -> set[str]:
    """ARNs of the roles that Studio uses beside execution roles."""
    kinds: tuple[Kind, ...] = ("domain", "user_profile")
    return {arn for kind in kinds for r in run.found(kind) for arn in side_roles(kind, r.document)}


def _texts(value: object) -> list[str]:
    """The texts of a member that should be a list of them. What is none is a gap where the member is read."""
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def _network(run: Run, region: str) -> None:
    """VPCs, subnets and route tables of the domains. By filter, so that one which is gone is no error."""
    domains = [r.document for r in run.found("domain", region)]
    vpcs = sorted({vpc for d in domains for vpc in _texts([d.get("VpcId")]) if vpc})
    subnets = sorted({subnet for d in domains for subnet in _texts(d.get("SubnetIds"))})
    lists: tuple[tuple[Kind, str, str, str, str, list[str]], ...] = (
        ("vpc", "DescribeVpcs", "Vpcs", "VpcId", "vpc-id", vpcs),
        ("subnet", "DescribeSubnets", "Subnets", "SubnetId", "subnet-id", subnets),
        ("route_table", "DescribeRouteTables", "RouteTables", "RouteTableId", "vpc-id", vpcs),
    )
    for kind, operation, result, key, name, ids in lists:
        # EC2 takes 200 values a filter.
        for begin_at in range(0, len(ids), 200):
            request = {"Filters": [{"Name": name, "Values": ids[begin_at : begin_at + 200]}]}
            with run.reading([region], kind, operation):
                for page in run.pages("ec2", region, operation, request, result):
                    for item in page[result]:
                        with run.reading([region], kind, operation):
                            run.keep(region, kind, text(item[key]), item)


def _trails(run: Run, region: str) -> None:
    """Trails that cover the region, shadow and organisation trails included, whether they log, and what.

    An organisation's trail may refuse its member accounts. That is a gap only where no other trail is known to record.
    """
    refused: list[tuple[str, str, Exception]] = []
    recorded = False
    with run.reading([region], "trail", "DescribeTrails"):
        answer = run.call("cloudtrail", region, "DescribeTrails", {"includeShadowTrails": True}, ("trailList",))
        for trail in answer["trailList"]:
            with run.reading([region], "trail", "DescribeTrails"):
                recorded |= _trail(run, region, trail, refused) is True
    for arn, operation, error in [] if recorded else refused:
        run.ledger.gap(region, "trail", arn, operation, error)


def _trail(run: Run, region: str, trail: Mapping[str, Any], refused: list[tuple[str, str, Exception]]) -> bool | None:
    """Keep a trail; whether it records what is done in Studio."""
    document, gaps = dict(trail), []
    arn = text(trail["TrailARN"])
    for member, operation, request, kept in (
        # The status also says when a file was last delivered, which moves all day long.
        ("Status", "GetTrailStatus", {"Name": arn}, ("IsLogging",)),
        ("Selectors", "GetEventSelectors", {"TrailName": arn}, ("EventSelectors", "AdvancedEventSelectors")),
    ):
        try:
            answer = run.call("cloudtrail", region, operation, request)
            document[member] = {name: answer[name] for name in kept if name in answer}
        except CALL_FAILED as error:
            gaps.append(member)
            refused.append((arn, operation, error))
    run.keep(region, "trail", arn, document, tuple(gaps))
    return records_management(document, gaps)


def _log_groups(run: Run, region: str) -> None:
    request = {"logGroupNamePrefix": STUDIO_LOG_GROUP, "limit": 50}
    with run.reading([region], "log_group", "DescribeLogGroups"):
        for page in run.pages("logs", region, "DescribeLogGroups", request, "logGroups", "nextToken"):
            for group in page["logGroups"]:
                with run.reading([region], "log_group", "DescribeLogGroups"):
                    run.keep(region, "log_group", text(group["logGroupName"]), group)


def _roles(run: Run, regions: tuple[str, ...]) -> None:
    """Trust, attached and inline policies of the roles in use, from one bulk call instead of several for each role."""
    used = {*roles_in_use(run), *side_roles_in_use(run)}
    own = {role for role in used if account_of(role) == run.ledger.account}
    if not own:
        return
    request = {"Filter": ["Role", "LocalManagedPolicy"], "MaxItems": 1000}
    roles: list[Mapping[str, Any]] = []
    policies: dict[str, Any] = {}
    operation = "GetAccountAuthorizationDetails"
    with run.reading(regions, "role", operation, GLOBAL):
        for page in run.pages("iam", regions[0], operation, request, "RoleDetailList", "Marker"):
            for role in page["RoleDetailList"]:
                with run.reading(regions, "role", operation, GLOBAL):
                    if text(role["Arn"]) in own:
                        roles.append(role)
            for policy in page.get("Policies") or ():
                # One that cannot be read is a document that is missing, where a role has it attached.
                with run.reading(regions, "role", operation, GLOBAL):
                    version: Mapping[str, Any] = next(
                        (v for v in policy.get("PolicyVersionList", ()) if v.get("IsDefaultVersion")), {}
                    )
                    policies[text(policy["Arn"])] = version.get("Document")
    members = ("Arn", "RoleName", "AssumeRolePolicyDocument", "RolePolicyList", "AttachedManagedPolicies",
               "PermissionsBoundary")  # fmt: skip
    for role in roles:
        with run.reading(regions, "role", operation, GLOBAL):
            attached = [text(p["PolicyArn"]) for p in role.get("AttachedManagedPolicies", ())]
            document = {name: role[name] for name in members if name in role}
            document["LocalPolicyDocuments"] = {
                arn: policies[arn] for arn in attached if not is_aws_managed(arn) and arn in policies
            }
            run.keep(GLOBAL, "role", role["Arn"], document)


def _permissions(run: Run, regions: tuple[str, ...], role: str) -> None:
    """What IAM's own simulator says about the tools' actions: two calls a role and Region, with what is known of a call
    there."""
    answers: list[Mapping[str, Any]] = []
    operation = "SimulatePrincipalPolicy"
    try:
        with call_errors.understood(operation):
            for region in regions:
                wanted = _asked(run, role, region)
                for resources in (True, False):
                    arns = sorted({arn for each in wanted.values() for arn in each}) if resources else []
                    actions = [action for action, each in wanted.items() if bool(each) is resources]
                    request = {
                        "PolicySourceArn": role, "MaxItems": 1000, "ActionNames": actions,
                        "ContextEntries": simulation.context_entries(role, account_of(role), region),
                        **({"ResourceArns": arns} if arns else {}),
                    }  # fmt: skip
                    pages = run.pages("iam", regions[0], operation, request, "EvaluationResults", "Marker")
                    answers += [
                        simulation.kept(r, wanted.get(text(r["EvalActionName"]), ()))
                        for page in pages
                        for r in page["EvaluationResults"]
                    ]
    except CALL_FAILED as error:
        if call_errors.code(error) == "NoSuchEntity":
            # The role is gone: nothing is allowed, and other rules say so.
            answers = []
        else:
            run.ledger.gap(GLOBAL, "permission", role, operation, error)
            return
    run.keep(GLOBAL, "permission", role, {"RoleArn": role, "Results": answers})


def _asked(run: Run, role: str, region: str) -> dict[str, tuple[str, ...]]:
    """Actions → ARNs to ask about: made-up ones, and of what exists in the Region the real ones."""
    found = dict(simulated_arns(role.split(":")[1], account_of(role), region))
    kinds: tuple[Kind, ...] = ("mlflow_server", "mlflow_app", "partner_app")
    existing = [record.id for kind in kinds for record in run.found(kind, region)]
    return {action: (*arns, *(e for e in existing if acts_on(action, e))) for action, arns in found.items()}
