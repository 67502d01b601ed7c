"""How much of a domain one person has (private spaces with their volumes, running apps), and when it was last opened.

What was seen is there for certain, whatever was not: a person who is over a limit with it is over the limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.resolve.empty_tables import create_without_rows, holds
from auditor.resolve.inheritance_sql import unseen
from auditor.resolve.parsed_statements import run
from auditor.resolve.sql_files import statement

if TYPE_CHECKING:
    import duckdb

#: For a query over user_profile_resolved ``u``, account_region ``a`` and profile_sign_in ``e`` that joins what
#: ``PROFILE_JOINS`` says.
PROFILE_COLUMNS = (
    "coalesce(l.spaces, 0) as private_spaces, coalesce(l.apps, 0) as private_running_apps,"
    " coalesce(l.gb, 0) + case when coalesce(l.default_sized, 0) = 0 then 0 else l.default_sized * u.ebs_default_gb end"
    " as private_volumes_gb,"
    " case when not a.apps_unlisted and not coalesce(l.unseen, false)"
    " and o.account is null and u.account not in (select account from template_account) then true end"
    " as private_use_complete,"
    " coalesce(e.times, 0) as openings, coalesce(date_sub('day', e.last_time, u.as_of), 0) as last_opened_days,"
    # DuckDB's greatest passes over NULL. A snapshot of several accounts is as old as the first of them, and each has
    # its sign-ins up to the moment when it was visited itself.
    " case when span.since is not null then date_sub('day', greatest(span.since, coalesce(e.last_time, span.since)),"
    " greatest(u.as_of, span.until)) end as days_not_opened"
)
PROFILE_JOINS = (
    " left join person_load l on l.account = u.account and l.region = u.region and l.domain_id = u.domain_id"
    " and l.owner = lower(u.name)"
    " left join sign_in_span span on span.account = u.account and span.region = u.region"
    " left join ownerless_space o on o.account = u.account and o.region = u.region and o.domain_id = u.domain_id"
)


_DOMAIN = dict.fromkeys(("account", "region", "domain_id"), "VARCHAR")
_PERSON_LOAD = {
    **_DOMAIN,
    "owner": "VARCHAR",
    **dict.fromkeys(("spaces", "apps", "gb", "default_sized"), "BIGINT"),
    "unseen": "BOOLEAN",
}


def create(con: duckdb.DuckDBPyConnection) -> None:
    """``person_load``: by owner, what stands in private spaces; ``ownerless_space``: domains with a space of which it
    is not known whose it is; ``sign_in_span``: from when to when all sign-ins are known."""
    size = "SpaceSettings.SpaceStorageSettings.EbsStorageSettings.EbsVolumeSizeInGb"
    run(con, statement("sign_in_span"))
    if not holds(con, "space", "app"):
        create_without_rows(con, "person_load", _PERSON_LOAD)
        create_without_rows(con, "ownerless_space", _DOMAIN)
        return
    run(con, statement("person_load", size_unseen=unseen("gaps", size)))
    run(
        con,
        statement(
            "ownerless_space",
            owner_unseen=unseen("gaps", "OwnershipSettings.OwnerUserProfileName"),
            sharing_unseen=unseen("gaps", "SpaceSharingSettings.SharingType"),
        ),
    )
