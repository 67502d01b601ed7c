create table domain_spaces as
select s.account, s.region, s.domain_id, "{any_shared}" as shared, "{any_needs_efs}" as needs_efs
from space s left join domain_resolved m using (account, region, domain_id) group by all
