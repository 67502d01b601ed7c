create table domain_endpoint as
with default_routes as (
    select account, region, doc.VpcId as vpc, doc.Associations as associations,
           -- An internet gateway is no way out: what Studio runs has private addresses only.
           len(list_filter(doc.Routes, lambda r: r.DestinationCidrBlock = '0.0.0.0/0'
               and coalesce(r.GatewayId, '') not like 'igw-%')) > 0 as leads_out,
           len(list_filter(doc.Routes, lambda r: r.DestinationIpv6CidrBlock = '::/0'
               and coalesce(r.GatewayId, '') not like 'igw-%')) > 0 as leads_out_by_ipv6
    from raw_route_table),
associated as (
    select account, region, vpc, leads_out, leads_out_by_ipv6, unnest(associations) as association
    from default_routes),
-- Where apps have IPv4 addresses only, a route for IPv6 leads them nowhere.
wanted as (
    select account, region, domain_id, vpc_id, ip_address_type = 'dualstack' as both, unnest(subnet_ids) as subnet
    from domain_resolved),
ways as (
    select w.account, w.region, w.domain_id,
           bool_and(case when e.association is not null then e.leads_out or w.both and e.leads_out_by_ipv6
                    else m.leads_out or w.both and m.leads_out_by_ipv6 end) as way_out,
           count(*) = count(case when e.association is not null then e.leads_out or w.both and e.leads_out_by_ipv6
                            else m.leads_out or w.both and m.leads_out_by_ipv6 end) as seen
    from wanted w
    left join associated e on e.account = w.account and e.region = w.region and e.association.SubnetId = w.subnet
    left join associated m on m.account = w.account and m.region = w.region and m.vpc = w.vpc_id
      and m.association.Main
    group by all),
offered as (
    select e.account, e.region, e.doc.VpcId as vpc, list(e.doc.ServiceName) as services,
           list(struct_pack(name := e.id, service := e.doc.ServiceName, open := f.open) order by e.id) as endpoints
    from raw_vpc_endpoint e
    left join endpoint_fact f on f.account = e.account and f.region = e.region and f.id = e.id
    where lower(e.doc.State) in ('available', 'pending') group by all)
select d.account, d.region, d.domain_id, case when w.seen then w.way_out end as way_out,
       coalesce(list_contains(v.doc.KnownKinds, 'vpc_endpoint'), false) as told,
       list_filter(coalesce(o.endpoints, []), lambda e: len(list_filter("{services}", lambda s:
           ends_with(e.service, '.' || s))) > 0) as endpoints,
       list_filter("{services}", lambda s: len(list_filter(coalesce(o.services, []), lambda name: ends_with(name, '.' || s)))
           = 0) as missing
from domain_resolved d
left join ways w on w.account = d.account and w.region = d.region and w.domain_id = d.domain_id
left join offered o on o.account = d.account and o.region = d.region and o.vpc = d.vpc_id
left join raw_vpc v on v.account = d.account and v.region = d.region and v.id = d.vpc_id
