"""A member that the installed botocore does not know is a gap, never "not set"."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import botocore
import pytest

from auditor.collect.aws import CollectOptions, collect
from auditor.collect.aws.answers import unseen
from auditor.model.snapshot import Unseen
from auditor.simulator import Simulator
from auditor.simulator.estate import generate
from auditor.simulator.wire import service_model
from auditor.studio.settings import known_paths
from auditor.studio.structures import settings_paths

from .conftest import ACCOUNT, AWAY, HOME

#: Members that botocore 1.35.99 lacks, by the shape that holds them (design/3-aws.md, "SDK versions").
YOUNG = {
    "DescribeDomainResponse": "HomeEfsFileSystemCreation",
    "StudioWebPortalSettings": "ExecutionRoleSessionNameMode",
    "SpaceSettings": "RemoteAccess",
}
MISSING = (
    Unseen("domain", "DefaultUserSettings.StudioWebPortalSettings.ExecutionRoleSessionNameMode"),
    Unseen("domain", "HomeEfsFileSystemCreation"),
    Unseen("space", "SpaceSettings.RemoteAccess"),
    Unseen("user_profile", "UserSettings.StudioWebPortalSettings.ExecutionRoleSessionNameMode"),
)


@pytest.fixture
def old_botocore(tmp_path: Path) -> str:
    """A folder for AWS_DATA_PATH with SageMaker's model as it was before those members."""
    service_model("sagemaker")  # the simulator's own copy stays complete
    source = Path(botocore.__file__).parent / "data/sagemaker/2017-07-24/service-2.json.gz"
    model = json.loads(gzip.decompress(source.read_bytes()))
    for shape, member in YOUNG.items():
        del model["shapes"][shape]["members"][member]
    folder = tmp_path / "models/sagemaker/2017-07-24"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text(json.dumps(model), encoding="utf-8")
    return str(tmp_path / "models")


def test_members_that_the_sdk_drops_are_gaps(
    simulated: Callable[..., Simulator], monkeypatch: pytest.MonkeyPatch, old_botocore: str
) -> None:
    estate = generate(1, 1)
    estate.data["domains"][0]["HomeEfsFileSystemCreation"] = "Disabled"
    simulated(estate)
    options = CollectOptions(regions=(HOME, AWAY))
    (seen,) = (r for r in collect(options).records if r.kind == "domain")
    assert seen.document["HomeEfsFileSystemCreation"] == "Disabled"

    monkeypatch.setenv("AWS_DATA_PATH", old_botocore)
    snapshot = collect(options)
    (record,) = (r for r in snapshot.records if r.kind == "domain")
    assert "HomeEfsFileSystemCreation" not in record.document
    assert snapshot.header.unseen == MISSING
    expected = {
        (ACCOUNT, region, member.kind, "*", member.path, "not_in_sdk") for region in (HOME, AWAY) for member in MISSING
    }
    found = {(g.account, g.region, g.resource_type, g.resource_id, g.setting, g.reason) for g in snapshot.gaps}
    assert found == expected
    assert {g.operation for g in snapshot.gaps} == {"DescribeDomain", "DescribeSpace", "DescribeUserProfile"}
    assert all(botocore.__version__ in g.detail for g in snapshot.gaps)


def test_members_that_only_commands_send_back_are_unseen_and_no_gap(
    simulated: Callable[..., Simulator], monkeypatch: pytest.MonkeyPatch, old_botocore: str
) -> None:
    """No rule reads them, so no verdict is open; but a command must not drop them."""
    path = Path(old_botocore) / "sagemaker/2017-07-24/service-2.json"
    model = json.loads(path.read_text(encoding="utf-8"))
    del model["shapes"]["JupyterLabAppSettings"]["members"]["BuiltInLifecycleConfigArn"]
    path.write_text(json.dumps(model), encoding="utf-8")
    simulated(generate(1, 1))
    monkeypatch.setenv("AWS_DATA_PATH", old_botocore)
    snapshot = collect(CollectOptions(regions=(HOME,)))
    only_sent = {u.path for u in snapshot.header.unseen} - {u.path for u in MISSING}
    assert only_sent == {
        f"{root}.JupyterLabAppSettings.BuiltInLifecycleConfigArn"
        for root in ("UserSettings", "DefaultUserSettings", "DefaultSpaceSettings")
    }
    assert not only_sent & {g.setting for g in snapshot.gaps}


class _Client:
    """As much of a boto3 client as ``unseen`` looks at."""

    def __init__(self, model: Any) -> None:
        self.meta = self
        self.service_model = model


def test_nothing_is_unseen_with_this_botocore() -> None:
    assert unseen(_Client(service_model("sagemaker"))) == ()


def test_the_paths_that_are_looked_for_hold_the_members_of_this_test() -> None:
    paths = {Unseen(kind, path) for kind, all_of_it in known_paths().items() for path in all_of_it}
    assert set(MISSING) <= paths
    assert {u for u in paths if u.path.split(".")[-1] in YOUNG.values()} == set(MISSING)


def test_a_structure_that_is_missing_takes_its_members_with_it(
    monkeypatch: pytest.MonkeyPatch, old_botocore: str
) -> None:
    path = Path(old_botocore) / "sagemaker/2017-07-24/service-2.json"
    model = json.loads(path.read_text(encoding="utf-8"))
    del model["shapes"]["UserSettings"]["members"]["CodeEditorAppSettings"]
    path.write_text(json.dumps(model), encoding="utf-8")
    monkeypatch.setenv("AWS_DATA_PATH", old_botocore)
    client = boto3.Session().client("sagemaker", HOME, aws_access_key_id="x", aws_secret_access_key="x")
    expected = {
        Unseen(kind, path)
        for table in (known_paths(), settings_paths())
        for kind, paths in table.items()
        for path in paths
        if path.startswith(("UserSettings.CodeEditorAppSettings", "DefaultUserSettings.CodeEditorAppSettings"))
    }
    assert len(expected) > 2
    assert set(unseen(client)) == expected | set(MISSING)
