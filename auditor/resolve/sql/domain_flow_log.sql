-- By domain, its subnets whose traffic no flow log records: none of the VPC, and none of their own.
create table domain_flow_log as
with logs as (
    select account, region, doc.ResourceId as resource from raw_flow_log
    -- A log that is made is active at once; one that cannot be delivered records nothing.
    where coalesce(doc.FlowLogStatus, 'ACTIVE') = 'ACTIVE' and coalesce(doc.DeliverLogsStatus, 'SUCCESS') = 'SUCCESS'),
wanted as (
    select account, region, domain_id, vpc_id, subnet_ids is not null as all_known,
           unnest(coalesce(subnet_ids, known_subnet_ids)) as id
    from domain_resolved),
judged as (
    select w.*, bool_or(l.resource is not null) as logged
    from wanted w
    left join logs l on l.account = w.account and l.region = w.region and l.resource in (w.vpc_id, w.id)
    group by all),
subnets as (
    select account, region, domain_id, bool_and(all_known) as all_known,
           coalesce(list(id order by id) filter (not logged), []) as unlogged
    from judged group by all)
select d.account, d.region, d.domain_id,
       case when exists (select 1 from logs l where l.account = d.account and l.region = d.region
                         and l.resource = d.vpc_id) then []
            when (list_contains(a.unlisted, 'flow_log') and not coalesce(list_contains(v.doc.KnownKinds, 'flow_log'), false))
            then null
            when s.all_known or len(s.unlogged) > 0 then s.unlogged end as unlogged
from domain_resolved d
left join subnets s on s.account = d.account and s.region = d.region and s.domain_id = d.domain_id
left join account_region a on a.account = d.account and a.region = d.region
left join raw_vpc v on v.account = d.account and v.region = d.region and v.id = d.vpc_id
