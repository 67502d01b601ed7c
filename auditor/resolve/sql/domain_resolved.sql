create table domain_resolved as
with settings as (
    select key, account, region, id, name, arn, status, failure_reason, creation_time, as_of,
           domain_id, identity_center_instance, "{settings}", tags, known_tags, known_subnet_ids, known_subnet_number,
           known_name
    from domain_layer),
derived as (
    select s.*, "{experience}" as default_experience,
           "{made_by_unified_studio}" as unified_studio,
           home_efs_file_system_creation <> 'Disabled' and home_efs_file_system_id <> '' as has_efs,
           case when v.id is not null then v.doc.IsDefault end as vpc_is_default
    from settings s left join raw_vpc v
      on v.account = s.account and v.region = s.region and v.id = s.vpc_id),
mounted as (
    select * replace ("{mount}" as default_auto_mount_home_efs,
                      ("{mount_origin}")::origin as default_auto_mount_home_efs_origin)
    from derived)
select *, "{signs}" as quick_setup_signs, "{quick}" as quick_setup from mounted
