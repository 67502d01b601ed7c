create table culprit as
with policies as (
    select account, id, unnest(doc.PolicySources) as source from raw_role),
tables as (
    select account, region, id, doc.VpcId as vpc, doc.Routes as routes, place, unnest(doc.Associations) as association
    from raw_route_table),
wanted as (
    select key, account, region, vpc_id, unnest(coalesce(subnet_ids, known_subnet_ids)) as subnet from domain_resolved),
associated as (
    select w.key, w.subnet, t.* from wanted w join tables t
      on t.account = w.account and t.region = w.region and t.association.SubnetId = w.subnet),
-- The main table counts only for a subnet that is associated with none.
routed as (
    select * from associated
    union all
    select w.key, w.subnet, t.* from wanted w join tables t
      on t.account = w.account and t.region = w.region and t.vpc = w.vpc_id and t.association.Main
    where (w.key, w.subnet) not in (select key, subnet from associated))
select account || '/' || "{global_region}" || '/execution_role/' || id as key,
       json_extract_string(source, '$.Policy') as name, json_extract_string(source, '$.Resource') as resource,
       json_extract_string(source, '$.Type') as type, json_extract_string(source, '$.Form') as form,
       json_extract_string(source, '$.File') as file, try_cast(json_extract(source, '$.Line') as INTEGER) as line
from policies
union all
select key, subnet, coalesce(route.SourceResource, id), '', '', coalesce(route.SourceFile, place.file),
       coalesce(route.SourceLine, place.lines['Routes'], place.line)
from (select *, unnest(routes) as route from routed) where route.GatewayId like 'igw-%'
union all
select w.key, w.subnet, s.id, '', '', s.place.file, coalesce(s.place.lines['MapPublicIpOnLaunch'], s.place.line)
from wanted w join raw_subnet s on s.account = w.account and s.region = w.region and s.id = w.subnet
where s.doc.MapPublicIpOnLaunch
