"""Which user profiles reach the same directory of a custom file system as the same POSIX user.

Files there belong to a number. Who comes as the same one owns them as well: without CustomPosixUserConfig that is
everybody (developer guide, "Adding a custom file system to a domain").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.resolve.parsed_statements import run
from auditor.resolve.sql_files import statement

if TYPE_CHECKING:
    import duckdb

#: For a query over user_profile_resolved ``u`` and account_region ``a`` that joins what ``PROFILE_JOINS`` says.
PROFILE_COLUMNS = (
    "case when len(u.custom_file_systems) = 0 then []::VARCHAR[]"
    " when u.custom_file_systems is null or u.posix_uid is null then null"
    " when len(list_intersect(u.custom_file_systems, q.mounts)) > 0"
    " then list_sort(list_intersect(u.custom_file_systems, q.mounts))"
    # Where the domain lies elsewhere, so do other profiles of it.
    " when not u.domain_seen or mu.domain_id is not null or a.profiles_unlisted then null"
    " else []::VARCHAR[] end as posix_shared_mounts"
)
PROFILE_JOINS = (
    " left join shared_mount q on q.account = u.account and q.region = u.region and q.domain_id = u.domain_id"
    " and q.posix_uid = u.posix_uid"
    " left join mount_unseen mu on mu.account = u.account and mu.region = u.region and mu.domain_id = u.domain_id"
)


def create(con: duckdb.DuckDBPyConnection) -> None:
    """``shared_mount``: by domain and POSIX user, directories that several profiles reach; ``mount_unseen``: domains
    with a profile of which that is not known."""
    run(con, statement("mount_user"))
    run(con, statement("shared_mount"))
    run(con, statement("mount_unseen"))
    con.execute("drop table mount_user")
