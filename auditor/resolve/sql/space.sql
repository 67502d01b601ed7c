create table space as
with owners as (
    select key, account, region, domain_id, lower(name) as owner, ebs_maximum_gb, jupyterlab_idle_shutdown,
           code_editor_idle_shutdown
    from user_profile_resolved where lower(name) in (select lower(owner) from space_resolved))
select s.*, "{ebs_limit}" as ebs_limit_gb,
       "{idle}" as idle_shutdown,
       "{idle_timeout}" as idle_timeout,
       "{instance_type}" as instance_type,
       case when s.owner_exists is null then null when o.owner is null then '' else o.key end as owner_key,
       i.custom_images, i.image_sources, i.unusable_images, i.unpinned_images, i.images_known
from space_resolved s left join domain_resolved m on m.key = s.domain_key
left join owners o on o.account = s.account and o.region = s.region and o.domain_id = s.domain_id
  and o.owner = lower(s.owner)
left join started_image i on i.kind = 'space' and i.account = s.account and i.region = s.region and i.id = s.id
