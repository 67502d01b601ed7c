"""The same account in each partition: the same verdicts, and not a word of another partition.

Source of the partitions and their Regions: botocore's endpoint data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest

from auditor.cli.main import main
from auditor.simulator import Simulator

#: The first by name is the one that stands for the account.
REGIONS = {"aws": ("eu-west-1", "us-east-1"), "aws-us-gov": ("us-gov-east-1", "us-gov-west-1"),
           "aws-cn": ("cn-north-1", "cn-northwest-1")}  # fmt: skip
#: What has an ARN in it, or is asked in a Region of the partition's own: roles, people, keys, trails, tags of the bill.
ESTATE = """
region: {home}
vpcs: {{main: {{}}}}
roles:
  - studio
  - {{name: boss, managed: [AdministratorAccess]}}
domains:
  - DomainName: lab
    AuthMode: SSO
    vpc: main
    KmsKeyId: "arn:{partition}:kms:{home}:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000"
    DefaultUserSettings: {{ExecutionRole: "role:studio", DefaultLandingUri: "studio::"}}
    profiles:
      - {{UserProfileName: ida-lund, sso: ida@acme.example}}
      - {{UserProfileName: ben-gone, sso: ben@acme.example, role: boss}}
    sign_ins:
      - {{profile: ida-lund, by: sso/DataScience/ida@acme.example}}
      - {{profile: ida-lund, by: user/otto}}
  - {{DomainName: far, region: {far}, AuthMode: IAM, DefaultUserSettings: {{ExecutionRole: "role:studio"}},
     VpcId: vpc-1, SubnetIds: [subnet-1]}}
identity_center: {{users: [ida@acme.example]}}
trails: [{{name: all}}]
log_groups: [{{region: {far}, days: 90}}]
cost_tags: {{owner: Active}}
"""


def audited(partition: str, simulated: Callable[..., Simulator], tmp_path: Path) -> str:
    home, far = REGIONS[partition]
    folder = tmp_path / partition
    folder.mkdir()
    (folder / "estate.yaml").write_text(ESTATE.format(partition=partition, home=home, far=far))
    simulated(str(folder / "estate.yaml"))
    with pytest.raises(SystemExit) as ended:
        main(["audit", "--region", home, "--region", far, "-q", "--format", "json", "--output", str(folder)])
    assert ended.value.code == 4
    return (folder / "report.json").read_text()


def verdicts(text: str) -> Mapping[Any, Any]:
    report = json.loads(text)
    found = {(f["rule"]["id"], f["resource"]["id"]): f["status"] for f in report["findings"]}
    return {**found, **{one["id"]: one["pass"] for one in report["summary"]["by_rule"]}}


def plain(text: str, partition: str) -> str:
    """A report without what names its partition, and the ids that AWS makes up, which hang on the Region."""
    for name, region in zip(("home", "far"), REGIONS[partition], strict=True):
        text = text.replace(region, name)
    return re.sub(r"\bd-[0-9a-f]{12}\b", "d-made-up", text.replace(f"arn:{partition}:", "arn:aws:"))


@pytest.mark.parametrize("partition", ["aws-us-gov", "aws-cn"])
def test_the_same_account_in_another_partition(
    partition: str, simulated: Callable[..., Simulator], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    there, here = (audited(name, simulated, tmp_path) for name in (partition, "aws"))
    assert verdicts(plain(there, partition)) == verdicts(plain(here, "aws"))
    # The steps of STU212 name the partition aws first, and what is written in the others.
    of_aws = set(re.findall(r"arn:aws:[^\"\\ ,]*", there)) - {"arn:aws:sagemaker:*:ACCOUNT:*"}
    assert of_aws == set()


@pytest.mark.parametrize("partition", ["aws-us-gov", "aws-cn"])
def test_its_regions(partition: str, simulated: Callable[..., Simulator], tmp_path: Path) -> None:
    home, far = REGIONS[partition]
    (tmp_path / "estate.yaml").write_text(ESTATE.format(partition=partition, home=home, far=far))
    simulated(str(tmp_path / "estate.yaml"))
    named = {one["RegionName"] for one in boto3.client("ec2", region_name=home).describe_regions()["Regions"]}
    assert named == set(boto3.Session().get_available_regions("ec2", partition))
    assert set(REGIONS[partition]) <= named
