"""report.oscal.json: OSCAL assessment-results, by models made of NIST's JSON Schema (oscal-bindings)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oscal_bindings.v1.models import AssessmentResultsDocument
from pydantic import ValidationError

from auditor.model.report import Report
from auditor.model.rule import Verdict
from auditor.report.oscal_format import VERSION, _uuid
from auditor.report.phrases import TOOL, status
from auditor.report.render import Format, render

from .handmade import everything, hostile_everything


def bare() -> Report:
    """Nothing was found, and nothing evaluated: OSCAL has no empty lists."""
    return replace(
        everything(), snapshots=(), coverage=(), gaps=(), findings=(), past=(), rules=(), root_causes=(), waivers=(),
        frameworks=(),
    )  # fmt: skip


def document(report: Report) -> dict[str, Any]:
    made: dict[str, Any] = json.loads("".join(render(report, Format.OSCAL)))
    return made


def result(report: Report) -> dict[str, Any]:
    (only,) = document(report)["assessment-results"]["results"]
    return dict(only)


def props(of: dict[str, Any]) -> dict[str, str]:
    return {p["name"]: p["value"] for p in of["props"]}


@pytest.mark.parametrize("make", [everything, hostile_everything, bare])
def test_fits_the_schema(make: Callable[[], Report]) -> None:
    made = document(make())
    AssessmentResultsDocument.model_validate(made)
    assert made["assessment-results"]["metadata"]["oscal-version"] == VERSION


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.pop("import-ap"),
        lambda d: d.update(uuid="1"),
        lambda d: d["results"][0]["findings"][0]["target"]["status"].update(state="fail"),
        lambda d: d["results"][0]["observations"][0].update(colour="red"),
        lambda d: d["results"][0].update(findings=[]),
    ],
)
def test_the_models_refuse_what_is_wrong(spoil: Callable[[dict[str, Any]], object]) -> None:
    made = document(everything())
    spoil(made["assessment-results"])
    with pytest.raises(ValidationError):
        AssessmentResultsDocument.model_validate(made)


def test_each_finding_is_an_observation_that_says_how_it_stands() -> None:
    report = everything()
    observed = {props(o)["fingerprint"]: props(o)["status"] for o in result(report)["observations"]}
    assert {f.fingerprint: status(f) for f in report.findings}.items() <= observed.items()
    assert set(observed.values()) >= {"fail", "waived", "unknown", "error", "not_assessed"}


def test_a_doubt_never_satisfies() -> None:
    """Only a rule with passes and nothing else is satisfied; what was waived isn't."""
    report = everything()
    states = {f["target"]["target-id"]: f["target"]["status"] for f in result(report)["findings"]}
    doubtful = {f.rule_id for f in report.findings}
    assert all(states[rule]["state"] == "not-satisfied" for rule in doubtful)
    failing = {f.rule_id for f in report.findings if f.status is Verdict.FAIL and f.waiver is None}
    assert {rule for rule, s in states.items() if s["reason"] == "fail"} == failing
    clean = {r.id for r in report.rules if r.counts.get(Verdict.PASS)} - doubtful
    left = {p.finding.rule_id for p in report.past}
    assert {rule for rule, s in states.items() if s["state"] == "satisfied"} == clean - left


def test_everything_that_is_referred_to_is_there() -> None:
    whole = document(everything())["assessment-results"]
    (only,) = whole["results"]
    observations = {o["uuid"] for o in only["observations"]}
    risks = {r["uuid"] for r in only["risks"]}
    items = {i["uuid"] for i in only["local-definitions"]["inventory-items"]}
    assert {s["subject-uuid"] for o in only["observations"] for s in o["subjects"]} == items
    for entry in (*only["findings"], *only["risks"]):
        assert {r["observation-uuid"] for r in entry.get("related-observations", ())} <= observations
        assert {r["risk-uuid"] for r in entry.get("related-risks", ())} <= risks
    controls = {c["control-id"] for c in only["reviewed-controls"]["control-selections"][0]["include-controls"]}
    assert {f["target"]["target-id"] for f in only["findings"]} == controls
    assert whole["import-ap"]["href"] == f"#{whole['back-matter']['resources'][0]['uuid']}"


def test_a_cause_is_an_open_risk_until_all_of_it_is_waived_or_gone() -> None:
    report = everything()
    first, *rest = report.root_causes
    changed = replace(report, root_causes=(replace(first, affects=0), *rest))
    assert [r["status"] for r in result(report)["risks"]][: len(report.root_causes)] == ["open"] * (1 + len(rest))
    assert result(changed)["risks"][0]["status"] == "deviation-approved"
    assert result(report)["risks"][-1]["status"] == "closed"


def test_a_cause_has_the_first_deadline_and_the_words_of_its_first_failure() -> None:
    report = everything()
    (one, other), *_ = ([f for f in report.findings if f.stands and f.rule_id == r.id][:2] for r in report.rules
                        if sum(f.stands and f.rule_id == r.id for f in report.findings) > 1)  # fmt: skip
    cause = next(c for c in report.root_causes if c.id == one.root_cause)
    early = replace(one, first_seen="2026-11-01T00:00:00Z", message="first")
    late = replace(other, first_seen="2026-11-20T00:00:00Z", root_cause=cause.id, message="second")
    waived = replace(late, waiver=next(f.waiver for f in report.findings if f.waiver), message="waived")
    changed = replace(
        report, findings=(waived, early, late), root_causes=(cause,), sla={one.severity: 7}, sla_owners={}
    )
    (risk, *_) = result(changed)["risks"]
    assert risk["deadline"] == "2026-11-08T23:59:59Z"
    assert risk["description"].startswith("first")


def test_uuids_of_observations_stay_from_run_to_run() -> None:
    report = everything()
    later = replace(report, as_of="2026-11-24T20:42:00Z")
    mine, then = result(report), result(later)
    assert [o["uuid"] for o in mine["observations"]] == [o["uuid"] for o in then["observations"]]
    assert mine["uuid"] != then["uuid"]


@given(st.lists(st.text(), max_size=3))
def test_names_are_uuids_of_version_5(parts: list[str]) -> None:
    assert _uuid(*parts) == str(uuid5(uuid5(UUID(int=0), f"urn:{TOOL}"), "/".join(parts)))
