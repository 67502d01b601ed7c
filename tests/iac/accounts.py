"""Accounts by hand, as AWS's API answers, and templates beside them: for the tests of ``auditor scan --against``.

What must be found there follows from AWS's semantics.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema

from auditor.cli.main import run
from auditor.collect.iac.scan import ScanOptions, scan
from auditor.drift.detect import drift, load_live
from auditor.errors import ExitCode
from auditor.evaluate.report_inventory import owner_tags
from auditor.model.snapshot import KINDS, SCHEMA_VERSION, Gap, Header, Record, Scope, Snapshot
from auditor.report import json_format
from auditor.report.json_text import to_json
from auditor.store.snapshot_file import write_snapshot

ACCOUNT, REGION = "111122223333", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"


def domain(id_: str = "d-research01", name: str = "research", region: str = REGION, **members: Any) -> Record:
    """A domain as DescribeDomain gives it; ``members`` are added."""
    document = {
        "DomainId": id_, "DomainName": name, "DomainArn": f"arn:aws:sagemaker:{region}:{ACCOUNT}:domain/{id_}",
        "Status": "InService", "CreationTime": "2025-02-03T10:00:00Z", "AuthMode": "SSO", "VpcId": "vpc-1",
        "SubnetIds": ["subnet-2", "subnet-1"], "AppNetworkAccessType": "VpcOnly", "TagPropagation": "DISABLED",
        "HomeEfsFileSystemId": "fs-1", "HomeEfsFileSystemCreation": "Enabled", "Url": "https://x",
        "DefaultUserSettings": {"ExecutionRole": ROLE + "default", "AutoMountHomeEFS": "Disabled"},
    }  # fmt: skip
    return Record(ACCOUNT, region, "domain", id_, document | members, ())


def profile(name: str, settings: Mapping[str, Any] | None = None, *, in_: str = "d-research01", tags: Any = (),
            region: str = REGION) -> Record:  # fmt: skip
    arn = f"arn:aws:sagemaker:{region}:{ACCOUNT}:user-profile/{in_}/{name}"
    document = {"DomainId": in_, "UserProfileName": name, "UserProfileArn": arn, "Status": "InService",
                "CreationTime": "2025-03-04T10:00:00Z", "HomeEfsFileSystemUid": "200005"}  # fmt: skip
    if settings is not None:
        document["UserSettings"] = dict(settings)
    return Record(ACCOUNT, region, "user_profile", f"{in_}/{name}", document, tags)


def space(name: str, settings: Mapping[str, Any], owner: str = "ana") -> Record:
    document = {"DomainId": "d-research01", "SpaceName": name, "Status": "InService", "SpaceSettings": dict(settings),
                "OwnershipSettings": {"OwnerUserProfileName": owner}, "CreationTime": "2025-03-05T10:00:00Z",
                "SpaceSharingSettings": {"SharingType": "Private"}}  # fmt: skip
    return Record(ACCOUNT, REGION, "space", f"d-research01/{name}", document, ())


def app(owner: str, name: str, type_: str, status: str = "InService") -> Record:
    member = "UserProfileName" if owner == "profile" else "SpaceName"
    document = {"DomainId": "d-research01", member: name, "AppType": type_, "AppName": "default", "Status": status,
                "ResourceSpec": {"InstanceType": "ml.t3.medium"}}  # fmt: skip
    return Record(ACCOUNT, REGION, "app", f"d-research01/{owner}/{name}/{type_}/default", document, ())


def account(*records: Record, gaps: tuple[Gap, ...] = (), lists: tuple[str, ...] = (), source: Any = "aws") -> Snapshot:
    """A snapshot. ``lists``: kinds that could not be listed completely."""
    regions = sorted({REGION, *(r.region for r in records)})
    places = [Record(ACCOUNT, region, "account_region", region, {}, None, lists) for region in regions]
    scopes = tuple(Scope(ACCOUNT, region) for region in regions)
    header = Header(SCHEMA_VERSION, source, "2026-11-24T02:00:00Z", "0", "1", "", scopes, kinds=KINDS)
    return Snapshot(header, (*places, *records), gaps)


CFN = """\
Parameters:
  Key: {Type: String}
Resources:
  Research:
    Type: AWS::SageMaker::Domain
    Properties:
      DomainName: research
      AuthMode: SSO
      VpcId: vpc-1
      SubnetIds: [subnet-1, subnet-2]
      AppNetworkAccessType: VpcOnly
      DefaultUserSettings:
        ExecutionRole: arn:aws:iam::111122223333:role/default
        AutoMountHomeEFS: Disabled
  Ana:
    Type: AWS::SageMaker::UserProfile
    Properties:
      DomainId: !Ref Research
      UserProfileName: ana
"""
DOMAIN_HCL = """\
resource "aws_sagemaker_domain" "research" {
  domain_name             = "research"
  auth_mode               = "SSO"
  vpc_id                  = "vpc-1"
  subnet_ids              = ["subnet-1", "subnet-2"]
  app_network_access_type = "VpcOnly"
  default_user_settings {
    execution_role      = "arn:aws:iam::111122223333:role/default"
    auto_mount_home_efs = "Disabled"
  }
}
"""


class Beside:
    """A working folder: write files, scan them beside an account, read the drift of report.json."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def drift(
        self, *live: Snapshot, path: str = ".", parameters: tuple[str, ...] = (), variables: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """As report.json has it, without evaluating a rule."""
        files = [self.folder / f"live-{number}.jsonl" for number, _ in enumerate(live)]
        for file, snapshot in zip(files, live, strict=True):
            write_snapshot(file, snapshot)
        found = drift(scan([Path(path)], ScanOptions(parameters, (), variables)), load_live(files), owner_tags((), {}))
        lists = {k: list(v) if k != "summary" else v for k, v in json_format.drift_parts(found).items()}
        plain: dict[str, Any] = json.loads(to_json({**lists, "incomplete": found.incomplete, "against": found.against}))
        return plain

    def report(self, *options: str) -> dict[str, Any]:
        """report.json of the command, which must exit 0, held against its schema."""
        code = run(["scan", ".", "--only", "STU106", "--format", "json", "--output", "out", "--quiet", *options])
        assert code == ExitCode.OK
        report: dict[str, Any] = json.loads((self.folder / "out/report.json").read_text())
        jsonschema.validate(report, json_format.schema())
        return report


def settings_of(drift: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Setting → template's and account's value; None where a side does not set it."""
    return {
        d["setting"]: tuple(v["value"] if v["set"] else None for v in (d["template_value"], d["account_value"]))
        for d in drift["disagreements"]
    }


def names(entries: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(e["resource"]["type"], e["resource"]["name"]) for e in entries]
