"""Create the documented tables from the raw ones, in SQL generated from the settings table.

Each is one query, and nothing loops over resources.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from auditor.model.snapshot import MAY_NOT_EXIST, NUMBER
from auditor.resolve import alike_profiles, evidence_tables, hidden_tools, idle, neighbours, role_use, template_places
from auditor.resolve.account_evidence import ACCOUNTS, account_region
from auditor.resolve.application_use import create as create_applications
from auditor.resolve.aws_own import leave_out_aws_own
from auditor.resolve.domain_network import create as create_networks
from auditor.resolve.domain_tables import auto_mount, experience, identity
from auditor.resolve.domain_tables import create as create_domains
from auditor.resolve.empty_tables import create_empty, holds
from auditor.resolve.few_rows import SMALL, plan_for_few_rows
from auditor.resolve.gap_table import create as create_gaps
from auditor.resolve.inheritance_sql import (
    NestedMerge,
    certain_elements,
    effective_origin,
    effective_value,
    layer_columns,
    own_value,
    structure_columns,
    unseen,
    with_origin,
)
from auditor.resolve.lifecycle_config import create as create_lifecycle_configs
from auditor.resolve.load_documents import SourceFile, load
from auditor.resolve.name_words import user_words, words
from auditor.resolve.own_settings import own_execution_role, own_settings
from auditor.resolve.parsed_statements import run
from auditor.resolve.persona_columns import assign_personas, persona_columns, persona_name, persona_number
from auditor.resolve.raw_schema import quoted
from auditor.resolve.sql_files import statement
from auditor.resolve.table_model import documented_columns
from auditor.resolve.tables import APP, SPACE, USER_DEFAULT_PREFIX, USER_PROFILE
from auditor.sql_text import literal
from auditor.studio.personas import DEFAULT_PERSONAS, Persona
from auditor.studio.resource_types import BY_LAYER
from auditor.studio.settings import (
    PROFILE_SETTINGS,
    SPACE_SETTINGS,
    USER_PROFILE_ROOT,
    USER_SETTINGS,
)
from auditor.studio.tools import CLASSIC_APP_TYPES as CLASSIC

if TYPE_CHECKING:
    import duckdb

CLASSIC_APP_TYPES = str(CLASSIC)

#: One byte a row. ``ambiguous`` stands where a nested structure's two readings differ (see NestedMerge).
_ORIGIN = f"ENUM({', '.join(map(literal, (*BY_LAYER, 'service', 'ambiguous')))})"


def build(
    con: duckdb.DuckDBPyConnection,
    files: Sequence[SourceFile],
    merge: NestedMerge = NestedMerge.UNKNOWN,
    personas: Sequence[Persona] = DEFAULT_PERSONAS,
) -> None:
    """Load the snapshot files and create every table of ``auditor.resolve.tables`` in ``con``.

    ``personas`` end with the one that is everybody else's. Raises SnapshotError where a file's lines are not what a
    snapshot holds.
    """
    con.execute("set preserve_insertion_order = false")
    if sum(file.path.stat().st_size for file in files) <= SMALL:
        plan_for_few_rows(con)
    load(con, files)
    leave_out_aws_own(con)
    create_tables(con, merge, personas)


def create_tables(con: duckdb.DuckDBPyConnection, merge: NestedMerge, personas: Sequence[Persona]) -> None:
    """Create the documented tables from the raw ones, which are in the connection's current database."""
    con.execute(f"create type origin as {_ORIGIN}")
    alike_profiles.prepare(con)
    evidence_tables.prepare(con)
    idle.prepare(con)
    account_region(con)
    create_domains(con)
    create_networks(con)
    assign_personas(con, personas)
    _user_profile(con, merge, personas)
    _space(con)
    _app(con)
    neighbours.domain(con, CLASSIC_APP_TYPES)
    create_lifecycle_configs(con)
    create_applications(con)
    template_places.culprits(con)
    create_gaps(con)


#: Columns of the domain that each of its resources shows as well, with their origins.
_FROM_DOMAIN = (
    "coalesce(m.key, p.account || '/' || p.region || '/domain/' || p.domain_id) as domain_key, m.name as domain_name,"
    " coalesce(m.unified_studio, false) as unified_studio"
)
_JOIN_DOMAIN = (
    "left join domain_resolved m on m.account = p.account and m.region = p.region and m.domain_id = p.domain_id"
)


#: Up to so many profiles are resolved once and kept; more are resolved in each scan, of the columns that it reads. Kept
#: rows save planning the view again for every query; a million of them would take more memory than the documents do.
MATERIALISED_PROFILES = 100_000
#: The same of the documented table, which holds all of these columns once more: for 100,000 profiles it would take two
#: thirds more memory and save no time.
MATERIALISED_DOCUMENTED = 10_000


