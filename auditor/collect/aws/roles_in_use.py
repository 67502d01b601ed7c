"""The roles that Studio uses: trust, and attached and inline policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from auditor.collect.aws.answers import text
from auditor.collect.aws.evidence_request import EvidenceRequest
from auditor.collect.aws.run import Run
from auditor.iam.roles import is_aws_managed
from auditor.model.snapshot import GLOBAL, KINDS, Kind
from auditor.studio.arns import account_of
from auditor.studio.side_roles import SIDE_ROLES, side_roles
from auditor.studio.structures import ROLE_ROOTS


def collect(run: Run, request: EvidenceRequest) -> None:
    run.tasks.submit(_roles, run, request.regions)


def roles_in_use(run: Run, layers: Iterable[str] = ROLE_ROOTS, region: str = "") -> list[str]:
    """ARNs of execution roles that profiles and domains of a Region, or of all, name, each once."""
    kinds: tuple[Kind, ...] = ("domain", "user_profile")
    documents = (r.document for kind in kinds for r in run.each(kind, region))
    roots = tuple(layers)
    structures = (d.get(layer) for d in documents for layer in roots)
    found = (s.get("ExecutionRole") for s in structures if isinstance(s, Mapping))
    return sorted({role for role in found if isinstance(role, str) and role})


def side_roles_in_use(run: Run) -> set[str]:
    """ARNs of the roles that Studio uses beside execution roles."""
    return {arn for kind in KINDS if kind in SIDE_ROLES for r in run.each(kind) for arn in side_roles(kind, r.document)}


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
            if role.get("PermissionsBoundary"):
                attached.append(text(role["PermissionsBoundary"]["PermissionsBoundaryArn"]))
            document = {name: role[name] for name in members if name in role}
            document["LocalPolicyDocuments"] = {
                arn: policies[arn] for arn in attached if not is_aws_managed(arn) and arn in policies
            }
            run.keep(GLOBAL, "role", role["Arn"], document)
