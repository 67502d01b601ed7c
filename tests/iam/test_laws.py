"""Laws of evaluation, over generated policies and against a second evaluator that knows no unknowns."""

from __future__ import annotations

import itertools
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from auditor.iam.context import Context, Known
from auditor.iam.documents import parse
from auditor.iam.evaluation import Permissions, Request
from tests.budgets import examples

ACTIONS = ["iam:PassRole", "iam:AttachRolePolicy", "s3:GetObject", "sagemaker:CreateApp"]
RESOURCES = ["arn:aws:iam::1:role/a", "arn:aws:s3:::b/x"]
KEYS = {"aws:RequestedRegion": [("us-east-1",), ("eu-west-1",), None], "aws:SourceIp": [("10.0.0.1",), None]}
CONDITIONS: list[dict[str, Any]] = [
    {},
    {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
    {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "us-west-2"]}},
    {"StringEqualsIfExists": {"aws:RequestedRegion": "us-east-1"}},
    {"ForAllValues:StringEquals": {"aws:RequestedRegion": "us-east-1"}},
    {"ForAnyValue:StringEquals": {"aws:RequestedRegion": "us-east-1"}},
    {"Null": {"aws:SourceIp": "true"}},
    {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}, "StringLike": {"aws:RequestedRegion": "eu-*"}},
]


def _element(name: str, values: list[str]) -> Any:
    return st.tuples(st.sampled_from([name, f"Not{name}"]), st.lists(st.sampled_from(values), min_size=1, max_size=2))


STATEMENT = st.builds(
    lambda effect, action, resource, condition: {
        "Effect": effect, action[0]: action[1], resource[0]: resource[1],
        **({"Condition": condition} if condition else {}),
    },
    st.sampled_from(["Allow", "Allow", "Deny"]),
    _element("Action", ["*", "iam:*", "iam:Pass*", "s3:Get?bject", "sagemaker:CreateApp"]),
    _element("Resource", ["*", "arn:aws:iam::*:role/*", "arn:aws:s3:::b/*"]),
    st.sampled_from(CONDITIONS),
)  # fmt: skip
POLICY = st.lists(STATEMENT, max_size=3)
WORLD = st.fixed_dictionaries({key: st.sampled_from(values) for key, values in KEYS.items()})
ASKED = st.tuples(st.sampled_from(ACTIONS), st.sampled_from(RESOURCES))


def _permissions(identity: list[Any], boundary: list[Any] | None, control: list[Any] | None) -> Permissions:
    def one(statements: list[Any]) -> Any:
        return parse({"Version": "2012-10-17", "Statement": statements})

    return Permissions(
        (one(identity),), None if boundary is None else one(boundary), () if control is None else ((one(control),),)
    )


def _context(world: dict[str, Any]) -> Context:
    return Context({key: Known.ABSENT if value is None else value for key, value in world.items()})


def _glob(wild: str, text: str) -> bool:
    translated = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in wild)
    return re.fullmatch(translated, text, re.IGNORECASE) is not None


def _meets(operator: str, wanted: list[str], present: str | None) -> bool:
    """The reference's reading of the few operators used above."""
    if operator == "Null":
        return (wanted == ["true"]) is (present is None)
    if present is None:
        return operator in ("StringNotEquals", "StringEqualsIfExists", "ForAllValues:StringEquals")
    if operator == "IpAddress":
        return present.startswith("10.") and wanted == ["10.0.0.0/8"]
    if operator == "StringLike":
        return any(_glob(w, present) for w in wanted)
    return (present in wanted) is not (operator == "StringNotEquals")


def _speaks(statement: dict[str, Any], action: str, resource: str, world: dict[str, Any]) -> bool:
    for name, text in (("Action", action), ("Resource", resource)):
        if name in statement and not any(_glob(w, text) for w in statement[name]):
            return False
        if f"Not{name}" in statement and any(_glob(w, text) for w in statement[f"Not{name}"]):
            return False
    for operator, keys in statement.get("Condition", {}).items():
        for key, wanted in keys.items():
            listed = wanted if isinstance(wanted, list) else [wanted]
            present = world[key][0] if world[key] else None
            if not _meets(operator, listed, present):
                return False
    return True


