"""Root causes that are found without findings are those of a report, each with the same count and command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import pytest

from auditor.evaluate import cause_groups
from auditor.evaluate.audit import evaluate_tables
from auditor.evaluate.cause_groups import CauseGroups
from auditor.model.finding import cause_order
from auditor.model.report import Report
from auditor.model.rule import Rule
from auditor.resolve import alike_profiles, build_tables, evidence_tables
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.rules.rule_names import select
from auditor.studio.personas import DEFAULT_PERSONAS
from auditor.whatif.fixes import has_call


def _as_of_many(patch: pytest.MonkeyPatch, how_many: str) -> None:
    """Tell profiles apart by kind; of ``very many`` nothing is resolved for each."""
    if how_many != "few":
        patch.setattr(alike_profiles, "MANY_BYTES", 0)
    if how_many == "very many":
        patch.setattr(build_tables, "MATERIALISED_PROFILES", 0)
        patch.setattr(build_tables, "MATERIALISED_DOCUMENTED", 0)
        patch.setattr(evidence_tables, "MATERIALISED_ROLES", 0)


@pytest.mark.parametrize("estate", ["acme", "generated:2x6", "clean"])
@pytest.mark.parametrize("how_many", ["few", "many", "very many"])
def test_they_are_those_of_the_report(
    estate: str,
    how_many: str,
    monkeypatch: pytest.MonkeyPatch,
    estate_file: Callable[[str], Path],
    estate_report: Callable[[str], Report],
    built_in_rules: Sequence[Rule],
) -> None:
    expected = list(estate_report(estate).root_causes)
    _as_of_many(monkeypatch, how_many)
    done = evaluate_tables([estate_file(estate)], built_in_rules, {}, NestedMerge.UNKNOWN, DEFAULT_PERSONAS)
    groups = CauseGroups(done.con, done.files, built_in_rules, done.verdicts, {})
    assert groups.every() == expected
    by_kind = {unit.rule.id for unit in groups._units() if unit.rule.id in groups._by_kind.rules}
    assert len(by_kind) > 5 or how_many != "very many" or estate == "clean"
    assert any(cause.affects > 2 for cause in expected) == (estate != "clean")


def test_of_some_rules_they_are_theirs(
    estate_file: Callable[[str], Path], estate_report: Callable[[str], Report], built_in_rules: Sequence[Rule]
) -> None:
    rules = select(built_in_rules, ["storage", "STU402"])
    done = evaluate_tables([estate_file("acme")], built_in_rules, {}, NestedMerge.UNKNOWN, DEFAULT_PERSONAS)
    ids = {rule.id for rule in rules}
    expected = [cause for cause in estate_report("acme").root_causes if cause.rule_id in ids]
    assert expected
    assert CauseGroups(done.con, done.files, rules, done.verdicts, {}).every() == expected


@pytest.fixture(params=["few", "many", "very many"])
def of_acme(
    request: pytest.FixtureRequest, estate_file: Callable[[str], Path], built_in_rules: Sequence[Rule]
) -> Callable[[], CauseGroups]:
    """Those of acme, its profiles compared by their documents, or told apart by kind as many are."""
    with pytest.MonkeyPatch.context() as patch:
        _as_of_many(patch, request.param)
        done = evaluate_tables([estate_file("acme")], built_in_rules, {}, NestedMerge.UNKNOWN, DEFAULT_PERSONAS)
    return lambda: CauseGroups(done.con, done.files, built_in_rules, done.verdicts, {})


@pytest.mark.parametrize("at_first", [1, 200])
def test_the_first_ones_with_a_command(
    at_first: int,
    of_acme: Callable[[], CauseGroups],
    estate_report: Callable[[str], Report],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those of the report in its order, however few are looked at first."""
    monkeypatch.setattr(cause_groups, "_AT_FIRST", at_first)
    monkeypatch.setattr(cause_groups, "_AT_ONCE", 2)
    expected = [cause for cause in estate_report("acme").root_causes if has_call(cause)]
    assert {cause.affects for cause in expected} > {1, 2}
    groups = of_acme()
    for number in (1, 4, len(expected) - 1):
        assert list(islice(groups.in_order(has_call), number)) == expected[:number]
    assert list(groups.in_order(has_call)) == expected
    groups.forget()


def test_those_that_are_called_so(of_acme: Callable[[], CauseGroups], estate_report: Callable[[str], Report]) -> None:
    causes = estate_report("acme").root_causes
    groups = of_acme()
    for cause in causes[::80]:
        assert groups.called(cause.id) == [cause]
        assert groups.called(cause.id[:1]) == [c for c in causes if c.id.startswith(cause.id[:1])]
    assert groups.called("0" * 16) == []
    # Those of domains are found by their names.
    of_domains = [c for c in causes if c.resource.type == "domain" and c.affects > 2 and has_call(c)]
    assert len(of_domains) > 3
    for cause in of_domains[::9]:
        ((rule, place),) = groups._domains_named(cause.id)
        assert (rule.id, place[2]) == (cause.rule_id, cause.resource.id)
    ids = {cause.id for cause in causes[::3]}
    assert groups.number_but(ids) == len(causes) - len(ids)
    assert groups.number_but(()) == len(causes)


def test_what_is_left_together_is_a_cause_each(
    of_acme: Callable[[], CauseGroups], estate_report: Callable[[str], Report]
) -> None:
    groups = of_acme()
    made, singles = groups.together()
    assert any(one.alike.number > 1 for one in singles)
    apart = [cause for one in singles for cause in groups.of(one)]
    assert sorted([*made, *apart], key=cause_order) == list(estate_report("acme").root_causes)
    for one in singles:
        causes = groups.of(one)
        ends = groups.ends(one)
        wanted = (causes[0],) if one.differ_in_name else (causes[0], causes[-1])
        assert sorted(ends, key=cause_order) == sorted({c.id: c for c in wanted}.values(), key=cause_order)
        if one.differ_in_name:
            first, last = (c.remediation.aws if c.remediation else "" for c in (causes[0], causes[-1]))
            assert first.replace(causes[0].resource.name, causes[-1].resource.name) == last
        if not one.has_command:
            assert not any(map(has_call, causes))
