create table profile_sign_in as
with people as (
    select distinct account, region, domain_id, user_profile_name, principal, person
    from sign_in where kind = 'human'),
pairs as (
    select p.account, p.region, p.domain_id, p.user_profile_name,
           list(distinct case when o.principal = p.principal then p.principal
                              else p.principal || ', ' || o.principal end) as several
    from people p join people o using (account, region, domain_id, person)
    where o.user_profile_name <> p.user_profile_name group by all),
-- Whoever opened a profile unrecognized may be somebody who opened another one.
unclear as (
    select account, region, domain_id, bool_or(kind = 'unknown') as somewhere from sign_in group by all)
select account, region, domain_id, user_profile_name, bool_or(kind = 'unknown') as unclear,
       list(distinct principal order by principal) filter (kind = 'human') as human,
       list(distinct principal order by principal) filter (kind = 'machine') as machine,
       case when any_value(p.several) is not null then list_sort(any_value(p.several))
            when not any_value(u.somewhere) then []::VARCHAR[] end as several,
       sum(times)::BIGINT as times, max(last_time) as last_time
from sign_in left join pairs p using (account, region, domain_id, user_profile_name)
left join unclear u using (account, region, domain_id) group by all
