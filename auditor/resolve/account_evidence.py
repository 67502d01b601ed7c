"""What account_region says about the bill, quotas and what raises an alarm."""

from __future__ import annotations

from auditor.sql_text import literal
from auditor.studio.quota_names import PATTERN

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


def columns() -> str:
    """Further columns of account_region ``a``."""
    return f"{_FIRST}, {_COST_TAGS}, {_quotas()}"
