create table shared_mount as
with mounts as (
    select account, region, domain_id, posix_uid, key, unnest(custom_file_systems) as mount from mount_user
    where posix_uid is not null and key not in (select key from uncounted)),
shared as (
    -- Amazon S3 knows no POSIX users.
    select account, region, domain_id, posix_uid, mount from mounts
    where mount <> 'unknown' and not starts_with(mount, 's3:') group by all having count(distinct key) > 1)
select account, region, domain_id, posix_uid, list(mount order by mount) as mounts from shared group by all
