"""Whom the tags of a domain's user profiles name, among the people who opened a profile.

A tag and a principal name the same person where both are written alike: in any case, with ``.``, ``-``, ``_`` or blanks
between the words, after a directory or a path, and with or without the domain of an e-mail address. Two addresses in
different domains are two people. Which tags name an owner is for a rule to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.resolve.empty_tables import create_without_rows
from auditor.resolve.parsed_statements import run
from auditor.resolve.sql_files import statement
from auditor.resolve.table_model import Column

if TYPE_CHECKING:
    import duckdb

_WRITTEN = r"regexp_replace(lower(regexp_extract(trim({}), '[^/\\]+$')), '[ ._-]+', '.', 'g')"

OPENER_TAG_COLUMNS = (
    Column("opener_tags", "VARCHAR[]", "People who are known to have opened the profile, as in human_principals, each"
           " after a blank and before it the keys of the tags that name them, by commas: KEY for a tag of the profile,"
           " KEY@PROFILE for one of another user profile of the domain; - where no tag does. Keys are in lower case and"
           " without separators", kinds=("sign_in",)),
)  # fmt: skip
#: For a query over user_profile_resolved ``u`` that joins what ``PROFILE_JOINS`` says.
PROFILE_COLUMNS = "coalesce(t.entries, []::VARCHAR[]) as opener_tags"
PROFILE_JOINS = (
    " left join opener_tag t on t.account = u.account and t.region = u.region and t.domain_id = u.domain_id"
    " and t.profile = lower(u.name)"
)


_OPENER_TAG = {**dict.fromkeys(("account", "region", "domain_id", "profile"), "VARCHAR"), "entries": "VARCHAR[]"}


def create(con: duckdb.DuckDBPyConnection) -> None:
    """``opener_tag``: by profile, the column's entries; needs ``sign_in``."""
    if not con.execute("select 1 from sign_in limit 1").fetchall():
        create_without_rows(con, "opener_tag", _OPENER_TAG)
        return
    run(
        con,
        statement(
            "opener_tag",
            opener=_WRITTEN.format("principal"),
            tag_key="regexp_replace(lower(tag.key), '[^a-z0-9]', '', 'g')",
            tag_value=_WRITTEN.format("tag.value"),
            same="(n.who = o.who or not (contains(n.who, '@') and contains(o.who, '@')))",
        ),
    )
