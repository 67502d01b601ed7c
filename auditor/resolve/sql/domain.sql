create table domain as
with spaces as (
    select s.account, s.region, s.domain_id, "{any_shared}" as shared,
           "{any_needs_efs}" as needs_efs
    from space s left join domain_resolved m using (account, region, domain_id) group by all),
apps as (
    select account, region, domain_id,
           "{any_classic}" as classic,
           count(*) filter (status in ('InService', 'Pending')) as running, bool_or(status is null) as unseen
    from app group by all),
failures as (
    select account, region, domain_id, bool_or(status is null) as unseen,
           list_sort(coalesce(list(what || ' (' || status || ')') filter (status in "{failed}"), [])) as failed
    from (select account, region, doc.DomainId as domain_id, 'user profile ' || doc.UserProfileName as what,
                 doc.Status as status from raw_user_profile
          union all
          select account, region, doc.DomainId, 'space ' || doc.SpaceName, doc.Status from raw_space)
    group by all),
-- By key, so that the joins carry the few columns of a domain that they need, and not all of them.
beside as (
    select d.key as beside_key, "{has_shared_spaces}" as has_shared_spaces,
           d.rstudio_licensed or d.default_experience = 'classic' or d.default_auto_mount_home_efs = 'Enabled'
           or list_contains(d.default_custom_efs, d.home_efs_file_system_id)
           or list_contains(d.space_default_custom_efs, d.home_efs_file_system_id)
           or "{profiles_need_efs}" or "{spaces_need_efs}"
           or "{has_classic_apps}" as efs_needed,
           case when c.unseen or list_contains(a.unlisted, 'app') then null else coalesce(c.running, 0) end
               as running_apps,
           case when of_template then null
                when d.status in "{failed}" or len(f.failed) > 0
                then list_concat(case when d.status in "{failed}" then ['the domain (' || d.status || ')'] else [] end,
                                 coalesce(f.failed, []))
                when d.status is null or f.unseen or list_has_any(a.unlisted, ['user_profile', 'space']) then null
                else [] end as failed_resources,
           "{evidence_columns}", "{idle_columns}", "{role_columns}"
    from (select *, "{of_template}" as of_template from domain_resolved) d left join /*{accounts}*/ a using (account, region)
    left join domain_profiles p using (account, region, domain_id)
    left join failures f using (account, region, domain_id)
    left join spaces s using (account, region, domain_id) left join apps c using (account, region, domain_id)
    /*{evidence_joins}*/ /*{idle_joins}*/ /*{role_joins}*/)
select d.*, b.* exclude (beside_key) from domain_resolved d join beside b on b.beside_key = d.key
