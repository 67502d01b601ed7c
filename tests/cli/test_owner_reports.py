"""auditor report --by owner: each owner gets their own findings, with the states that the night told."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from auditor.evaluate.audit import EvaluateOptions, evaluate
from auditor.evaluate.owned_reports import owned_reports
from auditor.model.rule import Rule
from auditor.run.owner_reports import folder_name
from tests.evaluate.helpers import ACCOUNT, REGION

from .stored_runs import checked, night

Auditor = Callable[..., Any]


def rows(path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(Path(path).read_text(encoding="utf-8"))))


def test_each_owner_gets_their_own(auditor: Auditor, tmp_path: Path) -> None:
    config = tmp_path / "auditor.yaml"
    config.write_text(
        "only: [STU106, STU605]\n"
        "owners:\n  - {owner: vision, domain: a*}\n  - {owner: ../Evil team, name: b}\n"
    )  # fmt: skip
    for day, signs in ((1, {"a1": "IAM"}), (2, {"a1": "IAM", "a2": "SSO", "b": "IAM", "c": "IAM"})):
        checked(auditor, night(tmp_path, day, signs), "--store", "nights")
    outcome = auditor("report", "--store", "nights", "--by", "owner", "--output", "out", "--config", config)
    assert outcome.code == 0, outcome.err
    evil = folder_name("../Evil team")
    assert {p.name for p in Path("out").iterdir()} == {"vision", evil, "unowned", "resources.csv"}
    assert {p.name for p in Path("out/vision").iterdir()} == {"report.html", "report.csv", "report.md"}
    found = {folder: [(r["resource_name"], r["state"]) for r in rows(f"out/{folder}/report.csv")]
             for folder in ("vision", evil, "unowned")}  # fmt: skip
    assert found == {"vision": [("a1", "open")], evil: [("b", "new")], "unowned": [("c", "new")]}
    # Counts are the owner's: one of two domains signs in as it should.
    line = next(line for line in outcome.out.splitlines() if line.startswith("vision"))
    assert line.split() == ["vision", "2", "1", "0", "out/vision"]
    assert "d-c" not in Path("out/vision/report.md").read_text(encoding="utf-8")
    assert ("", "d-c") in {(r["owner"], r["id"]) for r in rows("out/resources.csv")}


def test_a_run_names_the_owner_of_each_finding_and_their_days(auditor: Auditor, tmp_path: Path) -> None:
    config = tmp_path / "auditor.yaml"
    text = "only: [STU106]\nsla: {medium: 90, high: 30}\n"
    config.write_text(text)
    options = ("--store", "nights", "--format", "json", "--config", str(config), "--fail-on", "none")
    auditor("check", night(tmp_path, 1, {"a1": "IAM"}), *options)
    found = json.loads(Path("audit-report/report.json").read_text(encoding="utf-8"))["findings"]
    assert [f["owner"] for f in found] == [None]
    owners = "owners: [{owner: vision, domain: a*}]\nsla_owners: {vision: {medium: 1, high: 1}}\n"
    config.write_text(text + owners)
    auditor("check", night(tmp_path, 2, {"a1": "IAM", "b": "IAM"}), *options)
    found = json.loads(Path("audit-report/report.json").read_text(encoding="utf-8"))["findings"]
    told = {f["resource"]["name"]: (f["owner"], f["first_seen"][:10], f["due"]) for f in found}
    days = {name: (date.fromisoformat(due) - date.fromisoformat(seen)).days for name, (_, seen, due) in told.items()}
    assert {name: owner for name, (owner, *_) in told.items()} == {"a1": "vision", "b": ""}
    assert (days["a1"], days["b"] >= 30) == (1, True)
    # A waiver of an owner's resources: nobody's are not among them, whatever the pattern.
    waiver = "rules: STU106, reason: accepted, owner: Jane Roe, expires: 2027-06-30"
    Path("waivers.yaml").write_text(f"waivers: [{{{waiver}, resources: {{owned_by: '*'}}}}]\n")
    auditor("check", night(tmp_path, 2, {"a1": "IAM", "b": "IAM"}), *options, "--waivers", "waivers.yaml")
    found = json.loads(Path("audit-report/report.json").read_text(encoding="utf-8"))["findings"]
    assert {f["resource"]["name"]: f["waiver"] is not None for f in found} == {"a1": True, "b": False}
    # Whatever evaluates, the same is waived.
    config.write_text(f"{text}{owners}waivers: {Path('waivers.yaml').absolute()}\n")
    one = ("--snapshot", night(tmp_path, 2, {"a1": "IAM", "b": "IAM"}), "--config", config)
    sql = "select name, status from finding order by name"
    assert auditor("query", sql, *one, "--format", "csv").out.split()[1:] == ["a1,waived", "b,fail"]
    shown = auditor("explain", "a1", *one).out
    assert "\nOwner: vision\n" in shown
    assert "accepted" in shown
    assert "accepted" not in auditor("explain", "b", *one).out


def test_owners_parts_are_the_whole(tmp_path: Path, built_in_rules: tuple[Rule, ...]) -> None:
    """Every finding, verdict, cause and resource is in one part, as it is in the whole."""
    file = night(tmp_path, 1, {"a1": "IAM", "a2": "SSO", "b": "IAM", "c": None})
    rules = [rule for rule in built_in_rules if rule.id in ("STU106", "STU605", "STU601")]
    options = EvaluateOptions(with_inventory=True, with_summaries=True)
    whole = evaluate([file], rules, options)
    keys = [f"{ACCOUNT}/{REGION}/domain/d-{name}" for name in ("a1", "a2", "b")]
    owners = dict(zip(keys, ("vision", "vision", "data"), strict=True))
    parts = dict(owned_reports([file], rules, options, owners))
    assert set(parts) == {"", "data", "vision"}
    assert sorted(f.fingerprint for p in parts.values() for f in p.findings) == sorted(
        f.fingerprint for f in whole.findings
    )
    for count in ("by_status", "by_severity"):
        added = sum((Counter(getattr(part, count)) for part in parts.values()), Counter())
        assert {k: n for k, n in getattr(whole, count).items() if n} == dict(added)
    assert sum(part.deviations.of for part in parts.values()) == whole.deviations.of
    for part in parts.values():
        assert {f.fingerprint: f for f in part.findings}.items() <= {f.fingerprint: f for f in whole.findings}.items()
        assert part.inventory is not None
    shown = [r.name for t in parts["data"].inventory.tables for r in t.resources]  # type: ignore[union-attr]
    assert shown == ["b"]
    # The tables are as they were: the parts are made twice alike.
    assert dict(owned_reports([file], rules, options, owners)) == parts


def test_a_folder_is_a_plain_name_of_its_own() -> None:
    names = ["vision", "Vision", "VISION", "../x", "..", "a/b", "a b", "unowned", "", "é", "-", "x" * 200, "x" * 201]
    folders = [folder_name(name) for name in names]
    assert len({folder.lower() for folder in folders}) == len(names)
    assert all(folder and "/" not in folder and not folder.startswith(".") for folder in folders)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[{name: a}]", "owners: an entry says owner or from_tag"),
        ("[{owner: a, from_tag: b, name: c}]", "owners: an entry says owner or from_tag"),
        ("[{owner: a}]", "owners: everything would be owned by a"),
        ("[{owner: ' ', name: a}]", "owners: the owner is blank"),
        ("[{owner: a, team: b}]", "team"),
    ],
)
def test_what_is_wrong_with_an_entry_is_said(auditor: Auditor, tmp_path: Path, text: str, said: str) -> None:
    config = tmp_path / "auditor.yaml"
    config.write_text(f"owners: {text}\n")
    outcome = auditor("config", "check", config)
    assert (outcome.code, said in outcome.err) == (2, True)


def test_without_owners_there_is_nothing_to_divide_by(auditor: Auditor, tmp_path: Path) -> None:
    checked(auditor, night(tmp_path, 1, {"a": "SSO"}), "--store", "nights")
    outcome = auditor("report", "--store", "nights", "--by", "owner", "--output", "out", "--no-config")
    assert (outcome.code, "nobody owns anything" in outcome.err) == (2, True)
