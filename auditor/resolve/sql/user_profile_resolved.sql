with settings as (
    select "{identity}",
           "{domain_columns}", m.auth_mode, m.auth_mode_origin, m.key is not null as domain_seen,
           m.rstudio_licensed, m.rstudio_licensed_origin,
           m.execution_role_identity_config, m.execution_role_identity_config_origin,
           m.trusted_identity_propagation, m.trusted_identity_propagation_origin,
           m.has_efs as domain_has_efs,
           m.identity_center_instance,
           "{settings}", p.tags, "{persona_number}" as persona_number
    from raw_user_profile p /*{domain_join}*/
    left join domain_layer d
      on d.account = p.account and d.region = p.region and d.domain_id = p.doc.DomainId)
select * replace ("{signed_in}" as auth_mode,
                  case when auth_mode is null and sso_user is not null then 'profile'::origin
                       else auth_mode_origin end as auth_mode_origin,
                  "{mount}" as auto_mount_home_efs, ("{mount_origin}")::origin as auto_mount_home_efs_origin),
       "{experience}" as experience,
       "{name_tokens}" as name_tokens, "{sso_user_tokens}" as sso_user_tokens
from settings
