"""Facts about execution roles, each evaluated by ``auditor.iam``: what a role can do, and who may act through it.

There are few roles, however many profiles there are, and SQL is no language to evaluate policies in. None is unknown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from auditor.iam.capabilities import ADMINISTRATOR, EVERYTHING, NOBODY, Finding, examine
from auditor.iam.evaluation import Permissions
from auditor.iam.logic import Truth, some
from auditor.iam.roles import Role, breadth, role_of
from auditor.iam.trust import (
    assumed_for_anyone,
    certain_principals,
    roles_may_set_source_identity,
    service_may_set_source_identity,
    trusted,
    with_source_identity,
)
from auditor.resolve.filled_tables import create_filled
from auditor.studio.arns import account_of

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """Columns of ``role_fact``, most of them as ``execution_role`` has them."""

    managed_policies: list[str] | None
    managed_policy_arns: list[str] | None
    known_managed_policy_arns: list[str]
    customer_policies: list[str] | None
    inline_policies: list[str] | None
    permissions_boundary: str | None
    allows_everything: Truth
    administrator: Truth
    administrator_actions: list[str]
    administrator_policies: list[str]
    administrator_policy_arn: str | None
    administrator_unknown: str
    broad_access: list[str] | None
    broad_policies: list[str]
    broad_unknown: str
    trusted_principals: list[str]
    trusted_principals_complete: Truth
    certain_principals: list[str]
    trusts_any_source: Truth
    trusts_set_source_identity: Truth
    trust_with_source_identity: str | None
    roles_trusted_with_source_identity: Truth
    chained_trust_with_source_identity: str | None
    whole_trust_with_source_identity: str | None


def role_facts(document: Mapping[str, Any], arn: str, regions: Iterable[str], gaps: Sequence[str] = ()) -> RoleFacts:
    """What a role's document says. Where its list of attached policies has a gap, their names cannot be told."""
    role = role_of(document, arn, regions, gaps)
    seen = "AttachedManagedPolicies" not in gaps and not any(p.problems for p in role.open_)
    found = _administrator(role, role.permissions())
    broad = breadth(role)
    held = [f for f in found if f.held]
    trust, account = document.get("AssumeRolePolicyDocument"), account_of(arn)
    trusts = trusted(trust)
    aws, own = [a for a in role.attached if a.aws], [a for a in role.attached if not a.aws]
    return RoleFacts(
        sorted(_name(a.arn) for a in aws) if seen else None,
        sorted(a.arn for a in aws) if seen else None,
        sorted(a.arn for a in aws),
        sorted(_name(a.arn) for a in own) if seen else None,
        sorted(p.name for p in role.inline) if "RolePolicyList" not in gaps else None,
        None if "PermissionsBoundary" in gaps else _boundary(document.get("PermissionsBoundary")),
        examine(EVERYTHING, role.permissions(), role.places).held,
        some(f.held for f in found),
        _shown(held),
        sorted({policy for f in held for policy in f.by}),
        _enough(role) if held else None,
        "" if held else _first(reason for f in found for reason in f.reasons),
        None if broad.broad is None else list(broad.what),
        list(broad.by),
        _first(broad.reasons),
        sorted(trusts.names),
        trusts.whole or None,
        sorted(certain_principals(trust, account)),
        assumed_for_anyone(trust),
        service_may_set_source_identity(trust, account),
        with_source_identity(trust, account),
        roles_may_set_source_identity(trust),
        with_source_identity(trust, services=False),
        _whole_trust(trust, account),
    )


def _whole_trust(trust: object, account: str) -> str | None:
    """The trust policy with the action allowed to SageMaker and to the roles that may assume the role."""
    ready = trust if service_may_set_source_identity(trust, account) else with_source_identity(trust, account)
    if ready is not None and roles_may_set_source_identity(ready):
        return ready if isinstance(ready, str) else json.dumps(ready)
    return with_source_identity(ready, services=False)


def _administrator(role: Role, permissions: Permissions) -> list[Finding]:
    return [examine(capability, permissions, role.places) for capability in ADMINISTRATOR]


def _shown(held: Sequence[Finding]) -> list[str]:
    """Actions that make the administrator; ``*`` says all of them, ``* but iam:*`` all that are not IAM's."""
    if any(f.capability == EVERYTHING.name for f in held):
        return ["*"] if any(f.action.startswith("iam:") for f in held) else ["* but iam:*"]
    return sorted({f.action for f in held if NOBODY not in f.action})


def _enough(role: Role) -> str | None:
    """The attached policy without which the role would be no administrator; None where there is none such, or where
    that cannot be told."""
    for attached in role.attached:
        without = _administrator(role, role.permissions(without=attached.arn))
        if some(f.held for f in without) is False:
            return attached.arn
    return None


def _boundary(given: object) -> str | None:
    """ARN of the permissions boundary; '' where there is none."""
    if given is None:
        return ""
    arn = given.get("PermissionsBoundaryArn") if isinstance(given, Mapping) else None
    return arn if isinstance(arn, str) else None


def _first(reasons: Iterable[str]) -> str:
    return next(iter(reasons), "")


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]


def _type(annotation: str) -> str:
    return "BOOLEAN" if annotation == "Truth" else "VARCHAR[]" if annotation.startswith("list") else "VARCHAR"


def collect(con: duckdb.DuckDBPyConnection) -> None:
    """``role_fact`` from the raw documents."""
    regions: dict[str, list[str]] = {}
    for account, region in con.execute("select account, region from raw_account_region where not template").fetchall():
        regions.setdefault(account, []).append(region)
    rows = []
    for account, arn, text, gaps in con.execute(
        "select account, id, to_json(doc)::VARCHAR, coalesce(gaps, []) from raw_role"
    ).fetchall():
        facts = role_facts(json.loads(text), arn, regions.get(account, ()), gaps)
        rows.append((account, arn, *(getattr(facts, f.name) for f in fields(RoleFacts))))
    columns = {f.name: _type(str(f.type)) for f in fields(RoleFacts)}
    create_filled(con, "role_fact", {"account": "VARCHAR", "id": "VARCHAR", **columns}, rows)
