create table domain_layer as
with d as (select * from "{dated_domain}")
select d.account, d.region, d.id as domain_id, "{layer_columns}" from d
