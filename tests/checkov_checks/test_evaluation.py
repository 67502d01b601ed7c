"""How verdicts on several resources become the one result of checkov's resource, and which of them are meant."""

from __future__ import annotations

from itertools import permutations

import pytest

from auditor.evaluate.verdicts import ResourceVerdict
from auditor.model.rule import Verdict

pytestmark = pytest.mark.checkov
PASS, FAIL, UNKNOWN, ERROR = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.ERROR


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ((), Verdict.NOT_APPLICABLE),
        ((PASS, PASS), PASS),
        ((PASS, FAIL), FAIL),
        ((UNKNOWN, FAIL), FAIL),
        ((ERROR, FAIL), FAIL),
        ((PASS, UNKNOWN), UNKNOWN),
        ((PASS, ERROR), ERROR),
        ((PASS, UNKNOWN, FAIL), FAIL),
    ],
)
def test_one_failing_instance_fails_and_only_all_passing_ones_pass(
    verdicts: tuple[Verdict, ...], expected: Verdict
) -> None:
    from auditor.checkov.graph_evaluation import together

    for order in permutations(verdicts):
        verdict, decided = together([ResourceVerdict("STU501", "user_profile", "a", "p", v) for v in order])
        assert verdict is expected
        assert (decided.verdict if decided else Verdict.NOT_APPLICABLE) is expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('a.b["x"]', 'a.b["x"]', True),
        ('a.b["x"]', 'a.b["y"]', False),
        ("a.b[0]", "a.b[1]", False),
        ("a.b", 'a.b["x"]', True),
        ('a.b["x"]', "a.b[*]", True),
        ('module.m["k"].a.b[0]', "module.m.a.b[0]", True),
        ('module.m["k"].a.b[0]', "module.m.a.b[1]", False),
        ('module.m["k"].a.b', 'module.m["l"].a.b', False),
        ('a.b["x.y[0]"]', 'a.b["x.y[1]"]', False),
    ],
)
def test_instances_that_may_be_the_same(one: str, other: str, same: bool) -> None:
    from auditor.checkov.entities import fits, without_keys

    assert without_keys(one) == without_keys(other)
    assert fits(one, other) is same
    assert fits(other, one) is same


def test_files_that_checkov_means_by_a_path_from_the_folder_it_scans() -> None:
    from auditor.checkov.graph_evaluation import called

    files = ["/code/plan.json", "/code/a/plan.json", "/code/b.json"]
    assert called(files, "/plan.json") == {"/code/plan.json"}
    assert called(files, "/a/plan.json") == {"/code/a/plan.json"}
    assert called(["/x/a/plan.json", "/x/b/plan.json"], "/plan.json") == set()
    assert called(["/x/a/plan.json"], "/plan.json") == {"/x/a/plan.json"}
