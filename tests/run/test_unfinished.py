"""What a run leaves for the next one: the folder that it goes on in, and the rates that it learnt."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.collect.aws import rates as rates_module
from auditor.collect.aws.pace import Learnt
from auditor.config import Config
from auditor.errors import ConfigError
from auditor.run.collect import collect_into
from auditor.run.known_rates import RATES, Remembered, beside, known_rates
from auditor.run.run_options import AwsOptions
from auditor.run.run_store import open_store
from auditor.run.unfinished import PREFIX, unfinished
from auditor.simulator import Simulator
from auditor.store.files import SHARED
from tests.collect.conftest import ACCOUNT, HOME, SMALL

KEY = (ACCOUNT, HOME, "sagemaker:Describe")


class _Told:
    """Messages, kept."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def problem(self, text: str) -> None:
        raise AssertionError(text)


def _left(place: Path) -> list[str]:
    return sorted(path.name for path in place.glob(f"{PREFIX}*"))


def test_a_folder_is_there_until_the_run_has_ended_well(tmp_path: Path) -> None:
    told = _Told()

    def run(*, fail: bool) -> None:
        with unfinished(tmp_path, ("a",), told) as folder:
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            (folder / "part").write_text("x")
            if fail:
                raise InterruptedError

    with pytest.raises(InterruptedError):
        run(fail=True)
    assert len(_left(tmp_path)) == 1
    assert told.notes == []
    run(fail=False)
    assert _left(tmp_path) == []
    assert "Goes on" in told.notes[0]


def test_another_command_has_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with unfinished(tmp_path, ("a",), _Told()) as first, unfinished(tmp_path, ("b",), _Told()) as second:
        assert first != second
        monkeypatch.setenv("AWS_PROFILE", "other")
        with unfinished(tmp_path, ("a",), _Told()) as third:
            assert third not in (first, second)


def test_two_runs_of_one_command_do_not_mix(tmp_path: Path) -> None:
    with unfinished(tmp_path, ("a",), _Told()), pytest.raises(ConfigError, match="still at work"):
        unfinished(tmp_path, ("a",), _Told()).__enter__()


@pytest.mark.parametrize("what", ["link", "open"])
def test_what_others_may_have_put_there_is_not_used(tmp_path: Path, what: str) -> None:
    with pytest.raises(InterruptedError), unfinished(tmp_path, ("a",), _Told()) as folder:
        raise InterruptedError
    if what == "open":
        folder.chmod(0o777)
    else:
        folder.rename(tmp_path / "elsewhere")
        folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="not used"):
        unfinished(tmp_path, ("a",), _Told()).__enter__()


def test_what_nobody_goes_on_with_is_removed(tmp_path: Path) -> None:
    for name in ("old", "young"):
        (tmp_path / f"{PREFIX}{name}").mkdir(mode=0o700)
    os.utime(tmp_path / f"{PREFIX}old", (0, 0))
    with unfinished(tmp_path, ("a",), _Told()):
        pass
    assert _left(tmp_path) == [f"{PREFIX}young"]


def test_rates_are_remembered_in_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates_module, "FIRST", 20.0)
    store = open_store(str(tmp_path))

    def night() -> dict[tuple[str, str, str], Learnt]:
        with known_rates(Remembered(store), 0) as rates:
            known = dict(rates.known)
            for _ in range(20):
                rates.wait(ACCOUNT, HOME, "sagemaker:DescribeSpace").answered()
            rates.wait(ACCOUNT, HOME, "sagemaker:DescribeSpace").throttled()
            # A run that fails has learnt as well.
            raise InterruptedError(known)

    with pytest.raises(InterruptedError) as first:
        night()
    assert first.value.args == ({},)
    assert stat.S_IMODE((tmp_path / RATES).stat().st_mode) == 0o600
    with pytest.raises(InterruptedError) as second:
        night()
    assert second.value.args[0][KEY].refused
    assert [line["operations"] for line in json.loads((tmp_path / RATES).read_text())["rates"]] == [KEY[2]]


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"rates": [{"account": "a", "region": "b", "operations": "c", "rate": -1}]}', '{"rates": 7}'],
)
def test_a_damaged_file_of_rates_costs_nothing(tmp_path: Path, content: str) -> None:
    store = open_store(str(tmp_path))
    (tmp_path / RATES).write_text(content)
    night = tmp_path / "night.jsonl"
    beside(night).write_text(content)
    for place in (Remembered(store), Remembered(previous=str(night)), Remembered(previous=str(tmp_path / "none"))):
        with known_rates(place, 3.0) as rates:
            assert rates.known == {}
            assert rates.max_rate == 3.0


