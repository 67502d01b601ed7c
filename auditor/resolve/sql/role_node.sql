with users as (
    select u.account, u.execution_role as id,
           list(distinct coalesce(l.label, u.domain_name, u.domain_id)) as domains
    from profile_role u left join domain_label l using (account, region, domain_id)
    where u.execution_role in (select id from execution_role where role_exists) group by all),
spaces as (
    select d.account, d.space_default_execution_role as id, list(distinct coalesce(l.label, d.name, d.domain_id)) as domains
    from domain_resolved d left join domain_label l using (account, region, domain_id)
    where d.space_default_execution_role <> '' group by all),
named as (
    select account, id, profiles, roles from profile_opening where sure)
select e.account, e.id, e.as_of, e.profiles, e.known_administrator, coalesce(e.escalation_ways, []),
       coalesce(w.opens_held, []), coalesce(n.profiles, []), coalesce(f.certain_principals, []),
       coalesce(u.domains, []), coalesce(s.domains, []), coalesce(n.roles, [])
from execution_role e left join role_power w using (account, id) left join role_fact f using (account, id)
left join users u using (account, id) left join spaces s using (account, id) left join named n using (account, id)
where e.role_exists order by e.account, e.id