def reference(policies: list[list[Any] | None], action: str, resource: str, world: dict[str, Any]) -> str:
    """Denied where anything denies; else every policy that is there has to allow."""
    there = [p for p in policies if p is not None]
    spoken = [[s["Effect"] for s in p if _speaks(s, action, resource, world)] for p in there]
    if any("Deny" in effects for effects in spoken):
        return "denied"
    return "allowed" if all("Allow" in effects for effects in spoken) else "denied"


MAYBE = st.none() | POLICY


@examples(400)
@given(POLICY, MAYBE, MAYBE, ASKED, WORLD)
def test_with_everything_known_it_is_what_iam_documents(
    identity: list[Any], boundary: Any, control: Any, asked: tuple[str, str], world: dict[str, Any]
) -> None:
    decision = _permissions(identity, boundary, control).decide(Request(*asked, _context(world)))
    assert decision.outcome == reference([identity, boundary, control], *asked, world)


@examples(300)
@given(POLICY, MAYBE, MAYBE, ASKED, WORLD, st.sets(st.sampled_from(sorted(KEYS))))
def test_a_definite_answer_is_right_whatever_the_unknown_keys_are(
    identity: list[Any], boundary: Any, control: Any, asked: tuple[str, str], world: dict[str, Any], hidden: set[str]
) -> None:
    known = {key: value for key, value in world.items() if key not in hidden}
    outcome = _permissions(identity, boundary, control).decide(Request(*asked, _context(known))).outcome
    worlds = itertools.product(*([(key, value) for value in KEYS[key]] for key in hidden))
    answers = {reference([identity, boundary, control], *asked, known | dict(filled)) for filled in worlds}
    assert outcome in ("unknown", *answers)
    assert outcome == "unknown" or answers == {outcome}


@examples(200)
@given(POLICY, MAYBE, ASKED, STATEMENT)
def test_a_further_deny_never_allows_and_a_further_allow_never_denies(
    identity: list[Any], boundary: Any, asked: tuple[str, str], further: dict[str, Any]
) -> None:
    order = {"denied": 0, "unknown": 1, "allowed": 2}
    request = Request(*asked)
    before = order[_permissions(identity, boundary, None).decide(request).outcome]
    after = order[_permissions([*identity, further], boundary, None).decide(request).outcome]
    assert after <= before if further["Effect"] == "Deny" else after >= before


@examples(200)
@given(POLICY, POLICY, ASKED)
def test_a_boundary_never_gives(identity: list[Any], boundary: list[Any], asked: tuple[str, str]) -> None:
    order = {"denied": 0, "unknown": 1, "allowed": 2}
    request = Request(*asked)
    bare = order[_permissions(identity, None, None).decide(request).outcome]
    assert order[_permissions(identity, boundary, None).decide(request).outcome] <= bare


@examples(200)
@given(POLICY, ASKED, st.data())
def test_what_is_not_understood_never_turns_the_answer(identity: list[Any], asked: tuple[str, str], data: Any) -> None:
    """Damage to a member leaves what was true without the statement's help, or unknown."""
    if not identity:
        return
    at = data.draw(st.integers(0, len(identity) - 1))
    member = data.draw(st.sampled_from(sorted(identity[at])))
    damaged = [*identity[:at], {**identity[at], member: 7}, *identity[at + 1 :]]
    context = Context(dict.fromkeys(KEYS, Known.ABSENT))
    whole = _permissions(identity, None, None).decide(Request(*asked, context)).outcome
    assert _permissions(damaged, None, None).decide(Request(*asked, context)).outcome in (whole, "unknown")
