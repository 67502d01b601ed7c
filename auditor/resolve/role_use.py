"""Who shares an execution role with whom, and whether the people behind it can be told apart.

IAM roles are global to an account, so a role's profiles are counted over all its regions. Where some profile's role, or
some region's list, was not seen, "only one" cannot be said (but "several" can). Nor can it of a role that a template
uses and does not make: others may use it as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.resolve.parsed_statements import run
from auditor.resolve.sql_files import statement
from auditor.resolve.template_places import counted
from auditor.sql_text import literal, string_list
from auditor.studio.settings import USER_PROFILE_ROOT
from auditor.studio.side_roles import ASSUMED
from auditor.studio.structures import SESSION_NAME_MODE

if TYPE_CHECKING:
    import duckdb

#: Tag keys, without case and separators, whose value is the team that a profile belongs to.
TEAM_TAGS = ("team", "teamname", "teamid")

PROPAGATION = "DomainSettings.TrustedIdentityPropagationSettings.Status"

_TEAM = (
    "lower(trim(list_filter(map_entries(u.tags), lambda t: list_contains("
    f"{string_list(TEAM_TAGS)}, regexp_replace(lower(t.key), '[^a-z0-9]', '', 'g')))[1].value))"
)


def unnamed(role: str) -> str:
    """Whether a role, or another text, of a template is not known there (``${RoleArn}``): it may be any."""
    return f"contains({role}, '${{')"


def role_use(con: duckdb.DuckDBPyConnection, persona: str) -> None:
    """``profile_role``: how many profiles of a domain have which role in force, persona and team, with the name of
    ``one`` of them; whether the role is their ``own``, and whether each row of them is one (``counted``). Of a million
    profiles these are few rows, and all that is asked of roles is asked of them.

    ``role_use``: by role, its profiles with their personas and teams; ``role_unseen``: by account, whether a profile
    may use a role unseen. ``persona`` is SQL of the persona's name over user_profile_resolved ``u``."""
    run(
        con,
        statement(
            "profile_role",
            counted=counted(con, "u.key"),
            persona=persona,
            team=_TEAM,
            unnamed=unnamed(_TEAM),
        ),
    )
    run(con, statement("role_use", no_team_name=unnamed("team")))
    run(
        con,
        statement(
            "role_unseen",
            unnamed=unnamed("execution_role"),
        ),
    )
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


#: Select-list items of user_profile, over its row ``u``, role_use ``r`` and role_unseen ``h``.
PROFILE_COLUMNS = (
    "case when u.execution_role is null then null when u.execution_role = '' then 0"
    f" when r.profiles > 1 then r.profiles when {_ALL_SEEN} then r.profiles end as execution_role_profiles,"
    f" {_together('personas', 'persona_unseen')} as execution_role_personas,"
    f" {_together('teams', 'team_unseen')} as execution_role_teams,"
    " u.execution_role_identity_config = 'USER_PROFILE_NAME'"
    f" or {_on('u.execution_role_session_name_mode', 'USER_IDENTITY', f'{USER_PROFILE_ROOT}.{SESSION_NAME_MODE}')}"
    " or " + _on("u.trusted_identity_propagation", "ENABLED", PROPAGATION) + " as person_in_role_sessions"
)
PROFILE_JOINS = (
    " left join role_use r on r.account = u.account and r.execution_role = u.execution_role"
    " left join role_unseen h on h.account = u.account"
)


def domain_roles(con: duckdb.DuckDBPyConnection) -> None:
    """``domain_role``: by domain, whether profiles of it share a role, and its roles that do not trust
    sts:SetSourceIdentity, those that execution roles assume included; NULL where that cannot be told."""
    run(
        con,
        statement(
            "domain_role",
            all_seen=_ALL_SEEN,
            profile_joins=PROFILE_JOINS,
            assumed=literal(ASSUMED),
        ),
    )


#: Select-list items of domain, over its row ``d``, domain_role ``x`` and account_region ``a``.
DOMAIN_COLUMNS = (
    "case when x.shared then true when x.shared_unseen or list_contains(a.unlisted, 'user_profile') then null"
    " else false end as has_shared_role,"
    " case when len(x.without) = 0 and (x.trust_unseen or list_contains(a.unlisted, 'user_profile')) then null"
    " else x.without end"
    " as roles_without_source_identity"
)
DOMAIN_JOINS = " left join domain_role x on x.account = d.account and x.region = d.region and x.domain_id = d.domain_id"
