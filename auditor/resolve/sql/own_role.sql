create view own_role as
select account, execution_role as id, sum(profiles)::BIGINT as profiles from profile_role
where execution_role <> '' and own and counted
group by all
