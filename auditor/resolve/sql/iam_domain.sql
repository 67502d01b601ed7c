create table iam_domain as
with domains as (
    select account, coalesce(name, domain_id) as name, auth_mode from domain_resolved
    /*{elsewhere}*/),
accounts as (
    select account, bool_or(list_contains(unlisted, 'domain')) as unlisted from account_region group by account)
select a.account, coalesce(list(distinct d.name order by d.name) filter (d.auth_mode = 'IAM'), []) as seen,
       coalesce(bool_or(a.unlisted), false) or coalesce(bool_or(d.account is not null and d.auth_mode is null), false)
           as unclear
from accounts a left join domains d using (account) group by a.account
