"""auditor explain: one resource as the report's page of it says, and why a rule gives its verdict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.model.inventory import Inventory
from auditor.model.report import Report
from auditor.model.resource import ResourceRef
from auditor.model.rule import Verdict
from auditor.report.explanation import explain, lines, named

Auditor = Callable[..., Any]
EstateFile = Callable[[str], Path]
EstateReport = Callable[[str], Report]


@pytest.fixture
def acme(estate_report: EstateReport) -> Report:
    return estate_report("acme")


def _found(acme: Report, name: str) -> tuple[ResourceRef, ...]:
    assert acme.inventory is not None
    return named(acme.inventory, name)


def test_a_resource_is_named_in_many_ways(acme: Report) -> None:
    (profile,) = _found(acme, "forecasting/aiko-tanaka")
    for name in (profile.key, profile.arn, profile.id, "FORECASTING/aiko-tanaka".lower()):
        assert _found(acme, name) == (profile,)
    both = _found(acme, "aiko-tanaka")
    assert {r.domain_name for r in both} == {"forecasting", "research"}
    assert _found(acme, "Aiko-Tanaka") == both
    assert _found(acme, "nobody") == ()
    assert named(Inventory(), "aiko-tanaka") == ()


def test_every_finding_and_every_setting_of_it_is_there(acme: Report) -> None:
    assert acme.inventory is not None
    (table,) = (t for t in acme.inventory.tables if t.type == "user_profile")
    for resource in table.resources[:20]:
        found = explain(acme, resource)
        text = "\n".join(lines(found))
        assert {v.column for v in found.values} == {c.name for c in table.columns}
        own = [f for f in acme.findings if f.resource.key == resource.key]
        assert list(found.findings) == own
        for finding in own:
            assert f"{finding.severity} {finding.rule_id} " in text
            assert finding.message in text
        assert ("No finding" in text) == (own == [])
        for sign_in in (s for s in acme.inventory.sign_ins if s.profile == resource.key):
            assert sign_in.principal in text


def test_what_belongs_to_a_domain(acme: Report) -> None:
    (domain,) = (r for r in _found(acme, "forecasting") if r.type == "domain")
    found = explain(acme, domain)
    assert {child.type for child in found.children} >= {"user_profile"}
    assert all(child.domain_id == domain.id for child in found.children)
    assert "Set on the domain" in list(lines(found))


def test_a_profile_on_the_terminal(auditor: Auditor, estate_file: EstateFile) -> None:
    done = auditor("explain", "forecasting/aiko-tanaka", "--snapshot", estate_file("acme"))
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("user profile forecasting/aiko-tanaka\n123456789012/eu-west-1  arn:aws:sagemaker:")
    inherited = done.out.split("Inherited from the domain\n")[1].split("\n\n")[0]
    assert "  AutoMountHomeEFS = Disabled\n" in inherited


def test_why_a_rule_gives_its_verdict(auditor: Auditor, estate_file: EstateFile, acme: Report) -> None:
    finding = next(f for f in acme.findings if f.rule_id == "STU201" and f.status is Verdict.FAIL)
    key = finding.resource.key
    done = auditor("explain", key, "--snapshot", estate_file("acme"), "--rule", "STU201")
    assert done.code == 0
    assert f"{finding.resource.name}: fail\n" in done.out
    assert finding.message in done.out
    assert "Requires\n" in done.out
    passes = auditor("explain", "forecasting/aiko-tanaka", "--snapshot", estate_file("acme"), "--rule", "STU201")
    assert "Verdict on user profile forecasting/aiko-tanaka: pass\n" in passes.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["aiko-tanaka"],
            "'aiko-tanaka' is what 2 resources are called\n  Name one of:\n    123456789012/eu-west-1/",
        ),
        (["forecasting/aiko-tanakas"], "no resource is called 'forecasting/aiko-tanakas'"),
        (
            ["forecasting/aiko-tanaka", "--rule", "STU603"],
            "STU603 is about domains, and forecasting/",
        ),
        (["forecasting/aiko-tanaka", "--rule", "STU2*"], "Name one rule, by its id or name."),
        (["forecasting/aiko-tanaka", "--rule", "STU9999"], "--rule STU9999: unknown rule or area"),
    ],
)
def test_2_where_nothing_or_several_are_meant(
    auditor: Auditor, estate_file: EstateFile, arguments: list[str], said: str
) -> None:
    done = auditor("explain", *arguments, "--snapshot", estate_file("acme"))
    assert (done.code, done.out) == (2, "")
    assert said in done.err
