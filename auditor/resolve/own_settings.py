"""What a user profile sets itself, whatever its domain says: for that nobody has to have seen the domain.

``<column>_origin`` says the same where the domain was seen. Where it was not, the origin of what a profile does not set
is NULL, since it may be the domain or the service: that it is not the profile is known all the same.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from auditor.resolve.table_model import Column
from auditor.sql_text import literal
from auditor.studio.setting import Setting
from auditor.studio.settings import USER_PROFILE_ROOT, USER_SETTINGS

if TYPE_CHECKING:
    import duckdb

_ROLE, _MOUNT = "ExecutionRole", "auto_mount_home_efs"
#: The settings by their member of UserSettings, without the role: it is each profile's own, and the others are alike
#: for many profiles.
_BY_MEMBER: dict[str, list[Setting]] = defaultdict(list)
for _setting in USER_SETTINGS:
    if _setting.path != _ROLE:
        _BY_MEMBER[_setting.path.partition(".")[0]].append(_setting)

OWN_COLUMNS = (
    Column("own_settings", "VARCHAR[]", "Members of UserSettings with a setting that the profile sets itself, whatever"
           " the domain says, without ExecutionRole, and without an auto-mount where the domain has no EFS; NULL where"
           " that is not known of one",
           reads=tuple(f"{USER_PROFILE_ROOT}.{s.path}" for s in USER_SETTINGS if s.path != _ROLE)),
    Column("known_own_settings", "VARCHAR[]", "Those of which it is certain that the profile sets them; never NULL"),
    Column("unseen_own_settings", "VARCHAR[]", "Those of which it is not known whether the profile sets them, or all"
           " that it sets in them; never NULL"),
    Column("own_execution_role", "BOOLEAN", "Whether the profile has an execution role of its own, whatever the domain"
           " says", reads=(f"{USER_PROFILE_ROOT}.{_ROLE}",)),
)  # fmt: skip


def own_settings(con: duckdb.DuckDBPyConnection) -> str:
    """Select-list items of what is certain and what is not known, over the profile's layer, its ``account`` and
    ``domain_has_efs``.

    What a template's language cannot express, the template's profile does not set. An auto-mount is nothing where the
    domain has no EFS, which it can never be given (CreateDomain alone takes HomeEfsFileSystemCreation)."""
    gaps = "raw_gap where reason = 'not_expressible'"
    beyond = {setting for (setting,) in con.execute(f"select distinct setting from {gaps}").fetchall()}
    known, unseen = [], []
    for member, settings in _BY_MEMBER.items():
        known.append(f"case when {' or '.join(map(_written, settings))} then {literal(member)} end")
        doubts = []
        for setting in settings:
            path = f"{USER_PROFILE_ROOT}.{setting.path}"
            told = f" and (account, {literal(path)}) not in (select account, setting from {gaps})"
            if setting.column == _MOUNT:
                doubts.append(f"({_MOUNT}_own <> 'Disabled' and domain_has_efs is null)")
            doubts.append(f"(not ({_written(setting)}) and {setting.column}_unseen{told if path in beyond else ''})")
        unseen.append(f"case when {' or '.join(doubts)} then {literal(member)} end")
    there = "lambda member: member is not null"
    return (
        f"list_filter([{', '.join(known)}], {there}) as known_own_settings,"
        f" list_filter([{', '.join(unseen)}], {there}) as unseen_own_settings"
    )


def own_execution_role() -> str:
    """Select-list item of the column about the role, over the layer's columns of the profile."""
    return "case when execution_role_own is not null then true when not execution_role_unseen then false end"


def _written(setting: Setting) -> str:
    own = f"{setting.column}_own"
    if setting.column == _MOUNT:
        return f"coalesce({own} = 'Disabled' or ({own} is not null and domain_has_efs), false)"
    if setting.merge == "union":
        return f"coalesce(len({own}) > 0, false)"
    return f"{own} is not null" + (f" or {setting.column}_known is not null" if setting.known_path else "")
