create table sign_in as
with identities as (
    select account, region, as_of, doc.eventTime as moment,
           "{domain_id}" as domain_id,
           lower("{user_profile_name}") as profile, "{read}"
    from raw_sign_in where doc.errorCode = ''),
sessions as (
    select i.*, nullif(split_part(arn, '/', 2), '') as role,
           nullif(split_part(arn, '/', 3), '') as session, u.name as center_user
    from identities i left join (
        select account, id, any_value(doc.UserName) as name from raw_identity_user group by all) u
      on u.account = i.account and u.id = i.onBehalfOf),
events as (
    select *,
           case when type = 'AssumedRole' and "{reserved}" then session
                -- SageMaker sets the profile's name there, which is no person's.
                when type = 'AssumedRole' and sourceIdentity is not null and coalesce(lower(session), '') <> 'sagemaker'
                then coalesce(role || '/', '') || sourceIdentity
                when type = 'AssumedRole' then role || '/' || session
                when type in ('IAMUser', 'Root') then coalesce(arn, userName, principalId)
                when type = 'IdentityCenterUser' then coalesce(userName, center_user, onBehalfOf)
                else coalesce(userName, arn, principalId) end as named,
           case when type = 'AWSService' then 'machine'
                -- Who it was is not said, or by nothing but an id that is nobody else's.
                when type in "{people}" and (named is null or arn is null and userName is null) then 'unknown'
                when type = 'AssumedRole' and "{reserved}" then 'human'
                when type = 'AssumedRole' and sourceIdentity is not null and coalesce(lower(session), '') <> 'sagemaker'
                then 'human'
                when type = 'AssumedRole' and (issuerType is not null or "{machine_environments}"
                     or regexp_full_match(lower(session), "{machine_sessions}")) then 'machine'
                when type in "{people}" then 'human'
                when type = 'IdentityCenterUser' and coalesce(userName, center_user) is not null then 'human'
                when arn is null and userName is null and invokedBy is not null then 'machine'
                else 'unknown' end as kind,
           coalesce(case when type = 'AWSService' then invokedBy end, named, invokedBy, 'unknown') as principal
    from sessions)
select account || '/' || region || '/sign_in/' || domain_id || '/' || profile || '/' || principal as key,
       account, region, domain_id || '/' || profile || '/' || principal as id, principal as name, domain_id,
       profile as user_profile_name, principal, "{person}" as person,
       -- A session that code made once is code's.
       case when bool_or(kind = 'machine') then 'machine' when bool_or(kind = 'human') then 'human'
            else 'unknown' end as kind,
       min(moment) as first_time, max(moment) as last_time, count(*) as times, max(as_of) as as_of
from events where domain_id is not null and profile is not null group by all
