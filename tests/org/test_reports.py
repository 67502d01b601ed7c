"""Accounts in the reports: each has a row, a name where one stood only an id, and what it lacks."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import jsonschema

from auditor.cli.summary import summary
from auditor.errors import ExitCode
from auditor.evaluate.account_rows import account_rows
from auditor.model.accounts import Account, AccountStatus
from auditor.model.report import Report
from auditor.model.snapshot import Gap, Header, Scope
from auditor.report import csv_format, json_format
from auditor.report.render import Format, render

from .small import BUSY, DEV, LOCKED, PROD, ROWS

_HEADER = Header("1", "aws", "2026-11-20T00:00:00Z", "1", "1", "", (Scope(PROD, "eu-west-1"),))
_GAP = Gap(PROD, "eu-west-1", "app", "*", "*", "ListApps", "access_denied", "no")


def _text(report: Report, output: Format) -> str:
    return "".join(render(report, output))


def test_report_json_lists_every_account(whole: Report) -> None:
    data = json.loads(_text(whole, Format.JSON))
    jsonschema.validate(data, json_format.schema())
    assert [(a["id"], a["name"], a["ou"], a["status"]) for a in data["accounts"]] == ROWS
    names = {f["resource"]["account"]: f["resource"]["account_name"] for f in data["findings"]}
    assert names == {PROD: "studio-prod", DEV: "studio-dev"}
    assert {c["resource"]["account_name"] for c in data["root_causes"]} <= set(names.values())


def test_the_other_formats_name_accounts(whole: Report) -> None:
    rows = list(csv.DictReader(io.StringIO("".join(csv_format.render(whole)))))
    assert {(r["account"], r["account_name"], r["account_ou"]) for r in rows} >= {
        (PROD, "studio-prod", "Workloads/Production"), (DEV, "studio-dev", "Workloads/Development"),
    }  # fmt: skip
    markdown, page = _text(whole, Format.MARKDOWN), _text(whole, Format.HTML)
    for text in (markdown, page):
        assert f"studio-prod ({PROD})" in text
    assert "3 of 6 accounts are complete." in page
    assert f"<li>locked ({LOCKED}) <span" in page, "a gap says whose it is"
    assert f"<td>studio-dev ({DEV})</td><td>eu-central-1</td>" in page, "and so do the calls"
    assert "Workloads/Production" in page
    assert "locked (100000000004 in Workloads/Production): denied: role arn" in markdown.replace("\\", "")
    clouds = {
        e["cloud"]["account"]["uid"]: e["cloud"]["account"].get("name") for e in json.loads(_text(whole, Format.OCSF))
    }
    assert clouds[DEV] == "studio-dev"


def test_the_summary_says_which_accounts_are_missing(whole: Report) -> None:
    shown = "\n".join(str(line) for line in summary(whole, ExitCode.INCOMPLETE, (), "", None).renderables)
    assert "Accounts: 3 of 6 complete" in shown
    assert f"busy ({BUSY} in Sandbox): error:" in shown


def test_a_gap_makes_an_account_partial() -> None:
    (row,) = account_rows([_HEADER], [_GAP, replace(_GAP, resource_id="d-1/a")])
    assert row == Account(
        PROD, status=AccountStatus.PARTIAL, reason="ListApps in eu-west-1: access denied (2 gaps in all)"
    )


def test_what_no_account_can_help_leaves_it_complete() -> None:
    gaps = [
        replace(_GAP, reason="not_in_sdk"),
        replace(_GAP, reason="ambiguous_inheritance"),
        replace(_GAP, account=DEV),
    ]
    (row,) = account_rows([_HEADER], gaps)
    assert row == Account(PROD)


def test_an_account_that_another_snapshot_holds_is_not_missing() -> None:
    denied = replace(_HEADER, scopes=(), accounts=(Account(PROD, "p", "", AccountStatus.DENIED, "no"),))
    assert [a.status for a in account_rows([denied, _HEADER], [])] == [AccountStatus.COMPLETE]
    assert [a.status for a in account_rows([_HEADER, denied], [])] == [AccountStatus.COMPLETE]
    assert account_rows([replace(_HEADER, source="terraform")], []) == ()
