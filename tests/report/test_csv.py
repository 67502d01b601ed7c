"""report.csv: read back as RFC 4180 has it, and no formula in any spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.report import Report
from auditor.report.csv_format import COLUMNS, safe
from auditor.report.render import Format, render

from .handmade import everything, hostile_everything

ReportOf = Callable[[str], Report]
FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")


def _text(report: Report) -> str:
    return "".join(render(report, Format.CSV))


def _rows(text: str) -> list[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    assert tuple(reader.fieldnames or ()) == COLUMNS
    return list(reader)


@pytest.mark.parametrize("make", [everything, hostile_everything, lambda: replace(everything(), findings=())])
def test_every_finding_is_one_row(make: Callable[[], Report]) -> None:
    report = make()
    rows = _rows(_text(report))
    assert [r["fingerprint"] for r in rows] == [f.fingerprint for f in report.findings]
    assert all(None not in r and None not in r.values() for r in rows)


def test_lines_end_as_the_rfc_says() -> None:
    text = _text(everything())
    assert text.endswith('"\r\n')
    assert not text.startswith("\ufeff")
    rows = re.split(r'(?<=")\r\n(?=")', text.removesuffix("\r\n"))
    assert len(rows) == 1 + len(everything().findings)


def test_the_values_are_those_of_the_finding() -> None:
    rows = {int(r["fingerprint"], 16): r for r in _rows(_text(everything()))}
    assert rows[2]["status"] == "fail"
    assert (rows[2]["state"], rows[2]["regressed"], rows[2]["gates"]) == ("regressed", "2", "yes")
    assert (rows[2]["rule"], rows[2]["name"], rows[2]["severity"]) == ("STU901", "rule-high", "high")
    assert (rows[2]["setting"], rows[2]["value"], rows[2]["origin_layer"]) == (
        "auto_mount_home_efs", "Enabled", "domain",
    )  # fmt: skip
    assert (rows[2]["account"], rows[2]["file"], rows[2]["line"]) == ("123456789012", "", "")
    assert (rows[4]["status"], rows[4]["waiver_owner"], rows[4]["waiver_expires"]) == (
        "waived", "Jane Roe", "2026-12-31",
    )  # fmt: skip
    assert (rows[6]["file"], rows[6]["line"]) == ("stacks/my studio.yaml", "17")
    assert (rows[9]["status"], rows[10]["status"]) == ("error", "unknown")
    assert rows[10]["value"] == "unknown"
    assert rows[8]["evidence"] == rows[8]["fix"] == ""


@pytest.mark.parametrize(
    "attack",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "＝1", "  =1", "\n=1", "\u202e=1"],
)
def test_a_formula_becomes_text(attack: str) -> None:
    finding = everything().findings[2]
    named = replace(finding, message=attack, resource=replace(finding.resource, name=attack, domain_name=attack))
    (row,) = _rows(_text(replace(everything(), findings=(named,))))
    for column in ("message", "resource_name", "domain_name"):
        assert not FORMULA.match(row[column].lstrip(" "))


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_no_cell_begins_a_formula(text: str) -> None:
    cell = safe(text)
    assert not FORMULA.match(cell.lstrip(" "))
    # A spreadsheet set to semicolons splits there, quotes or not.
    assert not any(FORMULA.match(part.lstrip()) for part in cell.split(";")[1:] if part.lstrip()[:1] in "=+-@＝＋－＠")


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=40))
def test_other_text_is_kept(text: str) -> None:
    if not FORMULA.search(text):
        assert safe(text) == text


def test_estates(report_of: ReportOf) -> None:
    assert len(_rows(_text(report_of("acme")))) == len(report_of("acme").findings)
    assert _rows(_text(report_of("clean"))) == []
