create table image_fact as
with versions as (
    select account, region, id, doc.ImageVersionStatus as status, coalesce(doc.VendorGuidance, '') as guidance,
           coalesce(doc.BaseImage, doc.ContainerImage, '') as image, doc.ContainerImage as container,
           -- Of a template, where AWS notes the digest when it makes the version.
           coalesce(doc.OwnRegistry, false) as own,
           own or regexp_matches(image || ' ' || coalesce(doc.ContainerImage, ''), '@sha256:[0-9a-f]{64}') as pinned
    from raw_image_version),
facts as (
    select account, region, id,
           -- An account of Amazon ECR, or the registry's host.
           case when own then account when image = '' then '' when regexp_matches(image, '^[0-9]{12}\.dkr\.ecr[.-]')
                then image[:12] else split_part(image, '/', 1) end as source,
           case when status in ('DELETING', 'DELETE_FAILED', 'CREATE_FAILED', "{not_found}") then status
                when guidance = 'ARCHIVED' then guidance else '' end as unusable,
           container is not null and not pinned as unpinned,
           status is not null and (unusable <> '' or (source <> '' and (pinned or container is not null))) as known
    from versions)
select account, region, list(struct_pack(id := id, source := source, unusable := unusable, unpinned := unpinned,
                                         known := known) order by id) as images
from facts group by all
