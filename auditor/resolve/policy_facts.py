"""Facts that stand in IAM's answers about permissions, and in trails' selectors.

There are few of these documents, however many profiles there are, and SQL is no language to read them in. None is what
the document does not tell.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

from auditor.iam.logic import Truth, some
from auditor.iam.named import named_resources, understood
from auditor.iam.reach import may_do
from auditor.iam.roles import Role, role_of
from auditor.iam.simulation import answers
from auditor.resolve.filled_tables import create_filled
from auditor.studio.arns import account_of
from auditor.studio.tool_requests import TOOL_REQUESTS
from auditor.studio.tools import (
    APP_ARN_PARTS,
    CREATE_APP,
    MLFLOW,
    TOOL_ACTIONS,
    TOOLS_WITHOUT_ACTIONS,
    app_action,
    resource_patterns,
)
from auditor.studio.trails import records_management, weaknesses

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Permitted:
    """Columns of ``permission_fact``: tools, and their representative actions, that the role may use for certain, and
    those of which IAM could not tell. CreateApp is counted by app type. None: IAM was not asked."""

    allowed_tools: list[str] | None
    undecided_tools: list[str] | None
    allowed_actions: list[str] | None
    undecided_actions: list[str] | None
    mlflow: Truth


def permitted(results: object, role: Role | None = None) -> Permitted:
    """What IAM's simulator answered for one role. A role that is gone has no results, and may do nothing.

    A denial of a made-up name says nothing of the names that the role's policies write: where these were not seen, or
    one of them was not asked about, it is unknown.
    """
    if not isinstance(results, list):
        return Permitted(None, None, None, None, None)
    decided: dict[str, list[Truth]] = defaultdict(list)
    asked: dict[str, set[str]] = defaultdict(set)
    for action, resource, truth in answers(results):
        asked[action].add(resource)
        app = next((name for name, part in APP_ARN_PARTS.items() if f"/{part}/" in resource), "")
        decided[app_action(app) if action == CREATE_APP else action].append(truth)
    # What was not asked is not known.
    unasked: Truth = None if results else False
    truths = {a: some(decided[a]) if a in decided else unasked for a in TOOL_REQUESTS}
    for name in [name for name, truth in truths.items() if truth is False and results]:
        if _may_be_named(name, asked, role):
            truths[name] = None
    return _permitted(truths, unasked)


def permitted_by(document: Mapping[str, Any], arn: str, gaps: Sequence[str]) -> Permitted:
    """What the documents of a template's role permit: IAM's simulator knows no role that is not deployed."""
    role = role_of(document, arn, (), gaps)
    permissions = role.permissions()
    return _permitted({a: may_do(asks, permissions, role.places) for a, asks in TOOL_REQUESTS.items()}, None)


def _permitted(truths: Mapping[str, Truth], unasked: Truth) -> Permitted:
    actions = {app: (app_action(app),) for app in APP_ARN_PARTS} | dict(TOOL_ACTIONS)
    tools = {tool: some(truths[action] for action in needed) for tool, needed in actions.items()}
    tools |= dict.fromkeys(TOOLS_WITHOUT_ACTIONS, unasked)
    return Permitted(
        sorted(t for t, truth in tools.items() if truth),
        sorted(t for t, truth in tools.items() if truth is None),
        sorted(a for a, truth in truths.items() if truth),
        sorted(a for a, truth in truths.items() if truth is None),
        tools[MLFLOW],
    )


def _may_be_named(name: str, asked: Mapping[str, set[str]], role: Role | None) -> bool:
    """Whether the role may do the action on a resource that nobody asked about. ``name``: CreateApp/TYPE, or an action
    that acts on resources with names; of others ``*`` is the whole answer."""
    action, _, app = name.partition("/")
    arns = [arn for arn in asked[action] if arn.startswith("arn:")]
    if not arns:
        return False
    if role is None or not understood(role):
        return True
    for partition, region in {(arn.split(":")[1], arn.split(":")[3]) for arn in arns}:
        kinds = resource_patterns(partition, account_of(role.arn), region).get(action, ())
        about = [kind for kind in kinds if not app or f"/{APP_ARN_PARTS[app]}/" in kind]
        if set(named_resources(role, {action: about})[action]) - asked[action]:
            return True
    return False


def collect(con: duckdb.DuckDBPyConnection) -> None:
    """``permission_fact`` and ``trail_fact`` from the raw documents."""
    rows: list[tuple[object, ...]] = []
    for account, arn, text, document, gaps in con.execute(
        "select p.account, p.id, to_json(p.doc)::VARCHAR, to_json(r.doc)::VARCHAR, coalesce(r.gaps, [])"
        " from raw_permission p left join raw_role r on r.account = p.account and r.id = p.id"
    ).fetchall():
        role = None if document is None else role_of(json.loads(document), arn, gaps=gaps)
        rows.append((account, arn, *astuple(permitted(json.loads(text).get("Results"), role))))
    for account, arn, text, gaps in con.execute(
        "select account, id, to_json(doc)::VARCHAR, coalesce(gaps, []) from raw_role"
        " where account in (select account from template_account)"
    ).fetchall():
        rows.append((account, arn, *astuple(permitted_by(json.loads(text), arn, gaps))))
    create_filled(
        con,
        "permission_fact",
        {
            "account": "VARCHAR",
            "id": "VARCHAR",
            "allowed_tools": "VARCHAR[]",
            "undecided_tools": "VARCHAR[]",
            "allowed_actions": "VARCHAR[]",
            "undecided_actions": "VARCHAR[]",
            "mlflow": "BOOLEAN",
        },
        rows,
    )
    trails = []
    for account, region, text, gaps in con.execute(
        "select account, region, to_json(doc)::VARCHAR, coalesce(gaps, []) from raw_trail"
    ).fetchall():
        trail = json.loads(text)
        trails.append((account, region, records_management(trail, gaps), weaknesses(trail, gaps)))
    columns = {"account": "VARCHAR", "region": "VARCHAR", "records": "BOOLEAN", "weak": "VARCHAR[]"}
    create_filled(con, "trail_fact", columns, trails)
