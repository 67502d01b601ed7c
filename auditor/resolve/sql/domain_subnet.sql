create table domain_subnet as
with tables as (
    select account, region, doc.VpcId as vpc, doc.Associations as associations,
           len(list_filter(doc.Routes, lambda r: r.GatewayId like 'igw-%')) > 0 as public
    from raw_route_table),
associated as (
    select account, region, vpc, public, unnest(associations) as association from tables),
wanted as (
    select account, region, domain_id, vpc_id, subnet_ids is not null as all_known,
           unnest(coalesce(subnet_ids, known_subnet_ids)) as id
    from domain_resolved),
judged as (
    select w.account, w.region, w.domain_id, w.id, w.all_known,
           coalesce(s.doc.AvailabilityZone, s.doc.AvailabilityZoneId) as zone, s.doc.AvailableIpAddressCount as free,
           -- The main table counts only for a subnet that is associated with none.
           case when e.association is not null then e.public else m.public end as routed,
           case when s.doc.MapPublicIpOnLaunch or routed then true
                when s.doc.MapPublicIpOnLaunch is null or routed is null then null
                else false end as public
    from wanted w
    left join raw_subnet s on s.account = w.account and s.region = w.region and s.id = w.id
    left join associated e on e.account = w.account and e.region = w.region and e.association.SubnetId = w.id
    left join associated m on m.account = w.account and m.region = w.region and m.vpc = w.vpc_id
      and m.association.Main),
-- Free addresses by zone, and in the zone that has second most of them: so many apps can be in either of two zones.
zones as (
    select account, region, domain_id, zone, case when count(*) = count(free) then sum(free) end as free
    from judged where zone is not null group by all),
room as (
    select account, region, domain_id,
           case when count(*) = count(free) then coalesce(list_reverse_sort(list(free))[2], 0)::BIGINT end as second
    from zones group by all)
select account, region, domain_id,
       -- A subnet whose zone was not seen may have room in another one.
       case when bool_and(all_known) and count(*) = count(zone) then any_value(r.second) end as second_zone_free_addresses,
       case when count(distinct zone) > 1 or (bool_and(all_known) and count(*) = count(zone))
            then list_sort(list(distinct zone) filter (zone is not null)) end as zones,
       case when bool_or(public) or (bool_and(all_known) and count(*) = count(public))
            then coalesce(list(id order by id) filter (public), []) end as public_subnets
from judged left join room r using (account, region, domain_id) group by all
