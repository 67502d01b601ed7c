"""Lifecycle configurations: what is unsafe in their scripts, and who uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.resolve.empty_tables import create_empty, holds
from auditor.resolve.inheritance_sql import unseen
from auditor.resolve.lifecycle_table import LIFECYCLE_CONFIG
from auditor.resolve.parsed_statements import run
from auditor.resolve.raw_schema import quoted
from auditor.resolve.sql_files import statement
from auditor.sql_text import literal
from auditor.studio.attached_scripts import ATTACHED, is_list
from auditor.studio.scripts import INDEX, SAYS

if TYPE_CHECKING:
    import duckdb

#: How each that names a lifecycle configuration is called in a message.
_CALLED = {
    "domain": "'domain ' || doc.DomainName", "user_profile": "'user profile ' || doc.UserProfileName",
    "space": "'space ' || doc.SpaceName", "app": "'app ' || doc.AppName",
}  # fmt: skip


def create(con: duckdb.DuckDBPyConnection) -> None:
    """``lifecycle_config``, from the raw documents and account_region."""
    named, hidden = [], []
    for kind in [kind for kind in ATTACHED if holds(con, kind)] or ATTACHED:
        paths = ATTACHED[kind]
        # A user profile's settings stand beside its document.
        relation, document = ("profile_document", "") if kind == "user_profile" else (f"raw_{kind}", "doc.")
        members = {path: f"{document}{quoted(path)}" for path in paths}
        # One scan for all members: one for each takes twice as long to plan.
        arns = ", ".join(member if is_list(path) else f"[{member}]" for path, member in members.items())
        # Hardly a profile has one: so no name and no list is made of a million others.
        some = " or ".join(f"{member} is not null" for member in members.values()) if not document else "true"
        named.append(
            f"select account, region, {_CALLED[kind]} as what, unnest(flatten([{arns}])) as arn from {relation}"
            f" where {some}"
        )
        open_ = " or ".join(f"{member} is null and {unseen('gaps', path)}" for path, member in members.items())
        hidden.append(f"select account, region from {relation} where {open_}")
    run(con, f"create temp table script_user as select * from ({' union all '.join(named)}) where arn <> ''")
    if not holds(con, "lifecycle_config") and not con.execute("select 1 from script_user limit 1").fetchall():
        create_empty(con, LIFECYCLE_CONFIG)
        con.execute("drop table script_user")
        return
    con.execute("create temp table names_unseen as " + " union ".join(hidden))
    cases = " ".join(f"when {literal(name)} then {literal(text)}" for name, text in SAYS.items())
    run(
        con,
        statement(
            "lifecycle_config",
            unseen="(r.account, r.region) in (select account, region from names_unseen)",
            index=literal(INDEX),
            says=f"case s.Check {cases} end",
        ),
    )
    con.execute("drop table names_unseen")
    con.execute("drop table script_user")
