"""The law of what-ifs on many accounts: what a what-if foresees, an audit says once the commands were run.

The suite tries a few accounts a run (tests/whatif/test_law.py). This tries as many as are asked for, for as long as
there is time, twenty together as the domains of one, and goes on after a difference.

    PYTHONPATH=. python benchmarks/what_if_law.py --accounts 1000 --seconds 3000 --seed 1
    PYTHONPATH=. python benchmarks/what_if_law.py --estate acme --estate generated:6x300

Prints each difference, and the figures. Exit code 1 where there is one.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, Phase, given, seed, settings

from auditor.config import Config
from auditor.evaluate.audit import evaluate
from auditor.resources import rules_dir
from auditor.rules.load import load_rules
from auditor.rules.rule_names import select
from auditor.run.run_options import RuleOptions
from auditor.run.what_if import WhatIfOptions, what_if
from auditor.simulator import Simulator
from auditor.simulator.estate import Estate, load_estate
from tests.whatif.estates import estates
from tests.whatif.full_way import Rules, long_way, quick
from tests.whatif.law import AREAS, findings, look, make, simulated, steps_of_plan

#: Drawn accounts whose domains are put into one.
_TOGETHER = 20


def _drawn(number: int, start: int) -> list[dict[str, Any]]:
    """So many accounts, other ones for each start."""
    found: list[dict[str, Any]] = []

    @seed(start)
    @settings(
        max_examples=number, database=None, phases=[Phase.generate], deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(estates())
    def draw(estate: dict[str, Any]) -> None:
        found.append(estate)

    draw()
    return found


def _together(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One account with the domains of all, each with the roles of its own."""
    made: dict[str, Any] = {**parts[0], "roles": [], "domains": []}
    for number, part in enumerate(parts):
        text = json.dumps(part)
        for role in part["roles"]:
            name = role["name"].rpartition("/")[2]
            text = text.replace(f'{name}"', f'{name}-{number}"')
        copy = json.loads(text)
        made["roles"] += copy["roles"]
        for domain in copy["domains"]:
            at = len(made["domains"])
            made["domains"].append({**domain, "DomainName": f"domain-{at}", "id": f"d-domain{at:06}"})
    return made


def _without_apps(name: str) -> Estate:
    """The estate with no app running: AWS refuses some updates while one is."""
    estate = load_estate(name)
    return replace(estate, data={**estate.data, "domains": [{**d, "apps": []} for d in estate.data["domains"]]})


def _differences(estate: Estate | str, areas: Sequence[str], folder: Path, done: Counter[str]) -> list[str]:
    """What the audit afterwards says otherwise than was foreseen. ``estate``: or its file."""
    simulator = Simulator(estate)
    with simulated(simulator):
        before = look(folder / "before.jsonl")
        foreseen = what_if(Config(), [before], WhatIfOptions(fix=areas, rules=RuleOptions(only=tuple(areas))))
        steps = steps_of_plan(before, foreseen)
        for step in steps:
            done[f"calls: {step.request.operation}"] += 1
            make(step)
        after = look(folder / "after.jsonl")
    rules = select(load_rules([rules_dir()]), areas)
    found = findings(evaluate([after], rules))
    expected, report = long_way([before], foreseen.changes, Rules(rules))
    done["domains"] += len(simulator.estate.data["domains"])
    done["findings foreseen to go"] += len(foreseen.gone)
    done["findings foreseen to come"] += len(foreseen.came)
    done["findings compared"] += len(found)
    then = findings(report)
    quickly = [] if quick(foreseen) == expected else ["the difference is not the one of two whole audits"]
    return quickly + [
        f"foreseen {then.get(name)}\n  found    {found.get(name)}"
        for name in sorted({*then, *found})
        if then.get(name) != found.get(name)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--estate", action="append", default=[], help="try this one instead: acme, generated:6x300, …")
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    done: Counter[str] = Counter()
    broken = 0
    start = time.monotonic()
    for estate in asked.estate:
        with tempfile.TemporaryDirectory() as folder:
            differences = _differences(_without_apps(estate), AREAS, Path(folder), done)
        broken += bool(differences)
        print(f"{estate}:", *(differences or ["as foreseen"]), sep="\n  ", flush=True)
    drawn = [] if asked.estate else _drawn(asked.accounts, asked.seed)
    for first in range(0, len(drawn), _TOGETHER):
        if time.monotonic() - start > asked.seconds:
            break
        areas = chance.sample(AREAS, chance.choice((1, 2, 3, len(AREAS))))
        parts = drawn[first : first + _TOGETHER]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "estate.yaml")
            file.write_text(yaml.safe_dump(_together(parts)), encoding="utf-8")
            differences = _differences(str(file), areas, Path(folder), done)
        done["accounts drawn"] += len(parts)
        if differences:
            broken += 1
            print(
                f"from {first} of seed {asked.seed}, fixes of {' '.join(areas)}:", *differences, sep="\n  ", flush=True
            )
        print(f"{first + len(parts)} accounts in {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    print(f"{time.monotonic() - start:.0f} s; lots of accounts that break the law: {broken}")
    for name, count in sorted(done.items()):
        print(f"{name}: {count:,}")
    return bool(broken)


if __name__ == "__main__":
    raise SystemExit(main())
