"""Who shares an execution role with whom, and whether the people behind it can be told apart.

IAM roles are global to an account, so a role's profiles are counted over all its regions. Where some profile's role, or
some region's list, was not seen, "only one" cannot be said (but "several" can). Nor can it of a role that a template
uses and does not make: others may use it as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.sql_text import string_list

if TYPE_CHECKING:
    import duckdb

#: Tag keys, without case and separators, whose value is the team that a profile belongs to.
TEAM_TAGS = ("team", "teamname", "teamid")

_TEAM = (
    "lower(trim(list_filter(map_entries(u.tags), lambda t: list_contains("
    f"{string_list(TEAM_TAGS)}, regexp_replace(lower(t.key), '[^a-z0-9]', '', 'g')))[1].value))"
)


def unnamed(role: str) -> str:
    """Whether a role, or another text, of a template is not known there (``${RoleArn}``): it may be any."""
    return f"contains({role}, '${{')"


def role_use(con: duckdb.DuckDBPyConnection, persona: str) -> None:
    """``role_use``: by role, its profiles with their personas and teams; ``role_unseen``: by account, whether a profile
    may use a role unseen. ``persona`` is SQL of the persona's name over user_profile_resolved ``u``."""
    con.execute(f"""
        create table role_use as
        with profiles as (
            select u.account, u.execution_role, {persona} as persona, {_TEAM} as team,
                   u.tags is null or coalesce({unnamed(_TEAM)}, false) as tags_unseen
            from user_profile_resolved u
            where u.execution_role <> '' and u.key not in (select key from uncounted)),
        used as (
            select account, execution_role, count(*) as profiles,
                   coalesce(list(distinct persona order by persona) filter (persona is not null), []) as personas,
                   bool_or(persona is null) as persona_unseen,
                   coalesce(list(distinct team order by team)
                       filter (team <> '' and not {unnamed("team")}), []) as teams,
                   bool_or(tags_unseen) as team_unseen
            from profiles group by all)
        select u.*, t.account is not null and f.id is null as made_elsewhere
        from used u left join template_account t using (account)
        left join role_fact f on f.account = u.account and f.id = u.execution_role""")
    con.execute(f"""
        create table role_unseen as
        select account, bool_or(hidden) as hidden from (
            select account, execution_role is null or {unnamed("execution_role")} as hidden from user_profile_resolved
            union all select account, list_contains(unlisted, 'user_profile') from account_region) group by account""")
    # What a template's language has no word for, a template cannot turn on.
    con.execute(
        "create table beyond_template as select distinct account, setting from raw_gap where reason = 'not_expressible'"
    )


_ALL_SEEN = "not h.hidden and not r.made_elsewhere"


def _together(column: str, unseen: str) -> str:
    return (
        "case when u.execution_role is null then null when u.execution_role = '' then []::VARCHAR[]"
        f" when len(r.{column}) > 1 then r.{column} when {_ALL_SEEN} and not r.{unseen} then r.{column} end"
    )


def _on(value: str, wanted: str, setting: str) -> str:
    """Whether a switch is on; off where the domain is seen and the template's language cannot express the setting."""
    beyond = f"u.auth_mode is not null and (u.account, '{setting}') in (select account, setting from beyond_template)"
    return f"case when {value} is null and {beyond} then false else {value} = '{wanted}' end"


_SESSION = "StudioWebPortalSettings.ExecutionRoleSessionNameMode"

#: Select-list items of user_profile, over its row ``u``, role_use ``r`` and role_unseen ``h``.
PROFILE_COLUMNS = (
    "case when u.execution_role is null then null when u.execution_role = '' then 0"
    f" when r.profiles > 1 then r.profiles when {_ALL_SEEN} then r.profiles end as execution_role_profiles,"
    f" {_together('personas', 'persona_unseen')} as execution_role_personas,"
    f" {_together('teams', 'team_unseen')} as execution_role_teams,"
    " u.execution_role_identity_config = 'USER_PROFILE_NAME'"
    f" or {_on('u.execution_role_session_name_mode', 'USER_IDENTITY', 'UserSettings.' + _SESSION)}"
    " or "
    + _on("u.trusted_identity_propagation", "ENABLED", "DomainSettings.TrustedIdentityPropagationSettings.Status")
    + " as person_in_role_sessions"
)
PROFILE_JOINS = (
    " left join role_use r on r.account = u.account and r.execution_role = u.execution_role"
    " left join role_unseen h on h.account = u.account"
)


def domain_roles(con: duckdb.DuckDBPyConnection) -> None:
    """``domain_role``: by domain, whether profiles of it share a role, and its roles that do not trust
    sts:SetSourceIdentity; NULL where that cannot be told."""
    con.execute(f"""
        create table domain_role as
        with uses as (
            select u.account, u.region, u.domain_id, u.execution_role as role,
                   case when u.execution_role is null then null when u.execution_role = '' then false
                        when r.profiles > 1 then true when {_ALL_SEEN} then false end as shared
            from user_profile_resolved u {PROFILE_JOINS}
            union all
            select account, region, domain_id, unnest([default_execution_role, space_default_execution_role]), false
            from domain_resolved),
        trusted as (
            select distinct u.account, u.region, u.domain_id, u.role, f.trusts_set_source_identity as trusts
            from uses u left join role_fact f on f.account = u.account and f.id = u.role
            where u.role is null or u.role <> ''),
        trust as (
            select account, region, domain_id, bool_or(trusts is null) as unseen,
                   coalesce(list_sort(list(distinct regexp_extract(role, '[^/]+$')) filter (not trusts)), [])
                       as without
            from trusted group by all),
        sharing as (
            select account, region, domain_id, bool_or(shared) as shared, count(*) > count(shared) as shared_unseen
            from uses group by all)
        select s.*, coalesce(t.unseen, false) as trust_unseen, coalesce(t.without, []::VARCHAR[]) as without
        from sharing s left join trust t using (account, region, domain_id)""")


#: Select-list items of domain, over its row ``d``, domain_role ``x`` and account_region ``a``.
DOMAIN_COLUMNS = (
    "case when x.shared then true when x.shared_unseen or list_contains(a.unlisted, 'user_profile') then null"
    " else false end as has_shared_role,"
    " case when x.trust_unseen or list_contains(a.unlisted, 'user_profile') then null else x.without end"
    " as roles_without_source_identity"
)
DOMAIN_JOINS = " left join domain_role x on x.account = d.account and x.region = d.region and x.domain_id = d.domain_id"
