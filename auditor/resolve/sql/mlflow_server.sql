-- One row an MLflow tracking server or MLflow App.
create table mlflow_server as
with told as (
    select account, region, id, as_of, 'tracking server' as kind, doc.TrackingServerName as name,
           doc.TrackingServerStatus as status, doc.MlflowVersion as version, doc.ArtifactStoreUri as store,
           doc.RoleArn as role, '' as kms_key_id, doc.S3BucketOwnerVerification as verified,
           doc.S3BucketOwnerAccountId as owner
    from raw_mlflow_server
    union all
    select account, region, id, as_of, 'App', doc.Name, doc.Status, doc.MlflowVersion, doc.ArtifactStoreUri, doc.RoleArn,
           case when doc.KmsKeyId is not null then doc.KmsKeyId
                -- No template language can name a key, and a record that could not be described doesn't tell.
                when "{key_unseen}" or doc.RoleArn is null or account in (select account from template_account) then null
                else '' end, null, null
    from raw_mlflow_app),
keyed as (
    select account || '/' || region || '/mlflow_server/' || id as key, *, "{bucket}" as bucket,
           account in (select account from template_account) as template from told),
roles as (
    select k.key, list(distinct u.what order by u.what) as names
    from keyed k join role_user u on u.account = k.account and u.role = k.role and u.who <> k.key group by k.key),
buckets as (
    select k.key, list(distinct u.what order by u.what) as names
    from keyed k join bucket_user u on u.account = k.account and u.bucket = k.bucket and u.who <> k.key group by k.key)
select k.key, k.account, k.region, k.id, coalesce(k.name, regexp_extract(k.id, '[^/]+$')) as name,
       case when k.template then '' else k.id end as arn, k.as_of, k.kind, k.status, k.version as mlflow_version,
       try_cast(regexp_extract(k.version, '^(\d+)\.(\d+)', 1) as INTEGER) * 1000
           + try_cast(regexp_extract(k.version, '^(\d+)\.(\d+)', 2) as INTEGER) as version_number,
       k.store as artifact_store, k.bucket as artifact_bucket,
       case when len(b.names) > 0 then b.names
            -- Nobody else keeps files in a bucket that the template makes, unless the template says so.
            when k.bucket is null or o.buckets or k.template and (not starts_with(k.bucket, '${')
                 or starts_with(k.bucket, '${data.')) then null
            else []::VARCHAR[] end as bucket_shared_with,
       -- Verification is on, and expects the caller's account, unless a request says otherwise, and no template language
       -- can (API_CreateMlflowTrackingServer).
       case when k.template then true else k.verified end as bucket_owner_verified,
       case when k.template or k.owner = k.account then '' else k.owner end as bucket_owner,
       k.kms_key_id, k.role,
       case when len(r.names) > 0 then r.names
            when k.role is null or o.roles or k.template and f.id is null then null
            else []::VARCHAR[] end as role_shared_with
from keyed k left join roles r using (key) left join buckets b using (key)
left join application_open o on o.account = k.account
left join role_fact f on f.account = k.account and f.id = k.role
