update raw_user_profile t set persona = found.persona
from (
    select row, "{persona}" as persona
    from (
        select p.rowid as row, p.doc.UserProfileName as name, p.doc.DomainId as domain_id,
               m.name as domain_name, p.tags is not null as tagged /*{tag_columns}*/
        from raw_user_profile p left join domain_resolved m
          on m.account = p.account and m.region = p.region and m.domain_id = p.doc.DomainId)) found
where t.rowid = found.row
