create table app_use as
with spaces as (
    select account, region, doc.DomainId as domain_id, doc.SpaceName as name,
           coalesce(lower(doc.OwnershipSettings.OwnerUserProfileName), '') as owner,
           coalesce(doc.SpaceSharingSettings.SharingType, case when owner = '' then 'Shared' end) as sharing,
           doc.SpaceSettings as settings,
           "{jupyterlab_alias_unseen}" or "{code_editor_alias_unseen}" as unseen
    from raw_space),
used as (
    select account, region, domain_id, owner, sharing, 'space ' || name as what, settings.AppType as type,
           unseen,
           "{jupyterlab_image}"
    from spaces where settings.AppType is distinct from 'CodeEditor'
    union all
    select account, region, domain_id, owner, sharing, 'space ' || name, settings.AppType,
           unseen,
           "{code_editor_image}"
    from spaces where settings.AppType = 'CodeEditor'
    union all
    select a.account, a.region, a.doc.DomainId, coalesce(s.owner, lower(a.doc.UserProfileName), ''),
           coalesce(s.sharing, 'Private'), a.doc.AppType || ' app ' || a.doc.AppName, a.doc.AppType,
           "{app_alias_unseen}",
           "{app_image}"
    from raw_app a left join spaces s on s.account = a.account and s.region = a.region
      and s.domain_id = a.doc.DomainId and s.name = a.doc.SpaceName
    where a.doc.Status not in "{not_running}")
select *, "{old}" and "{aws_image}" as old,
       unseen or not "{aws_image}" as custom
from used where coalesce(type, '') in ('', 'JupyterLab', 'CodeEditor')
