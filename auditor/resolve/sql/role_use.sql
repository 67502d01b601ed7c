create table role_use as
with used as (
    select account, execution_role, sum(profiles)::BIGINT as profiles,
           min(persona) as a_persona, max(persona) as last_persona, bool_or(persona is null) as persona_unseen,
           min(team) as a_team, max(team) as last_team, bool_or(tags_unseen) as team_unseen
    from (select * replace (case when team <> '' and not "{no_team_name}" then team end as team) from profile_role)
    where execution_role <> '' and counted group by all),
-- Most roles have profiles of one persona and one team, and to make a list of each role's takes longer than all else.
several as (
    select account, execution_role, list_sort(list_distinct(list(persona) filter (persona is not null))) as personas,
           list_sort(list_distinct(list(team) filter (team <> '' and not "{no_team_name}"))) as teams
    from profile_role semi join (select account, execution_role from used
                                 where a_persona <> last_persona or a_team <> last_team) using (account, execution_role)
    where counted group by all)
select u.account, u.execution_role, u.profiles,
       coalesce(s.personas, case when u.a_persona is not null then [u.a_persona] else [] end) as personas,
       u.persona_unseen,
       coalesce(s.teams, case when u.a_team is not null then [u.a_team] else [] end) as teams,
       u.team_unseen, t.account is not null and f.id is null as made_elsewhere
from used u left join several s using (account, execution_role) left join template_account t using (account)
left join role_fact f on f.account = u.account and f.id = u.execution_role
