create table domain as
-- By key, so that the joins carry the few columns of a domain that they need, and not all of them.
with beside as (
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
    from (select *, "{of_template}" as of_template from domain_resolved) d
    left join /*{accounts}*/ a on a.account = d.account and a.region = d.region
    left join domain_profiles p on p.account = d.account and p.region = d.region and p.domain_id = d.domain_id
    left join domain_failures f on f.account = d.account and f.region = d.region and f.domain_id = d.domain_id
    left join domain_spaces s on s.account = d.account and s.region = d.region and s.domain_id = d.domain_id
    left join domain_apps c on c.account = d.account and c.region = d.region and c.domain_id = d.domain_id
    /*{evidence_joins}*/ /*{idle_joins}*/ /*{role_joins}*/)
select d.*, b.* exclude (beside_key) from domain_resolved d join beside b on b.beside_key = d.key
