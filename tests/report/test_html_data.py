"""The packed data: unpacked here by other code than the page's, and compared with the report that it came from."""

from __future__ import annotations

import base64
import gzip
import json
import re
from array import array
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.inert_text import visible
from auditor.model.finding import Evidence, State
from auditor.model.report import Report
from auditor.model.resource import Origin
from auditor.model.rule import Verdict
from auditor.report.html.data import STEPS, page_data
from auditor.report.html.encode import MARKS, Columns, Stencil, hexes, words_of

from .estate import large
from .samples import hostile

ReportOf = Callable[[str], Report]


class Unpacked:
    """The page's data, read plainly."""

    def __init__(self, packed: str) -> None:
        whole = gzip.decompress(base64.b64decode(packed))
        length = int.from_bytes(whole[:4], "little")
        self.header: dict[str, Any] = json.loads(whole[4 : 4 + length])
        self._columns = whole[4 + length :]

    def column(self, name: str) -> list[int]:
        width, offset, number = self.header["columns"][name]
        assert offset % width == 0
        cells = array({1: "B", 2: "H", 4: "I"}[width])
        cells.frombytes(self._columns[offset : offset + width * number])
        return list(cells)

    def ids(self, name: str) -> list[str]:
        width, offset, number = self.header["columns"][name]
        return [self._columns[offset + n * width : offset + (n + 1) * width].hex() for n in range(number)]

    def text(self, resource: int, name: str) -> str:
        return self.header["texts"][name][self.column(f"resource.{name}")[resource]]

    def words(self, resource: int) -> dict[str, str]:
        name = self.header["resources"]["names"][resource]
        domain_id = self.text(resource, "domain_id")
        own = self.text(resource, "id").replace(MARKS["name"], name).replace(MARKS["domain_id"], domain_id)
        return {"id": own, "name": name, "domain_id": domain_id, "domain_name": self.text(resource, "domain"),
                "account": self.text(resource, "account"), "region": self.text(resource, "region")}  # fmt: skip

    def fill(self, value: Any, words: dict[str, str]) -> Any:
        if isinstance(value, str):
            marks = {mark: name for name, mark in MARKS.items()}
            return re.sub("[\x01-\x06]", lambda m: words[marks[m.group()]], value)
        if isinstance(value, list):
            return [self.fill(v, words) for v in value]
        return value


@pytest.mark.parametrize(
    "make", [lambda: large(500), lambda: hostile(large(200), rules=True)], ids=["large", "hostile"]
)
def test_every_finding_comes_back(make: Callable[[], Report]) -> None:
    report = make()
    data = page_data(report)
    assert (data.rows, data.hidden, data.left_out) == (len(report.findings) + len(report.past), 0, "")
    page = Unpacked(data.packed)
    by_id = {f.fingerprint: f for f in (*report.findings, *(p.finding for p in report.past))}
    names = ("rule", "status", "severity", "state", "resource", "cause", "message", "evidence", "remediation", "waiver",
             "first_seen")  # fmt: skip
    rows = list(zip(*(page.column(f"row.{name}") for name in names), strict=True))
    header = page.header
    causes = page.ids("cause.id")
    for fingerprint, row in zip(page.ids("row.id"), rows, strict=True):
        finding, cell = by_id.pop(fingerprint), dict(zip(names, row, strict=True))
        words = page.words(cell["resource"])
        assert header["rules"][cell["rule"]]["id"] == finding.rule_id
        assert header["statuses"][cell["status"]] == finding.status
        assert header["severities"][cell["severity"]] == finding.severity
        assert words["id"] == visible(finding.resource.id)
        assert words["account"] == finding.resource.account
        assert page.fill(header["messages"][cell["message"]], words) == visible(finding.message)
        assert (causes[cell["cause"] - 1] if cell["cause"] else "") == finding.root_cause
        assert header["moments"][cell["first_seen"]] == (finding.first_seen or "")
        assert bool(cell["waiver"]) == (finding.waiver is not None)
        fix = finding.remediation
        fixes = (
            (fix.steps, fix.aws, fix.cloudformation, fix.terraform, fix.note, fix.aws_only_here) if fix else [""] * 6
        )
        expected = list(fixes)
        assert page.fill(header["remediations"][cell["remediation"]], words) == [visible(t) for t in expected]
        items = [header["items"][n] for n in header["sets"][cell["evidence"]]]
        assert len(items) == len(finding.evidence)
        for (setting, value, layer, where, path, _), evidence in zip(items, finding.evidence, strict=True):
            assert header["settings"][setting] == visible(evidence.setting)
            found = page.fill(header["values"][value], words)
            assert found == (visible(evidence.value) if isinstance(evidence.value, str) else
                             [visible(v) for v in evidence.value] if isinstance(evidence.value, (list, tuple)) else
                             evidence.value)  # fmt: skip
            assert header["layers"][layer] == evidence.origin.layer
            at = ["", words["id"], words["domain_id"]][where] if where < 3 else header["places"][where - 3]
            assert at == visible(evidence.origin.resource)
            assert header["paths"][path] == visible(evidence.origin.path)
    assert by_id == {}


