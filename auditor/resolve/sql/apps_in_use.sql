create table "{table}" as
select account, region, domain_id, "{by}", list(distinct type order by type) as types,
       bool_or(type is null) as unclear, bool_or(custom) as custom,
       coalesce(list(distinct what order by what) filter (old), []) as old
from app_use where "{where}" group by all
