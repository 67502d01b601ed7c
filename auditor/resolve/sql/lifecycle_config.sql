-- One row a lifecycle configuration: those that were listed, and those that are named and were not listed.
create table lifecycle_config as
with named as (
    select account, region, arn, list(distinct what order by what) as users from script_user group by all),
listed as (
    select account, region, id, as_of, doc, coalesce(gaps, []) as gaps from raw_lifecycle_config),
missing as (
    select n.account, n.region, n.arn as id, a.as_of, n.users,
           -- One of another account or Region is nobody's that was asked.
           case when n.arn not like '%:' || n.region || ':' || n.account || ':%' then null
                when list_contains(a.unlisted, 'lifecycle_config') then null else false end as found
    from named n join account_region a using (account, region)
    where n.account not in (select account from template_account)
      and not exists (select 1 from listed l where l.account = n.account and l.region = n.region
                      and lower(l.id) = lower(n.arn))),
rows as (
    select l.account, l.region, l.id, coalesce(l.doc.StudioLifecycleConfigName, regexp_extract(l.id, '[^/]+$')) as name,
           l.as_of, l.doc.StudioLifecycleConfigAppType as app_type, true as found, n.users,
           l.doc.Script as script
    from listed l left join named n on n.account = l.account and n.region = l.region and lower(n.arn) = lower(l.id)
    union all
    select account, region, id, regexp_extract(id, '[^/]+$'), as_of, null, found, users,
           case when found = false then [] end
    from missing)
select r.account || '/' || r.region || '/lifecycle_config/' || r.id as key, r.account, r.region, r.id, r.name,
       case when r.account in (select account from template_account) then '' else r.id end as arn, r.as_of,
       r.app_type, r.found as config_exists,
       case when len(r.users) > 0 then r.users
            when "{unseen}" or list_has_any(a.unlisted, ['domain', 'user_profile', 'space', 'app']) then null
            else []::VARCHAR[] end as attached_to,
       list_transform(list_filter(r.script, lambda s: s.Check <> "{index}"), lambda s:
           'line ' || s.Line || ' ' || "{says}") as unsafe_lines,
       list_transform(list_filter(r.script, lambda s: s.Check = "{index}"), lambda s:
           s.Host || ' (line ' || s.Line || ')') as package_indexes
from rows r left join account_region a using (account, region)
