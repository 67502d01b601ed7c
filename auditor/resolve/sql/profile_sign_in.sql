create table profile_sign_in as
with people as (
    select distinct account, region, domain_id, user_profile_name, principal, person
    from sign_in where kind = 'human'),
pairs as (
    select p.account, p.region, p.domain_id, p.user_profile_name,
           list(distinct case when o.principal = p.principal then p.principal
                              else p.principal || ', ' || o.principal end) as several
    from people p join people o using (account, region, domain_id, person)
    where o.user_profile_name <> p.user_profile_name group by all)
select account, region, domain_id, user_profile_name, bool_or(kind = 'unknown') as unclear,
       list(distinct principal order by principal) filter (kind = 'human') as human,
       list(distinct principal order by principal) filter (kind = 'machine') as machine,
       list_sort(any_value(p.several)) as several, sum(times)::BIGINT as times, max(last_time) as last_time
from sign_in left join pairs p using (account, region, domain_id, user_profile_name) group by all
