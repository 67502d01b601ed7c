with joined as (
    select "{resolved_columns}",
           "{role_columns}",
           a.subscribed_partner_tools, "{sso_user_profiles}" as sso_user_profiles,
           "{evidence_columns}", "{idle_columns}", "{load_columns}", "{persona_columns}",
           f.allowed_tools, f.allowed_actions, f.undecided_tools, f.undecided_actions,
           "{visible_actions}" as visible_actions
    from "{profiles}" u /*{role_joins}*/
    left join /*{accounts}*/ a on a.account = u.account and a.region = u.region
    left join person_use w on w.account = u.account and w.region = u.region and w.domain_id = u.domain_id
      and w.person = lower(u.sso_user)
    left join domain_profiles s on s.account = u.account and s.region = u.region
      and s.domain_id = u.domain_id
    /*{evidence_joins}*/ /*{idle_joins}*/ /*{load_joins}*/),
exclusive as (select *, "{own_actions}" as own_actions from joined),
reached as (select *, "{reached}" from exclusive)
select *, "{hidden_columns}" from reached
