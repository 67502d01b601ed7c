"""Policies: their size, what they deny, and what they must not deny: what we ourselves do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import ConfigError
from auditor.iam.context import Known
from auditor.iam.documents import Policy, parse
from auditor.iam.evaluation import Request, contribution
from auditor.model.report import Report
from auditor.prevent.deny_policies import (
    BOUNDARY_LIMIT,
    SCP_LIMIT,
    Piece,
    boundary,
    minified,
    pieces,
    service_control_policies,
)
from auditor.remediation.command_request import api_call
from auditor.remediation.command_text import UnreadableError, read_call
from auditor.rules.prevent_cases import run_prevent_cases
from auditor.rules.prevention import statements
from auditor.run.policy_replay import our_calls
from auditor.studio.api_requests import ApiCall, request_of

from .test_condition_keys import FILLED, RULES

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT, REGION = "111122223333", "eu-west-1"


def made(**overrides: Mapping[str, Any]) -> list[Piece]:
    return pieces(list(RULES.values()), {**FILLED, **overrides})[0]


def denied(within: list[Policy], request: Request) -> bool | None:
    """Whether one of them denies it; None where that can't be told."""
    answers = [contribution(policy, request)[1] for policy in within]
    return True if True in answers else None if None in answers else False


@pytest.mark.parametrize("limit", [900, 2_000, SCP_LIMIT, 10_240])
def test_policies_fit_and_say_together_what_the_statements_say(limit: int) -> None:
    found = service_control_policies(made(), limit)
    assert all(len(one.text) <= limit for one in found)
    assert all(parse(one.text).understood for one in found)
    assert {rule for one in found for rule in one.rules} == set(RULES)
    within = [parse(one.text) for one in found]
    for rule in RULES.values():
        assert rule.prevent is not None
        for case in rule.prevent.cases:
            if case.then == "denied" and (case.params or {}) == FILLED.get(rule.id, {}):
                call = ApiCall(case.call, case.given, ACCOUNT, REGION, resource=case.resource)
                assert denied(within, request_of(call)), (rule.id, case)


def test_the_built_in_rules_fit_into_one_policy() -> None:
    found, left = pieces(list(RULES.values()), {})
    (policy,) = service_control_policies(found)
    assert len(policy.text) <= SCP_LIMIT
    assert len(boundary(found).text) <= BOUNDARY_LIMIT
    assert {one.rule_id: one.reason.split()[3].rstrip(",") for one in left} == {
        "STU213": "STU213.boundaries", "STU604": "STU604.private_subnets", "STU607": "STU607.required_tags",
        "STU703": "STU703.prevented_words",
    }  # fmt: skip


def test_a_list_that_is_too_long_is_divided_and_denies_the_same() -> None:
    words = [f"word{n}" for n in range(60)]
    found = service_control_policies(made(STU101={"prevented_words": words}))
    assert len(found) > 2
    assert all(len(one.text) <= SCP_LIMIT for one in found)
    within = [parse(one.text) for one in found]
    tags = [{"Key": "owner", "Value": "ana"}]
    for name, expected in [(f"a-{w}-b", True) for w in words] + [("sword1s", False), ("ana-silva", False)]:
        members = {"DomainId": "d-1", "UserProfileName": name, "Tags": tags}
        assert denied(within, request_of(ApiCall("sagemaker:CreateUserProfile", members, ACCOUNT, REGION))) is expected


def test_a_statement_that_cannot_be_divided_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"a statement of STU108 has .* characters; the limit is 200"):
        service_control_policies(pieces([RULES["STU108"]], {})[0], 200)


def test_a_boundary_that_is_too_long_is_an_error() -> None:
    with pytest.raises(ConfigError, match="limit is 300"):
        boundary(made(), 300)


