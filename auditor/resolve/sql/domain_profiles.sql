create table domain_profiles as
with profiles as (
    select account, region, domain_id, bool_or(sso_user is null) as person_unseen,
           "{any_needs_efs}" as needs_efs
    from (select account, region, domain_id, sso_user, "{needs_efs}" as needs_efs
          from user_profile_resolved
          left join (select account, region, domain_id, home_efs_file_system_id from domain_resolved)
            using (account, region, domain_id))
    group by all)
select p.* replace (p.person_unseen or m.key is null as person_unseen)
from profiles p left join domain_resolved m using (account, region, domain_id)
