-- By domain, the gateways by which IPv6 traffic of its subnets reaches the internet and nothing stands between.
create table domain_ipv6_route as
with leaving as (
    select account, region, doc.VpcId as vpc, doc.Associations as associations,
           list_filter(doc.Routes, lambda r: coalesce(r.EgressOnlyInternetGatewayId, '') <> ''
                       or r.GatewayId like 'igw-%') as routes
    from raw_route_table),
tables as (
    select account, region, vpc, associations,
           list_transform(list_filter(routes, lambda r: coalesce("{wide}", false)), lambda r:
               coalesce(nullif(r.EgressOnlyInternetGatewayId, ''), r.GatewayId)) as gateways,
           -- Where a route leads to by a prefix list, or by text that is not known, it may be anywhere.
           routes is null or len(list_filter(routes, lambda r: ("{wide}") is null
               and (r.DestinationIpv6CidrBlock is not null or r.DestinationPrefixListId is not null))) > 0 as unclear
    from leaving),
associated as (
    select account, region, vpc, gateways, unclear, unnest(associations) as association from tables),
wanted as (
    select account, region, domain_id, vpc_id, subnet_ids is not null as all_known,
           unnest(coalesce(subnet_ids, known_subnet_ids)) as id
    from domain_resolved),
judged as (
    select w.account, w.region, w.domain_id, w.all_known,
           case when e.association is not null then e.gateways else m.gateways end as gateways,
           case when e.association is not null then e.unclear else m.unclear end as unclear
    from wanted w
    left join associated e on e.account = w.account and e.region = w.region and e.association.SubnetId = w.id
    -- The main table counts only for a subnet that is associated with none.
    left join associated m on m.account = w.account and m.region = w.region and m.vpc = w.vpc_id
      and m.association.Main),
ways as (
    select account, region, domain_id, list_sort(list_distinct(flatten(list(coalesce(gateways, []))))) as gateways,
           bool_and(all_known and gateways is not null and not unclear) as whole
    from judged group by all)
select account, region, domain_id, case when len(gateways) > 0 or whole then gateways end as gateways from ways
