create table opener_tag as
with openings as materialized (
    select *, row_number() over () as number from (
        select distinct account, region, domain_id, user_profile_name as profile, principal, "{opener}" as who,
               split_part(who, '@', 1) as local
        from sign_in where kind = 'human')),
tags as (
    select account, region, doc.DomainId as domain_id, lower(doc.UserProfileName) as profile,
           unnest(map_entries(coalesce(tags, known_tags))) as tag
    from raw_user_profile where (select count(*) from openings) > 0),
written as (
    select account, region, domain_id, profile, "{tag_key}" as key, "{tag_value}" as who, split_part(who, '@', 1) as local
    from tags),
-- Of the tags, those that name somebody who opened a profile.
named as materialized (
    select * from written where local <> '' and local in (select local from openings)),
-- Two are enough to find another profile than the opened one; somebody may be named in the tags of all.
named_once as (
    select account, region, domain_id, key, who, local, min(profile, 2) as profiles from named group by all),
found as (
    select o.number, n.key as found
    from openings o join named n on n.account = o.account and n.region = o.region and n.domain_id = o.domain_id
      and n.profile = o.profile and n.local = o.local
    where "{same}"
    union all
    select o.number, n.key || '@' || list_filter(n.profiles, lambda p: p <> o.profile)[1]
    from openings o join named_once n on n.account = o.account and n.region = o.region and n.domain_id = o.domain_id
      and n.local = o.local
    where "{same}"),
keys as (
    select number, array_to_string(list_sort(list(distinct found)), ',') as keys
    from found where found is not null group by number)
select o.account, o.region, o.domain_id, o.profile,
       list_sort(list(coalesce(k.keys, '-') || ' ' || o.principal)) as entries
from openings o left join keys k using (number) group by o.account, o.region, o.domain_id, o.profile
