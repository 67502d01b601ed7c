create table space_resolved as
with own as (
    select "{identity}", p.doc.DomainId as domain_id, "{display_name}" as display_name, "{layer_columns}", p.tags,
           coalesce(p.tags, p.known_tags, map([]::VARCHAR[], []::VARCHAR[])) as known_tags
    from raw_space p),
settings as (
    select p.key, p.account, p.region, p.id, p.name, p.arn, p.status, p.failure_reason, p.creation_time, p.as_of,
           "{domain_columns}", p.domain_id, p.display_name, "{settings}", p.tags, p.known_tags,
           m.key is null as domain_unseen
    from own p /*{domain_join}*/),
owners as (
    select distinct account, region, doc.DomainId as domain_id, lower(doc.UserProfileName) as owner
    from raw_user_profile
    where not coalesce(list_has_any(gaps, ["{may_not_exist}", "{number}"]), false)
      and lower(doc.UserProfileName) in
        (select lower(doc.OwnershipSettings.OwnerUserProfileName) from raw_space))
-- AWS's own command for a shared space of Studio Classic gives neither sharing settings nor an owner
-- (sagemaker/latest/dg/domain-space-create.html). With an owner alone, no source says which it is.
select s.* exclude (domain_unseen) replace (
           case when s.sharing_type_origin <> 'service' or s.owner = '' then s.sharing_type end
           as sharing_type),
       case when app_type in "{classic_app_types}" then true when app_type <> '' then false
            when app_type is not null
            then s.sharing_type_origin = 'service' and (jupyter_server_settings or kernel_gateway_settings)
            end as classic,
       case when s.owner is null then null when s.owner = '' or o.owner is not null then true
            when s.domain_unseen or list_contains(a.unlisted, 'user_profile') then null else false
            end as owner_exists
from settings s left join owners o
  on o.account = s.account and o.region = s.region and o.domain_id = s.domain_id and o.owner = lower(s.owner)
left join account_region a on a.account = s.account and a.region = s.region
