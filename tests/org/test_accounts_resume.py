"""A run over several accounts that was broken off goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from auditor.config import Config
from auditor.run.collect_accounts import collect_accounts, entrance
from auditor.run.collection_request import collect_options
from auditor.run.gather_accounts import Gatherer
from auditor.run.messages import LoggedMessages
from auditor.simulator import Simulator, load_organization

from .small import ASKED, DEV, SMALL


def test_accounts_that_were_collected_are_not_visited_again(tmp_path: Path) -> None:
    """A run that was broken off goes on: only what is missing is asked for, and the file is the same."""
    completed = ASKED.completed(Config())
    messages = LoggedMessages()
    gather = Gatherer(completed, messages)
    work = tmp_path / "work"
    work.mkdir()
    options = replace(collect_options(completed, messages), max_attempts=1, work=work)
    with Simulator(load_organization(str(SMALL))) as simulator, pytest.MonkeyPatch.context() as patch:
        for name, value in simulator.environment.items():
            patch.setenv(name, value)
        collect_accounts(options, entrance(completed, Config()), tmp_path / "first.jsonl", gather)
        (work / f"{DEV}.jsonl").write_text("half a file")
        before = simulator.calls["sagemaker:DescribeUserProfile"]
        collect_accounts(options, entrance(completed, Config()), tmp_path / "second.jsonl", gather)
        assert simulator.calls["sagemaker:DescribeUserProfile"] == before
    first, second = (path.read_text().splitlines() for path in (tmp_path / "first.jsonl", tmp_path / "second.jsonl"))
    assert [line for line in first if '"coverage"' not in line][:-1] == [
        line for line in second if '"coverage"' not in line
    ][:-1]
