"""Each case of the corpus: the verdicts, values, gaps and places that its expected.yaml names."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from auditor.model.rule import Rule

from .corpus import Case, Corpus, cases, verdicts_right

CASES = cases()


@pytest.fixture(scope="session")
def corpus(built_in_rules: Sequence[Rule]) -> Corpus:
    return Corpus(CASES, built_in_rules)


def test_there_are_enough_and_each_says_what_it_shows() -> None:
    assert len(CASES) >= 40
    assert all(case.shows.strip().endswith(".") for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.folder.name)
def test_case(case: Case, corpus: Corpus) -> None:
    name = case.folder.name
    if case.exit is not None:
        assert corpus.errors[name].exit_code == case.exit, corpus.errors[name].diagnosis()
        return
    found = corpus.outcome(name)
    for rule, expected in case.expect.items():
        got = {r: v for r, v in found.verdicts[rule].items() if r in expected or v != "not_applicable"}
        assert got == expected, rule
    for table, rows in case.values.items():
        for resource, columns in rows.items():
            row = found.rows[table][resource]
            assert {column: row[column] for column in columns} == columns, (table, resource)
        if not rows:
            assert not found.rows[table], table
    # What is not known is shown as the template writes it.
    assert not re.search(r"\b(Unknown|Reference|Several|PartialJson)\(", repr(found.rows))
    if case.gaps is not None:
        left = list(found.gaps)
        for gap in case.gaps:
            fits = [
                g for g in left
                if g[:3] == (gap["resource"], gap["setting"], gap["reason"]) and gap.get("says", "") in g[3]
            ]  # fmt: skip
            assert fits, (gap, left)
            left.remove(fits[0])
        assert left == []
    for rule, resources in case.places.items():
        for resource, place in resources.items():
            at, value, construct = found.places[rule, resource]
            assert {"at": at, "set": value, "construct": construct} == {
                "at": at, "set": value, "construct": construct, **place,
            }, (rule, resource)  # fmt: skip


def test_every_expected_verdict_came_out(corpus: Corpus) -> None:
    right, total = verdicts_right(corpus)
    assert right == total
    assert total > 100
