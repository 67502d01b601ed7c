"""SQL for one setting's effective value and origin, generated from the settings table.

Two steps, so that nothing is written twice: a *layer* reads the documents and has for each setting ``<name>_own`` (the
layer's own value, NULL where it has none or it is unknown), ``<name>_unseen`` and, in the domain's, ``<name>_service``
for computed defaults; what applies is said over these columns. ``p`` is the profile's layer, ``d`` the domain's. A
statement of half the size is planned in half the time, which is most of a small audit.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from auditor.resolve.raw_schema import MEANINGFUL_MEMBERS, quoted
from auditor.resolve.tables import USER_DEFAULT_PREFIX
from auditor.sql_text import literal, string_list
from auditor.studio.setting import Setting
from auditor.studio.settings import DOMAIN_USER_ROOT, USER_PROFILE_ROOT


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


def layer_columns(setting: Setting, document: str, gaps: str, root: str = "", name: str = "") -> list[str]:
    """Select-list items of a layer for one setting, called ``name`` in it (its column's name if that is empty)."""
    path = f"{root}.{setting.path}" if root else setting.path
    name = name or setting.column
    columns = [f"{leaf(document, path, setting)} as {name}_own", f"{unseen(gaps, path)} as {name}_unseen"]
    if setting.known_path:
        known = f"{root}.{setting.known_path}" if root else setting.known_path
        columns.append(f"{document}.{quoted(known)} as {name}_known")
    if setting.computed and root == DOMAIN_USER_ROOT:
        columns.append(f"{default(setting)} as {name}_service")
    return columns


def structure_columns(settings: Iterable[Setting]) -> list[str]:
    """Select-list items of the profile's layer: whether it holds each structure that settings lie in, on purpose."""
    return [
        f"{_is_set(structure)} as {structure}_set"
        for structure in dict.fromkeys(s.structure for s in settings if s.structure)
    ]


def _is_set(name: str) -> str:
    structure = f"p.doc.{quoted(USER_PROFILE_ROOT)}.{quoted(name)}"
    members = MEANINGFUL_MEMBERS.get(name)
    if members is None:
        return f"{structure} is not null"
    return "(" + " or ".join(f'{structure}."{m}" is not null' for m in members) + ")"


def effective_origin(setting: Setting, merge: NestedMerge) -> str:
    """SQL of the layer that a user setting's value comes from, for a profile ``p`` of domain ``d``.

    The profile's value wins, then the domain's, then the service's default. NULL where a layer that could decide was
    not seen, ``ambiguous`` where the two readings of a nested structure give different values.
    """
    own, handed = f"p.{setting.column}_own", f"d.{USER_DEFAULT_PREFIX}{setting.column}"
    own_unseen, handed_unseen = f"p.{setting.column}_unseen", f"coalesce({handed}_unseen, true)"
    if setting.merge == "union":
        return (
            f"case when ({own} is null and {own_unseen}) or ({handed}_own is null and {handed_unseen}) then null"
            f" when len({own}) > 0 then 'profile' when {handed}_own is not null then 'domain' else 'service' end"
        )
    written = (
        f"{own} is not null or p.{setting.column}_known is not null" if setting.known_path else f"{own} is not null"
    )
    steps = f"when {written} then 'profile' when {own_unseen} then null"
    if setting.structure and merge is not NestedMerge.MEMBERS:
        if merge is NestedMerge.REPLACE:
            steps += f" when p.{setting.structure}_set then 'service'"
        else:
            # Replacing the structure whole and merging its members give different values.
            steps += (
                f" when p.{setting.structure}_set and {handed}_own is not null"
                f" and {handed}_own is distinct from {_service(setting)} then 'ambiguous'"
            )
    nothing = "'service'"
    if setting.default == "NULL":
        nothing = "null"
    elif setting.computed:
        nothing = f"case when {_service(setting)} is not null then 'service' end"
    by_domain = f"{handed}_own is not null"
    if setting.known_path:
        by_domain += f" or {_domain_certain(setting, merge)}"
    return f"case {steps} when {by_domain} then 'domain' when {handed_unseen} then null else {nothing} end"


def _domain_certain(setting: Setting, merge: NestedMerge) -> str:
    """Whether a list is the domain's for certain of which only some elements are known."""
    certain = f"d.{USER_DEFAULT_PREFIX}{setting.column}_known is not null"
    return certain if merge is NestedMerge.MEMBERS else f"({certain} and not p.{setting.structure}_set)"


def certain_elements(setting: Setting, merge: NestedMerge) -> str:
    """SQL of the elements that a list in force has for certain where the list is not known, for a profile ``p`` of
    domain ``d``; NULL where none of it is."""
    own = f"p.{setting.column}"
    return (
        f"case when {own}_known is not null then {own}_known when {own}_own is null and not {own}_unseen and"
        f" {_domain_certain(setting, merge)} then d.{USER_DEFAULT_PREFIX}{setting.column}_known end"
    )


def _service(setting: Setting) -> str:
    return f"d.{USER_DEFAULT_PREFIX}{setting.column}_service" if setting.computed else default(setting)


def effective_value(setting: Setting) -> str:
    """SQL of a user setting's value, over its origin and what the profile ``p`` and the domain hand down."""
    name, handed = setting.column, f"{USER_DEFAULT_PREFIX}{setting.column}"
    if setting.merge == "union":
        empty = f"[]::{setting.type}"
        both = f"list_concat(coalesce({handed}_own, {empty}), coalesce({name}_own, {empty}))"
        return f"case when {name}_origin is not null then list_sort(list_distinct({both})) end"
    service = "" if setting.default == "NULL" else f" when 'service' then {_service(setting).removeprefix('d.')}"
    return f"case {name}_origin when 'profile' then {name}_own when 'domain' then {handed}_own{service} end"


def own_value(setting: Setting, layer: str, name: str = "") -> tuple[str, str]:
    """SQL of (value, origin layer) of a setting that only one resource can set, over its layer's columns."""
    name = name or setting.column
    own = f"{name}_own"
    if setting.default == "NULL":
        return own, f"case when {own} is not null then {literal(layer)} end"
    service = f"{name}_service" if setting.computed else default(setting)
    written = f"{own} is not null or {name}_known is not null" if setting.known_path else f"{own} is not null"
    nothing = f"{service} is not null and not {name}_unseen" if setting.computed else f"not {name}_unseen"
    return (
        f"case when {own} is not null then {own} when not {name}_unseen then {service} end",
        f"case when {written} then {literal(layer)} when {nothing} then 'service' end",
    )


def with_origin(items: Iterable[tuple[str, tuple[str, str]]]) -> str:
    """Select-list items of columns with their origins: name, and SQL of the value and of its origin."""
    return ", ".join(f"{value} as {name}, ({origin})::origin as {name}_origin" for name, (value, origin) in items)
