"""The access paths that a report lists, from the documented table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from auditor.model.access_path import AccessPath, AccessPaths, Goal

if TYPE_CHECKING:
    import duckdb

#: Paths in a report at most: a role for each of 100,000 user profiles may have one each. The table has all.
LISTED = 5_000


def access_paths(con: duckdb.DuckDBPyConnection, limit: int = LISTED) -> AccessPaths:
    """The paths of ``con``'s table, at most ``limit``."""
    ((number,),) = con.execute("select count(*) from access_path").fetchall()
    if not number:
        return AccessPaths()
    rows = con.execute(
        "select account, id, name, goal, profiles, steps, via, target from access_path"
        " order by goal <> $1, profiles desc, account, id limit $2",
        [str(Goal.ADMINISTRATOR), limit],
    ).fetchall()
    listed = tuple(
        AccessPath(
            account, arn, name, Goal(goal), profiles, tuple(steps), tuple(via), target,
        )
        for account, arn, name, goal, profiles, steps, via, target in rows
    )  # fmt: skip
    return AccessPaths(listed, number)


def owned(paths: AccessPaths, keys: Collection[str]) -> AccessPaths:
    """Those of the roles with these keys."""
    listed = tuple(path for path in paths.listed if path.key in keys)
    return replace(paths, listed=listed, number=len(listed))
