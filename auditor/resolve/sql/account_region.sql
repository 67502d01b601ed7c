-- What an account and Region have of each kind is summed up once and joined: a subquery for each column takes several
-- times as long to plan.
create table account_region as
with tools as (
    select account, region, list(distinct "{tool}" order by "{tool}") as tools from raw_partner_app
    where doc.Status in "{partner_app_in_service}" and "{tool}" is not null group by all),
domains as (select account, region, count(*) as n from raw_domain group by all),
mlflow as (
    select account, region, count(*) as n
    from (select account, region from raw_mlflow_server union all select account, region from raw_mlflow_app)
    group by all),
trails as (
    select account, region, bool_or(records) as recorded, count(*) > count(records) as records_open,
           bool_or(records and weak is null) as weak_open,
           -- Of those that record, the one that lacks least.
           arg_min(weak, len(weak)) filter (records) as weak
    from trail_fact group by all),
logs as (
    select account, region, count(*) filter (id = "{studio_log_group}") > 0 as studio,
           any_value(case when list_contains(gaps, 'retentionInDays') then null
                     else coalesce(doc.retentionInDays, 0) end) filter (id = "{studio_log_group}") as days,
           list(id || ': ' || doc.retentionInDays order by id) filter ("{of_jobs}" and doc.retentionInDays > 0)
               as job_days,
           count(*) filter ("{of_jobs}" and list_contains(gaps, 'retentionInDays')) as job_days_open
    from raw_log_group group by all),
quotas as (
    select account, region, any_value(list_transform(doc.Applied, lambda q:
               regexp_extract(q.QuotaName, "{quota}", 1) || ' on ' || regexp_extract(q.QuotaName, "{quota}", 2)
               || ': ' || q.Value)) as applied,
           any_value(doc.Named > 0 and len(gaps) is null) as complete
    from raw_quota group by all),
cost_tags as (select account, any_value(doc.TagKeys) as tag_keys from raw_cost_tag group by all),
-- Of each account the Region that speaks for all of it.
firsts as (
    select r.account, coalesce(min(d.region), min(r.region)) as region
    from raw_account_region r left join (select distinct account, region from raw_domain) d using (account)
    group by all)
select a.account || '/' || a.region || '/account_region/' || a.id as key, a.account, a.region, a.id,
       a.account || '/' || a.region as name, a.as_of, coalesce(a.gaps, []::VARCHAR[]) as unlisted,
       case when list_contains(a.gaps, 'partner_app') then null
            else coalesce(t.tools, []::VARCHAR[]) end as subscribed_partner_tools,
       a.doc.IdentityCenterInstances as identity_center_instances,
       case when not coalesce(list_contains(a.gaps, 'domain'), false) then coalesce(d.n, 0) end as domains,
       -- Those that were seen are there, however many more there are.
       nullif(coalesce(m.n, 0), case when list_has_any(a.gaps, ['mlflow_server', 'mlflow_app']) then 0 else -1 end)
           as mlflow_servers,
       case when c.recorded then true when list_contains(a.gaps, 'trail') or c.records_open then null
            else false end as management_events_recorded,
       case when len(c.weak) = 0 then []::VARCHAR[]
            when list_contains(a.gaps, 'trail') or c.records_open or c.weak_open then null
            else coalesce(c.weak, []::VARCHAR[]) end as trail_weaknesses,
       case when l.studio then true when list_contains(a.gaps, 'log_group') then null
            else false end as studio_log_group,
       case when l.studio then l.days when list_contains(a.gaps, 'log_group') then null
            else 0 end as studio_log_retention_days,
       coalesce(l.job_days, []::VARCHAR[]) as job_log_days,
       case when not list_contains(a.gaps, 'log_group') and coalesce(l.job_days_open, 0) = 0 then true end
           as job_log_days_complete,
       e.alerted as alerted_calls, e.unalerted as unalerted_calls,
       case when len(e.alerted) + len(e.unalerted) = "{calls}" then true end as alerts_known,
       a.region = f.region as first_region,
       case when not list_contains(a.gaps, 'cost_tag') then g.tag_keys end as active_cost_tags,
       coalesce(q.applied, []::VARCHAR[]) as gpu_app_quotas,
       case when not list_contains(a.gaps, 'quota') and q.complete then true end as gpu_app_quotas_complete
from raw_account_region a
left join tools t on t.account = a.account and t.region = a.region
left join domains d on d.account = a.account and d.region = a.region
left join mlflow m on m.account = a.account and m.region = a.region
left join trails c on c.account = a.account and c.region = a.region
left join logs l on l.account = a.account and l.region = a.region
left join call_alert e on e.account = a.account and e.region = a.region
left join firsts f on f.account = a.account
left join cost_tags g on g.account = a.account
left join quotas q on q.account = a.account and q.region = a.region
