"""Facts that stand in policy documents: about execution roles and trails.

There are few of these documents, however many profiles there are, and SQL is no language to read policies in. Each
function answers None where the document does not tell.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from auditor.studio.arns import is_aws_managed
from auditor.studio.tools import APP_ARN_PARTS, CREATE_APP, TOOL_ACTIONS
from auditor.studio.trails import records_management

if TYPE_CHECKING:
    import duckdb

SET_SOURCE_IDENTITY = "sts:setsourceidentity"
_SAGEMAKER = "sagemaker.amazonaws.com"


def _listed(value: object) -> list[Any]:
    """IAM writes one value or a list of them."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def statements(document: object) -> Iterator[Mapping[str, Any]]:
    """The statements of a policy document."""
    if isinstance(document, Mapping):
        yield from (s for s in _listed(document.get("Statement")) if isinstance(s, Mapping))


def allows_everything(documents: Iterable[object]) -> bool | None:
    """Whether a statement allows every action on every resource without a condition. A document that is missing leaves
    the question open."""
    open_question = False
    for document in documents:
        if document is None:
            open_question = True
        for statement in statements(document):
            if (
                statement.get("Effect") == "Allow"
                and not statement.get("Condition")
                and {"*", "*:*"} & set(map(str, _listed(statement.get("Action"))))
                and "*" in _listed(statement.get("Resource"))
            ):
                return True
    return None if open_question else False


def trusts_set_source_identity(trust: object) -> bool | None:
    """Whether SageMaker may set a source identity when it assumes the role. A Deny counts, conditions do not: what the
    service sends to meet them is not in the document."""
    if not isinstance(trust, Mapping):
        return None
    allowed = False
    for statement in statements(trust):
        actions = {str(a).lower() for a in _listed(statement.get("Action"))}
        principal = statement.get("Principal")
        services = _listed(principal.get("Service")) if isinstance(principal, Mapping) else _listed(principal)
        if {SET_SOURCE_IDENTITY, "sts:*", "*"} & actions and {_SAGEMAKER, "*"} & set(map(str, services)):
            if statement.get("Effect") == "Deny":
                return False
            allowed = True
    return allowed


def trust_with_source_identity(trust: object) -> str | None:
    """The trust policy as JSON, with sts:SetSourceIdentity allowed to SageMaker where it may assume the role, under the
    same conditions. None where it may not, or where a Deny stands against it: adding to such a policy mends nothing."""
    if not isinstance(trust, Mapping):
        return None
    written: list[dict[str, Any]] = [dict(statement) for statement in statements(trust)]
    for statement in written:
        actions = {str(a).lower() for a in _listed(statement.get("Action"))}
        if statement.get("Effect") == "Deny" and {SET_SOURCE_IDENTITY, "sts:*", "*"} & actions:
            return None
    for statement in written:
        principal = statement.get("Principal")
        services = _listed(principal.get("Service")) if isinstance(principal, Mapping) else []
        actions = {str(a).lower() for a in _listed(statement.get("Action"))}
        if statement.get("Effect") != "Allow" or _SAGEMAKER not in services or "sts:assumerole" not in actions:
            continue
        if isinstance(principal, Mapping) and set(principal) == {"Service"} and set(services) == {_SAGEMAKER}:
            statement["Action"] = [*_listed(statement["Action"]), "sts:SetSourceIdentity"]
        else:
            # Others are trusted by the same statement: they get nothing more.
            added = {"Effect": "Allow", "Principal": {"Service": _SAGEMAKER}, "Action": "sts:SetSourceIdentity"}
            condition = statement.get("Condition")
            written.append({**added, "Condition": condition} if condition else added)
        return json.dumps({**trust, "Statement": written})
    return None


def role_facts(role: Mapping[str, Any], gaps: Sequence[str] = ()) -> dict[str, Any]:
    """What a role's document says: names of AWS's and the customer's policies attached, and the two questions above.

    Where the list of attached policies has a gap (in a template), neither names nor "nothing allows everything" can be
    told.
    """
    listed = "AttachedManagedPolicies" not in gaps
    attached = [
        (str(p.get("PolicyName", "")), str(p.get("PolicyArn", ""))) for p in role.get("AttachedManagedPolicies") or ()
    ]
    local = role.get("LocalPolicyDocuments") or {}
    own = {arn: name for name, arn in attached if not is_aws_managed(arn)}
    documents = [p.get("PolicyDocument") for p in role.get("RolePolicyList") or ()] + [local.get(arn) for arn in own]
    if not listed or {"RolePolicyList", "LocalPolicyDocuments"} & set(gaps):
        documents.append(None)
    return {
        "managed_policies": sorted(name for name, arn in attached if is_aws_managed(arn)) if listed else None,
        "managed_policy_arns": sorted(arn for _, arn in attached if is_aws_managed(arn)) if listed else None,
        "customer_policies": sorted(own.values()) if listed else None,
        "allows_everything": allows_everything(documents),
        "trusts_set_source_identity": trusts_set_source_identity(role.get("AssumeRolePolicyDocument")),
        "trust_with_source_identity": trust_with_source_identity(role.get("AssumeRolePolicyDocument")),
    }


def allowed_tools(results: Sequence[Mapping[str, Any]]) -> list[str]:
    """Tools of which the role may do at least one representative action, as IAM's simulator answered."""
    allowed = {
        (str(r.get("EvalActionName")), str(r.get("EvalResourceName")))
        for r in results
        if r.get("EvalDecision") == "allowed"
    }
    actions = {action for action, _ in allowed}
    apps = [
        name
        for name, part in APP_ARN_PARTS.items()
        if any(action == CREATE_APP and f"/{part}/" in resource for action, resource in allowed)
    ]
    return sorted([*apps, *(tool for tool, needed in TOOL_ACTIONS.items() if actions & set(needed))])


def collect(con: duckdb.DuckDBPyConnection) -> None:
    """``role_fact``, ``permission_fact`` and ``trail_fact`` from the raw documents."""
    con.execute(
        "create table role_fact (account VARCHAR, id VARCHAR, managed_policies VARCHAR[],"
        " managed_policy_arns VARCHAR[], customer_policies VARCHAR[], allows_everything BOOLEAN,"
        " trusts_set_source_identity BOOLEAN, trust_with_source_identity VARCHAR)"
    )
    for account, arn, text, gaps in con.execute(
        "select account, id, to_json(doc)::VARCHAR, coalesce(gaps, []) from raw_role"
    ).fetchall():
        facts = role_facts(json.loads(text), gaps)
        con.execute("insert into role_fact values (?, ?, ?, ?, ?, ?, ?, ?)", [account, arn, *facts.values()])
    con.execute("create table permission_fact (account VARCHAR, id VARCHAR, allowed_tools VARCHAR[])")
    for account, arn, text in con.execute("select account, id, to_json(doc)::VARCHAR from raw_permission").fetchall():
        tools = allowed_tools(json.loads(text).get("Results") or ())
        con.execute("insert into permission_fact values (?, ?, ?)", [account, arn, tools])
    con.execute("create table trail_fact (account VARCHAR, region VARCHAR, records BOOLEAN)")
    for account, region, text, gaps in con.execute(
        "select account, region, to_json(doc)::VARCHAR, coalesce(gaps, []) from raw_trail"
    ).fetchall():
        records = records_management(json.loads(text), gaps)
        con.execute("insert into trail_fact values (?, ?, ?)", [account, region, records])
