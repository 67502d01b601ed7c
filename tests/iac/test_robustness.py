"""Messy input: whatever a file holds, a scan ends with a snapshot or with an error that says why."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.collect.iac.scan import ScanOptions, scan
from auditor.errors import CollectError, ConfigError
from auditor.model.snapshot import Snapshot
from auditor.store.snapshot_file import encode
from tests.budgets import examples

from .corpus import ROOT

TEXTS = [path.read_text() for path in sorted(ROOT.glob("cfn-*/template.*"))]
QUICK = examples(50)


def outcome(text: str | bytes, name: str = "template.yaml") -> Snapshot | str:
    """The snapshot of a folder with that one file, or what was said instead."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        try:
            snapshot = scan([Path(folder)], ScanOptions())
        except (ConfigError, CollectError) as error:
            return error.diagnosis()
        # What was read can be written: no Unknown or Reference is left in a document.
        assert b"".join(encode(snapshot))
        return snapshot


@QUICK
@given(st.data())
def test_a_template_with_broken_lines(data: st.DataObject) -> None:
    lines = data.draw(st.sampled_from(TEXTS)).splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["drop", "double", "indent", "cut", "odd"])):
            case "drop":
                lines[at] = ""
            case "double":
                lines.insert(at, lines[at])
            case "indent":
                lines[at] = "  " + lines[at]
            case "cut":
                lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])))]
            case _:
                lines[at] += data.draw(
                    st.sampled_from([" {", " [", ": x", " !Ref", " !GetAtt [", " &a", " *a", "\t", " |"])
                )
    outcome("\n".join(lines))


_WORDS = ["Type", "Properties", "Condition", "Metadata", "Ref", "Fn::If", "Fn::GetAtt", "Fn::Sub", "Fn::ForEach::X",
          "Fn::Transform", "DomainId", "UserSettings", "Tags", "Policies", "Roles", "AssumeRolePolicyDocument",
          "ManagedPolicyArns", "SubnetIds", "Statement", "TemplateURL", "Parameters", "EventSelectors"]  # fmt: skip
_LEAF = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 3), st.text(max_size=3),
    st.sampled_from(["A", "B", "C", "${A}", "${A.Arn}", "x.yaml", "*", "arn:aws:iam::1:role/A"]),
)  # fmt: skip
_NODE = st.recursive(
    _LEAF,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(_WORDS), inner, max_size=4)),
    max_leaves=25,
)
_TYPES = st.sampled_from(
    ["AWS::SageMaker::Domain", "AWS::SageMaker::UserProfile", "AWS::SageMaker::Space", "AWS::SageMaker::App",
     "AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::EC2::Subnet", "AWS::EC2::RouteTable",
     "AWS::EC2::Route", "AWS::EC2::SubnetRouteTableAssociation", "AWS::CloudTrail::Trail", "AWS::Logs::LogGroup",
     "AWS::CloudFormation::Stack"]
)  # fmt: skip
_RESOURCE = st.fixed_dictionaries({"Type": _TYPES, "Properties": _NODE}, optional={"Condition": _LEAF})


@QUICK
@given(
    st.dictionaries(st.sampled_from(["A", "B", "C", "Fn::ForEach::X", "Fn::Transform"]), st.one_of(_RESOURCE, _NODE)),
    _NODE, _NODE, _NODE,
)  # fmt: skip
def test_a_template_of_nonsense(resources: Any, parameters: Any, conditions: Any, transform: Any) -> None:
    template = {
        "AWSTemplateFormatVersion": "2010-09-09", "Parameters": parameters, "Conditions": conditions,
        "Transform": transform, "Mappings": parameters, "Outputs": conditions,
        "Resources": {"Z": {"Type": "AWS::SageMaker::Domain"}, **resources},
    }  # fmt: skip
    found = outcome(json.dumps(template), "template.json")
    if isinstance(found, Snapshot):
        # What it understood it names; what it did not it says.
        assert any(r.kind == "domain" and r.id == "Z" for r in found.records) or found.gaps


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"AWSTemplateFormatVersion: \xff\xfe\nResources: {}", ""),
        (b"\x00AWSTemplateFormatVersion", ""),
        ("AWSTemplateFormatVersion: x\nResources: []", "it has no Resources"),
        ("AWSTemplateFormatVersion: x\nResources:\n  A: !Ref [x, y]\n", ""),
        ("AWSTemplateFormatVersion: x\nResources: &a {A: *a}", ""),
        ("AWSTemplateFormatVersion: x\nResources:\n" + "  - - - - - - -" * 300, ""),
        ("AWSTemplateFormatVersion: x\n" + "[" * 5000, ""),
        ("AWSTemplateFormatVersion: x\n---\nResources: {}\n---\nResources: {}", ""),
        ("", "not a template"),
        ("just text", "not a template"),
        ('{"Resources": {"A": {"Type": "AWS::X::Y"}', "neither YAML nor JSON"),
    ],
)
def test_files_that_are_no_templates(text: str | bytes, says: str) -> None:
    found = outcome(text)
    if isinstance(found, str):
        assert "nothing could be assessed" in found
        assert says in found
    else:
        assert not [r for r in found.records if r.kind == "domain"]


def test_a_deep_template_is_not_assessed() -> None:
    node: Any = "x"
    for _ in range(3000):
        node = {"A": node}
    text = json.dumps({"Resources": {"D": {"Type": "AWS::SageMaker::Domain", "Properties": "@"}}})
    deep = '{"A": ' * 3000 + '"x"' + "}" * 3000
    found = outcome(text.replace('"@"', deep), "template.json")
    assert isinstance(found, str)
    assert "nest" in found
