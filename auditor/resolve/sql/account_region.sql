create table account_region as
with tools as (
    select account, region, list(distinct "{tool}" order by "{tool}") as tools from raw_partner_app
    where doc.Status in "{partner_app_in_service}" and "{tool}" is not null group by all)
select a.account || '/' || a.region || '/account_region/' || a.id as key, a.account, a.region, a.id,
       a.account || '/' || a.region as name, a.as_of, coalesce(a.gaps, []::VARCHAR[]) as unlisted,
       case when list_contains(a.gaps, 'partner_app') then null
            else coalesce(t.tools, []::VARCHAR[]) end as subscribed_partner_tools,
       a.doc.IdentityCenterInstances as identity_center_instances, "{evidence_columns}"
from raw_account_region a left join tools t using (account, region)
