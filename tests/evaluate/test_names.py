"""STU101 and STU105 on labelled names, through a snapshot and the real rules: people are left alone, all else is found.

What counts are the held-out parts: one chosen by the names' hash, two drawn later as a whole. Nothing was tuned on them
(tests/evaluate/names/README.md).
"""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest


@cache
def _benchmark() -> ModuleType:
    """benchmarks/names.py, which reads the names and judges them; it prints the same figures."""
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "names.py"
    spec = importlib.util.spec_from_file_location("benchmark_names", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@cache
def _measured(rule_id: str):  # type: ignore[no-untyped-def]
    return _benchmark().measured(rule_id)


@pytest.mark.parametrize("rule_id", ["STU101", "STU105"])
@pytest.mark.parametrize("part", ["held_out", "tune", "unseen", "drawn", "blind", "sealed", "fresh"])
def test_precision_and_recall(rule_id: str, part: str) -> None:
    benchmark = _benchmark()
    assert (benchmark.PRECISION, benchmark.RECALL) == (0.99, 0.95)
    names, generic = _measured(rule_id)
    figures = benchmark.judge(names, generic, part)
    report = f"{rule_id}, {part}: {figures}\npeople called generic: {figures.wronged}\nmissed: {figures.missed}"
    assert figures.precision >= benchmark.PRECISION, report
    assert figures.recall >= benchmark.RECALL_OF.get(part, benchmark.RECALL), report


def test_nobody_is_wronged_whose_name_was_not_made_up() -> None:
    """Names of public repositories. Many are called after a project (lottery-analyst), which no list can know: hence no
    aim for what is missed."""
    figures = _benchmark().judge(*_measured("STU101"), "public")
    assert figures.wronged == ()
    assert figures.precision >= _benchmark().PRECISION
    assert len(figures.found) > len(figures.missed), figures.missed


def test_the_names_are_enough_and_each_is_there_once() -> None:
    names = _benchmark().profile_names()
    assert [text for text, times in Counter(n.text for n in names).items() if times > 1] == []
    parts = Counter((n.part, n.generic) for n in names)
    assert sum(parts.values()) >= 600
    assert all(parts[part, generic] >= 200 for part in ("tune", "held_out") for generic in (True, False))
    assert sum(count for (part, _), count in parts.items() if part in _benchmark().HELD_OUT) >= len(names) / 3
    for part in ("unseen", "blind", "sealed", "fresh"):
        drawn = Counter(n.group.removeprefix(f"{part} ") for n in names if n.part == part)
        assert sum(drawn.values()) >= 400
        assert drawn["public"] + drawn["schemes"] >= sum(drawn.values()) / 2
        assert all(parts[part, generic] >= 190 for generic in (True, False))
    users = _benchmark().user_names()
    assert len({n.text for n in users}) == len(users) >= 300


def test_no_city_is_generic_before_the_company_lists_it() -> None:
    """A city's name is a person's as well, so the list of cities is empty until somebody fills it."""
    benchmark = _benchmark()
    (rule,) = benchmark.load_rules(sorted(benchmark.rules_dir().rglob("STU101-*.yaml")))
    places = benchmark.cities()
    people = [n.text for n in benchmark.later_names() if not n.generic and any(p in n.text.lower() for p in places)]
    assert len(people) > 20
    cities = [n.text for n in benchmark.later_names() if n.group.endswith(" cities")]
    assert benchmark.failed(rule, people, "IAM") == set()
    assert len(benchmark.failed(benchmark.in_company(rule, places), cities, "IAM")) > 0.9 * len(cities)
    assert len(benchmark.failed(rule, cities, "IAM")) < 0.1 * len(cities)


PEOPLE = [
    "user-jsmith", "j.smith2", "j-smith2", "adminah", "testa-maria", "temple-grandin", "dev-patel", "bot-li", "BotLi",
    "JSmith", "GRACE-HOPPER", "grace.hopper", "steamboat-willie", "li-na", "an-do", "c-guest", "e12345", "ds4321",
    "summer-lake", "paris", "berlin", "franz-kafka", "kafka-f", "ray", "ray-admin", "muriel-spark", "jasper", "u123456",
    "jdoe2",
]  # fmt: skip
GENERIC = [
    "guest-house-team", "user2", "User2", "USER2", "default-20250513T204281", "ds-team", "DSTeam", "dsTeam", "dsteam2",
    "ml-engineers", "MLEngineers", "shared-01", "ml2", "Admin", "test_user_1", "bot", "dev", "guest-1", "temp-dev-bot",
    "acme-default-user", "churn-default-user", "pytorch-training", "mnist-demo", "kinesis-user", "chatgpt-user",
    "frauddetection", "lottery-user",
]  # fmt: skip


def test_the_hard_ones() -> None:
    """By name, whatever the figures: case, digits, words that are names, names that hold words."""
    (rule,) = _benchmark().load_rules(sorted(_benchmark().rules_dir().rglob("STU101-*.yaml")))
    assert _benchmark().failed(rule, [*PEOPLE, *GENERIC], "IAM") == set(GENERIC)


def test_both_rules_ask_the_same() -> None:
    """STU105 judges a user name as STU101 judges a profile's name: their expressions are written apart."""
    benchmark = _benchmark()
    names, generic = _measured("STU101")
    (rule,) = benchmark.load_rules(sorted(benchmark.rules_dir().rglob("STU105-*.yaml")))
    assert benchmark.called_generic(rule, names, "SSO") == generic


@pytest.mark.parametrize("auth_mode", ["IAM", "SSO"])
def test_a_name_left_undecided_is_no_answer(auth_mode: str) -> None:
    """The measurement refuses a rule that answers unknown, rather than counting it as a pass."""
    from dataclasses import replace

    benchmark = _benchmark()
    (rule,) = benchmark.load_rules(sorted(benchmark.rules_dir().rglob("STU101-*.yaml")))
    with pytest.raises(AssertionError, match="undecided"):
        benchmark.failed(replace(rule, require="nullif(name, name) = ''"), ["ana"], auth_mode)
