"""What lies in a domain and is AWS's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.resolve.alike_profiles import leave_out_empty_kinds
from auditor.resolve.empty_tables import holds
from auditor.studio.tools import AWS_PROFILE, RSTUDIO

if TYPE_CHECKING:
    import duckdb


def leave_out_aws_own(con: duckdb.DuckDBPyConnection) -> None:
    """RStudio on a domain runs as an app of AWS's own under a profile of AWS's own: neither is anybody's. In a domain
    that is not known to have RStudio a profile of that name is one that somebody made."""
    own = (
        f"lower(doc.UserProfileName) = '{AWS_PROFILE}' and (account, region, doc.DomainId) in (select account, region,"
        " id from raw_domain where doc.DomainSettings.RStudioServerProDomainSettings is not null)"
    )
    # To plan what deletes nothing takes longer than to see that there is nothing.
    if holds(con, "user_profile"):
        con.execute(f"delete from raw_user_profile where {own}")
        leave_out_empty_kinds(con)
    if holds(con, "app"):
        con.execute(f"delete from raw_app where ({own}) or doc.AppType = '{RSTUDIO}'")
