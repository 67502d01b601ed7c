"""Facts that stand in IAM's answers about permissions, and in trails' selectors.

There are few of these documents, however many profiles there are, and SQL is no language to read them in. None is what
the document does not tell.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.iam.logic import Truth, some
from auditor.iam.simulation import answers
from auditor.studio.tools import APP_ARN_PARTS, CREATE_APP, MLFLOW, TOOL_ACTIONS, TOOLS_WITHOUT_ACTIONS, app_action
from auditor.studio.trails import records_management

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


def permitted(results: object) -> Permitted:
    """What IAM's simulator answered for one role. A role that is gone has no results, and may do nothing."""
    if not isinstance(results, list):
        return Permitted(None, None, None, None, None)
    decided: dict[str, list[Truth]] = defaultdict(list)
    for action, resource, truth in answers(results):
        app = next((name for name, part in APP_ARN_PARTS.items() if f"/{part}/" in resource), "")
        decided[app_action(app) if action == CREATE_APP else action].append(truth)
    actions = {app: (app_action(app),) for app in APP_ARN_PARTS} | dict(TOOL_ACTIONS)
    # What was not asked is not known.
    unasked: Truth = None if results else False
    truths = {a: some(decided[a]) if a in decided else unasked for each in actions.values() for a in each}
    tools = {tool: some(truths[action] for action in needed) for tool, needed in actions.items()}
    tools |= dict.fromkeys(TOOLS_WITHOUT_ACTIONS, unasked)
    return Permitted(
        sorted(t for t, truth in tools.items() if truth),
        sorted(t for t, truth in tools.items() if truth is None),
        sorted(a for a, truth in truths.items() if truth),
        sorted(a for a, truth in truths.items() if truth is None),
        tools[MLFLOW],
    )


def collect(con: duckdb.DuckDBPyConnection) -> None:
    """``permission_fact`` and ``trail_fact`` from the raw documents."""
    con.execute(
        "create table permission_fact (account VARCHAR, id VARCHAR, allowed_tools VARCHAR[], undecided_tools VARCHAR[],"
        " allowed_actions VARCHAR[], undecided_actions VARCHAR[], mlflow BOOLEAN)"
    )
    for account, arn, text in con.execute("select account, id, to_json(doc)::VARCHAR from raw_permission").fetchall():
        facts = permitted(json.loads(text).get("Results"))
        row = [facts.allowed_tools, facts.undecided_tools, facts.allowed_actions, facts.undecided_actions, facts.mlflow]
        con.execute("insert into permission_fact values (?, ?, ?, ?, ?, ?, ?)", [account, arn, *row])
    con.execute("create table trail_fact (account VARCHAR, region VARCHAR, records BOOLEAN)")
    for account, region, text, gaps in con.execute(
        "select account, region, to_json(doc)::VARCHAR, coalesce(gaps, []) from raw_trail"
    ).fetchall():
        records = records_management(json.loads(text), gaps)
        con.execute("insert into trail_fact values (?, ?, ?)", [account, region, records])
