"""The parity law: an estate as API documents and the same estate as templates give the same tables."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.collect.iac.build import build
from auditor.collect.iac.interface import Reference, Resource, Root
from auditor.collect.iac.scan import ScanOptions, scan
from auditor.evaluate.audit import load_tables
from auditor.model.snapshot import Snapshot
from auditor.resolve.table_model import Table
from auditor.resolve.tables import TABLES
from auditor.store.snapshot_file import write_snapshot
from auditor.studio.template_types import Language
from tests.budgets import examples

from .estates import AS_OF, ROOT, Estate, Link, documents, estates, not_compared, properties

#: Columns that say where a row comes from, or what AWS alone gives.
_OWN = {"arn", "creation_time", "as_of", "home_efs_file_system_id", "key", "account", "domain_key", "owner_key", "name"}
#: A template's role is decided by its policies, a live one by AWS's simulator, which is not asked here.
_OWN |= {"undecided_tools", "role_undecided_tools"}
#: What only a running account has: what a template will make has not failed.
_OWN |= {"failed_resources", "private_use_complete"}
_COMPARED = ("domain", "user_profile", "space", "app", "execution_role", "account_region")
_TABLES = {table.name: table for table in TABLES}


def tables(snapshot: Snapshot, language: Language) -> dict[str, list[dict[str, Any]]]:
    """Rows of the tables, by id, with the columns that the language can express."""
    skipped = not_compared([language])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "snapshot.jsonl"
        write_snapshot(path, snapshot)
        con, _ = load_tables([path])
        found = {}
        for name in _COMPARED:
            cursor = con.execute(f"select * from {name} order by id")
            names = [d[0] for d in cursor.description or ()]
            left_out = _OWN | _beyond(_TABLES[name], skipped)
            found[name] = [
                {n: v for n, v in zip(names, row, strict=True) if n.removesuffix("_origin") not in left_out}
                for row in cursor.fetchall()
            ]
        return found


def _beyond(table: Table, skipped: frozenset[str]) -> set[str]:
    """Columns that read a path which the language lacks, themselves or through their inputs."""
    direct = {c.name for c in table.columns if skipped & set((c.paths or {}).values())}
    found = set(direct)
    for _ in range(3):
        found |= {c.name for c in table.columns if found & set(c.inputs)}
    return found


def assert_same(estate: Estate, snapshot: Snapshot, language: Language) -> None:
    want, got = tables(documents(estate), language), tables(snapshot, language)
    for name in _COMPARED:
        assert [row["id"] for row in got[name]] == [row["id"] for row in want[name]], name
        for have, expected in zip(got[name], want[name], strict=True):
            differing = {n: (v, expected[n]) for n, v in have.items() if v != expected[n]}
            assert not differing, (name, have["id"])


def resources(estate: Estate, language: Language) -> tuple[Resource, ...]:
    """The estate as a reader of the language would give it."""
    kinds: Mapping[str, str] = {
        "aws": "aws_sagemaker_{}", "awscc": "awscc_sagemaker_{}",
    }  # fmt: skip
    role_type, name = {"aws": ("aws_iam_role", "name"), "awscc": ("awscc_iam_role", "role_name")}[language]
    policy = {"aws": "assume_role_policy", "awscc": "assume_role_policy_document"}[language]

    def write(value: Any) -> Any:
        if isinstance(value, Link):
            return Reference(value.id, "arn" if value.kind == "role" else "id")
        return value

    found = [Resource(r, role_type, {name: r, policy: '{"Statement": []}'}, "main.tf") for r in estate.roles]
    items = (
        Resource(item.id, kinds[language].format(item.kind), properties(item, language, write), "main.tf")
        for item in estate.items
    )
    return (*found, *items)


@pytest.mark.parametrize("language", ["aws", "awscc"])
@examples(10)
@given(data=st.data())
def test_terraforms_names(language: Language, data: st.DataObject) -> None:
    """Properties in a provider's names, as a reader of Terraform gives them."""
    estate = data.draw(estates([language]))
    root = Root(ROOT, "Terraform", resources(estate, language), ("main.tf",))
    assert_same(estate, build([root], AS_OF), language)


_FORMS = st.sampled_from(["plain", "parameter", "condition", "mapping"])


def template(estate: Estate, data: st.DataObject) -> dict[str, Any]:
    """The estate as a CloudFormation template; values are written plainly or through functions with known inputs."""
    parameters: dict[str, Any] = {"Stage": {"Type": "String", "Default": "test"}}
    mappings: dict[str, Any] = {}

    def write(value: Any) -> Any:
        if isinstance(value, Link):
            return {"Fn::GetAtt": [value.id, "Arn"]} if value.kind == "role" else {"Ref": value.id}
        form = data.draw(_FORMS)
        if form == "condition":
            return {"Fn::If": ["IsTest", value, {"Ref": "AWS::NoValue"}]}
        if form == "parameter" and isinstance(value, str):
            parameters[f"P{len(parameters)}"] = {"Type": "String", "Default": value}
            return {"Ref": f"P{len(parameters) - 1}"}
        if form == "mapping" and isinstance(value, str):
            mappings[f"M{len(mappings)}"] = {"test": {"Value": value}}
            return {"Fn::FindInMap": [f"M{len(mappings) - 1}", {"Ref": "Stage"}, "Value"]}
        return value

    names = {"domain": "Domain", "user_profile": "UserProfile", "space": "Space", "app": "App"}
    found: dict[str, Any] = {}
    for role in estate.roles:
        found[role] = {"Type": "AWS::IAM::Role",
                       "Properties": {"RoleName": role, "AssumeRolePolicyDocument": {"Statement": []}}}  # fmt: skip
    for item in estate.items:
        type_ = f"AWS::SageMaker::{names[item.kind]}"
        found[item.id] = {"Type": type_, "Properties": properties(item, "cloudformation", write)}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": parameters,
        "Mappings": mappings,
        "Conditions": {"IsTest": {"Fn::Equals": [{"Ref": "Stage"}, "test"]}},
        "Resources": found,
    }


@examples(10)
@given(data=st.data())
def test_cloudformation(data: st.DataObject) -> None:
    estate = data.draw(estates(["cloudformation"]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.json"
        path.write_text(json.dumps(template(estate, data)))
        snapshot = scan([path], ScanOptions())
    assert [g for g in snapshot.gaps if g.reason != "not_expressible"] == []
    assert_same(estate, snapshot, "cloudformation")
