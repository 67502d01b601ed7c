"""A run over a small simulated organization, made once, and its report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from auditor.collect.aws import collect
from auditor.config import Config
from auditor.evaluate.audit import EvaluateOptions, evaluate
from auditor.evaluate.gate import apply_gate
from auditor.model.accounts import Account
from auditor.model.report import Gate, Report
from auditor.model.rule import Rule
from auditor.run.collect_accounts import AccountsCollected, collect_accounts, entrance
from auditor.run.collection_request import collect_options
from auditor.run.gather_accounts import Gatherer
from auditor.run.messages import LoggedMessages
from auditor.run.run_options import AwsOptions
from auditor.simulator import Simulator, load_organization
from auditor.store.snapshot_file import write_snapshot

SMALL = Path(__file__).parent / "small.yaml"
HUB, PROD, DEV, LOCKED, CLOSED, BUSY = (f"10000000000{n}" for n in range(1, 7))
#: Id, name, organizational unit and status of each account, as a run has to say them.
ROWS = [
    (HUB, "hub", "", "complete"),
    (PROD, "studio-prod", "Workloads/Production", "complete"),
    (DEV, "studio-dev", "Workloads/Development", "complete"),
    (LOCKED, "locked", "Workloads/Production", "denied"),
    (CLOSED, "closed", "", "suspended"),
    (BUSY, "busy", "Sandbox", "error"),
]
ASKED = AwsOptions(
    organization=True, role="audit/StudioAuditor", external_id="nightly-7f3a", evidence=("roles", "identity-center")
)


def collected(path: Path, asked: AwsOptions = ASKED) -> AccountsCollected:
    """A run as the options say, with no patience for throttling."""
    completed = asked.completed(Config())
    messages = LoggedMessages()
    once = replace(collect_options(completed, messages), max_attempts=1)
    return collect_accounts(once, entrance(completed, Config()), path, Gatherer(completed, messages))


@dataclass(frozen=True)
class Ran:
    """A run over the small organization, and one over each of its accounts that can be audited."""

    path: Path
    accounts: tuple[Account, ...]
    calls: dict[str, int]
    singles: tuple[Path, ...]


@pytest.fixture(scope="package")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    folder = tmp_path_factory.mktemp("organization")
    path = folder / "all.jsonl"
    with Simulator(load_organization(str(SMALL))) as simulator, pytest.MonkeyPatch.context() as patch:
        for name, value in simulator.environment.items():
            patch.setenv(name, value)
        found = collected(path)
        calls = dict(simulator.calls)
        singles = []
        for number in (PROD, DEV):
            options = collect_options(ASKED.completed(Config()), LoggedMessages())
            single = folder / f"{number}.jsonl"
            write_snapshot(single, collect(replace(options, session=found.sessions.session(number))))
            singles.append(single)
        yield Ran(path, found.accounts, calls, tuple(singles))


@pytest.fixture(scope="package")
def whole(ran: Ran, built_in_rules: tuple[Rule, ...]) -> Report:
    """The report of the run over all accounts; nothing gates in it."""
    return apply_gate(evaluate([ran.path], built_in_rules, EvaluateOptions(with_inventory=True)), Gate(fail_on=None))
