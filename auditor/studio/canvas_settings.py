"""What a domain and its user profiles lay down for SageMaker Canvas: where it keeps files, and what it may use beside.

No page names a default of a feature's status. Where nobody sets it, nobody turned the feature on: each needs rights, a
role or a secret that somebody gives (API_DirectDeploySettings, API_EmrServerlessSettings,
API_IdentityProviderOAuthSetting).
"""

from __future__ import annotations

from auditor.studio.setting import API, Setting

_CANVAS = "CanvasAppSettings."
#: Where Canvas keeps files.
CANVAS_STORE = f"{_CANVAS}WorkspaceSettings.S3ArtifactPath"
#: What a persona may need of Canvas beside itself.
CANVAS_FEATURES = ("DirectDeploy", "CrossAccountRegistry", "OAuth", "Kendra", "EmrServerless")


def _status(column: str, structure: str, doc: str) -> Setting:
    return Setting(column, f"{_CANVAS}{structure}.Status", "VARCHAR", "user", "''", f"{API}API_{structure}.html",
                   f"Whether people may {doc} in Canvas: ENABLED or DISABLED; '' where nobody says")  # fmt: skip


CANVAS_SETTINGS: tuple[Setting, ...] = (
    Setting("canvas_artifact_path", CANVAS_STORE, "VARCHAR", "user", "''", API + "API_WorkspaceSettings.html",
            "Where Canvas keeps data sets and models; '' for the bucket sagemaker-REGION-ACCOUNT that it makes itself"),
    Setting("canvas_kms_key_id", f"{_CANVAS}WorkspaceSettings.S3KmsKeyId", "VARCHAR", "user", "''",
            API + "API_WorkspaceSettings.html", "KMS key that Canvas encrypts them with; '' where none is set"),
    _status("canvas_direct_deploy", "DirectDeploySettings", "deploy models to endpoints"),
    Setting("canvas_register_role", f"{_CANVAS}ModelRegisterSettings.CrossAccountModelRegisterRoleArn", "VARCHAR",
            "user", "''", API + "API_ModelRegisterSettings.html",
            "Role by which Canvas registers models in another account; '' where none is set"),
    _status("canvas_model_register", "ModelRegisterSettings", "register models, also in another account,"),
    Setting("canvas_oauth_sources", f"{_CANVAS}IdentityProviderOAuthSettings", "VARCHAR[]", "user", "[]",
            API + "API_IdentityProviderOAuthSetting.html", "Data sources that Canvas connects to by OAuth, and"
            " that are not DISABLED", raw_type='STRUCT("DataSourceName" VARCHAR, "Status" VARCHAR)[]',
            # AWS doesn't require the name.
            read="list_transform(list_filter({}, lambda r: r.Status is distinct from 'DISABLED'),"
                 " lambda r: coalesce(r.DataSourceName, 'a source without a name'))",
            items=("DataSourceName", "Status")),
    _status("canvas_kendra", "KendraSettings", "query documents with Amazon Kendra"),
    _status("canvas_emr_serverless", "EmrServerlessSettings", "run Amazon EMR Serverless jobs"),
)  # fmt: skip
