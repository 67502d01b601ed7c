create table role_unseen as
select account, bool_or(hidden) as hidden from (
    select account, execution_role is null or "{unnamed}" as hidden from profile_role
    union all select account, list_contains(unlisted, 'user_profile') from account_region) group by account
