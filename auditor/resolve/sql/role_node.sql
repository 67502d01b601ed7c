with users as (
    select account, execution_role as id, list(distinct coalesce(domain_name, domain_id)) as domains
    from user_profile_resolved
    where execution_role in (select id from execution_role where role_exists) group by all),
spaces as (
    select account, space_default_execution_role as id, list(distinct coalesce(name, domain_id)) as domains
    from domain_resolved where space_default_execution_role <> '' group by all),
named as (
    select account, id, profiles, roles from profile_opening where sure)
select e.account, e.id, e.as_of, e.profiles, e.known_administrator, coalesce(e.escalation_ways, []),
       coalesce(w.opens_held, []), coalesce(n.profiles, []), coalesce(e.trusted_principals, []),
       coalesce(u.domains, []), coalesce(s.domains, []), coalesce(n.roles, [])
from execution_role e left join role_power w using (account, id)
left join users u using (account, id) left join spaces s using (account, id) left join named n using (account, id)
where e.role_exists order by e.account, e.id
