-- Who keeps files in which S3 bucket. A bucket is NULL where its location does not tell it.
create temp table bucket_user as
with located as (
    select account, key as who, what, store as uri from application where store is null or store <> ''
    union all
    select account, '', 'Canvas of domain ' || coalesce(doc.DomainName, id), "{domain_canvas}" from raw_domain
    union all
    select account, '', 'Canvas of user profile ' || coalesce(doc.UserProfileName, id), "{profile_canvas}" from profile_document
    union all
    select account, '', 'shared notebooks of domain ' || coalesce(doc.DomainName, id), "{domain_notebooks}" from raw_domain
    union all
    select account, '', 'shared notebooks of user profile ' || coalesce(doc.UserProfileName, id), "{profile_notebooks}"
    from profile_document)
select account, who, what, "{bucket}" as bucket from located where who <> '' or uri <> ''