def test_rates_are_remembered_beside_a_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A night that names an earlier one by its file, a folder, or a store begins where that one was allowed to."""
    monkeypatch.setattr(rates_module, "FIRST", 20.0)
    nights, store = tmp_path / "nights", open_store(str(tmp_path / "store"))
    first, second = nights / "1.jsonl", nights / "2.jsonl"

    def night(place: Remembered, operation: str = "DescribeSpace") -> dict[tuple[str, str, str], Learnt]:
        with known_rates(place, 0) as rates:
            for _ in range(20):
                rates.wait(ACCOUNT, HOME, f"sagemaker:{operation}").answered()
            return dict(rates.known)

    assert night(Remembered(snapshot=first, mode=SHARED)) == {}
    assert stat.S_IMODE(beside(first).stat().st_mode) == 0o644
    learnt = night(Remembered(previous=str(first), snapshot=second), "ListSpaces")
    assert set(learnt) == {KEY}
    assert learnt[KEY].rate >= 10, "no slower than a rate that nobody knows"
    for place in (str(second), str(nights)):
        with known_rates(Remembered(previous=place), 7.0) as rates:
            assert set(rates.known) == {KEY, (ACCOUNT, HOME, "sagemaker:List")}, "what was not asked is known still"
    night(Remembered(store), "ListApps")
    with known_rates(Remembered(previous=str(tmp_path / "store")), 0) as rates:
        assert set(rates.known) == {(ACCOUNT, HOME, "sagemaker:List")}


def test_a_run_that_is_broken_off_leaves_nothing_beside_a_snapshot_that_there_is_not(tmp_path: Path) -> None:
    place = Remembered(open_store(str(tmp_path / "store")), snapshot=tmp_path / "night.jsonl")

    def broken_off() -> None:
        with known_rates(place, 0) as rates:
            for _ in range(20):
                rates.wait(ACCOUNT, HOME, "sagemaker:DescribeSpace").answered()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
    assert (tmp_path / "store" / RATES).exists()


def test_a_known_rate_is_never_above_the_bound(tmp_path: Path) -> None:
    path = tmp_path / "night.jsonl"
    line = {"account": ACCOUNT, "region": HOME, "operations": KEY[2], "rate": 500.0, "refused": False}
    beside(path).write_text(json.dumps({"rates": [line], "schema_version": "1"}))
    with known_rates(Remembered(previous=str(path)), 40.0) as rates:
        assert rates.known[KEY].rate == 500.0
        began = time.monotonic()
        for _ in range(9):
            rates.wait(ACCOUNT, HOME, "sagemaker:DescribeSpace").answered()
        assert time.monotonic() - began >= 8 / 40


def test_a_command_goes_on_and_ends_as_if_nothing_had_been(simulated: Callable[..., Simulator], tmp_path: Path) -> None:
    options = AwsOptions(regions=(HOME,), resume=True, concurrency=2)

    class _Stop:
        def advance(self, stage: str, done: int, total: int) -> None:
            if done == 10:
                raise KeyboardInterrupt

    simulator = simulated(SMALL)
    snapshot = tmp_path / "s.jsonl"
    with pytest.raises(KeyboardInterrupt):
        collect_into(snapshot, options, Config(), _Told(), progress=_Stop())
    assert not snapshot.exists()
    assert len(_left(tmp_path)) == 1
    before = sum(simulator.calls.values())
    # As many calls at a time as one likes: that is no other command.
    found = collect_into(snapshot, replace(options, concurrency=8), Config(), _Told())
    assert found.resources > 0
    assert _left(tmp_path) == []
    again = sum(simulator.calls.values()) - before
    whole = simulated(SMALL)
    collect_into(tmp_path / "whole.jsonl", options, Config(), _Told())
    assert again < sum(whole.calls.values()) - 5
    kinds = [[line[:80] for line in path.read_bytes().splitlines()[1:-1]] for path in tmp_path.glob("*.jsonl")]
    assert kinds[0] == kinds[1]
