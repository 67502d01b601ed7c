"""The law of what-ifs on many accounts: what a what-if foresees, an audit says once the commands were run.

The suite tries a few accounts a run (tests/whatif/test_law.py). This tries as many as are asked for, for as long as
there is time, and goes on after one that breaks the law. Snapshots of what the commands made are evaluated together.

    PYTHONPATH=. python benchmarks/what_if_law.py --accounts 1000 --seconds 3000 --seed 1

Prints each account that breaks it, with the difference, and the figures. Exit code 1 where there are any.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
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
from tests.whatif.estates import estates
from tests.whatif.law import AREAS, findings, look, make, simulated, steps_of_plan

#: Accounts that are evaluated together.
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


@dataclass
class _Batch:
    """Accounts of which the commands were run, with what was foreseen, by what an audit's findings begin with."""

    areas: Sequence[str]
    folder: Path
    estates: dict[str, dict[str, Any]] = field(default_factory=dict)
    foreseen: dict[str, tuple[str, ...]] = field(default_factory=dict)
    after: list[Path] = field(default_factory=list)

    def add(self, account: str, estate: dict[str, Any], done: Counter[str]) -> None:
        """Foresee, make and look."""
        folder = self.folder / account
        folder.mkdir()
        (folder / "estate.yaml").write_text(yaml.safe_dump({**estate, "account": account}), encoding="utf-8")
        with simulated(Simulator(str(folder / "estate.yaml"))):
            before = look(folder / "before.jsonl")
            options = WhatIfOptions(fix=self.areas, rules=RuleOptions(only=tuple(self.areas)))
            foreseen = what_if(Config(), [before], options)
            steps = steps_of_plan(before, foreseen)
            for step in steps:
                done[f"calls: {step.request.operation}"] += 1
                make(step)
            self.after.append(look(folder / "after.jsonl"))
        self.estates[account] = estate
        self.foreseen |= findings(foreseen.reports[1])
        done["accounts"] += 1
        done["accounts without a command"] += not steps
        done["findings foreseen to go"] += len(foreseen.gone)
        done["findings foreseen to come"] += len(foreseen.came)

    def broken(self, done: Counter[str]) -> dict[str, list[str]]:
        """By account, what the audit says otherwise than was foreseen."""
        found = findings(evaluate(self.after, select(load_rules([rules_dir()]), self.areas)))
        done["findings compared"] += len(found)
        lines: dict[str, list[str]] = {}
        for name in sorted({*self.foreseen, *found}):
            then, now = self.foreseen.get(name), found.get(name)
            if then != now:
                account = (then or now or ("",))[0].partition("/")[0]
                lines.setdefault(account, []).append(f"foreseen {then}\n  found    {now}")
        return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    done: Counter[str] = Counter()
    broken = 0
    start = time.monotonic()
    left = deque(_drawn(asked.accounts, asked.seed))
    number = 0
    while left and time.monotonic() - start < asked.seconds:
        areas = chance.sample(AREAS, chance.choice((1, 2, 3, len(AREAS))))
        with tempfile.TemporaryDirectory() as folder:
            batch = _Batch(areas, Path(folder))
            while left and len(batch.after) < _TOGETHER and time.monotonic() - start < asked.seconds:
                number += 1
                batch.add(f"{number:012}", left.popleft(), done)
            for account, differences in batch.broken(done).items():
                broken += 1
                print(f"account {account} of seed {asked.seed}, fixes of {' '.join(areas)}:", *differences, sep="\n  ")
                print(yaml.safe_dump(batch.estates[account]), flush=True)
        print(f"{number} accounts in {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    print(f"{time.monotonic() - start:.0f} s; accounts that break the law: {broken}")
    for name, count in sorted(done.items()):
        print(f"{name}: {count:,}")
    return bool(broken)


if __name__ == "__main__":
    raise SystemExit(main())
