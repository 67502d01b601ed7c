create table app as
select "{identity}",
       p.domain_id, "{domain_columns}",
       p.doc.AppType as app_type, case when p.doc.AppType is not null then 'app'::origin end as app_type_origin,
       "{user_profile_name}" as user_profile_name, "{space_name}" as space_name,
       "{instance_type}" as instance_type, case when "{instance_type}" is not null then 'app'::origin end
           as instance_type_origin,
       date_sub('hour', p.doc.CreationTime, p.as_of) as age_hours,
       -- Of an app of another type nothing is asked.
       case when i.id is null then [] else i.custom_images end as custom_images,
       coalesce(i.image_sources, []) as image_sources, coalesce(i.unusable_images, []) as unusable_images,
       coalesce(i.unpinned_images, []) as unpinned_images,
       case when i.id is null then true else i.images_known end as images_known, p.tags
from (select *, doc.DomainId as domain_id from raw_app) p /*{domain_join}*/
left join started_image i on i.kind = 'app' and i.account = p.account and i.region = p.region and i.id = p.id
