create table gap as
select * from raw_gap
union all
select account, region, 'user_profile', id, setting, "{operation}",
       'ambiguous_inheritance',
       'The profile sets ' || split_part(setting, '.', 2) || ' without this member and the domain sets it:'
       || ' AWS does not document whether the structure replaces the domain''s whole or member by member'
from (select account, region, id, unnest(list_filter(["{paths}"], lambda s: s is not null)) as setting
      from user_profile_resolved where "{ambiguous}")
