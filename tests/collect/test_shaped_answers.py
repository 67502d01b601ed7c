"""Answers drawn from botocore's shapes: whatever AWS may answer by its own model, the audit ends with a report.

Enumerations have values that this version does not know, optional members come and go, texts and
numbers are of any size. Times and blobs are as botocore hands them on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.parsers import ResponseParser
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import CollectError
from auditor.evaluate.audit import evaluate
from auditor.model.rule import Rule
from auditor.model.snapshot import Snapshot
from auditor.report.render import Format, render
from auditor.store.snapshot_file import write_snapshot
from tests.budgets import examples

from .test_odd_answers import play, tape  # noqa: F401 # the fixtures

#: How deep optional members go: botocore's shapes refer to one another, some to themselves.
DEPTH = 4
TEXT = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["*", "default", "arn:aws:iam::111122223333:role/x", "\u202e", "{}", "[]", "d-home", "ana"]),
)
SIMPLE: Mapping[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "blob": st.binary(max_size=12),
    "timestamp": st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
}


def shaped(shape: Any, depth: int = DEPTH) -> st.SearchStrategy[Any]:
    """What a client hands on for the shape."""
    kind = shape.type_name
    if kind == "structure":
        return st.deferred(lambda: _structure(shape, depth))
    if kind == "list":
        return st.deferred(lambda: st.lists(shaped(shape.member, depth - 1), max_size=2 if depth > 0 else 0))
    if kind == "map":
        keys, size = shaped(shape.key), 2 if depth > 0 else 0
        return st.deferred(lambda: st.dictionaries(keys, shaped(shape.value, depth - 1), max_size=size))
    if kind == "string":
        known = getattr(shape, "enum", None)
        return st.one_of(st.sampled_from(known), st.just("ValueOfNextYear")) if known else TEXT
    return SIMPLE[kind]


def _structure(shape: Any, depth: int) -> st.SearchStrategy[Any]:
    required = {name: shaped(shape.members[name], depth - 1) for name in shape.required_members}
    further = {name: shaped(m, depth - 1) for name, m in shape.members.items() if name not in required and depth > 0}
    further.pop("NextToken", None), further.pop("Marker", None)  # pages are tests/simulator/test_paging.py's
    return st.fixed_dictionaries(required, optional=further)


@pytest.fixture(scope="module")
def outputs() -> Mapping[str, Any]:
    """Output shapes of the services that an audit asks, by name. Names of several services' shapes are left out."""
    session, found, twice = Session(), dict[str, Any](), set[str]()
    for service in (
        "sagemaker",
        "iam",
        "cloudtrail",
        "ec2",
        "sso-admin",
        "identitystore",
        "kms",
        "resourcegroupstaggingapi",
    ):
        model = session.get_service_model(service)
        for operation in model.operation_names:
            shape = model.operation_model(operation).output_shape
            if shape is not None:
                (twice.add if shape.name in found else lambda _: None)(shape.name)
                found[shape.name] = (operation, shape)
    return {operation: shape for name, (operation, shape) in found.items() if name not in twice}


def _answering(drawn: Mapping[str, Any]) -> Callable[..., Any]:
    """botocore's parse, which hands on what was drawn for the output shapes of these names."""
    parse = ResponseParser.parse

    def answer(self: Any, response: Any, shape: Any) -> Any:
        parsed = parse(self, response, shape)
        if shape is not None and shape.name in drawn and response["status_code"] < 300:
            return {**drawn[shape.name], "ResponseMetadata": parsed["ResponseMetadata"]}
        return parsed

    return answer


@examples(8)
@given(data=st.data())
def test_any_answer_of_the_model_ends_in_a_report(
    data: st.DataObject,
    tape: Any,  # noqa: F811
    play: Callable[..., Snapshot],  # noqa: F811
    outputs: Mapping[str, Any],
    built_in_rules: tuple[Rule, ...],
    tmp_path: Path,
) -> None:
    asked = sorted({operation for operation, _ in tape.answers} & set(outputs))
    assert len(asked) > 12
    operations = data.draw(st.lists(st.sampled_from(asked), min_size=1, max_size=3, unique=True))
    drawn = {outputs[o].name: data.draw(shaped(outputs[o]), label=o) for o in operations}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ResponseParser, "parse", _answering(drawn))
        try:
            snapshot = play()
        except CollectError:
            return  # a sentence and exit code 3
    path = tmp_path / "snapshot.jsonl"
    write_snapshot(path, snapshot)
    report = evaluate([path], built_in_rules)
    for output in Format:
        assert sum(map(len, render(report, output))) > 0
