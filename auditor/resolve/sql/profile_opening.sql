create table profile_opening as
with named as (
    select *, replace(replace(domain, '*', ''), '?', '') <> domain or replace(replace(profile, '*', ''), '?', '') <> profile
           as wild
    from role_opening),
profiles as (
    select account, regexp_replace(domain_id, '[^\w-]', '-', 'g') as domain, lower(name) as profile, name,
           execution_role, auth_mode
    from user_profile_resolved where auth_mode is distinct from 'SSO'),
met as (
    select n.account, n.id, n.sure, p.name, p.execution_role, p.auth_mode
    from named n join profiles p on p.account = n.account and p.domain = n.domain and p.profile = n.profile
    where not n.wild
    union all
    select n.account, n.id, n.sure, p.name, p.execution_role, p.auth_mode
    from named n join profiles p on p.account = n.account
    where n.wild and p.domain glob n.domain and p.profile glob n.profile)
-- A profile that shares the role is a colleague's to everybody else who has the role.
select m.account, m.id, bool_or(m.sure and m.auth_mode = 'IAM' and m.execution_role is not null) as sure,
       list(distinct m.name order by m.name)[:5] as profiles,
       coalesce(list(distinct m.execution_role order by m.execution_role)
           filter (m.sure and m.auth_mode = 'IAM' and m.execution_role <> ''), []) as roles
from met m left join role_use r on r.account = m.account and r.execution_role = m.id
where m.execution_role is distinct from m.id or r.profiles > 1
group by all
