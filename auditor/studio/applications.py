"""Applications beside Studio's own (MLflow servers, partner AI apps), and what rules read of them.

Source: botocore's shapes of DescribeMlflowTrackingServer, DescribeMlflowApp and DescribePartnerApp.
"""

from __future__ import annotations

from collections.abc import Mapping

#: Members that rules read, by kind: what an SDK's model is checked against.
APPLICATION_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "mlflow_server": ("ArtifactStoreUri", "MlflowVersion", "RoleArn", "S3BucketOwnerAccountId",
                      "S3BucketOwnerVerification"),
    "mlflow_app": ("ArtifactStoreUri", "KmsKeyId", "MlflowVersion", "RoleArn"),
    "partner_app": ("AuthType", "CurrentVersionEolDate", "EnableAutoMinorVersionUpgrade", "ExecutionRoleArn",
                    "KmsKeyId", "Tier", "Version"),
}  # fmt: skip
