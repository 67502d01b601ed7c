"""One of N workers that collect the accounts of a run between them: ``auditor collect --shard I/N``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from auditor.config import Config
from auditor.counting import plural
from auditor.errors import ConfigError, ExitCode
from auditor.model.accounts import Account
from auditor.run.collect_accounts import entrance, label
from auditor.run.collection_request import collect_options
from auditor.run.gather_accounts import Gatherer
from auditor.run.known_rates import Remembered, known_rates
from auditor.run.messages import Messages
from auditor.run.run_options import AwsOptions
from auditor.store.snapshot_reader import SnapshotReader
from auditor.temporary_files import workspace

if TYPE_CHECKING:
    from auditor.collect.interface import Progress


@dataclass(frozen=True, slots=True)
class Shard:
    """The ``number``-th of ``of`` shares of the accounts, from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def parse_shard(text: str) -> Shard:
    """``I/N``. Raises ConfigError."""
    first, _, second = text.partition("/")
    if first.isdecimal() and second.isdecimal() and first.isascii() and second.isascii():
        shard = Shard(int(first[:9]), int(second[:9]))
        if 1 <= shard.number <= shard.of:
            return shard
    raise ConfigError(f"--shard {text}: is not I/N", hint="Write 1/10 to 10/10 for ten workers.")


@dataclass(frozen=True, slots=True)
class ShardCollected:
    """What a worker did: its accounts, those of which nothing was seen, and the gaps in the others."""

    accounts: int
    missed: tuple[Account, ...]
    gaps: int

    @property
    def code(self) -> ExitCode:
        """What the worker exits with. A share without an account is nobody's fault."""
        if self.missed and len(self.missed) == self.accounts:
            return ExitCode.NOTHING_COLLECTED
        return ExitCode.INCOMPLETE if self.missed or self.gaps else ExitCode.OK


def collect_shard(
    shard: Shard, options: AwsOptions, config: Config, messages: Messages, progress: Progress | None = None
) -> ShardCollected:
    """Collect a share of the accounts into the place of parts. ``options`` are completed.

    Every worker lists the accounts for itself: they are sorted by id, and each takes every N-th. Where the list changed
    meanwhile, an account may be nobody's; who evaluates collects it. Raises ConfigError, CollectError.
    """
    if not options.of_accounts or options.parts is None:
        raise ConfigError(
            "--shard is for several accounts, whose snapshots all workers share",
            hint="Add --organization, --account or --accounts, and --parts DIR|s3://….",
        )
    known = Remembered(previous=options.previous, profile=options.profile)
    with known_rates(known, options.max_rate or 0.0) as rates, workspace("accounts") as folder:
        entered = entrance(options, config, rates)
        for note in entered.targets.notes:
            messages.note(note)
        mine = entered.targets.visit[shard.number - 1 :: shard.of]
        asked = replace(collect_options(options, messages), rates=rates)
        visited = Gatherer(options, messages)(mine, entered.sessions(), asked, folder, progress)
        gaps = sum(len(SnapshotReader(one.part).ledger.gaps) for one in visited if one.part is not None)
    missed = tuple(sorted(one.account for one in visited if one.part is None))
    for account in missed:
        messages.problem(f"Account {label(account)} was not collected: {account.reason.rstrip('.')}.")
    return ShardCollected(len(mine), missed, gaps)


def told(shard: Shard, found: ShardCollected, place: str) -> str:
    """What was done, in a sentence."""
    gaps = f"; {plural(found.gaps, 'gap')}" if found.gaps else ""
    there = found.accounts - len(found.missed)
    return f"shard {shard}: {there} of {plural(found.accounts, 'account')} in {place}{gaps}"
