"""Estates that are easily misjudged, collected over HTTP and audited: verdicts that AWS's documentation asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.collect.aws import CollectOptions, collect
from auditor.evaluate.audit import evaluate
from auditor.model.finding import Finding
from auditor.model.report import Report
from auditor.model.rule import Rule, Severity
from auditor.store.snapshot_file import write_snapshot

ESTATES = Path(__file__).parent / "estates"
EXPECTED: dict[str, dict[str, dict[str, list[str]]]] = yaml.safe_load((ESTATES / "expected.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory, built_in_rules: tuple[Rule, ...]) -> Callable[[str], Report]:
    """What the report says of an estate. Each is collected by itself; as they are accounts of their own, they are
    evaluated together."""
    from auditor.simulator import Simulator

    folder = tmp_path_factory.mktemp("estates")
    accounts: dict[str, str] = {}
    for name in EXPECTED:
        with Simulator(str(ESTATES / f"{name}.yaml")) as simulator, pytest.MonkeyPatch.context() as patch:
            for key, value in simulator.environment.items():
                patch.setenv(key, value)
            snapshot = collect(CollectOptions(regions=("eu-west-1",)))
        (accounts[name],) = {scope.account for scope in snapshot.header.scopes}
        write_snapshot(folder / f"{name}.jsonl", snapshot)
    report = evaluate([folder / f"{name}.jsonl" for name in EXPECTED], built_in_rules)

    def of(name: str) -> Report:
        return replace(
            report,
            findings=tuple(f for f in report.findings if f.resource.account == accounts[name]),
            domains=tuple(d for d in report.domains if d.resource.account == accounts[name]),
        )

    return of


def _name(finding: Finding) -> str:
    resource = finding.resource
    if resource.type == "app":
        return "/".join(resource.id.split("/")[2:4])
    return resource.region if resource.type == "account_region" else resource.name


def _found(report: Report, rule: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for finding in report.findings:
        if finding.rule_id == rule:
            found.setdefault(str(finding.status), []).append(_name(finding))
    return {status: sorted(names) for status, names in found.items()}


@pytest.mark.parametrize(("estate", "rule"), [(e, r) for e, rules in EXPECTED.items() for r in rules])
def test_verdicts(estate: str, rule: str, audited: Callable[[str], Report]) -> None:
    assert _found(audited(estate), rule) == EXPECTED[estate][rule]


def test_severities(audited: Callable[[str], Report]) -> None:
    """Source identity that is off makes roles that are not ready for it a low finding; Docker and the internet a high
    one."""
    not_ready = [f.severity for f in audited("roles-not-ready").findings if f.rule_id == "STU206"]
    assert not_ready == [Severity.LOW, Severity.LOW]
    docker: list[Any] = [f.severity for f in audited("hard-to-judge").findings if f.rule_id == "STU606"]
    assert docker == [Severity.HIGH]


def test_the_domain_that_stays_open_is_not_out_of_scope(audited: Callable[[str], Report]) -> None:
    domains = audited("hard-to-judge").domains
    assert domains
    assert not [d for d in domains if d.out_of_scope]
