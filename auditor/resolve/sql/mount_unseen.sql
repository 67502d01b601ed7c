create table mount_unseen as
select distinct account, region, domain_id from mount_user where custom_file_systems is null or posix_uid is null
