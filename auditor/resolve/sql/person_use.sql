create table person_use as
select account, region, domain_id, lower(sso_user) as person, count(*) as profiles from user_profile_resolved
where sso_user <> '' and "{counted}" group by all having count(*) > 1
