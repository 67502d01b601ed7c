create table identity_person as
select lower(doc.UserName) as person, list(struct_pack(
           account := account,
           instance := coalesce(doc.Instance, ''),
           active := case when doc.UserStatus = 'DISABLED' then false
                          when doc.UserStatus <> 'ENABLED' or list_contains(gaps, 'UserStatus') then null
                          else true end)) as accounts
from raw_identity_user where doc.UserName is not null group by all
