"""What a resource's neighbours say about it: a person's other profiles, a space's owner, what needs a domain's EFS.

Each is one query over the resolved tables. Incomplete lists leave the question open: somebody who was seen twice has
two profiles for certain, somebody who was seen once may have another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.resolve import (
    custom_images,
    domain_network,
    evidence_tables,
    file_system_use,
    idle,
    opener_tags,
    person_load,
    role_use,
)
from auditor.resolve.account_evidence import ACCOUNTS
from auditor.resolve.empty_tables import create_without_rows, holds
from auditor.resolve.parsed_statements import run
from auditor.resolve.sql_files import statement
from auditor.resolve.template_places import counted, of_template
from auditor.sql_text import literal
from auditor.studio.statuses import FAILED

if TYPE_CHECKING:
    import duckdb


_DOMAIN = dict.fromkeys(("account", "region", "domain_id"), "VARCHAR")


def profile_use(con: duckdb.DuckDBPyConnection) -> None:
    """``person_use``: people with several profiles in a domain (few rows, whatever the account's size);
    ``domain_profiles``: by domain, what its profiles say together; if it was not seen itself, others may say more."""
    person_load.create(con)
    file_system_use.create(con)
    custom_images.create(con)
    opener_tags.create(con)
    if not holds(con, "user_profile"):
        create_without_rows(con, "person_use", {**_DOMAIN, "person": "VARCHAR", "profiles": "BIGINT"})
        create_without_rows(con, "domain_profiles", {**_DOMAIN, "person_unseen": "BOOLEAN", "needs_efs": "BOOLEAN"})
        return
    run(con, statement("person_use", counted=counted(con)))
    run(
        con,
        statement(
            "domain_profiles",
            any_needs_efs=_any("needs_efs"),
            needs_efs="(experience = 'classic' or auto_mount_home_efs = 'Enabled'"
            f" or list_contains(custom_efs, home_efs_file_system_id)) and case when {counted(con)} then true end",
        ),
    )


#: Profiles of the same Identity Center user ``u.sso_user``, for a query that joins ``person_use`` as ``w``,
#: ``domain_profiles`` as ``s`` and ``account_region`` as ``a``.
SSO_USER_PROFILES = (
    "case when u.sso_user is null then null when u.sso_user = '' then 0 when w.profiles > 1 then w.profiles"
    " when s.person_unseen or a.profiles_unlisted then null else 1 end"
)


#: What a profile has, and has in common with others, for a query over user_profile_resolved ``u``, account_region ``a``
#: and profile_sign_in ``e``.
_PROFILE_PARTS = (person_load, file_system_use, custom_images, opener_tags)
PROFILE_COLUMNS = ", ".join(part.PROFILE_COLUMNS for part in _PROFILE_PARTS)
PROFILE_JOINS = "".join(part.PROFILE_JOINS for part in _PROFILE_PARTS)


def _any(condition: str) -> str:
    """Whether the condition holds for any row of a group: true where it does, NULL where only unknown ones are left."""
    return f"case when bool_or({condition}) then true when count(*) > count({condition}) then null else false end"


def _counted(condition: str, alias: str = "") -> str:
    """The condition, NULL where it holds for a row that stands for resources of which there may be none."""
    return f"(({condition}) and case when {alias}key in (select key from uncounted) then null else true end)"


def _of_type(code_editor: str, jupyterlab: str, other: str) -> str:
    return (
        f"case when s.app_type is null then null when s.app_type = 'CodeEditor' then {code_editor}"
        f" when s.app_type = 'JupyterLab' then {jupyterlab} else {other} end"
    )


def _in_force(private: str, shared: str, none: str) -> str:
    """The owner's value for a private space, the domain's for a shared one, ``none`` where nobody owns the space."""
    return (
        f"case when s.sharing_type = 'Shared' then {shared} when s.sharing_type is null or s.owner_exists is null"
        f" then null when o.owner is not null then {private} else {none} end"
    )


def space(con: duckdb.DuckDBPyConnection) -> None:
    """``space`` from ``space_resolved``, with what its owner's profile or its domain lays down for it."""
    # DefaultSpaceSettings has no CodeEditorAppSettings (API_DefaultSpaceSettings): nothing turns it on in a shared one.
    idle = _of_type(
        _in_force("o.code_editor_idle_shutdown", "'DISABLED'", "''"),
        _in_force("o.jupyterlab_idle_shutdown", "m.space_default_jupyterlab_idle_shutdown", "''"),
        "''",
    )
    run(
        con,
        statement(
            "space",
            ebs_limit=_in_force("o.ebs_maximum_gb", "m.space_default_ebs_maximum_gb", "0"),
            idle=idle,
            idle_timeout=_of_type("s.code_editor_idle_timeout", "s.jupyterlab_idle_timeout", "0"),
            instance_type=_of_type("s.code_editor_instance_type", "s.jupyterlab_instance_type", "''"),
        ),
    )
    con.execute("drop table space_resolved")


def domain(con: duckdb.DuckDBPyConnection, classic_app_types: str) -> None:
    """``domain`` from ``domain_resolved``, with what its profiles, spaces and apps say together."""

    def seen(column: str, kind: str, alias: str) -> str:
        """Of resources of a kind: true where one was seen, NULL where one may have been missed."""
        return (
            f"case when {alias}.{column} then true when list_contains(a.unlisted, '{kind}') then null"
            f" when {alias}.domain_id is null then false else {alias}.{column} end"
        )

    failed = f"({', '.join(map(literal, FAILED))})"
    efs = _counted("classic or list_contains(s.custom_efs, m.home_efs_file_system_id)", "s.")
    classic_app = _counted(f"app_type in {classic_app_types} and status not in ('Deleted', 'Failed')")
    domains = dict.fromkeys(("account", "region", "domain_id"), "VARCHAR")
    if holds(con, "space"):
        shared = _any(_counted("sharing_type = 'Shared'", "s."))
        run(con, statement("domain_spaces", any_shared=shared, any_needs_efs=_any(efs)))
    else:
        create_without_rows(con, "domain_spaces", domains | dict.fromkeys(("shared", "needs_efs"), "BOOLEAN"))
    if holds(con, "app"):
        run(con, statement("domain_apps", any_classic=_any(classic_app)))
    else:
        of_apps = {"classic": "BOOLEAN", "running": "BIGINT", "unseen": "BOOLEAN"}
        create_without_rows(con, "domain_apps", domains | of_apps)
    if holds(con, "user_profile", "space"):
        run(con, statement("domain_failures", failed=failed))
    else:
        create_without_rows(con, "domain_failures", domains | {"unseen": "BOOLEAN", "failed": "VARCHAR[]"})
    run(
        con,
        statement(
            "domain",
            accounts=ACCOUNTS,
            of_template=of_template(con),
            failed=failed,
            has_shared_spaces=seen("shared", "space", "s"),
            profiles_need_efs=seen("needs_efs", "user_profile", "p"),
            spaces_need_efs=seen("needs_efs", "space", "s"),
            has_classic_apps=seen("classic", "app", "c"),
            evidence_columns=f"{evidence_tables.DOMAIN_COLUMNS}, {domain_network.DOMAIN_COLUMNS}",
            idle_columns=idle.DOMAIN_COLUMNS,
            role_columns=role_use.DOMAIN_COLUMNS,
            evidence_joins=evidence_tables.DOMAIN_JOINS + domain_network.DOMAIN_JOINS,
            idle_joins=idle.DOMAIN_JOINS,
            role_joins=role_use.DOMAIN_JOINS,
        ),
    )
