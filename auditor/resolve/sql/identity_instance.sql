create table identity_instance as
select distinct unnest(doc.IdentityCenterInstances) as instance from raw_account_region
where not coalesce(list_contains(gaps, 'identity_user'), false)
union
select unnest(identity_instances) from header
