"""What the documented table of domains says about the network that a domain lies in."""

from __future__ import annotations

from auditor.resolve.table_model import LIVE, Column

#: Of a domain.
KEY_COLUMNS = (
    Column("kms_key_state", "VARCHAR", "State of the domain's KMS key as AWS KMS gives it, e.g. Enabled, Disabled,"
           " PendingDeletion; '' where none is set", inputs=("kms_key_id",), via="'kms_key_id'", kinds=("kms_key",)),
    Column("kms_key_rotated", "BOOLEAN", "Whether AWS KMS rotates the domain's KMS key by itself; false where it can't,"
           " or none is set", inputs=("kms_key_id",), via="'kms_key_id'", kinds=("kms_key",)),
)  # fmt: skip
NETWORK_COLUMNS = (
    *KEY_COLUMNS,
    Column("public_subnets", "VARCHAR[]", "Its subnets that give out public addresses or lead to an internet"
           " gateway",
           inputs=("subnet_ids",), via="'subnet_ids'", kinds=("subnet", "route_table"),
           culprits="public_subnets"),
    Column("subnet_number", "BIGINT", "How many subnets it has; also where a template has one and doesn't tell which",
           inputs=("subnet_ids",), via="'subnet_ids'"),
    Column("subnet_zones", "VARCHAR[]", "Availability Zones of its subnets; where two are known, perhaps not all. In"
           " a template that takes them from a list, zone 1, zone 2 and so on",
           inputs=("subnet_ids",), via="'subnet_ids'", kinds=("subnet",)),
    Column("second_zone_free_addresses", "BIGINT", "Free IPv4 addresses of its subnets in the Availability Zone that"
           " has second most of them: what each of two zones has room for; 0 where there is one zone only, NULL where"
           " the zone of a subnet was not seen",
           inputs=("subnet_ids",), via="'subnet_ids'", kinds=("subnet", LIVE)),
    Column("missing_endpoints", "VARCHAR[]", "Services that Studio in VpcOnly mode needs a VPC endpoint for, and"
           " that the VPC has none of; [] where all of its subnets lead out another way, as through a NAT gateway",
           inputs=("subnet_ids",), via="'subnet_ids'", kinds=("vpc_endpoint", "route_table")),
    Column("open_endpoints", "VARCHAR[]", "VPC endpoints of those services, with the service, whose policy lets"
           " principals of any account use resources of any account, as an endpoint's default policy does",
           inputs=("vpc_id",), via="'vpc_id'", kinds=("vpc_endpoint",)),
    Column("security_groups", "VARCHAR[]", "Security groups that the domain, its user profiles and its shared spaces"
           " name; where some are known, perhaps not all",
           inputs=("default_security_groups", "space_default_security_groups", "domain_security_groups"),
           via="'default_security_groups'"),
    Column("open_security_groups", "VARCHAR[]", "Those of them with an inbound rule for any address: a block shorter"
           " than /8 (IPv4) or /16 (IPv6). What a prefix list holds is not known",
           inputs=("default_security_groups", "space_default_security_groups", "domain_security_groups"),
           via="case when list_has_any(default_security_groups, open_security_groups) then 'default_security_groups'"
           " when list_has_any(space_default_security_groups, open_security_groups)"
           " then 'space_default_security_groups' when list_has_any(domain_security_groups, open_security_groups)"
           " then 'domain_security_groups' else 'default_security_groups' end", kinds=("security_group",)),
    Column("unlogged_subnets", "VARCHAR[]", "Its subnets whose traffic no active flow log records, neither one of the"
           " VPC nor one of their own",
           inputs=("vpc_id", "subnet_ids"), via="'vpc_id'", kinds=("flow_log", "vpc")),
    Column("ipv6_ways_out", "VARCHAR[]", "Internet gateways and egress-only internet gateways that its subnets' IPv6"
           " traffic to any address is routed to",
           inputs=("subnet_ids",), via="'subnet_ids'", kinds=("route_table",)),
)  # fmt: skip
