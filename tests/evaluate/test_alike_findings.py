"""Findings of rows that are alike are made from the first of them: they are those that each row would have alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auditor.evaluate import alike_findings, findings
from auditor.evaluate.audit import evaluate
from auditor.model.report import Report
from auditor.model.rule import Rule
from auditor.model.snapshot import Record
from auditor.rules.load import load_rules

from .helpers import ACCOUNT, REGION, ROLE, audit, domain, in_account, profile, rule_file, snapshot_file

#: Names that stand in texts of remediations, look like another thing in YAML, hold each other, or need quotes.
NAMES = (
    "ana", "ben", "anabel", "domain", "default", "the", "123", "true", "null", "user-profile", "d-1", "sagemaker", "a",
    "no", "carla-lima", "it's", "$(id)", "a b", "x" * 63, "{name}", "[masked:1a2b]",
)  # fmt: skip


def _records() -> list[Record]:
    """Two domains, in each of which several profiles hold the same settings of their own."""
    handed = {"AutoMountHomeEFS": "Enabled", "ExecutionRole": f"{ROLE}shared", "StudioWebPortal": "ENABLED"}
    held: list[dict[str, Any]] = [
        {},
        {"DefaultLandingUri": "app:JupyterServer:"},
        {"ExecutionRole": f"{ROLE}own", "StudioWebPortalSettings": {"HiddenMlTools": ["DataWrangler"]}},
        {"JupyterLabAppSettings": {"AppLifecycleManagement": {"IdleSettings": {"LifecycleManagement": "DISABLED"}}}},
    ]
    return [
        record
        for id_, auth in (("d-1", "IAM"), ("d-2", "SSO"))
        for record in (
            domain(id_, {"AuthMode": auth, "HomeEfsFileSystemId": "fs-1", "DefaultUserSettings": handed}),
            *(profile(name, held[n % len(held)], of=id_) for n, name in enumerate(NAMES)),
            profile("failed", {}, of=id_, Status="Failed", FailureReason="no room for failed"),
            profile("updating", {}, of=id_, Status="Updating"),
            profile("unseen", {}, of=id_, gaps=["*"]),
            *(
                Record(ACCOUNT, REGION, "space", f"{id_}/of-{name}", {
                    "DomainId": id_, "SpaceName": f"of-{name}", "Status": "InService",
                    "OwnershipSettings": {"OwnerUserProfileName": name}, "SpaceSettings": {"RemoteAccess": "ENABLED"},
                })
                for name in NAMES[:4]
            ),
        )
    ]  # fmt: skip


def _both(monkeypatch: pytest.MonkeyPatch, files: Sequence[Path], rules: Sequence[Rule]) -> tuple[Report, Report, int]:
    """The report with each row taken by itself, the one with alike rows, and how many findings it made from others."""
    with monkeypatch.context() as patch:
        patch.setattr(alike_findings.AlikeRows, "find", lambda *_: (None, None))
        alone = evaluate(files, rules)
    made = []
    like = findings.FindingMaker._like
    with monkeypatch.context() as patch:
        patch.setattr(findings, "_HANDFUL", 0)
        patch.setattr(findings.FindingMaker, "_like", lambda *given: made.append(1) or like(*given))
        return alone, evaluate(files, rules), len(made)


def test_names_of_every_sort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, built_in_rules: tuple[Rule, ...]) -> None:
    file = snapshot_file(tmp_path / "s.jsonl", *_records(), *in_account("222233334444", *_records()))
    alone, alike, made = _both(monkeypatch, [file], built_in_rules)
    for one, other in zip(alone.findings, alike.findings, strict=True):
        assert one == other
    assert alone == alike
    assert made > 200


@pytest.mark.parametrize("estate", ["acme", "clean"])
def test_estates(
    estate: str, estate_file: Any, monkeypatch: pytest.MonkeyPatch, built_in_rules: tuple[Rule, ...]
) -> None:
    alone, alike, made = _both(monkeypatch, [estate_file(estate)], built_in_rules)
    assert alone == alike
    assert made or estate == "clean"


def test_what_is_alike_is_one_object(tmp_path: Path, built_in_rules: tuple[Rule, ...]) -> None:
    """A report of many findings holds their evidence and remediation once."""
    people = [profile(f"person-{n}-x") for n in range(100)]
    report = audit(tmp_path, built_in_rules, domain("d-1", {"AuthMode": "IAM"}), *people)
    found = [f for f in report.findings if f.rule_id == "STU402"]
    assert len(found) == 100
    assert len({id(f.evidence[0]) for f in found}) < 5
    assert len({f.remediation.aws_only_here for f in found if f.remediation}) == 100
    assert len({replace(f.remediation, aws_only_here="") for f in found if f.remediation}) == 1


TAGGED = """
id: TST001
name: signs-in-with-sso
title: People sign in through Identity Center and are tagged
severity: low
table: user_profile
require: auth_mode = 'SSO' and map_contains(tags, 'team') and map_contains(tags, 'owner')
setting: auth_mode
message: "{name} signs in with {auth_mode}"
why: Because.
remediation:
  steps: Tag it.
  set:
    Tags.team: TEAM
    Tags.owner: OWNER
practices: [P03]
references: ["https://docs.aws.amazon.com/"]
since: 0.1.0
cases:
  - {given: {auth_mode: SSO, tags: {team: a, owner: b}}, then: pass}
"""


def test_tags_that_are_there_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the finding is about, the command for its tags hangs on those that the row has."""
    held = [(("owner", "x"),), (("team", "y"),), ()]
    people = [replace(profile(f"person-{n:03d}-z"), tags=held[n % 3]) for n in range(30)]
    file = snapshot_file(tmp_path / "s.jsonl", domain("d-1", {"AuthMode": "IAM"}), *people)
    alone, alike, made = _both(monkeypatch, [file], load_rules([rule_file(tmp_path, TAGGED)]))
    assert alone == alike
    assert made > 20
    assert {f.remediation.aws.count("Key=") for f in alike.findings if f.remediation} == {1, 2}
