with uses as (
    select account, region, domain_id, execution_role as id, profiles as profile, 0 as space, unified_studio, as_of,
           '' as use
    from profile_role where execution_role <> ''
    union all
    select account, region, domain_id, default_execution_role, 0, 0, unified_studio, as_of, ''
    from domain_resolved where default_execution_role <> ''
    union all
    select account, region, domain_id, space_default_execution_role, 0, 1, unified_studio, as_of, ''
    from domain_resolved where space_default_execution_role <> ''
    union all
    select account, region, domain_id, id, 0, 0, false, as_of, use from side_role where own)
select u.account, u.id, sum(profile) as profiles, max(space) = 1 as shared_spaces,
       bool_and(use <> '') as side_role, bool_or(use = "{assumed}") as assumed_by_roles,
       bool_and(u.unified_studio) as unified_studio, max(u.as_of) as as_of,
       bool_or(d.execution_role_identity_config = 'USER_PROFILE_NAME') as source_identity,
       count(*) filter (use = '' and d.execution_role_identity_config is distinct from 'USER_PROFILE_NAME'
           and d.trusted_identity_propagation is distinct from 'ENABLED') as people_apart,
       -- What a template's language has no word for, a template cannot turn on.
       count(*) filter (use = '' and d.execution_role_identity_config <> 'USER_PROFILE_NAME'
           and (d.trusted_identity_propagation <> 'ENABLED' or d.trusted_identity_propagation is null
                and (u.account, "{propagation}") in (select account, setting from beyond_template))) as not_apart
from uses u left join domain_resolved d using (account, region, domain_id) group by all
