create table app as
select "{identity}",
       p.domain_id, "{domain_columns}",
       p.doc.AppType as app_type, case when p.doc.AppType is not null then 'app'::origin end as app_type_origin,
       "{user_profile_name}" as user_profile_name, "{space_name}" as space_name,
       "{instance_type}" as instance_type, case when "{instance_type}" is not null then 'app'::origin end
           as instance_type_origin,
       date_sub('hour', p.doc.CreationTime, p.as_of) as age_hours, p.tags
from (select *, doc.DomainId as domain_id from raw_app) p /*{domain_join}*/
