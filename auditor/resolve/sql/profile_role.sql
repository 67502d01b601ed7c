create table profile_role as
select u.account, u.region, u.domain_id, u.execution_role, u.execution_role_origin = 'profile' as own,
       u.unified_studio, u.as_of, "{persona}" as persona, "{team}" as team,
       u.tags is null or coalesce("{unnamed}", false) as tags_unseen, "{counted}" as counted,
       count(*) as profiles, any_value(coalesce(u.name, u.id)) as one, any_value(u.domain_name) as domain_name
from user_profile_resolved u group by all
