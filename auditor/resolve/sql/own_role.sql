create table own_role as
select account, execution_role as id, count(*) as profiles from user_profile_resolved
where execution_role <> '' and execution_role_origin = 'profile' and "{counted}"
group by all
