create table ownerless_space as
select distinct account, region, doc.DomainId as domain_id from raw_space
where ("{owner_unseen}" and doc.OwnershipSettings.OwnerUserProfileName is null)
   or ("{sharing_unseen}" and doc.SpaceSharingSettings.SharingType is null)
