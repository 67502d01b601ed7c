"""Which VPC endpoints are open: whose policy lets principals of any account use resources of any account.

That is what the policy allows that an endpoint has where none is written (VPC user guide, "Control access to VPC
endpoints using endpoint policies"). A policy that names accounts, an organization, or resources is one of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.iam.elsewhere import allows_elsewhere
from auditor.iam.logic import Truth, some
from auditor.model.snapshot import TEMPLATE
from auditor.resolve.filled_tables import create_filled
from auditor.studio.partitions import HOME_REGIONS, partition_of

if TYPE_CHECKING:
    import duckdb

_SAGEMAKER = "arn:{partition}:sagemaker:{region}:{account}:"
#: End of a service's name → what somebody could do through its endpoint, to what nobody named.
_PROBES = {
    "s3": [(f"s3:{action}", "arn:{partition}:s3:::any-0f3b/any-0f3b") for action in ("GetObject", "PutObject")],
    "sagemaker.api": [("sagemaker:CreateTrainingJob", f"{_SAGEMAKER}training-job/any-0f3b")],
    "sagemaker.runtime": [("sagemaker:InvokeEndpoint", f"{_SAGEMAKER}endpoint/any-0f3b")],
    "studio": [("sagemaker:CreatePresignedDomainUrl", f"{_SAGEMAKER}user-profile/any-0f3b/any-0f3b")],
}


def is_open(service: str, policy: object, region: str) -> Truth:
    """Whether the endpoint of a service is open; None where that cannot be told, or nobody knows of such a service. A
    template does not say its Region, so that it may lie in any partition."""
    probes = next((asked for end, asked in _PROBES.items() if service.endswith(f".{end}")), None)
    if probes is None:
        return None
    regions = HOME_REGIONS.values() if region == TEMPLATE else (region,)
    return some(
        allows_elsewhere(policy, action, resource, partition_of(place), place)
        for place in regions
        for action, resource in probes
    )


def collect(con: duckdb.DuckDBPyConnection) -> None:
    """``endpoint_fact`` from the raw documents."""
    found = con.execute(
        "select account, region, id, coalesce(doc.ServiceName, ''), doc.PolicyDocument from raw_vpc_endpoint"
    ).fetchall()
    rows = [(account, region, id_, is_open(service, policy, region)) for account, region, id_, service, policy in found]
    columns = {"account": "VARCHAR", "region": "VARCHAR", "id": "VARCHAR", "open": "BOOLEAN"}
    create_filled(con, "endpoint_fact", columns, rows)
