create table person_load as
with spaces as (
    select account, region, doc.DomainId as domain_id, doc.SpaceName as name,
           lower(doc.OwnershipSettings.OwnerUserProfileName) as owner,
           doc.SpaceSharingSettings.SharingType as sharing, doc.Status as status,
           doc.SpaceSettings.AppType in ('JupyterLab', 'CodeEditor') as has_volume,
           doc.SpaceSettings.SpaceStorageSettings.EbsStorageSettings.EbsVolumeSizeInGb as gb,
           "{size_unseen}" as unseen
    from raw_space
    where account || '/' || region || '/space/' || id not in
        (select key from doubtful union all select key from uncounted)),
used as (
    select account, region, domain_id, owner, 1 as spaces, 0 as apps,
           case when has_volume then coalesce(gb, 0) else 0 end as gb,
           (has_volume and gb is null and not unseen)::INT as default_sized, unseen
    from spaces
    where owner is not null and sharing = 'Private' and coalesce(status, '') not in ('Failed', 'Deleting')
    union all
    select a.account, a.region, a.doc.DomainId, coalesce(s.owner, lower(a.doc.UserProfileName)), 0, 1, 0, 0, false
    from raw_app a left join spaces s on s.account = a.account and s.region = a.region
      and s.domain_id = a.doc.DomainId and s.name = a.doc.SpaceName
    where a.doc.Status in ('InService', 'Pending') and coalesce(s.sharing, 'Private') = 'Private'
      and a.account || '/' || a.region || '/app/' || a.id not in
        (select key from doubtful union all select key from uncounted))
select account, region, domain_id, owner, sum(spaces)::BIGINT as spaces, sum(apps)::BIGINT as apps,
       sum(gb)::BIGINT as gb, sum(default_sized)::BIGINT as default_sized, bool_or(unseen) as unseen
from used where owner is not null group by all
