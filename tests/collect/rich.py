"""An account with everything that evidence is about."""

from __future__ import annotations

from auditor.simulator.estate import Estate

from .conftest import ACCOUNT, HOME, Collected

ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/studio"
KEY = f"arn:aws:kms:{HOME}:{ACCOUNT}:key/1f3c8a52-7f0e-4f0e-9d52-0c1f7f5f1a11"
#: An image that a user profile can start JupyterLab from.
IMAGE = {"JupyterLabAppSettings": {"CustomImages": [{"ImageName": "own", "AppImageConfigName": "own"}]}}
FAR = "arn:aws:iam::999999999999:role/far"
SECRET = "correct-horse-7"
SCRIPT = f"#!/bin/bash\nexport DB_PASSWORD={SECRET}\n"
#: A domain of each kind of sign-in, and everything that evidence is about.
RICH = Estate(
    "rich",
    ACCOUNT,
    HOME,
    {
        "region": HOME,
        "vpcs": {"home": {"public": True, "security_groups": {"apps": ["10.0.0.0/8", "fd00::/8"], "ana": []}}},
        "roles": [
            {"name": "team/studio", "managed": ["AmazonSageMakerFullAccess"],
             "inline": {"own": {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}},
             "customer": {"shared": {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}}},
            "bystander",
        ],
        "missing_roles": ["gone"],
        "domains": [
            {
                "DomainName": "home", "id": "d-home", "AuthMode": "IAM", "vpc": "home", "KmsKeyId": KEY,
                "Tags": [{"Key": "team", "Value": "data"}],
                "DefaultUserSettings": {"ExecutionRole": "role:team/studio", "SecurityGroups": ["$home.apps"]},
                "DefaultSpaceSettings": {"ExecutionRole": "role:spaces"},
                "profiles": [
                    {"UserProfileName": "ana", "UserSettings": {"SecurityGroups": ["$home.ana"], **IMAGE}},
                    {"UserProfileName": "ben", "role": "gone"},
                    {"UserProfileName": "cleo", "UserSettings": {"ExecutionRole": FAR}},
                ],
                "sign_ins": [{"profile": "ana", "by": "user/ana", "times": 60}, {"profile": "ben", "by": "user/ben"}],
                "changes": [
                    {"call": "UpdateDomain", "by": "role/ops/kim", "request": {"AppNetworkAccessType": "VpcOnly"}},
                ],
            },
            {
                "DomainName": "sso", "id": "d-sso", "AuthMode": "SSO", "vpc": "home",
                "profiles": [{"UserProfileName": "dora", "sso": "dora@acme.example"}],
            },
        ],
        "partner_apps": [{"Name": "comet", "Type": "comet"}],
        "mlflow": [{"TrackingServerName": "runs", "ArtifactStoreUri": "s3://b/a", "RoleArn": "role:team/studio"}],
        "mlflow_apps": [{"Name": "runs", "ArtifactStoreUri": "s3://b/a", "RoleArn": "role:team/studio"}],
        "identity_center": {"users": ["dora@acme.example", {"name": "emil@acme.example", "disabled": True}],
                            "groups": {"data": ["dora@acme.example"]}},
        "lifecycle_configs": [{"name": "tools", "script": SCRIPT}],
        "image_versions": [{"ImageName": "own", "BaseImage": f"{ACCOUNT}.dkr.ecr.{HOME}.amazonaws.com/own:1"}],
        "trails": [{"name": "home", "multi_region": False, "filters": ["{ $.eventName = UpdateDomain }"],
                    "alarms": [{"filter": 0}]}],
        "event_rules": [{"name": "studio", "pattern": {"source": ["aws.sagemaker"]}}],
        "log_groups": [{"days": 30}],
    },
)  # fmt: skip


def only(kind: str, found: Collected, operation: str, *also: str) -> None:
    """The kind is lost, and nothing else is but what cannot be listed without it."""
    assert {(g.resource_type, g.resource_id, g.setting, g.operation) for g in found.gaps} == {
        (kind, "*", "*", operation)
    }
    assert found.record("account_region", HOME).gaps == tuple(sorted((kind, *also)))
