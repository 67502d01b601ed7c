create table domain_failures as
select account, region, domain_id, bool_or(status is null) as unseen,
       list_sort(coalesce(list(what || ' (' || status || ')') filter (status in "{failed}"), [])) as failed
from (select account, region, doc.DomainId as domain_id, 'user profile ' || doc.UserProfileName as what,
             doc.Status as status from raw_user_profile
      union all
      select account, region, doc.DomainId, 'space ' || doc.SpaceName, doc.Status from raw_space)
-- Hardly a resource has failed: to put a million others together by their domain takes 0.15 s.
where status is null or status in "{failed}"
group by all
