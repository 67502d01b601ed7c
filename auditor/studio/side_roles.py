"""Roles that Studio uses beside execution roles: for RStudio, Canvas, Amazon EMR, MLflow and partner AI apps.

Source: botocore's shapes of DescribeDomain, DescribeUserProfile, DescribeMlflowTrackingServer, DescribeMlflowApp and
DescribePartnerApp.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from auditor.model.paths import value_at

_CANVAS: Mapping[str, str] = {
    "TimeSeriesForecastingSettings.AmazonForecastRoleArn": "Canvas: Amazon Forecast",
    "ModelRegisterSettings.CrossAccountModelRegisterRoleArn": "Canvas: model registry of another account",
    "GenerativeAiSettings.AmazonBedrockRoleArn": "Canvas: Amazon Bedrock",
    "EmrServerlessSettings.ExecutionRoleArn": "Canvas: EMR Serverless",
}
#: The use of roles that execution roles assume themselves; services assume all others (API_EmrSettings).
ASSUMED = "Amazon EMR: assumed"
_EMR: Mapping[str, str] = {
    "EmrSettings.AssumableRoleArns": ASSUMED,
    "EmrSettings.ExecutionRoleArns": "Amazon EMR: runtime",
}


def _user(root: str) -> dict[str, str]:
    return {f"{root}.CanvasAppSettings.{path}": use for path, use in _CANVAS.items()} | {
        f"{root}.JupyterLabAppSettings.{path}": use for path, use in _EMR.items()
    }


#: Kind of the document → path of a role's ARN, or of a list of them, → what Studio uses it for.
SIDE_ROLES: Mapping[str, Mapping[str, str]] = {
    "domain": {
        "DomainSettings.RStudioServerProDomainSettings.DomainExecutionRoleArn": "RStudio",
        **_user("DefaultUserSettings"),
        **{f"DefaultSpaceSettings.JupyterLabAppSettings.{path}": use for path, use in _EMR.items()},
    },
    "user_profile": _user("UserSettings"),
    "mlflow_server": {"RoleArn": "MLflow"},
    "mlflow_app": {"RoleArn": "MLflow"},
    "partner_app": {"ExecutionRoleArn": "partner AI apps"},
}
#: Kind → structures in which these stand, and that no setting of ours reads.
SIDE_STRUCTURES: Mapping[str, tuple[str, ...]] = {
    "domain": tuple(f"Default{whose}Settings.JupyterLabAppSettings.EmrSettings" for whose in ("User", "Space")),
    "user_profile": ("UserSettings.JupyterLabAppSettings.EmrSettings",),
}


def side_roles(kind: str, document: Mapping[str, Any]) -> Iterator[str]:
    """ARNs of such roles in a document."""
    for path in SIDE_ROLES.get(kind, ()):
        value = value_at(document, path)
        for arn in value if isinstance(value, list) else [value]:
            if isinstance(arn, str) and arn:
                yield arn
