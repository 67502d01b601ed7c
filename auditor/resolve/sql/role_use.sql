create table role_use as
with profiles as (
    select u.account, u.execution_role, "{persona}" as persona, "{team}" as team,
           u.tags is null or coalesce("{unnamed}", false) as tags_unseen
    from user_profile_resolved u
    where u.execution_role <> '' and "{counted}"),
used as (
    select account, execution_role, count(*) as profiles,
           coalesce(list_sort(list_distinct(list(persona) filter (persona is not null))), []) as personas,
           bool_or(persona is null) as persona_unseen,
           coalesce(list_sort(list_distinct(list(team) filter (team <> '' and not "{no_team_name}"))), []) as teams,
           bool_or(tags_unseen) as team_unseen
    from profiles group by all)
select u.*, t.account is not null and f.id is null as made_elsewhere
from used u left join template_account t using (account)
left join role_fact f on f.account = u.account and f.id = u.execution_role
