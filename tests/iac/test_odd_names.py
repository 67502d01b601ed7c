"""Names in templates that no file can have, halves of characters, and names of files that are not UTF-8: only what they
stand in is not assessed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from auditor.collect.iac.scan import ScanOptions, scan
from auditor.errors import ConfigError
from auditor.model.snapshot import Snapshot
from auditor.store.snapshot_file import write_snapshot

DOMAIN = {"Type": "AWS::SageMaker::Domain", "Properties": {"DomainName": "lab", "AuthMode": "IAM"}}
#: The longest name of a file on Linux has 255 bytes, the longest path 4,096 (limits.h: NAME_MAX, PATH_MAX).
NO_PATHS = ["a\0b", "x" * 256, "x/" * 2100, "loop/x.json"]
HALF = '"a\\ud800"'


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")

    def write(files: Mapping[str, Any]) -> None:
        for name, content in files.items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(content if isinstance(content, str) else json.dumps(content))

    return write


def scanned(path: str = "t") -> Snapshot:
    """What a scan finds, which a file can hold."""
    snapshot = scan([Path(path)], ScanOptions())
    write_snapshot(Path("out.jsonl"), snapshot)
    return snapshot


def domains(snapshot: Snapshot) -> list[str]:
    return [r.document["DomainName"] for r in snapshot.records if r.kind == "domain"]


def missed(snapshot: Snapshot) -> str:
    return " ".join(gap.detail for gap in snapshot.gaps if gap.reason == "not_assessed")


@pytest.mark.parametrize("name", NO_PATHS, ids=["zero byte", "long", "long path", "circle"])
@pytest.mark.parametrize("where", ["location", "asset"])
def test_a_nested_stack(repository: Callable[..., None], name: str, where: str) -> None:
    nested: dict[str, Any] = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": name}}
    if where == "asset":
        nested |= {"Metadata": {"aws:asset:path": name}, "Properties": {"TemplateURL": "x"}}
    repository({"t/t.json": {"Resources": {"N": nested, "D": DOMAIN}}})
    snapshot = scanned()
    assert domains(snapshot) == ["lab"]
    assert "there is no file" in " ".join(gap.detail for gap in snapshot.gaps)


@pytest.mark.parametrize("name", NO_PATHS[:3], ids=["zero byte", "long", "long path"])
@pytest.mark.parametrize("member", ["templateFile", "file", "directoryName", "path"])
def test_an_assembly(repository: Callable[..., None], name: str, member: str) -> None:
    """The template beside the assembly is read, whatever the assembly names."""
    kinds = {"templateFile": "aws:cloudformation:stack", "file": "cdk:asset-manifest", "path": "cdk:asset-manifest",
             "directoryName": "cdk:cloud-assembly"}  # fmt: skip
    named = {"file": "S.assets.json"} if member == "path" else {member: name}
    stack = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "S.template.json"}}
    assets = {"files": {"a": {"source": {"path": name}, "destinations": {"d": {"objectKey": "a.json"}}}}}
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://s3/a.json"}}
    repository({
        "t/cdk.out/manifest.json": {
            "version": "36.0.0", "artifacts": {"S": stack, "A": {"type": kinds[member], "properties": named}},
        },
        "t/cdk.out/S.template.json": {"Resources": {"D": DOMAIN, "N": nested}},
        "t/cdk.out/S.assets.json": assets,
        "t/beside/t.json": {"Resources": {"D": {**DOMAIN, "Properties": {"DomainName": "beside", "AuthMode": "IAM"}}}},
    })  # fmt: skip
    snapshot = scanned()
    assert "beside" in domains(snapshot)
    if member in ("templateFile", "directoryName"):
        assert "its name is not a path" in missed(snapshot)
    else:
        assert sorted(domains(snapshot)) == ["beside", "lab"]


@pytest.mark.parametrize(
    "file",
    [
        ("t.json", '{"Resources": {"D": {"Type": "AWS::SageMaker::Domain", "Properties": {"DomainName": %s}}}}'),
        ("m.tf.json", '{"resource": {"aws_sagemaker_domain": {"d": {"domain_name": %s}}}}'),
        ("terraform.tfvars.json", '{"a": %s}'),
        ("plan.json", '{"format_version": "1.2", "terraform_version": "1.11.4", "planned_values": {"root_module":'
         ' {"resources": [{"address": "aws_sagemaker_domain.d", "mode": "managed", "type": "aws_sagemaker_domain",'
         ' "name": "d", "values": {"domain_name": %s}}]}}, "configuration": {"root_module": {}}}'),
    ],
    ids=lambda file: file[0],
)  # fmt: skip
def test_half_of_a_character(repository: Callable[..., None], file: tuple[str, str]) -> None:
    """RFC 8259, section 8.2: it "is unpredictable" what reads such a text. A whole character in two parts is fine."""
    name, text = file
    own = 'resource "aws_sagemaker_domain" "own" {\n  domain_name = "lab"\n}\nvariable "a" {\n  default = ""\n}\n'
    repository({f"t/{name}": text % HALF, "t/own.tf": own})
    assert "\\ud800 is half of a character" in missed(scanned())
    repository({f"t/{name}": text % '"a\\ud83d\\ude00"'})
    assert not missed(scanned())


@pytest.mark.parametrize("call", ["jsondecode", "yamldecode"])
def test_half_of_a_character_in_a_function(repository: Callable[..., None], call: str) -> None:
    text = json.dumps('{"a": "\\ud800"}')
    repository({"t/m.tf": f'resource "aws_sagemaker_domain" "d" {{\n  domain_name = {call}({text}).a\n}}\n'})
    (domain,) = (r for r in scanned().records if r.kind == "domain")
    assert "DomainName" in domain.gaps


def test_the_name_of_a_file_is_not_utf_8(repository: Callable[..., None]) -> None:
    name = os.fsdecode(b"t/caf\xe9.json")
    repository({name: {"Resources": {"D": DOMAIN}}})
    snapshot = scanned()
    assert [r.place.file for r in snapshot.records if r.kind == "domain" and r.place] == ["t/caf\\xe9.json"]


def test_a_file_of_parameters_is_nested_too_deeply(repository: Callable[..., None]) -> None:
    repository({"t/t.json": {"Resources": {"D": DOMAIN}}, "p.json": "[" * 100_000})
    with pytest.raises(ConfigError, match=r"p\.json: it is nested too deeply"):
        scan([Path("t")], ScanOptions(parameter_files=(Path("p.json"),)))
