"""The inventory that the report drills down into, from the documented tables: a query a table, or two a column of a
large one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from auditor.evaluate.findings import REPORTED_VERDICTS, resource_ref
from auditor.evaluate.source_locations import SourceLocations
from auditor.model.inventory import Inventory, InventoryColumn, InventoryTable, SignIn
from auditor.model.resource import ResourceRef
from auditor.model.rule import Rule
from auditor.resolve.table_model import Column, Table
from auditor.resolve.tables import APP, DOMAIN, EXECUTION_ROLE, SPACE, USER_PROFILE, table
from auditor.resources import rules_dir
from auditor.rules.load import load_rules
from auditor.rules.verdict_sql import Overrides, parameter_values
from auditor.studio.resource_types import TABLES as RESOURCE_TABLES

if TYPE_CHECKING:
    import duckdb

#: Up to so many resources of a table are read at once, all columns in one query: planning hundreds of queries takes
#: longer than reading a small account. A large table would take much memory in Python.
READ_AT_ONCE = 2_000
#: Beyond so many resources the inventory holds profiles, spaces and apps only where there is a finding on them.
EVERY = 200_000

_TABLES = tuple(t for t in map(table, RESOURCE_TABLES) if t is not None)
#: Few, and other resources point at them: never left out.
_ALWAYS = frozenset({DOMAIN.name, EXECUTION_ROLE.name})
#: What a ResourceRef says already, and words that only rules need.
_IDENTITY = frozenset({
    "key", "account", "region", "id", "name", "arn", "as_of", "domain_key", "domain_id", "domain_name", "file", "line",
    "construct", "name_tokens", "sso_user_tokens",
})  # fmt: skip
#: The rule, and its parameter, that say which tags name an owner.
_OWNER_RULE, _OWNER_PARAMETER = "profile-without-owner", "owner_tags"
_ROWS = "inventory_rows"
_PLACE = "{0}.account || '/' || {0}.region || '/"
#: What a resource of a table hangs on, over its alias ``t``.
_PARENTS = {
    USER_PROFILE.name: "t.domain_key",
    SPACE.name: "coalesce(nullif(t.owner_key, ''), t.domain_key)",
    APP.name: f"case when t.space_name <> '' then {_PLACE.format('t')}space/' || t.domain_id || '/' || t.space_name"
    f" when t.user_profile_name <> '' then {_PLACE.format('t')}user_profile/' || t.domain_id || '/' ||"
    " t.user_profile_name else t.domain_key end",
}


def owner_tags(rules: Sequence[Rule], overrides: Overrides) -> tuple[str, ...]:
    """Tag keys that name an owner, best first: the parameter of the rule that asks for one, as it is in force, whether
    or not the rule is among those evaluated."""
    rule = _owner_rule(rules) or _owner_rule(load_rules([rules_dir()], bind=False))
    found = parameter_values(rule, overrides.get(rule.id)).get(_OWNER_PARAMETER) if rule else ()
    return tuple(str(key) for key in found) if isinstance(found, (list, tuple)) else ()


def _owner_rule(rules: Sequence[Rule]) -> Rule | None:
    return next((r for r in rules if r.name == _OWNER_RULE), None)


def inventory(con: duckdb.DuckDBPyConnection, owners: Sequence[str], limit: int = EVERY) -> Inventory:
    """The inventory of the tables of ``con``, on which rules have been evaluated."""
    total = {t.name: _number(con, f"select count(*) from {t.name}") for t in _TABLES}
    complete = sum(total.values()) <= limit
    tables = tuple(_table(con, t, owners, "" if complete or t.name in _ALWAYS else _found(con, t)) for t in _TABLES)
    return Inventory(tables, _sign_ins(con, tables[_TABLES.index(USER_PROFILE)]), complete, total)


def _number(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    return int(con.execute(sql).fetchall()[0][0])


def _found(con: duckdb.DuckDBPyConnection, documented: Table) -> str:
    """Condition on the alias ``t``: some rule has a finding on the resource."""
    rows = con.execute(
        "select column_name from information_schema.columns where table_name = ? and column_name <> 'key'",
        [f"verdict_{documented.name}"],
    ).fetchall()
    shown = ", ".join(repr(str(v)) for v in REPORTED_VERDICTS)
    conditions = " or ".join(f'"{name}" in ({shown})' for (name,) in rows) or "false"
    return f" where t.key in (select key from verdict_{documented.name} where {conditions})" if rows else " where false"


def _table(con: duckdb.DuckDBPyConnection, documented: Table, owners: Sequence[str], where: str) -> InventoryTable:
    # Ordering by a small number, and only once by the key, is what makes this quick on a large estate.
    parent = _PARENTS.get(documented.name, "''")
    con.execute(f"""
        create or replace temp table {_ROWS} as
        select (row_number() over (order by t.key) - 1)::INTEGER as "__n", coalesce({parent}, '') as "__parent", t.*
        from {documented.name} t{where}""").fetchall()
    identity = [c.name for c in documented.columns if c.name in _IDENTITY and not c.name.endswith("_tokens")]
    items = ", ".join(f'"{name}"' for name in (*identity, "__parent"))
    places = SourceLocations(con)
    cursor = con.execute(f'select {items} from {_ROWS} order by "__n"')
    header = [d[0] for d in cursor.description or ()]
    resources: list[ResourceRef] = []
    domains: list[str] = []
    parents: list[str] = []
    for values in cursor.fetchall():
        row = dict(zip(header, values, strict=True))
        resources.append(places.resource(resource_ref(documented, row)))
        domains.append(row.get("domain_key") or (row["key"] if documented is DOMAIN else ""))
        parents.append(row["__parent"])
    wanted = [c for c in documented.columns if c.name not in _IDENTITY]
    if len(resources) <= READ_AT_ONCE:
        columns = _columns_at_once(con, wanted)
    else:
        columns = [_column(con, c, len(resources)) for c in wanted]
    con.execute(f"drop table {_ROWS}").fetchall()
    return InventoryTable(
        documented.name, tuple(resources), _owners(columns, owners, len(resources)), tuple(domains), tuple(parents),
        tuple(columns),
    )  # fmt: skip


def _expressions(column: Column) -> tuple[str, str]:
    """SQL of the column's value and of the layer that it comes from."""
    value = f'list_sort(map_entries("{column.name}"))' if _holds_tags(column) else f'"{column.name}"'
    return value, f'"{column.name}_origin"::VARCHAR' if column.has_origin else "'derived'"


