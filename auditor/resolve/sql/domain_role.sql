create table domain_role as
with uses as (
    select u.account, u.region, u.domain_id, u.execution_role as role,
           case when u.execution_role is null then null when u.execution_role = '' then false
                when r.profiles > 1 then true when "{all_seen}" then false end as shared
    from profile_role u /*{profile_joins}*/
    union all
    select account, region, domain_id, unnest([default_execution_role, space_default_execution_role]), false
    from domain_resolved),
trusted as (
    select u.account, u.region, u.domain_id, u.role, f.trusts_set_source_identity as trusts
    from uses u left join role_fact f on f.account = u.account and f.id = u.role
    where u.role is null or u.role <> ''
    union all
    select s.account, s.region, s.domain_id, s.id, f.roles_trusted_with_source_identity
    from side_role s left join role_fact f on f.account = s.account and f.id = s.id
    where s.use = "{assumed}"),
trust as (
    select account, region, domain_id, bool_or(trusts is null) as unseen,
           -- Most roles are not named here, and to find their names takes longer than all else.
           coalesce(list_sort(list(distinct case when not trusts then regexp_extract(role, '[^/]+$') end)
                              filter (not trusts)), []) as without
    from trusted group by all),
sharing as (
    select account, region, domain_id, bool_or(shared) as shared, count(*) > count(shared) as shared_unseen
    from uses group by all)
select s.*, coalesce(t.unseen, false) as trust_unseen, coalesce(t.without, []::VARCHAR[]) as without
from sharing s left join trust t using (account, region, domain_id)
