-- The profiles of which the settings are resolved by kind: what each has of its own, and what its kind has.
with own as (
    select "{identity}", p.doc.DomainId as domain_id, "{layer_columns}", p.tags, "{persona_number}" as persona_number,
           p.name_tokens, p.sso_user_tokens as user_tokens, p.alike, p.rowid as line
    from raw_user_profile p),
joined as (
    select p.*, d.* exclude ("{own_columns}"), "{origin}" as execution_role_origin
    from own p join user_profile_kind d on d.alike = p.alike)
select * exclude ("{layers}", user_tokens) replace ("{signed_in}" as auth_mode,
                  case when auth_mode is null and sso_user is not null then 'profile'::origin
                       else auth_mode_origin end as auth_mode_origin),
       case when sso_user <> '' then user_tokens when sso_user = '' then []::VARCHAR[] end as sso_user_tokens
from (select *, "{own_settings}", "{execution_role}" as execution_role,
             "{own_execution_role}" as own_execution_role,
             domain_auth_mode as auth_mode, domain_auth_mode_origin as auth_mode_origin from joined)
