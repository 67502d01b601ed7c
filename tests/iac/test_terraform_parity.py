"""The parity law for Terraform: an estate as HCL of both providers, and as plans, gives the tables of its documents."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.collect.iac.scan import ScanOptions, scan
from auditor.model.snapshot import Snapshot
from auditor.studio.template_types import Language
from tests.budgets import examples

from .estates import Estate, estates
from .terraform_writer import Hcl, plan, prefixed
from .test_parity import assert_same

slow = examples(8)


def scanned(files: dict[str, str], name: str = ".") -> Snapshot:
    with tempfile.TemporaryDirectory() as folder:
        for file, text in files.items():
            path = Path(folder) / file
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return scan([Path(folder) / name], ScanOptions())


def assert_parity(estate: Estate, snapshot: Snapshot, language: Language) -> None:
    assert [g for g in snapshot.gaps if g.reason != "not_expressible"] == []
    assert_same(estate, snapshot, language)


@pytest.mark.parametrize("language", ["aws", "awscc"])
@slow
@given(data=st.data())
def test_hcl(language: Language, data: st.DataObject) -> None:
    inside = data.draw(st.booleans())
    estate = prefixed(data.draw(estates([language])), language, "module.m." if inside else "")
    text = Hcl(language, data).text(estate)
    files = {"m/main.tf": text, "main.tf": 'module "m" {\n  source = "./m"\n}\n'} if inside else {"main.tf": text}
    assert_parity(estate, scanned(files), language)


@pytest.mark.parametrize("language", ["aws", "awscc"])
@slow
@given(data=st.data())
def test_plan(language: Language, data: st.DataObject) -> None:
    estate = prefixed(data.draw(estates([language])), language, "")
    files = {"plan.json": json.dumps(plan(estate, language))}
    assert_parity(estate, scanned(files, "plan.json"), language)
