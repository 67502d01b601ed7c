"""What account_region says about the bill, quotas and what raises an alarm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.resolve.sql_files import statement
from auditor.sql_text import literal
from auditor.studio.call_alerts import CALLS
from auditor.studio.quota_names import PATTERN
from auditor.studio.trails import JOB_LOG_GROUPS

if TYPE_CHECKING:
    import duckdb

#: Of each account the Region that speaks for all of it.
_FIRST = (
    "a.region = coalesce((select min(d.region) from raw_domain d where d.account = a.account),"
    " (select min(r.region) from raw_account_region r where r.account = a.account)) as first_region"
)
_COST_TAGS = (
    "case when not list_contains(a.gaps, 'cost_tag') then (select any_value(c.doc.TagKeys) from raw_cost_tag c"
    " where c.account = a.account) end as active_cost_tags"
)


def _quotas() -> str:
    pattern = literal(PATTERN)
    found = "from raw_quota q where q.account = a.account and q.region = a.region"
    named = (
        f"regexp_extract(q.QuotaName, {pattern}, 1) || ' on ' || regexp_extract(q.QuotaName, {pattern}, 2)"
        " || ': ' || q.Value"
    )
    return (
        "coalesce((select any_value(list_transform(q.doc.Applied, lambda q: "
        f"{named})) {found}), []::VARCHAR[]) as gpu_app_quotas,"
        f" case when not list_contains(a.gaps, 'quota') and (select any_value(q.doc.Named > 0 and len(q.gaps) is null)"
        f" {found}) then true end as gpu_app_quotas_complete"
    )


def _job_logs() -> str:
    found = "from raw_log_group g where g.account = a.account and g.region = a.region"
    job = " or ".join(f"starts_with(g.id, {literal(name)})" for name in JOB_LOG_GROUPS)
    return (
        f"coalesce((select list(g.id || ': ' || g.doc.retentionInDays order by g.id) {found} and ({job})"
        " and g.doc.retentionInDays > 0), []::VARCHAR[]) as job_log_days,"
        " case when not list_contains(a.gaps, 'log_group')"
        f" and (select count(*) = 0 {found} and ({job}) and list_contains(g.gaps, 'retentionInDays')) then true end"
        " as job_log_days_complete"
    )


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """``call_alert``: by account and Region, the calls that raise an event for certain, and those that don't."""
    con.execute(statement("call_alert", calls=f"[{', '.join(literal(call) for call in CALLS)}]"))


def _alerts() -> str:
    found = "from call_alert e where e.account = a.account and e.region = a.region"
    return (
        f"(select any_value(e.alerted) {found}) as alerted_calls,"
        f" (select any_value(e.unalerted) {found}) as unalerted_calls,"
        f" case when (select any_value(len(e.alerted) + len(e.unalerted)) {found}) = {len(CALLS)} then true end"
        " as alerts_known"
    )


def columns() -> str:
    """Further columns of account_region ``a``."""
    return f"{_job_logs()}, {_alerts()}, {_FIRST}, {_COST_TAGS}, {_quotas()}"
