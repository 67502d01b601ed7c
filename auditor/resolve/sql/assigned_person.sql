create table assigned_person as
with assigned as (
    select account, region, id as domain_id, unnest(doc.UserIds) as user_id from raw_assignment)
select distinct a.account, a.region, a.domain_id, lower(u.doc.UserName) as person
from assigned a join raw_identity_user u on u.doc.UserId = a.user_id
where u.doc.UserName is not null
