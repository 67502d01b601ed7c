-- MLflow tracking servers, MLflow Apps and partner AI apps that are not gone, with what they have in common.
create temp table application as
select account, region, account || '/' || region || '/mlflow_server/' || id as key,
       'MLflow tracking server ' || coalesce(doc.TrackingServerName, id) as what, doc.RoleArn as role,
       doc.ArtifactStoreUri as store
from raw_mlflow_server
union all
select account, region, account || '/' || region || '/mlflow_server/' || id, 'MLflow App ' || coalesce(doc.Name, id),
       doc.RoleArn, doc.ArtifactStoreUri
from raw_mlflow_app
where doc.Status is distinct from 'Deleted'
union all
select account, region, account || '/' || region || '/partner_app/' || id,
       'partner AI app ' || coalesce(doc.Name, id), doc.ExecutionRoleArn, ''
from raw_partner_app
where doc.Status is distinct from 'Deleted'
