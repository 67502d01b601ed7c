-- Who acts as which role beside the applications themselves: account, key of an application ('' for all others), words.
create temp table role_user as
with profiles as (
    select account, execution_role as role, sum(profiles)::BIGINT as number, any_value(one) as name
    from profile_role where execution_role <> '' group by all)
select account, '' as who, case number when 1 then 'user profile ' || name else number || ' user profiles' end as what,
       role
from profiles
union all
select account, '', 'domain ' || coalesce(name, id), default_execution_role from domain_resolved where default_execution_role <> ''
union all
select account, '', 'shared spaces of domain ' || coalesce(name, id), space_default_execution_role
from domain_resolved where space_default_execution_role <> ''
union all
select account, '', use, id from side_role where domain_id <> ''
union all
select account, key, what, role from application where role <> ''
