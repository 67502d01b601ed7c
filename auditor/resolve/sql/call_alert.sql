create table call_alert as
with call as (select unnest("{calls}") as name, generate_subscripts("{calls}", 1) as position),
certain as (
    select account, region, unnest(doc.Certain) as name from raw_event_rule where doc.Targets > 0
    union
    select account, region, unnest(doc.Certain) from raw_metric_filter),
-- A rule without targets tells nobody; one whose targets are not known may.
possible as (
    select account, region, unnest(list_concat(doc.Certain, doc.Possible)) as name from raw_event_rule
    where doc.Targets > 0 or doc.Targets is null
    union
    select account, region, unnest(list_concat(doc.Certain, doc.Possible)) from raw_metric_filter)
select a.account, a.region,
       coalesce(list(k.name order by k.position) filter (where c.name is not null), []) as alerted,
       coalesce(list(k.name order by k.position) filter (
           where p.name is null and not list_has_any(coalesce(a.gaps, []), ['event_rule', 'metric_filter'])),
           []) as unalerted
from raw_account_region a cross join call k
left join certain c on c.account = a.account and c.region = a.region and c.name = k.name
left join possible p on p.account = a.account and p.region = a.region and p.name = k.name
group by a.account, a.region