def _holds_tags(column: Column) -> bool:
    return column.type.startswith("MAP")


def _column(con: duckdb.DuckDBPyConnection, column: Column, number: int) -> InventoryColumn:
    value, layer = _expressions(column)
    source = f'(select "__n" as n, {value} as v, {layer} as o from {_ROWS})'
    values = con.execute(f"select v, o from {source} group by v, o order by v nulls first, o").fetchall()
    codes: Sequence[int] = (0,) * number
    if len(values) > 1:
        # The same order as above: rank 1 is the first of the distinct values.
        codes = con.execute(
            f"select list(c order by n) from (select n, dense_rank() over (order by v nulls first, o) - 1 as c"
            f" from {source})"
        ).fetchall()[0][0]
    return _made(column, values, codes)


def _columns_at_once(con: duckdb.DuckDBPyConnection, columns: Sequence[Column]) -> list[InventoryColumn]:
    """The same of all columns, by one query."""
    items = ", ".join(expression for column in columns for expression in _expressions(column))
    rows = con.execute(f'select {items} from {_ROWS} order by "__n"').fetchall()
    made = []
    for at, column in enumerate(columns):
        pairs = [(row[2 * at], row[2 * at + 1]) for row in rows]
        distinct = {repr(pair): pair for pair in pairs}
        code = {name: n for n, name in enumerate(sorted(distinct, key=lambda name: _order(distinct[name])))}
        made.append(_made(column, [distinct[name] for name in code], [code[repr(pair)] for pair in pairs]))
    return made


def _order(value: Any) -> tuple[Any, ...]:
    """DuckDB's order: unknown values first, lists by their items; within a list an unknown item comes last."""
    layer = value[1]
    return (value[0] is not None, _comparable(value[0]), layer is not None, layer or "")


def _comparable(value: Any) -> Any:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return tuple((v is None, _comparable(v)) for v in value)
    return 0 if value is None else value


def _made(column: Column, values: Sequence[tuple[Any, Any]], codes: Sequence[int]) -> InventoryColumn:
    tags = _holds_tags(column)
    return InventoryColumn(
        column.name,
        column.doc,
        column.unit,
        dict(column.paths or {}),
        tuple((_value(v, tags), o or "unknown") for v, o in values),
        tuple(codes),
    )


def _value(value: Any, tags: bool) -> Any:
    if tags and value is not None:
        return {entry["key"]: entry["value"] for entry in value}
    return tuple(value) if isinstance(value, list) else value


def _owners(columns: Sequence[InventoryColumn], keys: Sequence[str], number: int) -> tuple[str, ...]:
    tags = next((c for c in columns if c.name == "tags"), None)
    if tags is None:
        return ("",) * number
    by_code = [tag_owner(value or {}, keys) for value, _ in tags.values]
    return tuple(by_code[code] for code in tags.codes)


def tag_owner(tags: Mapping[str, str], keys: Sequence[str]) -> str:
    """Who owns what has these tags, by the keys that name an owner, best first; empty where none does."""
    plain = {re.sub("[^a-z0-9]", "", key.lower()): value.strip() for key, value in sorted(tags.items()) if value}
    return next((plain[key] for key in keys if plain.get(key)), "")


def _sign_ins(con: duckdb.DuckDBPyConnection, profiles: InventoryTable) -> tuple[SignIn, ...]:
    known = {resource.key for resource in profiles.resources}
    rows = con.execute("""
        select u.key, s.principal, s.kind, s.times, s.first_time, s.last_time
        from sign_in s join user_profile u on u.account = s.account and u.region = s.region
          and u.domain_id = s.domain_id and lower(u.name) = s.user_profile_name
        order by u.key, s.times desc, s.principal""").fetchall()
    return tuple(
        SignIn(key, principal, kind, times, _moment(first), _moment(last))
        for key, principal, kind, times, first, last in rows
        if key in known
    )


def _moment(value: datetime | str | None) -> str:
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value or ""