def _kind(profiles: int, most: int) -> str:
    return "table" if profiles <= most else "view"


#: A profile's own user says how people sign in to a domain that was not seen: CreateUserProfile requires
#: SingleSignOnUserValue where AuthMode is SSO and refuses it elsewhere (API_CreateUserProfile).
_SIGNED_IN = "coalesce(auth_mode, case when sso_user <> '' then 'SSO' when sso_user = '' then 'IAM' end)"


#: What only the resolved profiles have beside the documented columns.
_RESOLVED_ONLY = {
    **dict.fromkeys(idle.SHOWN, "BOOLEAN"),
    "domain_seen": "BOOLEAN",
    "identity_center_instance": "VARCHAR",
    "persona_number": "INTEGER",
}


def _user_profile(con: duckdb.DuckDBPyConnection, merge: NestedMerge, personas: Sequence[Persona]) -> None:
    ((profiles,),) = con.execute("select count(*) from raw_user_profile").fetchall()
    if profiles:
        _resolved_profiles(con, merge, personas, profiles)
    else:
        # Most templates hold none, and to plan these two tables takes a third of a small audit.
        create_empty(con, USER_PROFILE, "user_profile_resolved", _RESOLVED_ONLY)
    role_use.role_use(con, persona_name(personas))
    role_use.domain_roles(con)
    neighbours.profile_use(con)
    evidence_tables.execution_role(con)
    if profiles:
        _documented_profiles(con, personas, profiles)
    else:
        create_empty(con, USER_PROFILE)


def _resolved_profiles(
    con: duckdb.DuckDBPyConnection, merge: NestedMerge, personas: Sequence[Persona], profiles: int
) -> None:
    layer = [
        *(c for s in PROFILE_SETTINGS for c in layer_columns(s, "p.doc", "p.gaps")),
        *(c for s in USER_SETTINGS for c in layer_columns(s, "p.doc", "p.gaps", USER_PROFILE_ROOT)),
        *structure_columns(USER_SETTINGS),
    ]
    handed = [
        f"d.{USER_DEFAULT_PREFIX}{s.column}_{what}"
        for s in USER_SETTINGS
        for what in ("own", *(("service",) if s.computed else ()), *(("known",) if s.known_path else ()))
    ]
    certain = [s for s in USER_SETTINGS if f"known_{s.column}" in documented_columns(USER_PROFILE)]
    origins = [f"({effective_origin(s, merge)})::origin as {s.column}_origin" for s in USER_SETTINGS]
    mount, mount_origin = auto_mount("domain_has_efs", "auto_mount_home_efs", "auto_mount_home_efs_origin")
    named = identity("p", "user_profile", "p.doc.UserProfileName", alike_profiles.ARN_PATH, "UserProfileArn")
    by_kind = alike_profiles.are_told_apart(con)
    resolved = statement(
        "user_profile_resolved",
        profiles="raw_user_kind" if by_kind else "raw_user_profile",
        alike=alike_profiles.NUMBER if by_kind else "",
        handed_on=alike_profiles.HANDED_ON if by_kind else "",
        identity=named,
        layer_columns=", ".join(layer),
        set_by_profile=own_settings(con),
        own_execution_role=own_execution_role(),
        persona_number=persona_number(personas),
        domain_columns=_FROM_DOMAIN,
        handed_down=", ".join([*handed, *(alike_profiles.HANDED_DOWN if by_kind else ())]),
        origins=", ".join([*origins, *(f"{certain_elements(s, merge)} as {s.column}_certain" for s in certain)]),
        domain_join=_JOIN_DOMAIN,
        own_settings=with_origin((s.column, own_value(s, "profile")) for s in PROFILE_SETTINGS),
        settings=", ".join(
            [
                *(f"{effective_value(s)} as {s.column}, {s.column}_origin" for s in USER_SETTINGS),
                *(
                    f"coalesce({effective_value(s)}, {s.column}_certain, []::{s.type}) as known_{s.column}"
                    for s in certain
                ),
            ]
        ),
        signed_in=_SIGNED_IN,
        mount=mount,
        mount_origin=mount_origin,
        experience=experience(),
        shows=idle.SHOWS,
        name_tokens=words("name"),
        sso_user_tokens=user_words("sso_user"),
    )
    if by_kind:
        resolved = alike_profiles.resolve_kinds(con, resolved, named, persona_number(personas), merge, _SIGNED_IN)
    run(con, f"create {_kind(profiles, MATERIALISED_PROFILES)} user_profile_resolved as {resolved}")


