"""The embedded estates, collected over HTTP and audited: exactly what was worked out by hand, nothing more or less."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import auditor.simulator
from auditor.errors import ExitCode
from auditor.evaluate.gate import apply_gate, exit_code
from auditor.model.finding import Finding
from auditor.model.report import Gate, Report
from auditor.model.rule import Severity, Verdict

Audit = Callable[[str], Report]
EXPECTED = Path(auditor.simulator.__file__).parent / "estates" / "acme.expected.yaml"


@pytest.fixture(scope="module")
def audit(estate_report: Callable[[str], Report]) -> Audit:
    return cache(lambda estate: apply_gate(estate_report(estate), Gate()))


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(EXPECTED.read_text(encoding="utf-8"))
    return loaded


def _place(finding: Finding, domains: dict[str, str]) -> str:
    """domain, domain/profile, domain/space, domain/owner/type/name, role, configuration or region, as expected."""
    if finding.resource.type in ("execution_role", "lifecycle_config", "mlflow_server", "partner_app"):
        return finding.resource.name
    if finding.resource.type == "account_region":
        return finding.resource.region
    short = {name: key for key, name in domains.items()}.get(finding.resource.domain_name, finding.resource.domain_name)
    parts = finding.resource.id.split("/")[1:]
    if finding.resource.type == "app":
        parts = parts[1:]
    return "/".join([short, *parts])


@pytest.mark.parametrize("status", [Verdict.FAIL, Verdict.UNKNOWN, Verdict.ERROR])
def test_acme_is_what_was_worked_out(status: Verdict, audit: Audit, expected: dict[str, Any]) -> None:
    """Rule by rule and resource by resource, in both directions; nothing is an error."""
    found: dict[str, list[str]] = defaultdict(list)
    for finding in audit("acme").findings:
        if finding.status is status:
            found[finding.rule_id].append(_place(finding, expected["domains"]))
    wanted: dict[str, list[str]] = expected.get(str(status), {})
    assert {rule: sorted(places) for rule, places in found.items()} == {r: sorted(p) for r, p in wanted.items()}


def test_the_expectation_speaks_of_known_things(audit: Audit, expected: dict[str, Any]) -> None:
    """Of rules and statuses that there are, and of no resource twice."""
    assert set(expected) == {"domains", "fail", "unknown"}
    rules = {rule.id for rule in audit("acme").rules}
    for status in ("fail", "unknown"):
        assert set(expected[status]) <= rules
        assert all(len(places) == len(set(places)) for places in expected[status].values())
    names = {domain.resource.name for domain in audit("acme").domains}
    assert set(expected["domains"].values()) <= names


def test_acme_has_only_the_gaps_of_an_open_inheritance(audit: Audit) -> None:
    """Three profiles set a part of a structure that the domain sets too: what they inherit of it, AWS does not say."""
    idle = "UserSettings.JupyterLabAppSettings.AppLifecycleManagement.IdleSettings."
    assert {(g.resource_id, g.setting, g.reason) for g in audit("acme").gaps} == {
        ("d-research0001/ravi-kumar", "UserSettings.StudioWebPortalSettings.HiddenMlTools", "ambiguous_inheritance"),
        ("d-research0001/emma-schmidt", f"{idle}IdleTimeoutInMinutes", "ambiguous_inheritance"),
        *(
            ("d-forecast0001/hana-sato", setting, "ambiguous_inheritance")
            for setting in (
                f"{idle}LifecycleManagement",
                f"{idle}IdleTimeoutInMinutes",
                f"{idle}MinIdleTimeoutInMinutes",
                f"{idle}MaxIdleTimeoutInMinutes",
                "UserSettings.JupyterLabAppSettings.CodeRepositories",
            )
        ),
    }


def test_acme_fails_a_pipeline(audit: Audit) -> None:
    report = audit("acme")
    assert report.fail_on is Severity.HIGH
    assert exit_code(report) == ExitCode.FINDINGS


def test_clean_is_clean(audit: Audit) -> None:
    """No finding of any kind and no gap, though every rule had something to say, but for those on what is not there:
    domains of AuthMode IAM, people on Classic, people who need no MLflow, personas, approved spaces, Docker, Canvas,
    custom file systems, custom images, and what only a parameter asks for."""
    report = audit("clean")
    assert (report.findings, report.gaps, report.root_causes) == ((), (), ())
    without = {"STU102", "STU103", "STU108", "STU210", "STU306", "STU406", "STU407", "STU408",
               "STU508", "STU509", "STU510", "STU720", "STU726", "STU727",
               "STU701", "STU711",
               "STU111", "STU112", "STU213", "STU218", "STU615", "STU716", "STU718", "STU723",
               "STU724", "STU725"}  # fmt: skip
    assert {rule.id for rule in report.rules if not rule.counts["pass"]} == without
    assert [(c.operation, c.error) for c in report.coverage if c.failed] == []
    assert all(report.resources.values())
    assert not any(domain.out_of_scope for domain in report.domains)
    assert exit_code(report) == ExitCode.OK
