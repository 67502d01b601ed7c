"""Where idle shutdown acts: which apps a profile and a domain's shared spaces really have, and on which images.

Idle shutdown is a feature of SageMaker Distribution from version 2.0 on. Apps on an older version ignore it, and so
does a custom image without jupyter-activity-monitor-extension 0.3.1, which no API tells.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-idle-shutdown-setup.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.resolve.empty_tables import create_without_rows, holds
from auditor.resolve.inheritance_sql import unseen
from auditor.resolve.parsed_statements import run
from auditor.resolve.sql_files import statement

if TYPE_CHECKING:
    import duckdb

_JUPYTERLAB = "SpaceSettings.JupyterLabAppSettings.DefaultResourceSpec.SageMakerImageVersionAlias"
_CODE_EDITOR = "SpaceSettings.CodeEditorAppSettings.DefaultResourceSpec.SageMakerImageVersionAlias"
#: What an app is while it is not running. Deleted ones stay listed for a day.
NOT_RUNNING = "('Deleting', 'Deleted', 'Failed')"
_OLD = "regexp_matches({0}, '^[01]\\.')"
#: AWS's own image of both app types: arn:…:image/sagemaker-distribution-cpu, …-gpu.
_AWS_IMAGE = "({0} = '' or regexp_matches({0}, ':image/sagemaker-distribution'))"


def supported(prefix: str, app: str) -> str:
    """SQL: whether idle shutdown acts in apps of the type, as its settings in force say. NULL where one can be started
    from a custom image."""
    alias, custom = f"{prefix}{app}_image_alias", f"{prefix}{app}_custom_images"
    return f"case when len({custom}) = 0 then not {_OLD.format(alias)} end"


def _spec(source: str) -> str:
    return (
        f"coalesce({source}.SageMakerImageVersionAlias, '') as alias, coalesce({source}.SageMakerImageArn, '') as arn"
    )


_PLACE = dict.fromkeys(("account", "region", "domain_id", "owner"), "VARCHAR")
_APP_USE = {
    **_PLACE,
    **dict.fromkeys(("sharing", "what", "type"), "VARCHAR"),
    "unseen": "BOOLEAN",
    **dict.fromkeys(("alias", "arn"), "VARCHAR"),
    **dict.fromkeys(("old", "custom"), "BOOLEAN"),
}
_APPS_IN_USE = {**_PLACE, "types": "VARCHAR[]", **dict.fromkeys(("unclear", "custom"), "BOOLEAN"), "old": "VARCHAR[]"}


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """``app_use``: one row a space or running app that is a JupyterLab or Code Editor, or may be; ``profile_apps`` and
    ``shared_apps``: what the private ones of a profile, and the shared ones of a domain, say together."""
    if not holds(con, "space", "app"):
        create_without_rows(con, "app_use", _APP_USE)
        for name in ("profile_apps", "shared_apps"):
            create_without_rows(con, name, _APPS_IN_USE)
        return
    run(
        con,
        statement(
            "app_use",
            jupyterlab_alias_unseen=unseen("gaps", _JUPYTERLAB),
            code_editor_alias_unseen=unseen("gaps", _CODE_EDITOR),
            jupyterlab_image=_spec("settings.JupyterLabAppSettings.DefaultResourceSpec"),
            code_editor_image=_spec("settings.CodeEditorAppSettings.DefaultResourceSpec"),
            app_alias_unseen=unseen("a.gaps", "ResourceSpec.SageMakerImageVersionAlias"),
            app_image=_spec("a.doc.ResourceSpec"),
            not_running=NOT_RUNNING,
            old=_OLD.format("alias"),
            aws_image=_AWS_IMAGE.format("arn"),
        ),
    )
    for table, by, where in (
        ("profile_apps", "owner", "owner <> '' and sharing is distinct from 'Shared'"),
        ("shared_apps", "'' as owner", "sharing = 'Shared'"),
    ):
        run(
            con,
            statement(
                "apps_in_use",
                table=table,
                by=by,
                where=where,
            ),
        )


def _without(alias: str) -> str:
    """SQL of the spaces and apps on an image that ignores idle shutdown; NULL where another may."""
    return (
        f"case when len({alias}.old) > 0 then {alias}.old when {alias}.custom or a.apps_unlisted"
        " then null else []::VARCHAR[] end"
    )


def _shows(app_type: str) -> str:
    """SQL: whether the app type shows in Studio, over a profile's settings in force."""
    hidden = " or ".join(f"list_contains({known}hidden_app_types, '{app_type}')" for known in ("", "known_"))
    return f"(studio_web_portal <> 'DISABLED' and not ({hidden}))"


#: Columns of user_profile_resolved: the same of all profiles with the same settings.
SHOWN = ("jupyterlab_shows", "code_editor_shows")
SHOWS = f"{_shows('JupyterLab')} as jupyterlab_shows, {_shows('CodeEditor')} as code_editor_shows"


def _usable(app_type: str, shows: str) -> str:
    """SQL: whether the person can have an app of the type: it shows, there is one, or the role may create one. Hiding
    an entry prevents nothing (API_StudioWebPortalSettings)."""
    exists = (
        f"(case when list_contains(k.types, '{app_type}') then true when k.unclear or a.apps_unlisted"
        " then null else false end)"
    )
    permitted = (
        f"(u.execution_role <> '' and case when list_contains(f.allowed_tools, '{app_type}') then true"
        f" when list_contains(f.undecided_tools, '{app_type}') or f.allowed_tools is null then null else false end)"
    )
    # DuckDB works out all of a disjunction, and of a case what is left.
    return f"case when u.{shows} then true else u.{shows} or {exists} or {permitted} end"


#: Columns of user_profile, for a query over user_profile_resolved ``u``, account_region ``a`` and permission_fact ``f``
#: that joins what ``PROFILE_JOINS`` says.
PROFILE_COLUMNS = (
    "case when k.unclear or a.apps_unlisted then null else coalesce(k.types, []::VARCHAR[])"
    f" end as app_types_in_use, {supported('u.', 'jupyterlab')} as jupyterlab_idle_supported,"
    f" {supported('u.', 'code_editor')} as code_editor_idle_supported, {_without('k')} as without_idle_shutdown,"
    f" {_usable('JupyterLab', 'jupyterlab_shows')} as jupyterlab_usable,"
    f" {_usable('CodeEditor', 'code_editor_shows')} as code_editor_usable"
)
PROFILE_JOINS = (
    " left join profile_apps k on k.account = u.account and k.region = u.region and k.domain_id = u.domain_id"
    " and k.owner = lower(u.name)"
)
#: The same for domain, over domain_resolved ``d``.
DOMAIN_COLUMNS = (
    f"{supported('d.space_default_', 'jupyterlab')} as space_default_jupyterlab_idle_supported,"
    f" {_without('y')} as shared_without_idle_shutdown"
)
DOMAIN_JOINS = " left join shared_apps y on y.account = d.account and y.region = d.region and y.domain_id = d.domain_id"
