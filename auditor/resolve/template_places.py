"""Where templates define things, and which resources of theirs may not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.model.snapshot import GLOBAL, KINDS, MAY_NOT_EXIST, NUMBER
from auditor.resolve.sql_files import statement
from auditor.sql_text import literal
from auditor.studio.resource_types import BY_KIND

if TYPE_CHECKING:
    import duckdb


def create(con: duckdb.DuckDBPyConnection, placed: bool) -> None:
    """``place`` (with ``lines`` beside its documented columns), ``template_account`` (roots of templates), and
    ``doubtful`` (keys of resources that may not exist), ``uncounted`` (keys of rows that stand for an unknown number of
    resources). Without templates (``placed`` false) all of them are empty."""
    con.execute("""
        create table place (key VARCHAR, account VARCHAR, region VARCHAR, resource_type VARCHAR, id VARCHAR,
                            file VARCHAR, line INTEGER, construct VARCHAR, lines MAP(VARCHAR, INTEGER))""")
    con.execute("create table doubtful (key VARCHAR)")
    con.execute("create table uncounted (key VARCHAR)")
    con.execute("create table template_account as select distinct account from raw_account_region where template")
    if not placed:
        return
    for kind in KINDS:
        # Where its row stands: a role's in execution_role.
        name = BY_KIND[kind].table if kind in BY_KIND else kind
        key = f"account || '/' || region || '/{name}/' || id"
        con.execute(f"""
            insert into place select {key}, account, region, '{name}', id, place.file, place.line,
                                     place.construct, place.lines
            from raw_{kind} where place is not null""")
        for gap, keys in ((MAY_NOT_EXIST, "doubtful"), (NUMBER, "uncounted")):
            con.execute(f"insert into {keys} select {key} from raw_{kind} where list_contains(gaps, '{gap}')")


def culprits(con: duckdb.DuckDBPyConnection) -> None:
    """``culprit``: by key of a role or a domain, where templates write its policies, and what makes its subnets public.
    ``form``: the property of a role that holds the policy, empty where a resource of its own does."""
    if con.execute("select count(*) from place").fetchall()[0][0]:
        con.execute(statement("culprit", global_region=literal(GLOBAL)))
    else:
        con.execute(
            "create table culprit (key VARCHAR, name VARCHAR, resource VARCHAR, type VARCHAR, form VARCHAR,"
            " file VARCHAR, line INTEGER)"
        )
