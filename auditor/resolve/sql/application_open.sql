-- By account, whether a role, or a bucket, may have more users than those that were seen.
create temp table application_open as
with lists as (
    -- What a template makes itself has no users beside those that it names.
    select account, bool_or(list_has_any(unlisted, users)) as lists,
           -- A partner AI app has a role, and no bucket that its settings name.
           bool_or(list_has_any(unlisted, list_filter(users, lambda kind: kind <> 'partner_app'))) as buckets,
           bool_or(list_contains(unlisted, 'user_profile')) as profiles
    from (select account, unlisted, case when account in (select account from template_account) then ['domain']
                 -- A Region without a domain isn't asked for applications, as little as one that isn't audited.
                 when domains = 0 and list_has_all(unlisted, ['mlflow_server', 'mlflow_app', 'partner_app']) then []
                 else ['domain', 'mlflow_server', 'mlflow_app', 'partner_app'] end as users from account_region)
    group by account),
domains as (
    select account, bool_or(default_execution_role is null or space_default_execution_role is null
                            or contains(default_execution_role, '${') or contains(space_default_execution_role, '${'))
           as hidden from domain_resolved group by account),
applications as (
    select account, bool_or(role is null or contains(role, '${')) as hidden from application group by account),
stores as (select account, bool_or(bucket is null) as hidden from bucket_user group by account),
settings as (
    select account, bool_or(hidden) as hidden from (
        select account, "{domain_unseen}" as hidden from raw_domain
        union all
        select account, "{profile_unseen}" from profile_settings)
    -- What a template's language has no word for, a template cannot set.
    where account not in (select account from template_account) group by account)
select l.account, l.lists or coalesce(r.hidden, false) or coalesce(d.hidden, false) or coalesce(a.hidden, false)
       as roles,
       l.buckets or l.profiles or coalesce(s.hidden, false) or coalesce(g.hidden, false) as buckets
from lists l left join role_unseen r using (account) left join domains d using (account)
left join applications a using (account) left join stores s using (account) left join settings g using (account)
