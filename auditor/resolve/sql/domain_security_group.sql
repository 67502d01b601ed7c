-- By domain, the security groups of its apps, and which of them let traffic in from any address.
create table domain_security_group as
with named as (
    select account, region, domain_id, true as sure, unnest(list_concat(
        coalesce(default_security_groups, []), coalesce(space_default_security_groups, []),
        coalesce(domain_security_groups, []))) as id
    from domain_resolved
    union
    -- Of profiles whose number is not known there may be none.
    select account, region, domain_id, not coalesce(list_contains(gaps, "{number}"), false),
           unnest("UserSettings".SecurityGroups)
    from profile_settings where len("UserSettings".SecurityGroups) > 0),
hidden as (
    select account, region, domain_id, bool_or("{profile_unseen}") as profiles
    from profile_settings group by all),
judged as (
    select n.account, n.region, n.domain_id, n.id,
           case when bool_or(n.sure and "{open}") then true when bool_and(not "{open}") then false end as open
    from named n left join raw_security_group g on g.account = n.account and g.region = n.region and g.id = n.id
    group by all),
grouped as (
    select account, region, domain_id, list(id order by id) as ids,
           coalesce(list(id order by id) filter (open), []) as open, count(*) = count(open) as whole
    from judged group by all)
select d.account, d.region, d.domain_id, coalesce(g.ids, []) as ids, coalesce(g.open, []) as open,
       coalesce(g.whole, true) as whole,
       d.default_security_groups is not null and d.space_default_security_groups is not null
       and d.domain_security_groups is not null and not coalesce(h.profiles, false) as named
from domain_resolved d left join grouped g using (account, region, domain_id)
left join hidden h using (account, region, domain_id)
