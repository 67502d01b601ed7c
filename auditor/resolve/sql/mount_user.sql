create table mount_user as
select account, region, domain_id, key, posix_uid, custom_file_systems
from user_profile_resolved where custom_file_systems is null or len(custom_file_systems) > 0
