"""Sending to Security Hub: batches, archived, suppressed and taken back, and nothing lost without a word."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from report.handmade import ACCOUNT, OTHER, everything, huge

from auditor.deliver.security_hub import PERMISSIONS, Delivery, Hub, batches, send
from auditor.errors import ConfigError
from auditor.model.finding import Finding
from auditor.model.report import Report
from auditor.report.asff_format import finding_id
from auditor.simulator import Simulator

from .hub import FakeHub, denied, not_subscribed

NEXT = "2026-11-24T20:42:00Z"


class Hubs:
    """Security Hubs by place, made as they are asked for."""

    def __init__(self) -> None:
        self.made: dict[tuple[str, str], FakeHub] = {}

    def __call__(self, account: str, region: str) -> Hub:
        return self.made.setdefault((account, region), FakeHub(account, region))

    @property
    def home(self) -> FakeHub:
        return self.made.setdefault((ACCOUNT, "eu-west-1"), FakeHub(ACCOUNT, "eu-west-1"))


@pytest.fixture
def hubs() -> Hubs:
    return Hubs()


def _alone(report: Report) -> Report:
    """The report of a run without a history."""
    findings = tuple(replace(f, state=None) for f in report.findings)
    return replace(report, previous=None, past=(), trend=(), gaps=(), findings=findings)


def _next(report: Report, **changes: Any) -> Report:
    return replace(report, as_of=NEXT, **changes)


def _id(number: int, report: Report) -> str:
    return finding_id(
        next(f for f in (*report.findings, *(p.finding for p in report.past)) if int(f.fingerprint, 16) == number)
    )


def test_each_place_gets_its_own(hubs: Hubs) -> None:
    delivery = send(everything(), hubs)
    assert delivery.complete
    assert (delivery.sent, delivery.archived, delivery.templates) == (9, 1, 2)
    assert set(hubs.made) == {(ACCOUNT, "eu-west-1"), (OTHER, "us-gov-west-1")}
    assert len(hubs.home.findings) == 9
    assert list(hubs.made[OTHER, "us-gov-west-1"].findings) == [_id(5, everything())]


def test_sending_again_changes_nothing(hubs: Hubs) -> None:
    send(everything(), hubs)
    before = json.dumps(hubs.home.findings, sort_keys=True)
    send(everything(), hubs)
    assert json.dumps(hubs.home.findings, sort_keys=True) == before


def test_calls_are_full_and_within_the_limits(hubs: Hubs) -> None:
    delivery = send(huge(250), hubs)
    assert delivery.sent == 250
    assert [size for operation, size in hubs.home.calls if operation == "BatchImportFindings"] == [100, 100, 50]


def test_batches_keep_within_six_megabytes() -> None:
    sized = [({"Id": str(n)}, 200_000) for n in range(70)]
    made = list(batches(sized))
    assert [len(b) for b in made] == [30, 30, 10]
    assert [d["Id"] for b in made for d in b] == [str(n) for n in range(70)]
    assert list(batches([])) == []


def test_what_the_history_calls_resolved_is_archived(hubs: Hubs) -> None:
    report = everything()
    first = replace(report, as_of="2026-11-20T00:00:00Z", past=(), findings=(report.past[0].finding,))
    send(first, hubs)
    assert hubs.home.findings[_id(20, report)]["RecordState"] == "ACTIVE"
    delivery = send(report, hubs)
    assert delivery.archived == 1
    assert hubs.home.findings[_id(20, report)]["RecordState"] == "ARCHIVED"


def test_without_a_history_what_is_not_found_again_is_archived(hubs: Hubs) -> None:
    report = _alone(everything())
    send(report, hubs)
    gone, kept = _id(3, report), _id(2, report)
    delivery = send(_next(report, findings=tuple(f for f in report.findings if finding_id(f) != gone)), hubs)
    assert (delivery.archived, delivery.complete) == (1, True)
    assert hubs.home.findings[gone]["RecordState"] == "ARCHIVED"
    assert hubs.home.findings[gone]["UpdatedAt"] == NEXT
    assert hubs.home.findings[kept]["RecordState"] == "ACTIVE"


def test_a_baseline_is_no_history(hubs: Hubs) -> None:
    """It is as old as it is, and may have been made before the finding that is gone now."""
    report = _alone(everything())
    send(report, hubs)
    gone = _id(3, report)
    rest = tuple(f for f in report.findings if finding_id(f) != gone)
    assert send(_next(report, findings=rest, previous="2026-01-01T00:00:00Z"), hubs).archived == 1


def test_with_a_history_nothing_is_read_but_what_was_suppressed(hubs: Hubs) -> None:
    send(everything(), hubs)
    assert [operation for operation, _ in hubs.home.calls].count("GetFindings") == 1


@pytest.mark.parametrize(
    "why",
    ["a list that was not read to its end", "a list of roles that a profile may add to", "a rule that did not run",
     "another region"],
)  # fmt: skip
def test_what_could_not_be_seen_again_stays_active(hubs: Hubs, why: str) -> None:
    report = _alone(everything())
    send(report, hubs)
    gone = _id(3, report)
    rest = tuple(f for f in report.findings if finding_id(f) != gone)
    gap = replace(everything().gaps[0], resource_type="user_profile", resource_id="*")
    later = {
        "a list that was not read to its end": _next(report, findings=rest, gaps=(gap,)),
        # The rule's resources are roles, and one profile of another Region could not be described.
        "a list of roles that a profile may add to": _next(
            report, findings=rest, gaps=(replace(gap, resource_id="d-1/ana", region="eu-west-3"),),
            rules=tuple(replace(rule, table="execution_role") for rule in report.rules),
        ),
        "a rule that did not run": _next(report, findings=(), rules=tuple(r for r in report.rules if r.id != "STU901")),
        "another region": _next(
            report, findings=(), snapshots=(replace(report.snapshots[0], scopes=((ACCOUNT, "eu-west-3"),)),)
        ),
    }[why]  # fmt: skip
    delivery = send(later, hubs)
    assert hubs.home.findings[gone]["RecordState"] == "ACTIVE"
    assert delivery.left_active == (1 if "list" in why else 0)


def test_an_unknown_that_failed_is_not_archived(hubs: Hubs) -> None:
    report = _alone(everything())
    unknown = report.findings[9]
    failing = replace(report.findings[2], fingerprint=unknown.fingerprint, rule_id=unknown.rule_id)
    send(replace(report, findings=(failing,)), hubs)
    send(_next(report, findings=(unknown,)), hubs)
    stored = hubs.home.findings[finding_id(unknown)]
    assert (stored["RecordState"], stored["Compliance"]["Status"]) == ("ACTIVE", "WARNING")


def test_findings_of_others_are_left_alone(hubs: Hubs) -> None:
    report = _alone(everything())
    send(report, hubs)
    ours = next(iter(hubs.home.findings.values()))
    hubs.home.findings["theirs"] = ours | {"Id": "theirs", "GeneratorId": "prowler/STU901"}
    hubs.home.findings["elsewhere"] = ours | {
        "Id": "elsewhere",
        "ProductArn": ours["ProductArn"].replace("eu-west-1", "eu-west-2"),
    }
    send(_next(report, findings=()), hubs)
    assert hubs.home.findings["theirs"]["RecordState"] == "ACTIVE"
    assert hubs.home.findings["elsewhere"]["RecordState"] == "ACTIVE"


def _workflow(hubs: Hubs, number: int) -> str:
    status: str = hubs.home.findings[_id(number, everything())]["Workflow"]["Status"]
    return status


def test_a_waiver_suppresses_also_what_is_there_already_and_is_taken_back(hubs: Hubs) -> None:
    report = everything()
    bare = tuple(replace(f, waiver=None) for f in report.findings)
    send(replace(report, as_of="2026-11-20T00:00:00Z", findings=bare), hubs)
    assert _workflow(hubs, 4) == "NEW"
    assert send(report, hubs).suppressed == 1
    assert _workflow(hubs, 4) == "SUPPRESSED"
    note = hubs.home.findings[_id(4, report)]["Note"]
    assert note["Text"].startswith("Waived until 2026-12-31 by Jane Roe")
    # The waiver lapses: what fails again must be seen again.
    delivery = send(_next(report, findings=bare), hubs)
    assert (delivery.reopened, _workflow(hubs, 4)) == (1, "NEW")


def test_what_a_person_suppressed_stays_so(hubs: Hubs) -> None:
    report = everything()
    send(report, hubs)
    stored = hubs.home.findings[_id(3, report)]
    stored |= {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "mine", "UpdatedBy": "jane", "UpdatedAt": NEXT}}
    assert send(_next(report), hubs).reopened == 0
    assert _workflow(hubs, 3) == "SUPPRESSED"


def test_each_refused_finding_is_named(hubs: Hubs) -> None:
    report = everything()
    hubs.home.refuse = {_id(2, report): "InvalidInput"}
    delivery = send(report, hubs)
    (refused,) = delivery.refused
    assert (refused.id, refused.account, refused.region, refused.code) == (
        _id(2, report),
        ACCOUNT,
        "eu-west-1",
        "InvalidInput",
    )
    assert delivery.sent == 8
    assert not delivery.complete


@pytest.mark.parametrize(
    ("error", "calls"),
    [(denied("BatchImportFindings"), 1), (not_subscribed("BatchImportFindings"), 1),
     (EndpointConnectionError(endpoint_url="https://securityhub"), 1)],
)  # fmt: skip
def test_a_place_that_takes_nothing_is_said_once(hubs: Hubs, error: Exception, calls: int) -> None:
    hubs.home.raises = {"BatchImportFindings": error}
    delivery = send(huge(1_000), hubs)
    (problem,) = delivery.problems
    assert problem.startswith("123456789012/eu-west-1: 1,000 findings could not be sent: ")
    assert [o for o, _ in hubs.home.calls].count("BatchImportFindings") == calls
    assert (delivery.sent, delivery.complete) == (0, False)


def test_other_places_go_on(hubs: Hubs) -> None:
    hubs.home.raises = {"BatchImportFindings": denied("BatchImportFindings")}
    delivery = send(everything(), hubs)
    assert delivery.sent == 1
    assert len(delivery.problems) >= 1


def test_sending_needs_no_permission_to_read(hubs: Hubs) -> None:
    hubs.home.raises = {"GetFindings": denied("GetFindings")}
    delivery = send(everything(), hubs)
    assert delivery.sent == 9
    assert any("what was suppressed before could not be read: AccessDeniedException" in p for p in delivery.problems)


def test_a_suppression_that_fails_is_said(hubs: Hubs) -> None:
    hubs.home.raises = {"BatchUpdateFindings": denied("BatchUpdateFindings")}
    delivery = send(everything(), hubs)
    assert delivery.sent == 9
    assert any("could not be set to SUPPRESSED" in p for p in delivery.problems)


def test_a_region_without_security_hub_and_findings_is_no_problem() -> None:
    quiet = FakeHub()
    quiet.raises = dict.fromkeys(("GetFindings", "BatchImportFindings"), not_subscribed("GetFindings"))
    report = replace(_alone(everything()), findings=())
    assert send(report, lambda account, region: quiet) == Delivery()


def test_credentials_of_another_account_are_said() -> None:
    def refuse(account: str, region: str) -> Hub:
        raise ConfigError("the credentials are those of account 999999999999")

    delivery = send(everything(), refuse)
    assert delivery.problems[0] == (
        "123456789012/eu-west-1: 9 findings could not be sent: the credentials are those of account 999999999999"
    )


def test_the_permissions_are_those_of_the_calls(hubs: Hubs) -> None:
    report = everything()
    send(_alone(report), hubs)
    send(_next(report), hubs)
    called = {f"securityhub:{operation}" for hub in hubs.made.values() for operation, _ in hub.calls}
    assert called == set(PERMISSIONS)


@pytest.fixture
def simulator(simulated: Callable[..., Simulator]) -> Simulator:
    return simulated("acme")


def test_against_the_simulated_account_over_http(simulator: Simulator) -> None:
    """The real client: moto knows Security Hub."""
    import boto3

    from auditor.deliver.security_hub import hubs as real

    region = "eu-west-1"
    client = boto3.client("securityhub", region_name=region)
    account = boto3.client("sts", region_name=region).get_caller_identity()["Account"]
    client.enable_security_hub()

    def moved(finding: Finding) -> Finding:
        return replace(finding, waiver=None, resource=replace(finding.resource, account=account, region=region, arn=""))

    report = _alone(everything())
    report = replace(
        report,
        findings=tuple(moved(f) for f in report.findings if not f.resource.file),
        snapshots=(replace(report.snapshots[0], scopes=((account, region),)),),
    )
    delivery = send(report, real(None))
    assert delivery.complete, delivery
    assert delivery.sent == 8
    delivery = send(_next(report, findings=report.findings[1:]), real(None))
    assert (delivery.sent, delivery.archived) == (7, 1)
    states = {f["Id"]: f["RecordState"] for f in client.get_findings()["Findings"]}
    assert states.pop(finding_id(report.findings[0])) == "ARCHIVED"
    assert set(states.values()) == {"ACTIVE"}
    other = replace(report.findings[1], resource=replace(report.findings[1].resource, account=OTHER))
    delivery = send(replace(report, findings=(other,), snapshots=()), real(None))
    assert "the credentials are those of account" in delivery.problems[0]
