create table opener_tag as
with openings as (
    select distinct account, region, domain_id, user_profile_name as profile, principal, "{opener}" as who
    from sign_in where kind = 'human'),
tags as (
    select account, region, doc.DomainId as domain_id, lower(doc.UserProfileName) as profile,
           unnest(map_entries(coalesce(tags, known_tags))) as tag
    from raw_user_profile where (select count(*) from openings) > 0),
written as (
    select account, region, domain_id, profile, "{tag_key}" as key, "{tag_value}" as who from tags),
named as (select *, split_part(who, '@', 1) as local from written where who <> ''),
-- Two are enough to find another profile than the opened one; somebody may be named in the tags of all.
named_once as (
    select account, region, domain_id, key, who, local, min(profile, 2) as profiles from named group by all),
found as (
    select o.account, o.region, o.domain_id, o.profile, o.principal, n.key as found
    from openings o join named n on n.account = o.account and n.region = o.region and n.domain_id = o.domain_id
      and n.profile = o.profile and n.local = split_part(o.who, '@', 1)
    where "{same}"
    union
    select o.account, o.region, o.domain_id, o.profile, o.principal,
           n.key || '@' || list_filter(n.profiles, lambda p: p <> o.profile)[1]
    from openings o join named_once n on n.account = o.account and n.region = o.region and n.domain_id = o.domain_id
      and n.local = split_part(o.who, '@', 1)
    where "{same}"),
people as (
    select account, region, domain_id, profile, principal,
           coalesce(string_agg(found, ',' order by found), '-') || ' ' || principal as entry
    from openings left join found using (account, region, domain_id, profile, principal)
    group by account, region, domain_id, profile, principal)
select account, region, domain_id, profile, list(entry order by principal) as entries from people group by all
