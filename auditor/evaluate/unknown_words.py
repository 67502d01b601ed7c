"""Why a rule cannot be evaluated on a resource, in words: what is unknown, and what the gaps say of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from auditor.evaluate.gap_reasons import Gaps
from auditor.model.finding import Evidence
from auditor.model.resource import ResourceRef
from auditor.model.rule import Rule
from auditor.resolve.role_table import ROLES_OF_PROFILES
from auditor.resolve.tables import table
from auditor.rules.message import format_value
from auditor.studio.setting_names import setting_words


def unknown_message(
    rule: Rule, row: Mapping[str, Any], resource: ResourceRef, evidence: Sequence[Evidence], gaps: Gaps
) -> str:
    """What a finding of an unknown verdict says, from the row that it is about and its evidence."""
    # A setting that the rule would blame and does not read keeps it from no verdict.
    missing = [e for e in evidence if e.value is None]
    unknown = [e for e in missing if e.setting != rule.setting or e.setting in rule.columns] or missing
    # Of a list, what is certain and what is possible may be columns of their own; then nothing is NULL.
    possible = [] if unknown else [e for e in evidence if _told(rule, [e.setting], row)]
    names = ", ".join(dict.fromkeys(map(setting_words, unknown))) or "a value that the rule needs"
    verb = "are" if ", " in names or _are_several(rule, unknown) else "is"
    paths = [path for e in unknown for path in _paths(rule, e.setting)]
    # Behind a profile's key: account/region/user_profile/id.
    owner = str(row.get("owner_key") or "").partition("/user_profile/")[2]
    kinds = _together(_kinds(rule, e.setting) for e in unknown)
    reasons = (
        _told(rule, [e.setting for e in unknown], row)
        or gaps.reasons(resource, paths, owner, kinds)
        or _used_elsewhere(rule, resource, [e.setting for e in unknown])
        or _held(rule, [e.setting for e in unknown], row)
        or _elsewhere(resource, [e.setting for e in unknown])
    )
    of = f"{resource.type.removeprefix('account_').replace('_', ' ').capitalize()} {resource.name or resource.id}"
    if possible:
        told = "; ".join(f"{setting_words(e)}: {format_value(e.value)}" for e in possible)
        return f"{of}: {told}; not certain ({_told(rule, [e.setting for e in possible], row)})"
    return f"{of}: {names} {verb} unknown" + (f" ({reasons})" if reasons else "")


def _are_several(rule: Rule, unknown: Sequence[Evidence]) -> bool:
    """Whether one list of ours is unknown whose words name several things: "own settings", and not "broad access"."""
    documented = table(rule.table)
    columns = [documented.column(e.setting) for e in unknown] if documented else []
    return any(
        column is not None and column.type.endswith("[]") and not column.paths and column.name.endswith("s")
        and not column.name.endswith("ss")
        for column in columns
    )  # fmt: skip


def _kinds(rule: Rule, column_name: str) -> dict[str, tuple[str, ...]]:
    """Kinds of evidence that a column's value hangs on, with the paths in their documents; without paths, on all."""
    documented = table(rule.table)
    column = documented.column(column_name) if documented else None
    if column is None:
        return {}
    own = {**dict.fromkeys(column.kinds, ()), **(column.members or {})}
    return _together([own, *(_kinds(rule, name) for name in column.inputs)])


def _together(several: Iterable[Mapping[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    """Kinds with the paths of all of them; without paths where one has none."""
    found: dict[str, tuple[str, ...]] = {}
    for kinds in several:
        for kind, paths in kinds.items():
            found[kind] = (*found.get(kind, paths), *paths) if paths and found.get(kind, paths) else ()
    return found


def _told(rule: Rule, names: Sequence[str], row: Mapping[str, Any]) -> str:
    """What the table itself says about why values are unknown."""
    documented = table(rule.table)
    assert documented is not None, rule.table
    columns = [c for name in names if (c := documented.column(name)) is not None and c.why]
    return "; ".join(dict.fromkeys(format_value(row[c.why]) for c in columns if row.get(c.why)))


def _held(rule: Rule, names: Sequence[str], row: Mapping[str, Any]) -> str:
    """What unknown values are derived from, where that was seen: a value of which nobody says what it means."""
    documented = table(rule.table)
    assert documented is not None, rule.table
    inputs = dict.fromkeys(i for n in names if (c := documented.column(n)) is not None for i in c.inputs)
    columns = [c for name in inputs if (c := documented.column(name)) is not None and c.paths]
    return "; ".join(
        f"{(c.paths or {}).get('service', c.name)} is {format_value(row[c.name])}"
        for c in columns
        if row.get(c.name) is not None
    )


def _used_elsewhere(rule: Rule, resource: ResourceRef, names: Sequence[str]) -> str:
    """Of who shares a role, in a template that doesn't make the role, that this is why it is unknown."""
    documented = table(rule.table)
    assert documented is not None, rule.table
    sharing = any((c := documented.column(name)) and c.members == ROLES_OF_PROFILES for name in names)
    return (
        ""
        if resource.account.isdigit() or not sharing
        else "the template doesn't define the role, which others may use"
    )


def _elsewhere(resource: ResourceRef, names: Sequence[str]) -> str:
    """Of a role that nobody could look at, why: a template names it by an expression only or doesn't define it, or it
    belongs to another account."""
    if resource.type != "execution_role":
        return ""
    if "${" in resource.id:
        return "the template doesn't say which role this is"
    if "role_exists" not in names:
        return ""
    return (
        "the role belongs to another account" if resource.account.isdigit() else "the template doesn't define the role"
    )


def _paths(rule: Rule, column_name: str) -> tuple[str, ...]:
    documented = table(rule.table)
    column = documented.column(column_name) if documented else None
    if column is None or documented is None:
        return ()
    paths = (*(column.paths or {}).values(), *column.reads)
    return paths + tuple(p for name in column.inputs for p in _paths(rule, name))
