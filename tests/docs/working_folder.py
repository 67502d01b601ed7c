"""What the pages take for granted: an account, last night's audit of it, and files with the names that they use."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import yaml

import auditor
from auditor.model.snapshot import Scope, Snapshot
from auditor.store.snapshot_file import write_snapshot

#: Of acme, the account that ``auditor simulate`` serves: domains, and the profiles that are kept of them.
KEPT: Mapping[str, tuple[str, ...]] = {
    "QuickSetupDomain-20250513T204284": ("ds-team", "grace-hopper", "j-smith"),
    "research": ("ana-silva", "maria-garcia", "jan-novak"),
    "legacy-analytics": ("alice-meyer", "bob-fischer", "karin-lund"),
}
BUCKETS = ("studio-audit", "security-audit", "my-trail")

_DOMAIN = """\
Parameters:
  VpcId: {Type: String}
Resources:
  Domain:
    Type: AWS::SageMaker::Domain
    Properties:
      DomainName: research
      AuthMode: SSO
      AppNetworkAccessType: PublicInternetOnly
      VpcId: !Ref VpcId
      SubnetIds: [subnet-0a1b2c]
      DefaultUserSettings: {ExecutionRole: "arn:aws:iam::123456789012:role/studio-shared-spaces"}
"""
_TERRAFORM = """\
variable "environment" {}
variable "vpc" {}
resource "aws_sagemaker_domain" "this" {
  domain_name             = "studio-${var.environment}"
  auth_mode               = "SSO"
  app_network_access_type = "PublicInternetOnly"
  vpc_id                  = var.vpc
  subnet_ids              = ["subnet-0a1b2c"]
  default_user_settings { execution_role = "arn:aws:iam::123456789012:role/studio" }
}
"""
_PLANNED = {
    "address": "aws_sagemaker_domain.this", "mode": "managed", "type": "aws_sagemaker_domain", "name": "this",
    "provider_name": "registry.terraform.io/hashicorp/aws", "schema_version": 0, "sensitive_values": {},
    "values": {
        "domain_name": "planned", "auth_mode": "SSO", "app_network_access_type": "PublicInternetOnly",
        "vpc_id": "vpc-0a1b2c", "subnet_ids": ["subnet-0a1b2c"],
        "default_user_settings": [{"execution_role": "arn:aws:iam::123456789012:role/studio"}],
    },
}  # fmt: skip
_CHANGED = {
    key: value for key, value in _PLANNED.items() if key in ("address", "mode", "type", "name", "provider_name")
}
_PLAN = {
    "format_version": "1.2",
    "terraform_version": "1.9.0",
    "complete": True,
    "planned_values": {"root_module": {"resources": [_PLANNED]}},
    "resource_changes": [
        {
            **_CHANGED,
            "change": {"actions": ["create"], "before": None, "after_unknown": {}, "after": _PLANNED["values"]},
        }
    ],
    "configuration": {"root_module": {}},
}
_ASSEMBLY = {
    "version": "36.0.0",
    "artifacts": {
        "Studio": {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": {"templateFile": "Studio.template.json"},
        }
    },
}
#: A file that a page names → its text.
FILES: Mapping[str, str] = {
    "scp.json": json.dumps({"Statement": [{"Effect": "Deny", "Action": "sagemaker:DeleteDomain", "Resource": "*"}]}),
    "infra/studio.yaml": _DOMAIN,
    "report.sql": "select domain_name, name from user_profile",
    "studio.yaml": _DOMAIN,
    "research.yaml": _DOMAIN,
    "production.json": json.dumps({"VpcId": "vpc-0a1b2c"}),
    "cdk.out/manifest.json": json.dumps(_ASSEMBLY),
    "cdk.out/Studio.template.json": json.dumps(yaml.safe_load(_DOMAIN.replace("!Ref VpcId", "{Ref: VpcId}"))),
    "terraform/main.tf": _TERRAFORM,
    "production.tfvars": 'environment = "production"\nvpc = "vpc-0a1b2c"\n',
    "prod.tfvars": 'vpc = "vpc-0a1b2c"\n',
    "plan.json": json.dumps(_PLAN),
}  # fmt: skip


def estate() -> dict[str, Any]:
    """A part of acme that is collected in a second."""
    path = Path(auditor.__file__).parent / "simulator" / "estates" / "acme.yaml"
    whole: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    domains = [d for d in whole["domains"] if d["DomainName"] in KEPT]
    for domain in domains:
        kept = KEPT[domain["DomainName"]]
        domain["profiles"] = [p for p in domain["profiles"] if _name(p) in kept]
        domain["spaces"] = [s for s in domain.get("spaces", ()) if s.get("owner") in kept]
        spaces = {s["SpaceName"] for s in domain["spaces"]}
        domain["apps"] = [a for a in domain.get("apps", ()) if a.get("profile") in kept or a.get("space") in spaces]
        domain["sign_ins"] = [s for s in domain.get("sign_ins", ()) if s["profile"] in kept]
    return {**whole, "domains": domains}


def _name(profile: str | dict[str, Any]) -> str:
    return profile if isinstance(profile, str) else profile["UserProfileName"]


class Buckets:
    """The buckets that pages name, in the account that the environment leads to; one has a trail's files."""

    def __init__(self) -> None:
        self._client: Any = boto3.client("s3")
        self._kept: dict[tuple[str, str], bytes] = {}
        for bucket in BUCKETS:
            self._client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        for organization in ("", "o-abcdefghij/"):
            self._kept["my-trail", f"AWSLogs/{organization}{_log_name()}"] = _log()
        self.as_they_were()

    def fill(self, bucket: str, folder: Path, prefix: str) -> None:
        """Keep what a folder holds in a bucket as well."""
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        self._kept |= {(bucket, prefix + path.relative_to(folder).as_posix()): path.read_bytes() for path in files}

    def as_they_were(self) -> None:
        """Without what was written since."""
        for bucket in BUCKETS:
            for found in self._client.list_objects_v2(Bucket=bucket).get("Contents", ()):
                if (bucket, found["Key"]) not in self._kept:
                    self._client.delete_object(Bucket=bucket, Key=found["Key"])
        for (bucket, key), body in self._kept.items():
            self._client.put_object(Bucket=bucket, Key=key, Body=body)


def _log_name() -> str:
    day = datetime.now() - timedelta(days=1)
    name = f"123456789012_CloudTrail_eu-west-1_{day:%Y%m%d}T0000Z_a.json.gz"
    return f"123456789012/CloudTrail/eu-west-1/{day:%Y/%m/%d}/{name}"


def _log() -> bytes:
    return gzip.compress(json.dumps({"Records": []}).encode())


def furnish(folder: Path, tonight: Snapshot) -> None:
    """Put into a folder what pages name: templates, snapshots, and a trail's files."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    earlier = datetime.fromisoformat(tonight.header.as_of) - timedelta(days=1)
    before = replace(tonight.header, as_of=earlier.isoformat().replace("+00:00", "Z"))
    last = replace(tonight, header=before)
    for name in ("night", "acme", "branch", "eu"):
        write_snapshot(folder / f"{name}.jsonl", tonight)
    for name in ("last-night", "main"):
        write_snapshot(folder / f"{name}.jsonl", last)
    scopes = (Scope(tonight.header.scopes[0].account, "us-east-1"),)
    write_snapshot(folder / "us.jsonl", Snapshot(replace(tonight.header, scopes=scopes), (), (), ()))
    log = folder / "downloaded-logs" / _log_name()
    log.parent.mkdir(parents=True)
    log.write_bytes(_log())
