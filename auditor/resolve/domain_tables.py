"""Create the domains' tables: what each domain says itself, and what holds in it.

What Classic is and when an EFS is mounted stands here, once; profiles are resolved by the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.resolve.inheritance_sql import layer_columns, own_value, unseen, with_origin
from auditor.resolve.parsed_statements import run
from auditor.resolve.quick_setup import quick_setup
from auditor.resolve.sql_files import statement
from auditor.resolve.table_model import handed_down
from auditor.resolve.tables import SPACE_DEFAULT_PREFIX, USER_DEFAULT_PREFIX
from auditor.resolve.template_places import of_template
from auditor.studio.partitions import arn_sql
from auditor.studio.setting import Setting
from auditor.studio.settings import (
    DOMAIN_SETTINGS,
    DOMAIN_SPACE_ROOT,
    DOMAIN_USER_ROOT,
    SPACE_DEFAULT_SETTINGS,
    USER_SETTINGS,
)
from auditor.studio.tools import MADE_BY_UNIFIED_STUDIO

if TYPE_CHECKING:
    import duckdb


def identity(alias: str, kind: str, name: str, arn_path: str, doc_arn: str) -> str:
    reason = f"{alias}.doc.FailureReason"
    whole = f"coalesce({alias}.doc.{doc_arn}, {arn_sql(alias, arn_path)})"
    return (
        f"{alias}.account || '/' || {alias}.region || '/{kind}/' || {alias}.id as key, {alias}.account, {alias}.region,"
        f" {alias}.id, {name} as name, {whole} as arn, {alias}.doc.Status as status,"
        f" case when {reason} is null and {unseen(f'{alias}.gaps', 'FailureReason')} then null"
        f" else coalesce({reason}, '') end as failure_reason, {alias}.doc.CreationTime as creation_time, {alias}.as_of"
    )


def experience(prefix: str = "") -> str:
    """Studio's portal decides, then the landing page: DISABLED keeps a person out of Studio whatever the default."""
    # RStudio, a landing page that AWS took before it named only two, is no part of Classic: the portal is open beside.
    return (
        f"case when {prefix}studio_web_portal = 'DISABLED' then 'classic'"
        " when default_landing_uri like 'app:JupyterServer:%' then 'classic'"
        f" when {prefix}studio_web_portal is null then null"
        " when default_landing_uri like 'studio:%' then 'studio'"
        " when default_landing_uri like 'app:RStudioServerPro:%' then 'studio' end"
    )


#: AutoMountHomeEFS acts only where the domain has an EFS: (value, origin) given the setting's own value and origin.
def auto_mount(has_efs: str, value: str, origin: str) -> tuple[str, str]:
    return (
        f"case when {value} = 'Disabled' or not {has_efs} then 'Disabled' when {has_efs} then {value} end",
        f"case when {value} = 'Disabled' then {origin} when not {has_efs} then 'domain'"
        f" when {has_efs} then {origin} end",
    )


#: Instance of Identity Center of arn:aws:sso::ACCOUNT:application/ssoins-…/apl-…, '' where the domain names none.
_IDENTITY_CENTER_INSTANCE = (
    f"case when d.doc.SingleSignOnApplicationArn is null and {unseen('d.gaps', 'SingleSignOnApplicationArn')} then null"
    " else regexp_extract(coalesce(d.doc.SingleSignOnApplicationArn, ''), ':application/(ssoins-[^/]+)/', 1) end"
)


#: What a domain hands to profiles that do not say, as it stands in its document: other than in force (_auto_mount).
_AUTO_MOUNT_SET = Setting("default_auto_mount_home_efs_set", "AutoMountHomeEFS", "VARCHAR", "user", "''", "", "")
#: (setting, where the domain's document has it, prefix of its column in the domain's tables).
_OF_DOMAIN = (
    *((s, "", "") for s in DOMAIN_SETTINGS),
    # The same rules for a profile that sets nothing: the domain's value, else the service's.
    *((s, DOMAIN_USER_ROOT, USER_DEFAULT_PREFIX) for s in USER_SETTINGS),
    (_AUTO_MOUNT_SET, DOMAIN_USER_ROOT, ""),
    *((s, DOMAIN_SPACE_ROOT, SPACE_DEFAULT_PREFIX) for s in SPACE_DEFAULT_SETTINGS),
)


def create(con: duckdb.DuckDBPyConnection) -> None:
    layer = [c for s, root, p in _OF_DOMAIN for c in layer_columns(s, "d.doc", "d.gaps", root, p + s.column)]
    run(
        con,
        statement(
            "domain_layer",
            # What a template makes is judged as created when the template is scanned.
            dated_domain=f"(select *, case when {of_template(con)} then as_of else doc.CreationTime end"
            " as creation_time from raw_domain)",
            identity=identity("d", "domain", "d.doc.DomainName", "'domain/' || d.id", "DomainArn"),
            identity_center_instance=_IDENTITY_CENTER_INSTANCE,
            layer_columns=", ".join(layer),
        ),
    )
    mount, mount_origin = auto_mount("has_efs", "default_auto_mount_home_efs", "default_auto_mount_home_efs_origin")
    signs, quick = quick_setup()
    own = [(handed_down(p, s.column), own_value(s, "domain", p + s.column)) for s, _, p in _OF_DOMAIN]
    run(
        con,
        statement(
            "domain_resolved",
            settings=with_origin(own),
            experience=experience(USER_DEFAULT_PREFIX),
            made_by_unified_studio=MADE_BY_UNIFIED_STUDIO,
            mount=mount,
            mount_origin=mount_origin,
            signs=signs,
            quick=quick,
        ),
    )
