with own as (
    select "{identity}", p.doc.DomainId as domain_id, "{layer_columns}", p.tags, "{persona_number}" as persona_number /*{alike}*/
    from "{profiles}" p),
origins as (
    select p.*, "{domain_columns}", m.auth_mode, m.auth_mode_origin, m.key is not null as domain_seen,
           m.rstudio_licensed, m.rstudio_licensed_origin,
           m.execution_role_identity_config, m.execution_role_identity_config_origin,
           m.trusted_identity_propagation, m.trusted_identity_propagation_origin,
           m.has_efs as domain_has_efs,
           m.identity_center_instance, "{handed_down}", "{origins}"
    from own p /*{domain_join}*/
    left join domain_layer d on d.account = p.account and d.region = p.region and d.domain_id = p.domain_id),
settings as (
    select key, account, region, id, name, arn, status, failure_reason, creation_time, as_of,
           domain_key, domain_id, domain_name, unified_studio, auth_mode, auth_mode_origin, domain_seen,
           rstudio_licensed, rstudio_licensed_origin,
           execution_role_identity_config, execution_role_identity_config_origin,
           trusted_identity_propagation, trusted_identity_propagation_origin,
           domain_has_efs, identity_center_instance,
           "{own_settings}", "{settings}", "{set_by_profile}", "{own_execution_role}" as own_execution_role, tags, persona_number /*{handed_on}*/
    from origins)
select * replace ("{signed_in}" as auth_mode,
                  case when auth_mode is null and sso_user is not null then 'profile'::origin
                       else auth_mode_origin end as auth_mode_origin,
                  "{mount}" as auto_mount_home_efs, ("{mount_origin}")::origin as auto_mount_home_efs_origin),
       "{experience}" as experience, "{shows}",
       case when len(unseen_own_settings) = 0 then known_own_settings end as own_settings,
       "{name_tokens}" as name_tokens, "{sso_user_tokens}" as sso_user_tokens
from settings
