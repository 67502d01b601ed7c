"""Where templates define things, and which resources of theirs may not exist."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from auditor.model.snapshot import GLOBAL, KINDS, MAY_NOT_EXIST, NUMBER
from auditor.resolve.empty_tables import holds
from auditor.resolve.parsed_statements import run
from auditor.resolve.sql_files import statement
from auditor.sql_text import literal
from auditor.studio.resource_types import BY_KIND

if TYPE_CHECKING:
    import duckdb


def create(con: duckdb.DuckDBPyConnection, placed: bool, held: Collection[str] = KINDS) -> None:
    """``place`` (with ``lines`` beside its documented columns), ``template_account`` (roots of templates), and
    ``doubtful`` (keys of resources that may not exist), ``uncounted`` (keys of rows that stand for an unknown number of
    resources). Without templates (``placed`` false) all of them are empty. ``held``: the kinds that there may be."""
    con.execute("""
        create table place (key VARCHAR, account VARCHAR, region VARCHAR, resource_type VARCHAR, id VARCHAR,
                            file VARCHAR, line INTEGER, construct VARCHAR, lines MAP(VARCHAR, INTEGER))""")
    con.execute("create table doubtful (key VARCHAR)")
    con.execute("create table uncounted (key VARCHAR)")
    con.execute("create table template_account as select distinct account from raw_account_region where template")
    if not placed or not held:
        return
    # Where a row stands: a role's in execution_role. One statement for all: each takes longer to plan than to run.
    named = {kind: BY_KIND[kind].table if kind in BY_KIND else kind for kind in KINDS}
    every = " union all ".join(
        f"select account || '/' || region || '/{name}/' || id as key, account, region, '{name}' as resource_type, id,"
        f" gaps, place from raw_{kind}"
        for kind, name in named.items()
        if kind in held
    )
    run(con, f"create temp table placed as {every}")
    con.execute("""
        insert into place select key, account, region, resource_type, id, place.file, place.line, place.construct,
                                 place.lines
        from placed where place is not null""")
    for gap, keys in ((MAY_NOT_EXIST, "doubtful"), (NUMBER, "uncounted")):
        con.execute(f"insert into {keys} select key from placed where list_contains(gaps, '{gap}')")
    con.execute("drop table placed")


def counted(con: duckdb.DuckDBPyConnection, key: str = "key") -> str:
    """SQL: whether the resource of a ``key`` is one, and not an unknown number of them. Only templates have such rows:
    where there is none, nobody makes a million keys to look for them."""
    held = con.execute("select 1 from uncounted limit 1").fetchall()
    return f"({key} not in (select key from uncounted))" if held else "true"


def of_template(con: duckdb.DuckDBPyConnection, account: str = "account") -> str:
    """SQL: whether a domain is of a template, given its ``account``. Where all are or none is, no join is planned for
    it."""
    templates = set(con.execute("select account from template_account").fetchall())
    kinds = {found in templates for found in con.execute("select distinct account from raw_domain").fetchall()}
    if len(kinds) > 1:
        return f"{account} in (select account from template_account)"
    return "true" if kinds == {True} else "false"


def culprits(con: duckdb.DuckDBPyConnection) -> None:
    """``culprit``: by key of a role or a domain, where templates write its policies, and what makes its subnets public.
    ``form``: the property of a role that holds the policy, empty where a resource of its own does."""
    if con.execute("select 1 from place limit 1").fetchall() and holds(con, "role", "route_table", "subnet"):
        run(con, statement("culprit", global_region=literal(GLOBAL)))
    else:
        con.execute(
            "create table culprit (key VARCHAR, name VARCHAR, resource VARCHAR, type VARCHAR, form VARCHAR,"
            " file VARCHAR, line INTEGER)"
        )
