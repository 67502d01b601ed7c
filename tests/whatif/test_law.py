"""What a what-if foresees, and what an audit says once a plan's calls were made, are the same: on accounts drawn by
chance, for all fixes of some areas at once. benchmarks/what_if_law.py tries many more."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import yaml
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from auditor.config import Config
from auditor.evaluate.audit import evaluate
from auditor.model.rule import Rule
from auditor.rules.rule_names import select
from auditor.run.run_options import RuleOptions
from auditor.run.what_if import WhatIfOptions, what_if
from auditor.simulator import Simulator

from .estates import estates
from .full_way import Rules, long_way, quick
from .law import AREAS, findings, look, make, simulated, steps_of_plan

_numbers = itertools.count()
# An example takes three evaluations and two collections: few of them in CI, two hundred with make fuzz.


@settings(max_examples=max(2, settings().max_examples // 25))
@given(estate=estates(), areas=st.lists(st.sampled_from(AREAS), min_size=2, max_size=3, unique=True))
def test_what_is_foreseen_is_what_an_audit_says_afterwards(
    estate: dict[str, Any], areas: list[str], tmp_path: Path, built_in_rules: tuple[Rule, ...]
) -> None:
    folder = tmp_path / str(next(_numbers))
    folder.mkdir()
    (folder / "estate.yaml").write_text(yaml.safe_dump(estate), encoding="utf-8")
    with simulated(Simulator(str(folder / "estate.yaml"))):
        before = look(folder / "before.jsonl")
        foreseen = what_if(Config(), [before], WhatIfOptions(fix=areas, rules=RuleOptions(only=areas)))
        steps = steps_of_plan(before, foreseen)
        assume(steps)
        for step in steps:
            make(step)
        after = look(folder / "after.jsonl")
    for step in steps:
        event(step.request.operation)
    assert foreseen.gone
    rules = select(built_in_rules, areas)
    expected, then = long_way([before], foreseen.changes, Rules(rules))
    assert findings(then) == findings(evaluate([after], rules))
    assert quick(foreseen) == expected