def test_a_boundary_allows_what_it_does_not_deny() -> None:
    policy = parse(boundary(pieces([RULES["STU709"]], {})[0]).text)
    for access, expected in (("ENABLED", (True, True)), ("DISABLED", (True, False))):
        members = {"DomainId": "d-1", "SpaceName": "s", "SpaceSettings": {"RemoteAccess": access}}
        request = request_of(ApiCall("sagemaker:UpdateSpace", members, ACCOUNT, REGION))
        assert contribution(policy, request) == expected
    assert contribution(policy, Request("s3:GetObject", "arn:aws:s3:::bucket/key")) == (True, False)


def test_a_policy_is_as_short_as_its_json_can_be() -> None:
    text = minified(
        [{"Effect": "Deny", "Action": ["a:B"], "Resource": ["*", "arn:x"], "Condition": {"Null": {"k": ["true"]}}}]
    )
    assert text == (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"a:B","Resource":["*","arn:x"],'
        '"Condition":{"Null":{"k":"true"}}}]}'
    )


def test_every_request_is_decided_as_its_case_says() -> None:
    results = run_prevent_cases(list(RULES.values()))
    assert [(r.rule.id, r.case, r.got, r.error) for r in results if not r.ok] == []
    for rule in RULES.values():
        said = {case.then for case in rule.prevent.cases} if rule.prevent else set()
        assert said == {"denied", "allowed"}, f"{rule.id} needs a call of each kind"


def test_words_that_are_denied_are_words_that_the_rule_reports() -> None:
    values = {p.name: p.default for p in RULES["STU101"].params}
    assert set(values["prevented_words"]) <= set(values["group_words"])


# What we ourselves do


def _commands(report: Report) -> Iterator[tuple[str, ApiCall]]:
    """The commands of all findings, by their rule."""
    for finding in report.findings:
        try:
            call = read_call(finding.remediation.aws if finding.remediation else "")
        except UnreadableError:
            continue
        where = finding.resource
        arn = where.arn if where.type == "execution_role" else ""
        region = where.region if where.region != "aws-global" else REGION
        yield finding.rule_id, api_call(call, where.account, region, arn)


#: Rule of a command → rules whose policies deny it in the estate: the structure that the command sends whole holds an
#: instance type that is not allowed. What STU716 reports is fixed first.
MEANT = {"STU705": {"STU716"}, "STU706": {"STU716"}, "STU715": {"STU716", "STU723"}}


def test_no_command_of_ours_is_denied_but_where_that_is_said(estate_report: Callable[[str], Report]) -> None:
    commands = list(_commands(estate_report("acme")))
    assert len({rule for rule, _ in commands}) > 25
    # A list of approved subnets holds those that the domains are to keep.
    subnets = {s for _, call in commands for s in call.members.get("SubnetIds", ())}
    filled = {**FILLED, "STU604": {"private_subnets": sorted(subnets)}}
    undecided, refused = set(), dict[str, set[str]]()
    for rule in RULES.values():
        policy = parse({"Version": "2012-10-17", "Statement": statements(rule, filled.get(rule.id))})
        for of, call in commands:
            answer = denied([policy], request_of(call))
            if answer is None:
                undecided.add((of, rule.id, call.action))
            elif answer:
                refused.setdefault(of, set()).add(rule.id)
    assert (refused, undecided) == (MEANT, set())


def test_the_statement_that_aws_publishes_would_deny_updates_of_ours(estate_report: Callable[[str], Report]) -> None:
    """Which is why the two statements of STU603 differ by Null."""
    published = {
        "Effect": "Deny", "Action": ["sagemaker:CreateDomain", "sagemaker:UpdateDomain"], "Resource": "*",
        "Condition": {"StringNotEquals": {"sagemaker:AppNetworkAccessType": "VpcOnly"}},
    }  # fmt: skip
    policy = parse({"Version": "2012-10-17", "Statement": [published]})
    updates = [c for _, c in _commands(estate_report("acme")) if c.action == "sagemaker:UpdateDomain"]
    refused = [c for c in updates if denied([policy], request_of(c))]
    assert refused
    assert {c.members.get("AppNetworkAccessType") for c in refused} == {None}
    ours = parse({"Version": "2012-10-17", "Statement": statements(RULES["STU603"])})
    assert {denied([ours], request_of(call)) for call in updates} == {False}


