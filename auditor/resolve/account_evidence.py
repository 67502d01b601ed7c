"""The table of accounts and Regions: their records, logs, bill, quotas, and what raises an alarm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.resolve.parsed_statements import run
from auditor.resolve.sql_files import statement
from auditor.sql_text import literal
from auditor.studio.call_alerts import CALLS
from auditor.studio.quota_names import PATTERN
from auditor.studio.tools import PARTNER_TOOLS
from auditor.studio.trails import JOB_LOG_GROUPS, STUDIO_LOG_GROUP

if TYPE_CHECKING:
    import duckdb

#: A partner app that is being updated goes on serving.
PARTNER_APP_IN_SERVICE = "('Available', 'Updating', 'UpdateFailed')"


#: ``account_region`` with what its lists say for rows of other tables: to look through a list for each of a million
#: rows takes longer than all that hangs on it.
ACCOUNTS = (
    "(select *, list_has_any(unlisted, ['space', 'app']) as apps_unlisted, list_contains(unlisted, 'user_profile')"
    " as profiles_unlisted, list_contains(unlisted, 'sign_in') as sign_ins_unlisted,"
    " list_contains(unlisted, 'identity_user') as people_unlisted from account_region)"
)


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """``call_alert``: by account and Region, the calls that raise an event for certain, and those that don't."""
    run(con, statement("call_alert", calls=f"[{', '.join(literal(call) for call in CALLS)}]"))


def account_region(con: duckdb.DuckDBPyConnection) -> None:
    """``account_region``, from the raw documents and what ``prepare`` and ``auditor.resolve.policy_facts`` made."""
    tool = "case doc.Type " + " ".join(f"when '{k}' then '{v}'" for k, v in PARTNER_TOOLS.items()) + " end"
    run(
        con,
        statement(
            "account_region",
            tool=tool,
            partner_app_in_service=PARTNER_APP_IN_SERVICE,
            studio_log_group=literal(STUDIO_LOG_GROUP),
            of_jobs="(" + " or ".join(f"starts_with(id, {literal(name)})" for name in JOB_LOG_GROUPS) + ")",
            quota=literal(PATTERN),
            calls=str(len(CALLS)),
        ),
    )
