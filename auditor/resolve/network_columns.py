"""What the documented table of domains says about the network that a domain lies in."""

from __future__ import annotations

from auditor.resolve.table_model import LIVE, Column

NETWORK_COLUMNS = (
    Column("public_subnets", "VARCHAR[]", "Its subnets that give out public addresses or lead to an internet"
           " gateway",
           inputs=("subnet_ids",), via="'subnet_ids'", kinds=("subnet", "route_table"),
           culprits="public_subnets"),
    Column("subnet_zones", "VARCHAR[]", "Availability Zones of its subnets; where two are known, perhaps not all. In"
           " a template that takes them from a list, zone 1, zone 2 and so on",
           inputs=("subnet_ids",), via="'subnet_ids'", kinds=("subnet",)),
    Column("second_zone_free_addresses", "BIGINT", "Free IPv4 addresses of its subnets in the Availability Zone that"
           " has second most of them: what each of two zones has room for; 0 where there is one zone only",
           inputs=("subnet_ids",), via="'subnet_ids'", kinds=("subnet", LIVE)),
    Column("missing_endpoints", "VARCHAR[]", "Services that Studio in VpcOnly mode needs a VPC endpoint for, and"
           " that the VPC has none of; [] where all of its subnets lead out another way, as through a NAT gateway",
           inputs=("subnet_ids",), via="'subnet_ids'", kinds=("vpc_endpoint", "route_table")),
)  # fmt: skip
