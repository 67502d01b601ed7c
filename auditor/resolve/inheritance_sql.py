"""SQL for one setting's effective value and origin, generated from the settings table.

``p`` is the profile's row (``doc``, ``gaps``), ``d`` the row of ``domain_layer``: for each user setting ``<column>``
(the domain's own value, NULL where it has none or it is unknown), ``<column>_unseen`` and for computed defaults
``<column>_service``.
"""

from __future__ import annotations

from enum import StrEnum

from auditor.resolve.raw_schema import MEANINGFUL_MEMBERS, quoted
from auditor.sql_text import literal, string_list
from auditor.studio.settings import DOMAIN_USER_ROOT, USER_PROFILE_ROOT, Setting


class NestedMerge(StrEnum):
    """How a nested structure of a profile and the domain's meet, which no primary source settles.

    ``unknown``: where the two readings give different values the value is unknown, with a gap that says so;
    ``replace``: the profile's structure replaces the domain's whole; ``members``: it replaces member by member.
    """

    UNKNOWN = "unknown"
    REPLACE = "replace"
    MEMBERS = "members"


def leaf(document: str, path: str, setting: Setting) -> str:
    """The layer's own value, in the column's type; NULL where the layer does not set it (or it is not visible)."""
    member = f"{document}.{quoted(path)}"
    value = f"({setting.read.format(member)})"
    present = f"{member} is not null"
    if setting.absent_when:
        present += f" and not ({setting.absent_when.format(member)})"
    elif setting.read == "{}":
        return member
    return f"case when {present} then {value} end"


def unseen(gaps: str, path: str) -> str:
    """Whether a gap covers the path: the path itself, a structure that it lies in, or the whole document."""
    parts = path.split(".")
    covering = ("*", *(".".join(parts[: n + 1]) for n in range(len(parts))))
    return f"coalesce(list_has_any({gaps}, {string_list(covering)}), false)"


def default(setting: Setting) -> str:
    """The service's default in the column's type, for expressions where the domain's row is ``d``."""
    return f"({setting.default})::{setting.type}"


def _computed(setting: Setting) -> bool:
    return "d." in setting.default


def _service(setting: Setting) -> str:
    return f"d.{setting.column}_service" if _computed(setting) else default(setting)


def domain_layer_columns(setting: Setting, document: str, gaps: str) -> list[str]:
    """Select-list items of ``domain_layer`` for one user setting."""
    path = f"{DOMAIN_USER_ROOT}.{setting.path}"
    columns = [
        f"{leaf(document, path, setting)} as {setting.column}",
        f"{unseen(gaps, path)} as {setting.column}_unseen",
    ]
    if _computed(setting):
        columns.append(f"{default(setting)} as {setting.column}_service")
    return columns


def structure_is_set(setting: Setting) -> str:
    """Whether the profile holds the structure that the setting lies in, set on purpose."""
    structure = f"p.doc.{quoted(USER_PROFILE_ROOT)}.{quoted(setting.structure)}"
    members = MEANINGFUL_MEMBERS.get(setting.structure)
    if members is None:
        return f"{structure} is not null"
    return "(" + " or ".join(f'{structure}."{m}" is not null' for m in members) + ")"


def ambiguous(setting: Setting) -> str:
    """Whether replacing the structure whole and merging its members give different values here."""
    path = f"{USER_PROFILE_ROOT}.{setting.path}"
    return (
        f"({leaf('p.doc', path, setting)} is null and not {unseen('p.gaps', path)} and {structure_is_set(setting)}"
        f" and d.{setting.column} is not null and d.{setting.column} is distinct from {_service(setting)})"
    )


def effective(setting: Setting, merge: NestedMerge) -> tuple[str, str]:
    """SQL of (value, origin layer) of a user setting for a profile ``p`` of domain ``d``.

    The profile's value wins, then the domain's, then the service's default. Where a layer that could decide was not
    seen the value is NULL, and so is the origin.
    """
    path = f"{USER_PROFILE_ROOT}.{setting.path}"
    own, column = leaf("p.doc", path, setting), f"d.{setting.column}"
    own_unseen, domain_unseen = unseen("p.gaps", path), f"coalesce({column}_unseen, true)"
    if setting.merge == "union":
        empty = f"[]::{setting.type}"
        value = (
            f"case when ({own} is null and {own_unseen}) or ({column} is null and {domain_unseen}) then null"
            f" else list_sort(list_distinct(list_concat(coalesce({column}, {empty}), coalesce({own}, {empty})))) end"
        )
        origin = (
            f"case when ({own} is null and {own_unseen}) or ({column} is null and {domain_unseen}) then null"
            f" when len({own}) > 0 then 'profile' when {column} is not null then 'domain' else 'service' end"
        )
        return value, origin
    steps = [(f"{own} is not null", own, "'profile'"), (own_unseen, "null", "null")]
    if setting.structure and merge is not NestedMerge.MEMBERS:
        if merge is NestedMerge.REPLACE:
            steps.append((structure_is_set(setting), _service(setting), "'service'"))
        else:
            steps.append((ambiguous(setting), "null", "'ambiguous'"))
    steps += [(f"{column} is not null", column, "'domain'"), (domain_unseen, "null", "null")]
    service = _service(setting)
    nothing = "null" if setting.default == "NULL" else "'service'"
    if _computed(setting):
        nothing = f"case when {service} is not null then 'service' end"
    value = "case " + " ".join(f"when {c} then {v}" for c, v, _ in steps) + f" else {service} end"
    origin = "case " + " ".join(f"when {c} then {o}" for c, _, o in steps) + f" else {nothing} end"
    return value, origin


def own_value(setting: Setting, document: str, gaps: str, layer: str, root: str = "") -> tuple[str, str]:
    """SQL of (value, origin layer) of a setting that only one resource can set."""
    path = f"{root}.{setting.path}" if root else setting.path
    own, is_unseen = leaf(document, path, setting), unseen(gaps, path)
    service = default(setting)
    nothing = "null" if setting.default == "NULL" else "'service'"
    if _computed(setting):
        nothing = f"case when {service} is not null then 'service' end"
    value = f"case when {own} is not null then {own} when {is_unseen} then null else {service} end"
    origin = f"case when {own} is not null then {literal(layer)} when {is_unseen} then null else {nothing} end"
    return value, origin
