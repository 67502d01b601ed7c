"""What a live audit comes to where AWS does not answer: the exit code, and that nothing needless was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from auditor.cli.main import run
from auditor.simulator.injected_faults import Fault

if TYPE_CHECKING:
    from auditor.simulator import Simulator

HOME, AWAY = "eu-west-1", "us-east-1"
Start = Callable[..., "Simulator"]


@pytest.fixture
def audit(simulated: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, Any]]:
    """``audit(estate, *options, faults=…)``: the exit code and report.json, None where there is none."""
    monkeypatch.chdir(tmp_path)

    def call(estate: str, *options: str, faults: tuple[Fault, ...] = ()) -> tuple[int, Mapping[str, Any] | None]:
        simulated(estate, faults=faults)
        code = run(["audit", "--format", "json", "-q", *options])
        file = tmp_path / "audit-report" / "report.json"
        return code, json.loads(file.read_text()) if file.exists() else None

    return call


def calls(report: Mapping[str, Any]) -> set[str]:
    return {line["operation"] for line in report["coverage"]}


def test_an_account_without_studio(audit: Callable[..., tuple[int, Any]]) -> None:
    code, report = audit("generated:0x0", "--region", HOME)
    assert (code, report["gate"]["outcome"]) == (3, "empty")
    assert audit("generated:0x0", "--region", HOME, "--allow-incomplete")[0] == 3
    assert audit("generated:0x0", "--region", HOME, "--allow-empty")[0] == 0


def test_nothing_but_the_list_of_domains(audit: Callable[..., tuple[int, Any]]) -> None:
    """The domains are known and nothing of them: all checks are open, and no switch makes that a success."""
    denied = tuple(
        Fault("access_denied", operation)
        for operation in (
            "DescribeDomain", "ListUserProfiles", "ListSpaces", "ListApps", "GetResources", "LookupEvents",
            "DescribeTrails", "DescribeLogGroups", "ListPartnerApps", "ListMlflowTrackingServers", "ListMlflowApps",
            "ListInstances", "ListStudioLifecycleConfigs", "ListCostAllocationTags", "ListServiceQuotas",
            "GetApplicationAssignmentConfiguration", "ListApplicationAssignments", "ListRules",
        )
    )  # fmt: skip
    code, report = audit("clean", "--region", HOME, "--allow-incomplete", "--fail-on", "none", faults=denied)
    status = report["summary"]["by_status"]
    assert (status["pass"], status["fail"], code) == (0, 0, 3)
    assert status["unknown"] > 0
    assert report["gate"]["outcome"] == "undecided"


def test_a_denied_region_is_one_line_and_can_be_left_out(audit: Callable[..., tuple[int, Any]]) -> None:
    both = ("--region", HOME, "--region", AWAY, "--only", "STU603")
    code, report = audit("clean", *both, faults=(Fault("access_denied", region=AWAY),))
    assert [(g["region"], g["operation"]) for g in report["gaps"]] == [(AWAY, "ListDomains")]
    assert (code, report["gate"]["incomplete_lists"]) == (5, 1)
    code, report = audit("clean", *both, "--skip-region", AWAY, faults=(Fault("access_denied", region=AWAY),))
    assert (code, report["gaps"]) == (0, [])
    assert audit("clean", "--region", HOME, "--skip-region", HOME)[0] == 2


def test_evidence_that_no_selected_rule_reads_is_not_asked_for(audit: Callable[..., tuple[int, Any]]) -> None:
    evidence = ("LookupEvents", "ListPartnerApps", "DescribeTrails", "GetAccountAuthorizationDetails", "DescribeVpcs")
    denied = tuple(Fault("access_denied", operation) for operation in evidence)
    code, report = audit("clean", "--region", HOME, "--only", "STU603", faults=denied)
    assert (code, report["gaps"], calls(report) & set(evidence)) == (0, [], set())
    code, report = audit("clean", "--region", HOME, "--only", "STU802", faults=denied)
    assert calls(report) & set(evidence) == {"DescribeTrails"}
    assert (code, report["gate"]["outcome"]) == (3, "undecided")


@pytest.mark.parametrize(
    ("rule", "denied", "code"),
    [
        # Nothing is decided, and nothing known to be open: who knows how many there are.
        ("STU903", "ListPartnerApps", 3),
        ("STU902", "ListMlflowTrackingServers", 3),
        # Roles of user profiles that could not be described are not known; those of domains and applications are.
        ("STU203", "DescribeUserProfile", 5),
        ("STU203", "ListMlflowTrackingServers", 5),
        ("STU203", "DescribePartnerApp", 5),
        ("STU721", "ListPartnerApps", 0),
    ],
)
def test_a_list_that_a_rule_reads_is_missing(
    audit: Callable[..., tuple[int, Any]], rule: str, denied: str, code: int
) -> None:
    options = ("--region", HOME, "--only", rule, "--fail-on", "none")
    assert audit("clean", *options, faults=(Fault("access_denied", denied),))[0] == code
    allowed = 3 if code == 3 else 0
    assert audit("clean", *options, "--allow-incomplete", faults=(Fault("access_denied", denied),))[0] == allowed