def test_rows_are_the_worst_and_the_news_first_and_the_past_last() -> None:
    page = Unpacked(page_data(large(2000)).packed)
    states = [page.header["states"][n] for n in page.column("row.state")]
    statuses, severities = page.column("row.status"), page.column("row.severity")
    past = [s in (State.RESOLVED, State.NOT_ASSESSED, State.CARRIED_OVER) for s in states]
    assert past == sorted(past)
    present = [(st, sev) for st, sev, gone in zip(statuses, severities, past, strict=True) if not gone]
    assert present == sorted(present)
    first = [
        s for s, status, severity in zip(states, statuses, severities, strict=True) if (status, severity) == (0, 2)
    ]
    order = [0 if s in (State.NEW, State.REGRESSED) else 2 if s == State.WAIVED else 1 for s in first if s]
    assert order[: len(first) // 2] == sorted(order[: len(first) // 2])


def test_the_inventory_comes_back() -> None:
    report = large(300)
    assert report.inventory is not None
    page = Unpacked(page_data(report).packed)
    for table in page.header["inventory"]["tables"]:
        own = next(t for t in report.inventory.tables if t.type == table["type"])
        assert table["number"] == len(own.resources)
        for column in table["columns"]:
            expected = next(c for c in own.columns if c.name == column["name"])
            name = f"{table['type']}.{column['name']}"
            codes = page.column(name) if name in page.header["columns"] else [0] * table["number"]
            for n in range(0, table["number"], 7):
                value, layer = column["values"][codes[n]]
                wanted, wanted_layer = expected.values[expected.codes[n]]
                assert value == (list(wanted) if isinstance(wanted, tuple) else wanted)
                assert layer == wanted_layer
        for n in range(0, table["number"], 7):
            place = table["first"] + n
            assert page.words(place)["id"] == own.resources[n].id
            assert page.text(place, "owner") == own.owners[n]
            parent = page.column("resource.parent")[place] - 1
            assert (page.words(parent)["id"] if parent >= 0 else "") in (own.parents[n].split("/", 3)[-1], "")
    assert len(page.header["inventory"]["sign_ins"]) == len(report.inventory.sign_ins)


def test_more_findings_than_a_page_takes_are_cut_and_counted() -> None:
    report = large(1000)
    data = page_data(report, rows=100)
    assert (data.rows, data.hidden) == (100, len(report.findings) + len(report.past) - 100)
    kept = set(Unpacked(data.packed).ids("row.id"))
    worst = sorted(report.findings, key=lambda f: (f.status is not Verdict.FAIL, f.severity.rank))[:100]
    assert {f.severity for f in worst} == {f.severity for f in report.findings if f.fingerprint in kept}


def test_what_is_missed_least_is_left_out_first() -> None:
    report = large(1000)
    whole = len(page_data(report).packed)
    seen = []
    for size in (whole, whole - 1, whole * 3 // 4, whole // 2, 1):
        data = page_data(report, size=size)
        assert data.rows == len(report.findings) + len(report.past)
        seen.append(STEPS.index(data.left_out))
        assert len(data.packed) <= size or data.left_out == STEPS[-1]
    assert seen[0] == 0
    assert seen == sorted(seen)
    assert seen[-1] == len(STEPS) - 1
    header = Unpacked(page_data(report, size=1).packed).header
    assert header["inventory"] is None
    assert header["left_out"] == STEPS[-1]


def test_a_report_without_findings_or_inventory(report_of: ReportOf) -> None:
    page = Unpacked(page_data(replace(report_of("clean"), inventory=None, findings=())).packed)
    assert page.header["findings"]["number"] == 0
    assert page.header["inventory"] is None


def test_a_finding_of_a_rule_that_is_gone() -> None:
    report = large(200)
    past = replace(report.past[0], finding=replace(report.past[0].finding, rule_id="STU999"))
    page = Unpacked(page_data(replace(report, past=(past,))).packed)
    assert page.header["rules"][page.column("row.rule")[-1]]["title"] == "STU999"


@given(st.text(), st.dictionaries(st.sampled_from(list(MARKS)), st.text(min_size=0, max_size=8)))
def test_what_is_cut_out_can_be_put_back(text: str, words: dict[str, str]) -> None:
    cut = Stencil(words_of(words)).cut(text)
    for name, mark in MARKS.items():
        cut = cut.replace(mark, visible(words.get(name, "")))
    assert cut == visible(text)


PLAIN = st.none() | st.booleans() | st.integers() | st.text()


@given(st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_value_has_a_json_form(value: Any) -> None:
    json.dumps(Stencil(words_of({"name": "abc"})).cut_value(value))


@given(st.lists(st.integers(0, 2**32 - 1)))
def test_columns_are_as_narrow_as_they_can_be(numbers: list[int]) -> None:
    columns = Columns()
    columns.raw("before", 1, b"abc")
    columns.numbers("n", numbers)
    width, offset, number = columns.layout["n"]
    data = columns.tobytes()[offset : offset + width * number]
    assert [int.from_bytes(data[k * width : (k + 1) * width], "little") for k in range(number)] == numbers
    assert width == (1 if max(numbers, default=0) < 256 else 2 if max(numbers) < 65536 else 4)


def test_names_that_are_not_hexadecimal_are_kept_as_they_are() -> None:
    columns = Columns()
    assert hexes("x", ["0a", "zz"], columns) == ["0a", "zz"]
    assert hexes("x", ["0A"], columns) == ["0A"]
    assert hexes("x", ["0a", "0b0c"], columns) == ["0a", "0b0c"]
    assert hexes("x", ["0a", "ff"], columns) is None


def test_a_value_of_a_kind_that_json_has_not() -> None:
    report = large(50)
    odd = replace(report.findings[0], evidence=(Evidence("x", frozenset({"b"}), Origin("derived", "", "x")),))
    assert page_data(replace(report, findings=(odd,))).rows == 1 + len(report.past)