def test_neither_the_collector_nor_the_nightly_deployment_is_touched() -> None:
    ours = list(our_calls())
    assert {call.who for call in ours} == {"the audit", "the nightly deployment"}
    actions = {call.request.action for call in ours}
    assert {"sagemaker:ListDomains", "organizations:ListAccounts", "s3:PutObject", "states:StartExecution"} <= actions
    assert "states:DescribeExecution" in actions  # of a policy beside its role
    written = {action for piece in made() for action in piece.statement["Action"]}
    assert not written & actions
    assert not any("*" in action for action in written | actions)


def test_an_audit_calls_in_the_regions_that_it_audits() -> None:
    """The example of a policy that denies Regions (Organizations User Guide, "Deny access to AWS based on the requested
    AWS Region"): IAM and others are global, and their Region is us-east-1."""
    denies = {
        "Effect": "Deny", "NotAction": ["iam:*", "organizations:*"], "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-central-1"]}},
    }  # fmt: skip
    policy = parse({"Version": "2012-10-17", "Statement": [denies]})
    regions = ("eu-central-1", "us-east-1")
    by_region = [c for c in our_calls([policy], regions) if c.who not in {"the audit", "the nightly deployment"}]
    calls = {(call.who, call.request.action): denied([policy], call.request) for call in by_region}
    assert calls["the audit in eu-central-1", "sagemaker:ListDomains"] is False
    assert calls["the audit in us-east-1", "sagemaker:ListDomains"] is True
    assert calls["the audit in us-east-1", "iam:SimulatePrincipalPolicy"] is False
    assert ("the audit in eu-central-1", "iam:SimulatePrincipalPolicy") not in calls
    assert calls["the audit in us-east-1", "ce:ListCostAllocationTags"] is True
    # Where Identity Center lies, or where a deployment was put, nobody knows; of policies without Regions nobody asks.
    open_ = {call.request.action for call in our_calls([policy], regions) if call.who == "the audit"}
    assert {"sso:ListInstances", "identitystore:ListUsers"} <= open_
    assert list(our_calls([], regions)) == list(our_calls([policy])) == list(our_calls())


# An evaluator that is not ours


def _asked() -> Iterator[tuple[dict[str, Any], bool]]:
    """Requests of the cases, and whether we allow them; what we leave open is not asked."""
    for rule in RULES.values():
        assert rule.prevent is not None
        for case in rule.prevent.cases:
            request = request_of(ApiCall(case.call, case.given, ACCOUNT, REGION, resource=case.resource))
            document = {"Version": "2012-10-17", "Statement": statements(rule, case.params or FILLED.get(rule.id))}
            answer = denied([parse(document)], request)
            if answer is not None:
                yield {"policy": document, "action": case.call, "resource": request.resource,
                       "context": _context(request)}, not answer  # fmt: skip


def _context(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in request.context.values.items():
        if value is Known.PRESENT:
            found[key] = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
        elif isinstance(value, tuple):
            lists = key.endswith(("types", "arns", "ids", "subnets", "tagkeys"))
            found[key] = list(value) if lists else value[0]
    return found


def test_another_evaluator_decides_the_same() -> None:
    """@cloud-copilot/iam-simulate, which also refuses actions, ARNs and condition keys that AWS does not document."""
    node = shutil.which("node")
    ready = (ROOT / "node_modules" / "@cloud-copilot" / "iam-simulate").is_dir()
    if not (node and ready):
        assert not os.environ.get("AUDITOR_REQUIRE_NODE"), "run tools/check_scripts.py --install"
        pytest.skip("needs Node.js and what package-lock.json pins")
    asked = list(_asked())
    script = Path(__file__).with_name("decide.mjs")
    done = subprocess.run(
        [str(node), str(script)], input=json.dumps([question for question, _ in asked]),
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    answers = json.loads(done.stdout)
    wrong = [
        (question, answer)
        for (question, allowed), answer in zip(asked, answers, strict=True)
        if answer != ("Allowed" if allowed else "ExplicitlyDenied")
    ]
    assert wrong == []
    assert len(asked) > 60
