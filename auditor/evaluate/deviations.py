"""Settings that user profiles set themselves although their domain has a value for all: a table to ask, and what a
report lists of it. Everything is grouped in SQL; a report holds no more of a large estate than of a small one."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from auditor.model.deviation import DeviantValue, Deviation, Deviations
from auditor.resolve.table_model import Column, Table, handed_down
from auditor.resolve.tables import DOMAIN, USER_DEFAULT_PREFIX, USER_PROFILE
from auditor.sql_text import literal
from auditor.studio.settings import DOMAIN_USER_ROOT, USER_PROFILE_ROOT

if TYPE_CHECKING:
    import duckdb

DEVIATION = Table(
    "deviation", "One row a domain, a setting that user profiles of it set themselves although the domain has a value"
    " for all, and a value that they set. User profiles that SageMaker Unified Studio makes are left out.",
    (
        Column("account", "VARCHAR", "Account id"),
        Column("region", "VARCHAR", "Region"),
        Column("domain_id", "VARCHAR", "Id of the domain"),
        Column("domain_name", "VARCHAR", "Name of the domain"),
        Column("setting", "VARCHAR", "The column of user_profile"),
        Column("path", "VARCHAR", "AWS's name of it, within UserSettings"),
        Column("value", "VARCHAR", "The value: text as it is, everything else as JSON; NULL where it is unknown"),
        Column("domain_value", "VARCHAR", "What the domain's other user profiles inherit; NULL where it is unknown"),
        Column("profiles", "BIGINT", "User profiles that set this value"),
        Column("user_profiles", "VARCHAR[]", "Their names, as far as they are known"),
    ),
)  # fmt: skip
#: Settings of domains in a report at most, values of each, and names of user profiles with each.
SETTINGS, VALUES, NAMES = 500, 5, 10
_PLACE = ("account", "region", "domain_id", "domain_name")


@cache
def inherited() -> tuple[Column, ...]:
    """The settings of user profiles for which their domain has a value. Of columns that read one setting it is the
    last, which tells most of it: names of images with their versions, and not names alone."""
    return tuple({
        paths["profile"]: c
        for c in USER_PROFILE.columns
        if (paths := c.paths)
        and paths.get("profile", "").startswith(f"{USER_PROFILE_ROOT}.")
        and paths.get("domain", "").startswith(f"{DOMAIN_USER_ROOT}.")
    }.values())  # fmt: skip


def statement(prefix: str = "", profiles: str = "", columns: tuple[Column, ...] | None = None, most: int = 0) -> str:
    """The rows of the table. ``prefix`` stands in front of the names of tables; ``profiles`` instead of all user
    profiles, a query; of no more than ``most`` names where that is given."""
    source = profiles or f"{prefix}user_profile"
    # A name that is not known is none to list, and of nothing but such names min() would make NULL.
    listed = f"min(u.name, {most})" if most else "list(u.name order by u.name) filter (u.name is not null)"
    names = f"coalesce({listed}, [])"
    parts = []
    for column in inherited() if columns is None else columns:
        default = handed_down(USER_DEFAULT_PREFIX, column.name)
        known = DOMAIN.column(default) is not None
        path = (column.paths or {})["profile"].removeprefix(f"{USER_PROFILE_ROOT}.")
        parts.append(
            f"select {', '.join(f'p.{name}' for name in _PLACE)}, {literal(column.name)} as setting,"
            f" {literal(path)} as path, {_text(column, 'p.set_to')} as value,"
            f" {_text(column, f'd.{default}') if known else 'null::varchar'} as domain_value, p.profiles,"
            f" p.user_profiles from (select u.domain_key, {', '.join(f'any_value(u.{n}) as {n}' for n in _PLACE)},"
            f" u.{column.name} as set_to, count(*) as profiles, {names} as user_profiles from {source} u"
            f" where u.{column.name}_origin = 'profile' and not coalesce(u.unified_studio, false)"
            f" group by u.domain_key, u.{column.name}) p left join {prefix}domain d on d.key = p.domain_key"
        )
    return " union all ".join(parts)


def _text(column: Column, expression: str) -> str:
    return expression if column.type == "VARCHAR" else f"to_json({expression})::varchar"


def deviations(con: duckdb.DuckDBPyConnection, profiles: str = "") -> Deviations:
    """What a report lists, from the documented tables; ``profiles`` instead of all user profiles, a query."""
    source = profiles or "user_profile"
    set_ = [f"coalesce({c.name}_origin = 'profile', false)" for c in inherited()]
    counted = ", ".join(f"count_if({condition})" for condition in set_)
    ((of, any_, *numbers),) = con.execute(
        f"select count(*), count_if({' or '.join(set_)}), {counted} from {source} u"
        " where not coalesce(unified_studio, false)"
    ).fetchall()
    if not any_:
        return Deviations(of=of)
    # Few settings are set anywhere; to look for the others would cost a small estate more than all the rest.
    found = tuple(column for column, number in zip(inherited(), numbers, strict=True) if number)
    rows = con.execute(f"""
        with d as ({statement("", profiles, found, NAMES)}),
        s as (select *, sum(profiles) over setting as set_by, count(*) over setting as "values",
                     row_number() over (setting order by profiles desc, value) as place,
                     sum(profiles) over (partition by account, region, domain_id) as in_domain
              from d window setting as (partition by account, region, domain_id, setting)),
        r as (select *, dense_rank() over (order by in_domain desc, account, region, domain_id, set_by desc, path) as n
              from s)
        select n, {", ".join(_PLACE)}, setting, path, domain_value, set_by::bigint, "values", value, profiles,
               user_profiles, (select max(n) from r)
        from r where n <= {SETTINGS} and place <= {VALUES} order by n, place""").fetchall()
    listed = tuple(_deviation(list(group)) for _, group in groupby(rows, key=lambda row: row[0]))
    return Deviations(listed, rows[0][-1], any_, of)


def _deviation(rows: list[tuple[Any, ...]]) -> Deviation:
    """One setting of a domain, from the rows of its values."""
    _, account, region, domain_id, domain_name, setting, path, domain_value, profiles, distinct, *_ = rows[0]
    values = tuple(DeviantValue(row[10], row[11], tuple(row[12])) for row in rows)
    return Deviation(account, region, domain_id, domain_name, setting, path, domain_value, profiles, distinct, values)
