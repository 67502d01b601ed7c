"""Every member of every answer of a simulated account, spoilt in every way: whether the audit goes on, and whether a
check passes by it that did not pass before.

The suite tries a sample (tests/collect/test_odd_answers.py); this tries them all, in one process. Mutants that give the
same snapshot are judged once, and many are judged together, each as an account of its own.

    PYTHONPATH=. python benchmarks/odd_answers.py [--only DescribeDomain] > mutants.log

Prints a line for each mutant that ends the audit or gives a new pass, and the figures. Exit code 1 where there are any.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from botocore.httpsession import URLLib3Session
from botocore.loaders import JSONFileLoader

from auditor.collect.aws import CollectOptions, collect, rates
from auditor.errors import AuditorError
from auditor.evaluate.audit import evaluate_tables
from auditor.model.rule import Rule
from auditor.model.snapshot import Snapshot
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.resources import rules_dir
from auditor.rules.load import load_rules
from auditor.simulator import Simulator
from auditor.store.snapshot_file import write_snapshot
from auditor.studio.personas import DEFAULT_PERSONAS
from tests.collect.mutants import Mutant, Tape, read_models_once
from tests.collect.rich import RICH
from tests.collect.test_odd_answers import FATAL, RIGHT

#: How many mutants are judged together.
BATCH = 40
Passes = set[tuple[str, str]]
T = TypeVar("T")


def _send(sender: Callable[..., Any]) -> None:
    setattr(URLLib3Session, "send", sender)  # noqa: B010


def record() -> Tape:
    """What the rich account answers to an audit."""
    setattr(JSONFileLoader, "load_file", read_models_once(JSONFileLoader.load_file))  # noqa: B010
    tape, own = Tape(), URLLib3Session.send
    with Simulator(RICH) as simulator:
        os.environ.update(simulator.environment)
        _send(tape.recording(own))
        collect(CollectOptions(max_attempts=1))
    # Nobody listens there: all answers come from the tape.
    os.environ["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1"
    rates.KNOWN_LIMITS, rates.FIRST = {}, 100_000.0
    return tape


def audited(tape: Tape, mutant: Mutant | None = None) -> Snapshot:
    """What an audit sees where one member is spoilt."""
    _send(tape.playing(mutant))
    snapshot = collect(CollectOptions(max_attempts=1))
    return replace(snapshot, header=replace(snapshot.header, as_of="2026-11-23T02:00:00Z"), coverage=())


def _as_account(snapshot: Snapshot, account: str) -> Snapshot:
    text = msgspec.json.encode(snapshot).replace(RICH.account.encode(), account.encode())
    return msgspec.json.decode(text, type=Snapshot)


def passes(snapshots: Sequence[Snapshot], rules: Sequence[Rule]) -> list[Passes]:
    """Rule and resource of everything that passes, for each snapshot."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, snapshot in enumerate(snapshots):
            paths.append(Path(folder) / f"{number}.jsonl")
            write_snapshot(paths[-1], _as_account(snapshot, f"{number:012}"))
        con = evaluate_tables(paths, tuple(rules), {}, NestedMerge.UNKNOWN, DEFAULT_PERSONAS).con
        found: list[Passes] = [set() for _ in snapshots]
        for rule in rules:
            query = f"select split_part(key, '/', 1), key from verdict_{rule.table} where {rule.id} = 'pass'"
            for account, key in con.execute(query).fetchall():
                found[int(account)].add((rule.id, key.replace(account, RICH.account)))
        con.close()
    return found


def judged(mutants: Sequence[tuple[Mutant, Snapshot]], rules: Sequence[Rule]) -> Iterator[tuple[Mutant, Passes | str]]:
    """What passes with each mutant; the text of the error where judging it fails."""
    found = _outcome(passes, [snapshot for _, snapshot in mutants], rules)
    if not isinstance(found, BaseException):
        yield from zip((m for m, _ in mutants), found, strict=True)
    elif len(mutants) == 1:
        yield mutants[0][0], _text(found)
    else:
        half = len(mutants) // 2
        yield from judged(mutants[:half], rules)
        yield from judged(mutants[half:], rules)


def _outcome(call: Callable[..., T], *arguments: Any) -> T | BaseException:
    """What a call gives, or what it raises: whatever that is, it is a result here."""
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(call, *arguments)
        return done.exception() or done.result()


def _text(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="only answers of this operation")
    options = parser.parse_args()
    rules = load_rules(sorted(rules_dir().rglob("STU*.yaml")))
    began, tape = time.monotonic(), record()
    whole = audited(tape)
    (before,) = passes([whole], rules)
    mutants = [m for m in tape.mutants() if options.only in ("", m.key[0])]
    print(f"{len(mutants)} mutants; {len(before)} checks pass before", flush=True)
    ended, refused, same, new = 0, 0, 0, 0
    seen: set[str] = {hashlib.sha256(msgspec.json.encode(whole)).hexdigest()}
    batch: list[tuple[Mutant, Snapshot]] = []

    def judge() -> int:
        count = 0
        for mutant, found in judged(batch, rules):
            if isinstance(found, str):
                print(f"JUDGING FAILED {mutant}\n{found}", flush=True)
                count += 1
            elif found - before:
                right = "right type" if mutant.kind in RIGHT else "WRONG TYPE"
                print(f"NEW PASS ({right}) {mutant}: {sorted(found - before)}", flush=True)
                count += 1
        batch.clear()
        return count

    for number, mutant in enumerate(mutants, 1):
        snapshot = _outcome(audited, tape, mutant)
        if isinstance(snapshot, AuditorError):
            refused += 1
            if mutant.key[0] not in FATAL:
                print(f"NO AUDIT {mutant}: {snapshot}", flush=True)
            continue
        if isinstance(snapshot, BaseException):
            ended += 1
            print(f"TRACEBACK {mutant}\n{_text(snapshot)}", flush=True)
            continue
        mark = hashlib.sha256(msgspec.json.encode(snapshot)).hexdigest()
        if mark in seen:
            same += 1
            continue
        seen.add(mark)
        batch.append((mutant, snapshot))
        if len(batch) == BATCH:
            new += judge()
        if number % 200 == 0:
            print(f"… {number} of {len(mutants)}, {time.monotonic() - began:.0f} s", flush=True)
    new += judge() if batch else 0
    print(
        f"{len(mutants)} mutants in {time.monotonic() - began:.0f} s: {ended} ended the audit, {refused} refused,"
        f" {same} changed nothing that another had not, {new} gave a new pass or could not be judged"
    )
    return 1 if ended or new else 0


if __name__ == "__main__":
    sys.exit(main())
