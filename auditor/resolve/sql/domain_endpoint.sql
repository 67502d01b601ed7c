create table domain_endpoint as
with default_routes as (
    select account, region, doc.VpcId as vpc, doc.Associations as associations,
           -- An internet gateway is no way out: what Studio runs has private addresses only.
           len(list_filter(doc.Routes, lambda r: coalesce(r.DestinationCidrBlock, r.DestinationIpv6CidrBlock)
               in ('0.0.0.0/0', '::/0') and coalesce(r.GatewayId, '') not like 'igw-%')) > 0 as leads_out
    from raw_route_table),
associated as (
    select account, region, vpc, leads_out, unnest(associations) as association from default_routes),
wanted as (
    select account, region, domain_id, vpc_id, unnest(subnet_ids) as subnet from domain_resolved),
ways as (
    select w.account, w.region, w.domain_id,
           bool_and(case when e.association is not null then e.leads_out else m.leads_out end) as way_out,
           count(*) = count(case when e.association is not null then e.leads_out else m.leads_out end) as seen
    from wanted w
    left join associated e on e.account = w.account and e.region = w.region and e.association.SubnetId = w.subnet
    left join associated m on m.account = w.account and m.region = w.region and m.vpc = w.vpc_id
      and m.association.Main
    group by all),
offered as (
    select account, region, doc.VpcId as vpc, list(doc.ServiceName) as services
    from raw_vpc_endpoint where lower(doc.State) in ('available', 'pending') group by all)
select d.account, d.region, d.domain_id, case when w.seen then w.way_out end as way_out,
       list_filter("{services}", lambda s: len(list_filter(coalesce(o.services, []), lambda name: ends_with(name, '.' || s)))
           = 0) as missing
from domain_resolved d
left join ways w on w.account = d.account and w.region = d.region and w.domain_id = d.domain_id
left join offered o on o.account = d.account and o.region = d.region and o.vpc = d.vpc_id
