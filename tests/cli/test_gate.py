"""What fails a run, end to end: thresholds, a baseline, waivers; and comparing two files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.model.snapshot import Gap
from tests.evaluate.helpers import ACCOUNT, REGION
from tests.report.markdown_page import LINKED, MarkdownPage

from .stored_runs import RULES, checked, night, states

Auditor = Callable[..., Any]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        # STU106 is medium, and so is what fails here.
        ((), 0),
        (("--fail-on", "medium"), 4),
        (("--fail-on", "high", "--fail-on", "STU106=medium"), 4),
        (("--fail-on", "identity-center-sign-in=low"), 4),
        (("--fail-on", "medium", "--fail-on", "STU106=none"), 0),
        (("--fail-on", "medium", "--fail-on", "STU605=none"), 4),
        (("--fail-on", f"{ACCOUNT}=medium"), 4),
        (("--fail-on", "medium", "--fail-on", f"{ACCOUNT}=high"), 0),
        (("--fail-on", "999999999999=info"), 0),
        # The rule's threshold stands before the account's.
        (("--fail-on", f"{ACCOUNT}=medium", "--fail-on", "STU106=critical"), 0),
        (("--fail-on", f"{ACCOUNT}=none", "--fail-on", "STU106=low"), 4),
        # Of several general ones the last counts.
        (("--fail-on", "medium", "--fail-on", "none"), 0),
    ],
    ids=lambda o: " ".join(o) if isinstance(o, tuple) else str(o),
)
def test_thresholds(auditor: Auditor, tmp_path: Path, options: tuple[str, ...], code: int) -> None:
    assert auditor("check", night(tmp_path, 1, {"a": "IAM"}), *RULES, "-q", *options).code == code


def test_the_report_and_the_summary_say_the_thresholds(auditor: Auditor, tmp_path: Path) -> None:
    outcome, report = checked(
        auditor, night(tmp_path, 1, {"a": "IAM"}), "--fail-on", "STU605=none", "--fail-on", "999999999999=low"
    )
    gate = report["gate"]
    assert gate == {
        "fail_on": "medium", "by_rule": {"STU605": None}, "by_account": {"999999999999": "low"}, "new_only": False,
        "baseline": "", "failed": 1, "allow_incomplete": False, "allow_unread": False, "allow_empty": False,
        "incomplete_lists": 0, "unread": 0, "outcome": "findings",
    }  # fmt: skip
    limits = "of severity medium or above; STU605: never; 999999999999: low"
    assert f"Failed: 1 finding {limits}. Exit code 4." in outcome.out


def test_thresholds_of_the_configuration_and_options_over_them(auditor: Auditor, tmp_path: Path) -> None:
    snapshot = night(tmp_path, 1, {"a": "IAM"})
    (tmp_path / "auditor.yaml").write_text("fail_on: none\nfail_on_rules: {identity-center-sign-in: medium}\n")
    assert auditor("check", snapshot, *RULES, "-q").code == 4
    assert auditor("check", snapshot, *RULES, "-q", "--fail-on", "STU106=high").code == 0
    # A severity alone stands for every rule and account, so that no file can undo it, in either direction.
    assert auditor("check", snapshot, *RULES, "-q", "--fail-on", "high").code == 0
    for file in ("fail_on_rules: {STU106: none}", f"fail_on_accounts: {{'{ACCOUNT}': none}}", "fail_on: none"):
        (tmp_path / "auditor.yaml").write_text(file)
        assert auditor("check", snapshot, *RULES, "-q", "--fail-on", "medium").code == 4
        assert auditor("check", snapshot, *RULES, "-q", "--fail-on", f"{ACCOUNT}=medium").code == 4
        assert auditor("check", snapshot, *RULES, "-q", "--fail-on", "STU106=medium").code == 4
    (tmp_path / "auditor.yaml").write_text(f"fail_on_accounts: {{'{ACCOUNT}': low}}\n")
    assert auditor("check", snapshot, *RULES, "-q").code == 4
    (tmp_path / "auditor.yaml").write_text("fail_on_rules: {STU9999: low}\n")
    assert auditor("config", "check").err.startswith("Error: auditor.yaml:1:17: fail_on_rules: there is no rule")


def test_a_baseline(auditor: Auditor, tmp_path: Path) -> None:
    checked(auditor, night(tmp_path, 1, {"a": "IAM", "b": "IAM", "c": None}))
    (tmp_path / "audit-report" / "report.json").rename(tmp_path / "base.json")
    options = ("--baseline", "base.json")
    second = night(tmp_path, 2, {"a": "IAM", "b": "SSO", "c": "IAM"})
    outcome, report = checked(auditor, second, *options, "--new-only")
    # What nobody could say then is no part of the baseline.
    assert (outcome.code, states(report)) == (4, {"a": "open", "b": "resolved", "c": "new"})
    assert {f["resource"]["name"]: f["gates"] for f in report["findings"]} == {"a": False, "c": True}
    assert {f["resource"]["name"]: f["first_seen"][:10] for f in report["findings"]} == {
        "a": "2026-11-01", "c": "2026-11-02",
    }  # fmt: skip
    assert (report["previous"], report["trend"]) == ("2026-11-01T02:00:00Z", [])
    assert (report["gate"]["new_only"], report["gate"]["baseline"]) == (True, "base.json")
    # Without --new-only a baseline only compares.
    assert checked(auditor, second, *options)[1]["gate"]["failed"] == 2
    same, _ = checked(auditor, night(tmp_path, 3, {"a": "IAM", "b": "IAM", "c": "SSO"}), *options, "--new-only")
    assert same.code == 0
    assert "No new finding of severity medium or above. Exit code 0." in same.out


def test_a_baseline_beside_a_store(auditor: Auditor, tmp_path: Path) -> None:
    """States are those of the store; what the baseline holds is forgiven, unless it came back."""
    checked(auditor, night(tmp_path, 1, {"a": "IAM", "b": "IAM"}), "--store", "nights")
    (tmp_path / "audit-report" / "report.json").rename(tmp_path / "base.json")
    options = ("--store", "nights", "--baseline", "base.json", "--new-only")
    assert checked(auditor, night(tmp_path, 2, {"a": "IAM", "b": "SSO", "c": "IAM"}), *options)[0].code == 4
    # Not new any more, but still not in the baseline.
    outcome, report = checked(auditor, night(tmp_path, 3, {"a": "IAM", "b": "SSO", "c": "IAM"}), *options)
    assert (outcome.code, states(report)) == (4, {"a": "open", "c": "open"})
    outcome, report = checked(auditor, night(tmp_path, 4, {"a": "IAM", "b": "IAM", "c": "SSO"}), *options)
    assert {f["resource"]["name"]: (f["state"], f["gates"]) for f in report["findings"]} == {
        "a": ("open", False), "b": ("regressed", True),
    }  # fmt: skip


def test_waivers_of_the_configuration_and_in_tags(auditor: Auditor, tmp_path: Path) -> None:
    tag = "STU106 until=2026-12-31 owner=jane@example.com reason=Pilot"
    snapshot = night(tmp_path, 1, {"a": "IAM"}, tags=[("studio-waiver", tag)])
    assert checked(auditor, snapshot)[0].code == 4
    (tmp_path / "auditor.yaml").write_text("waiver_tag: studio-waiver\n")
    outcome, report = checked(auditor, snapshot)
    assert (outcome.code, states(report)) == (0, {"a": "waived"})
    assert report["findings"][0]["waiver"]["file"] == f"{ACCOUNT}/{REGION}/domain/d-a"
    broken = night(tmp_path, 2, {"a": "IAM"}, tags=[("studio-waiver", "STU106 until=soon owner=j reason=r")])
    outcome, report = checked(auditor, broken)
    assert outcome.code == 4
    assert [p["problem"] for p in report["waiver_problems"]] == ["until=soon is not a date (YYYY-MM-DD)"]
    assert "waiver not counted at 111122223333/eu-west-1/domain/d-a: until=soon is not a date" in outcome.out
    (tmp_path / "auditor.yaml").write_text("waivers: w.yaml\n")
    (tmp_path / "w.yaml").write_text(
        "waivers:\n- {rules: people, resources: {domain: a}, reason: r, owner: o, expires: 2026-11-05}\n"
    )
    outcome, report = checked(auditor, snapshot)
    assert outcome.code == 0
    assert "lapses on 2026-11-05, 1 finding waived" in outcome.out
    (tmp_path / "other.yaml").write_text("waivers: []\n")
    assert checked(auditor, snapshot, "--waivers", "other.yaml")[0].code == 4


def test_the_commands_of_waivers(auditor: Auditor, tmp_path: Path) -> None:
    assert auditor("waivers", "check").err.startswith("Error: there is no waivers.yaml in the working folder")
    (tmp_path / "waivers.yaml").write_text(
        "waivers:\n- {rules: STU106, resources: {domain: a}, reason: r, owner: o, expires: 2020-01-01}\n"
        "- {rules: STU107, resources: {domain: a}, reason: r, owner: o, expires: 9999-12-31}\n"
    )
    outcome = auditor("waivers", "check")
    assert (outcome.code, outcome.out.splitlines()) == (0, [
        "waivers.yaml: can be used: 2 waivers, 1 lapsed",
        "waivers.yaml:2: lapsed on 2020-01-01: STU106",
        "waivers.yaml:3: runs for over a year, until 9999-12-31: STU107",
    ])  # fmt: skip
    (tmp_path / "bad.yaml").write_text("waivers:\n- {rules: STU106}\n")
    assert auditor("waivers", "check", "bad.yaml").err.startswith("Error: bad.yaml:2:3: waivers[0]: missing required")
    (tmp_path / "auditor.yaml").write_text("waivers: bad.yaml\n")
    assert auditor("waivers", "check").code == auditor("config", "check").code == 2
    assert json.loads(auditor("waivers", "schema").out)["title"] == "waivers.yaml of the SageMaker Studio auditor"


class TestDiff:
    def test_of_reports_and_of_snapshots(self, auditor: Auditor, tmp_path: Path) -> None:
        old, new = night(tmp_path, 1, {"a": "IAM", "b": "IAM"}), night(tmp_path, 2, {"a": "IAM", "c": "IAM"})
        for name, snapshot in (("old.json", old), ("new.json", new)):
            checked(auditor, snapshot)
            (tmp_path / "audit-report" / "report.json").rename(tmp_path / name)
        expected = None
        for pair in (("old.json", "new.json"), (old, new), ("old.json", new), (old, "new.json")):
            outcome = auditor("diff", *pair, *RULES, "--format", "json")
            assert outcome.code == 4
            found = json.loads(outcome.out)
            assert [i["resource"]["name"] for i in found["findings"]["new"]] == ["c"]
            assert [i["resource"]["name"] for i in found["findings"]["resolved"]] == ["b"]
            assert expected in (None, found)
            expected = found
        assert auditor("diff", "old.json", "old.json").code == 0
        assert auditor("diff", "old.json", "new.json", "--fail-on", "high").code == 0
        text = auditor("diff", "old.json", "new.json").out
        assert text.startswith(
            "From 2026-11-01T02:00:00Z to 2026-11-02T02:00:00Z: 1 new, 1 resolved; 1 failure unchanged\n"
        )
        assert "\nNew\n  medium  STU106  domain c (111122223333 eu-west-1)  " in text
        assert "\nResolved\n  medium  STU106  domain b (111122223333 eu-west-1)  " in text

    def test_what_could_not_be_assessed_is_5(self, auditor: Auditor, tmp_path: Path) -> None:
        lost = Gap(ACCOUNT, REGION, "domain", "*", "*", "ListDomains", "access_denied")
        old, new = night(tmp_path, 1, {"a": "IAM"}), night(tmp_path, 2, {}, gaps=[lost])
        outcome = auditor("diff", old, new, *RULES)
        assert outcome.code == 5
        assert "No longer assessed\n  medium  STU106  domain a" in outcome.out
        assert auditor("diff", old, new, *RULES, "--allow-incomplete").code == 0

    def test_markdown_is_inert(self, auditor: Auditor, tmp_path: Path) -> None:
        hostile = "|a`b` <img src=x> @team #1 [x](http://y) ~~*_"
        old, new = night(tmp_path, 1, {}), night(tmp_path, 2, {hostile: "IAM"})
        out = auditor("diff", old, new, *RULES, "--format", "markdown").out
        page = MarkdownPage(out)
        (row,) = (cells for cells in page.cells if cells[0] == "medium")
        assert len(row) == 4
        assert hostile in row[2].replace("\u2060", "")
        assert not {"a", "img", "em", "s", "code"} & set(page.tags)
        assert not LINKED.search(" ".join(page.text))
        assert out.startswith("### SageMaker Studio: 1 new; 0 failures unchanged\n")

    def test_no_file_is_a_traceback(self, auditor: Auditor, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_text('{"schema_version": "1"}')
        (tmp_path / "y.json.gz").write_bytes(b"\x1f\x8b\x08nonsense")
        (tmp_path / "z.json").write_text('{"schema_version": "9"}')
        for name, said in (("x.json", "not a report.json"), ("y.json.gz", "cannot be read"), ("z.json", "schema 9"),
                           ("none", "cannot be read")):  # fmt: skip
            outcome = auditor("diff", name, name)
            assert (outcome.code, outcome.out) == (2, "")
            assert said in outcome.err
