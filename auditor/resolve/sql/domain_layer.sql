create table domain_layer as
select "{identity}", d.id as domain_id, "{identity_center_instance}" as identity_center_instance, d.tags,
       coalesce(d.tags, d.known_tags, map([]::VARCHAR[], []::VARCHAR[])) as known_tags,
       d.doc.KnownSubnetIds as known_subnet_ids, d.doc.KnownSubnetNumber as known_subnet_number,
       d.doc.KnownDomainName as known_name, "{layer_columns}"
from "{dated_domain}" d
