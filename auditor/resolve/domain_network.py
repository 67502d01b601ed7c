"""What the network around a domain says: subnets, routes, endpoints, security groups and flow logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.model.snapshot import NUMBER
from auditor.resolve import endpoint_facts
from auditor.resolve.inheritance_sql import unseen
from auditor.resolve.parsed_statements import run
from auditor.resolve.sql_files import statement
from auditor.sql_text import literal, string_list
from auditor.studio.endpoints import NEEDED_ENDPOINTS

if TYPE_CHECKING:
    import duckdb


def _wide(address_range: str) -> str:
    """Whether a CIDR block stands for any address: more of the internet than one organization has. Shorter prefixes
    than /8 (IPv4; all private blocks are longer) and /16 (IPv6, but for its local addresses fc00::/7 and fe80::/10)
    are. NULL where the text is no block."""
    length = f"try_cast(split_part({address_range}, '/', 2) as INTEGER)"
    return (
        f"case when regexp_full_match({address_range}, '[0-9.]+/[0-9]+') then {length} < 8"
        f" when regexp_full_match({address_range}, '[0-9a-fA-F:.]+/[0-9]+')"
        f" then {length} < 16 and not regexp_matches({address_range}, '^[fF][cCdDeE]') end"
    )


#: Where the inbound rules of a security group ``g`` let traffic come from.
_BLOCKS = (
    "flatten(list_transform(g.doc.IpPermissions, lambda rule: list_concat("
    "list_transform(coalesce(rule.IpRanges, []), lambda r: r.CidrIp),"
    " list_transform(coalesce(rule.Ipv6Ranges, []), lambda r: r.CidrIpv6))))"
)
#: Whether it is open. What is in a prefix list is not read.
_OPEN = (
    f"case when len(list_filter({_BLOCKS}, lambda block: coalesce({_wide('block')}, false))) > 0 then true"
    f" when g.doc.IpPermissions is null or len(list_filter({_BLOCKS}, lambda block: ({_wide('block')}) is null)) > 0"
    " or len(list_filter(g.doc.IpPermissions, lambda rule: len(rule.PrefixListIds) > 0)) > 0 then null else false end"
)


def create(con: duckdb.DuckDBPyConnection) -> None:
    """By domain: ``domain_subnet``: its public subnets; NULL where one of the others may be public.
    ``domain_endpoint``: the services of ``NEEDED_ENDPOINTS`` that its VPC has no endpoint for, whether its subnets
    lead out without, and what endpoints of these services there are. ``domain_security_group``,
    ``domain_flow_log``, ``domain_ipv6_route``."""
    endpoint_facts.collect(con)
    run(con, statement("domain_subnet"))
    run(con, statement("domain_endpoint", services=string_list(NEEDED_ENDPOINTS)))
    profile_unseen = f'"UserSettings".SecurityGroups is null and {unseen("gaps", "UserSettings.SecurityGroups")}'
    run(con, statement("domain_security_group", number=literal(NUMBER), open=_OPEN, profile_unseen=profile_unseen))
    run(con, statement("domain_flow_log"))
    run(con, statement("domain_ipv6_route", wide=_wide("r.DestinationIpv6CidrBlock")))


#: Columns of domain, for a query over domain_resolved ``d`` and account_region ``a`` that joins what ``DOMAIN_JOINS``
#: says, with ``of_template``: whether the domain is of a template.
DOMAIN_COLUMNS = (
    # A domain in a VPC has subnets (API_CreateDomain): an answer without them does not tell which.
    "case when d.subnet_ids is null or len(d.subnet_ids) > 0 then n.public_subnets when d.vpc_id = ''"
    " or of_template then []::VARCHAR[] end as public_subnets,"
    " coalesce(len(d.subnet_ids), d.known_subnet_number) as subnet_number,"
    " case when len(d.subnet_ids) = 0 then []::VARCHAR[] else n.zones end as subnet_zones,"
    # What a template makes is empty at first; nobody knows how large it is.
    " case when of_template then null when len(d.subnet_ids) = 0 then 0"
    " else n.second_zone_free_addresses end as second_zone_free_addresses,"
    " case when len(v.missing) = 0 or v.way_out"
    " then []::VARCHAR[] when list_contains(a.unlisted, 'vpc_endpoint') and not v.told or v.way_out is null then null"
    " else v.missing end as missing_endpoints,"
    " case when len(list_filter(v.endpoints, lambda e: e.open)) > 0"
    " or (not list_contains(a.unlisted, 'vpc_endpoint') or v.told)"
    " and len(list_filter(v.endpoints, lambda e: e.open is null)) = 0"
    " then list_transform(list_filter(v.endpoints, lambda e: e.open), lambda e: e.name || ' ('"
    " || regexp_extract(e.service, '[^.]*(?:\\.(?:api|runtime))?$') || ')') end as open_endpoints,"
    " case when len(g.ids) > 0 then g.ids when g.named and not list_contains(a.unlisted, 'user_profile')"
    " then []::VARCHAR[] end as security_groups,"
    " case when len(g.open) > 0 then g.open when g.named and g.whole"
    " and not list_contains(a.unlisted, 'user_profile') then []::VARCHAR[] end as open_security_groups,"
    " case when len(d.subnet_ids) = 0 then []::VARCHAR[] else l.unlogged end as unlogged_subnets,"
    " case when len(d.subnet_ids) = 0 then []::VARCHAR[] else s6.gateways end as ipv6_ways_out"
)


def _join(table: str, alias: str) -> str:
    on = " and ".join(f"{alias}.{column} = d.{column}" for column in ("account", "region", "domain_id"))
    return f" left join {table} {alias} on {on}"


DOMAIN_JOINS = "".join(
    _join(table, alias)
    for table, alias in (
        ("domain_endpoint", "v"), ("domain_subnet", "n"), ("domain_security_group", "g"), ("domain_flow_log", "l"),
        ("domain_ipv6_route", "s6"),
    )
)  # fmt: skip
