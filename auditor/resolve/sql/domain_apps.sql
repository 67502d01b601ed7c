create table domain_apps as
select account, region, domain_id, "{any_classic}" as classic,
       count(*) filter (status in ('InService', 'Pending')) as running, bool_or(status is null) as unseen
from app group by all
