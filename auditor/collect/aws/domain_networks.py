"""The networks that domains lie in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from auditor.collect.aws.answers import text
from auditor.collect.aws.evidence_request import EvidenceRequest
from auditor.collect.aws.run import Run
from auditor.model.snapshot import Kind


def collect(run: Run, request: EvidenceRequest) -> None:
    for region in request.regions:
        run.tasks.submit(_network, run, region)


def texts(value: object) -> list[str]:
    """The texts of a member that should be a list of them. What is none is a gap where the member is read."""
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def _network(run: Run, region: str) -> None:
    """VPCs, subnets, route tables and endpoints of the domains. By filter, so that one which is gone is no error."""
    domains = [r.document for r in run.found("domain", region)]
    vpcs = sorted({vpc for d in domains for vpc in texts([d.get("VpcId")]) if vpc})
    subnets = sorted({subnet for d in domains for subnet in texts(d.get("SubnetIds"))})
    lists: tuple[tuple[Kind, str, str, str, str, list[str]], ...] = (
        ("vpc", "DescribeVpcs", "Vpcs", "VpcId", "vpc-id", vpcs),
        ("subnet", "DescribeSubnets", "Subnets", "SubnetId", "subnet-id", subnets),
        ("route_table", "DescribeRouteTables", "RouteTables", "RouteTableId", "vpc-id", vpcs),
        ("vpc_endpoint", "DescribeVpcEndpoints", "VpcEndpoints", "VpcEndpointId", "vpc-id", vpcs),
    )
    for kind, operation, result, key, name, ids in lists:
        for request in filtered(name, ids):
            with run.reading([region], kind, operation):
                for page in run.pages("ec2", region, operation, request, result):
                    for item in page[result]:
                        with run.reading([region], kind, operation):
                            run.keep(region, kind, text(item[key]), item)


def filtered(name: str, ids: Sequence[str], member: str = "Filters") -> Iterator[Mapping[str, Any]]:
    """Requests that ask EC2 for what has one of these values: by filter, of which EC2 takes 200 values."""
    for begin_at in range(0, len(ids), 200):
        yield {member: [{"Name": name, "Values": list(ids[begin_at : begin_at + 200])}]}