#: Columns of the resolved profiles ``u`` that are documented.
_RESOLVED = "u.* exclude (persona_number, identity_center_instance, domain_seen)"


def _documented_profiles(con: duckdb.DuckDBPyConnection, personas: Sequence[Persona], profiles: int) -> None:
    by_kind = alike_profiles.are_told_apart(con) and profiles > MATERIALISED_DOCUMENTED
    documented = statement(
        "user_profile",
        profiles="{profiles}",
        resolved_columns="{resolved_columns}",
        accounts=ACCOUNTS,
        role_columns=role_use.PROFILE_COLUMNS,
        sso_user_profiles=neighbours.SSO_USER_PROFILES,
        evidence_columns=evidence_tables.PROFILE_COLUMNS,
        idle_columns=idle.PROFILE_COLUMNS,
        load_columns=neighbours.PROFILE_COLUMNS,
        persona_columns=persona_columns(personas),
        visible_actions=hidden_tools.VISIBLE_ACTIONS,
        own_actions=hidden_tools.OWN_ACTIONS,
        reached=hidden_tools.REACHED,
        hidden_columns=hidden_tools.HIDDEN_COLUMNS,
        role_joins=role_use.PROFILE_JOINS,
        evidence_joins=evidence_tables.PROFILE_JOINS,
        idle_joins=idle.PROFILE_JOINS,
        load_joins=neighbours.PROFILE_JOINS,
    )
    # In the order in which the columns are documented, as where there is no profile.
    names = ", ".join(map(quoted, documented_columns(USER_PROFILE)))
    kind = _kind(profiles, MATERIALISED_DOCUMENTED)
    if by_kind:
        every = documented.replace("{resolved_columns}", _RESOLVED)
        alike_profiles.show(con, every, documented_columns(USER_PROFILE), one_persona=len(personas) == 1)
        return
    documented = documented.replace("{profiles}", "user_profile_resolved")
    if kind == "view":
        every = documented.replace("{resolved_columns}", _RESOLVED)
        con.execute(f"create {kind} user_profile as select {names} from ({every})")
        return
    # The joins then carry the few columns that they need, and not all of them: to set up those takes longer than to
    # run on some thousands of rows, and so does to name them in each step.
    documented = documented.replace("{resolved_columns}", f"u.key, {hidden_tools.READ}")
    resolved = {d[0] for d in con.execute("select * from user_profile_resolved limit 0").description or ()}
    beside = ", ".join(quoted(name) for name in documented_columns(USER_PROFILE) if name not in resolved)
    run(
        con,
        f"create {kind} user_profile as select {names} from user_profile_resolved join"
        f" (select key, {beside} from ({documented})) using (key)",
    )


def _text(path: str) -> str:
    """SQL of a member of the resource's own document: '' where it is not set, NULL where it was not seen."""
    member = f"p.doc.{quoted(path)}"
    return f"case when {member} is null and {unseen('p.gaps', path)} then null else coalesce({member}, '') end"


def _space(con: duckdb.DuckDBPyConnection) -> None:
    if not holds(con, "space"):
        create_empty(con, SPACE)
        return
    layer = [c for s in SPACE_SETTINGS for c in layer_columns(s, "p.doc", "p.gaps")]
    run(
        con,
        statement(
            "space_resolved",
            identity=identity("p", "space", "p.doc.SpaceName", "'space/' || p.id", "SpaceArn"),
            display_name=_text("SpaceDisplayName"),
            layer_columns=", ".join(layer),
            domain_columns=_FROM_DOMAIN,
            settings=with_origin((s.column, own_value(s, "space")) for s in SPACE_SETTINGS),
            domain_join=_JOIN_DOMAIN,
            may_not_exist=literal(MAY_NOT_EXIST),
            number=literal(NUMBER),
            classic_app_types=CLASSIC_APP_TYPES,
        ),
    )
    neighbours.space(con)


def _app(con: duckdb.DuckDBPyConnection) -> None:
    if not holds(con, "app"):
        create_empty(con, APP)
        return
    arn_path = (
        "'app/' || p.doc.DomainId || '/' || coalesce(p.doc.SpaceName, p.doc.UserProfileName) || '/'"
        " || lower(p.doc.AppType) || '/' || p.doc.AppName"
    )
    instance_type = _text("ResourceSpec.InstanceType")
    run(
        con,
        statement(
            "app",
            identity=identity("p", "app", "p.doc.AppName", arn_path, "AppArn"),
            domain_columns=_FROM_DOMAIN,
            user_profile_name=_text("UserProfileName"),
            space_name=_text("SpaceName"),
            instance_type=instance_type,
            domain_join=_JOIN_DOMAIN,
        ),
    )
