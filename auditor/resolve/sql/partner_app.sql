-- One row a partner AI app.
create table partner_app as
with keyed as (
    select account || '/' || region || '/partner_app/' || id as key, account, region, id, as_of, doc,
           "{key_unseen}" as key_unseen, "{upgrade_unseen}" as upgrade_unseen,
           account in (select account from template_account) as template
    from raw_partner_app),
roles as (
    select k.key, list(distinct u.what order by u.what) as names
    from keyed k join role_user u on u.account = k.account and u.role = k.doc.ExecutionRoleArn and u.who <> k.key
    group by k.key)
select k.key, k.account, k.region, k.id, coalesce(k.doc.Name, regexp_extract(k.id, '[^/]+$')) as name,
       case when k.template then '' else k.id end as arn, k.as_of, k.doc.Type as app_type, k.doc.Status as status,
       k.doc.Tier as tier, k.doc.Version as version, k.doc.AuthType as auth_type,
       case when k.doc.KmsKeyId is not null then k.doc.KmsKeyId when k.key_unseen then null else '' end as kms_key_id,
       case when k.doc.EnableAutoMinorVersionUpgrade is not null then k.doc.EnableAutoMinorVersionUpgrade
            when k.upgrade_unseen then null else false end as auto_upgrade,
       date_diff('day', k.as_of, k.doc.CurrentVersionEolDate) as end_of_life_days,
       coalesce(k.doc.CurrentVersionEolDate < k.as_of, false) as end_of_life_passed,
       k.doc.ExecutionRoleArn as role,
       case when len(r.names) > 0 then r.names
            when k.doc.ExecutionRoleArn is null or o.roles or k.template and f.id is null then null
            else []::VARCHAR[] end as role_shared_with
from keyed k left join roles r using (key)
left join application_open o on o.account = k.account
left join role_fact f on f.account = k.account and f.id = k.doc.ExecutionRoleArn
