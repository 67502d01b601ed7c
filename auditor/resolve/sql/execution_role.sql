with sides as (
    select account, id, list_sort(list_distinct(list(use))) as side_uses from side_role where own group by all),
-- Where some role in use was not seen, it may be any of those that were.
hidden as (
    select account, bool_or(hidden) as hidden from (
        select account, hidden from role_unseen
        union all select account, default_execution_role is null or space_default_execution_role is null
        from domain_resolved
        union all select account, list_contains(unlisted, 'domain') from account_region) group by account),
unseen as (
    select account, bool_or(list_contains(unlisted, 'role')) as roles,
           bool_or(list_contains(unlisted, 'user_profile')) as profiles from account_region group by account)
select u.account || '/' || "{global_region}" || '/execution_role/' || u.id as key, u.account, "{global_region}" as region, u.id,
       regexp_extract(u.id, '[^/]+$') as name, u.id as arn, u.as_of, u.profiles, u.shared_spaces,
       coalesce(s.side_uses, []) as side_uses, case when u.side_role and h.hidden then null else u.side_role end as side_role,
       u.assumed_by_roles,
       u.unified_studio,
       case when f.id is not null then true when n.roles or split_part(u.id, ':', 5) <> u.account then null
            else false end as role_exists, not role_exists as role_missing,
       f.managed_policies, f.managed_policy_arns, f.known_managed_policy_arns, f.customer_policies,
       f.inline_policies,
       f.permissions_boundary, f.allows_everything, f.administrator, f.administrator_actions,
       f.administrator_policies, f.administrator_policy_arn, f.administrator_unknown, f.broad_access,
       f.broad_policies, f.broad_unknown,
       f.trusted_principals, f.trusted_principals_complete, f.trusts_any_source,
       case when u.side_role then f.roles_trusted_with_source_identity
            when u.assumed_by_roles then f.trusts_set_source_identity and f.roles_trusted_with_source_identity
            else f.trusts_set_source_identity end as trusts_set_source_identity,
       case when u.side_role then f.chained_trust_with_source_identity
            when u.assumed_by_roles then f.whole_trust_with_source_identity
            else f.trust_with_source_identity end as trust_with_source_identity,
       u.source_identity, p.allowed_tools, p.undecided_tools,
       case when len(i.seen) > 0 then i.seen when not i.unclear then i.seen end as iam_domains,
       case when len(w.opens_held) > 0 or o.sure then true
            when w.id is null or len(w.opens_undecided) > 0 or o.id is not null or n.profiles and x.id is not null
                then null
            else false end as opens_other_profiles,
       list_concat(list_transform(w.opens_held, lambda name: 'every user profile of ' || name),
                   case when o.sure then o.profiles else [] end) as opened_profiles,
       w.opens_policies, coalesce(w.opens_unknown, '') as opens_unknown,
       coalesce(f.administrator, false) as known_administrator,
       w.escalation_held as escalation_ways, list_concat(w.escalation_held, w.escalation_undecided) as possible_escalation_ways,
       w.escalation_policies, coalesce(w.escalation_unknown, '') as escalation_unknown,
       w.data_held as data_reached, list_concat(w.data_held, w.data_undecided) as possible_data_reached,
       w.data_policies, coalesce(w.data_unknown, '') as data_unknown,
       w.large_instances_held as large_instance_types,
       list_concat(w.large_instances_held, w.large_instances_undecided) as possible_large_instance_types,
       w.large_instances_policies as large_instance_policies,
       coalesce(w.large_instances_unknown, '') as large_instances_unknown,
       w.unsafe_jobs_held as jobs_without, list_concat(w.unsafe_jobs_held, w.unsafe_jobs_undecided) as possible_jobs_without,
       w.unsafe_jobs_policies as jobs_policies, coalesce(w.unsafe_jobs_unknown, '') as jobs_unknown,
       w.starts_emr as starts_emr_clusters, coalesce(w.emr_unknown, '') as emr_unknown,
       case when u.not_apart > 0 then false when u.people_apart = 0 and not h.hidden then true end as sessions_name_people
from "{roles}" u left join role_fact f on f.account = u.account and f.id = u.id
left join permission_fact p on p.account = u.account and p.id = u.id
left join unseen n on n.account = u.account
left join hidden h on h.account = u.account
left join sides s on s.account = u.account and s.id = u.id
left join role_power w on w.account = u.account and w.id = u.id
left join profile_opening o on o.account = u.account and o.id = u.id
left join (select distinct account, id from role_opening) x on x.account = u.account and x.id = u.id
left join iam_domain i on i.account = u.account
