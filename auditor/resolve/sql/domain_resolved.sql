create table domain_resolved as
with d as (select * from "{dated_domain}"),
settings as (
    select "{identity}",
           d.id as domain_id, "{identity_center_instance}" as identity_center_instance,
           "{settings}", d.tags,
           coalesce(d.tags, d.known_tags, map([]::VARCHAR[], []::VARCHAR[])) as known_tags,
           d.doc.KnownSubnetIds as known_subnet_ids
    from d),
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
