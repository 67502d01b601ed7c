create table sign_in_span as
-- Events come late, so the last hours before a snapshot may be missing; a day of them is no gap in three months.
select account, region, doc.SignInsKnownSince as since, doc.SignInsKnownUntil as until from raw_account_region
where doc.SignInsKnownUntil >= as_of - interval 1 day
