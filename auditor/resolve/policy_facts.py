"""Facts that stand in answers about permissions, and in trails' selectors.

There are few of these documents, however many profiles there are, and SQL is no language to read them in. Each
function answers None where the document does not tell.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from auditor.studio.tools import APP_ARN_PARTS, CREATE_APP, TOOL_ACTIONS
from auditor.studio.trails import records_management

if TYPE_CHECKING:
    import duckdb


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
    """``permission_fact`` and ``trail_fact`` from the raw documents."""
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
