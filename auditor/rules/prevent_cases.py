"""Run the calls that rules carry under ``prevent``: what their own statements make of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from auditor.iam.evaluation import contribution
from auditor.model.prevent import RequestCase
from auditor.model.rule import Rule
from auditor.rules.prevention import EmptyError, policy_of, statements
from auditor.studio.api_requests import ApiCall, request_of

#: Where the calls of cases are made.
ACCOUNT, REGION = "111122223333", "eu-west-1"


@dataclass(frozen=True, slots=True)
class RequestResult:
    """A case, and what became of its call. ``error``: why the statements could not be written."""

    rule: Rule
    case: RequestCase
    got: Literal["denied", "allowed", "unknown"]
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether it is what the case says."""
        return self.got == self.case.then


def run_prevent_cases(rules: Sequence[Rule]) -> tuple[RequestResult, ...]:
    """The cases of all rules. A call that nothing denies is allowed; what hangs on a key of which the call says nothing
    is unknown, and passes no case."""
    return tuple(_run(rule, case) for rule in rules if rule.prevent for case in rule.prevent.cases)


def _run(rule: Rule, case: RequestCase) -> RequestResult:
    try:
        policy = policy_of(statements(rule, case.params))
    except EmptyError as error:
        return RequestResult(rule, case, "unknown", f"parameter {error} is empty")
    call = ApiCall(case.call, case.given, ACCOUNT, REGION, resource=case.resource)
    _, denied = contribution(policy, request_of(call))
    return RequestResult(rule, case, "unknown" if denied is None else "denied" if denied else "allowed",
                         "; ".join(policy.problems))  # fmt: skip
