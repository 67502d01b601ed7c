"""What a worker does: it collects some accounts into a place that all share, with credentials of its own.

A task holds no credentials and no answer holds what was seen: an external ID travels as the options have it, best as
the name of a variable that the worker has (``env:VARIABLE``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from auditor.collect.aws.pace import Learnt
from auditor.collect.aws.rates import Key, Rates
from auditor.model.accounts import Account
from auditor.org.request import OrganizationRequest
from auditor.run.account_parts import AccountParts
from auditor.run.collection_request import collect_options
from auditor.run.messages import LoggedMessages
from auditor.run.run_options import AwsOptions
from auditor.temporary_files import workspace

if TYPE_CHECKING:
    from auditor.org.visit import Visited


@dataclass(frozen=True, slots=True)
class Task:
    """Some accounts. ``options`` are completed; ``known``: rates to begin with; ``store``: whose last snapshots serve,
    empty for none."""

    options: AwsOptions
    request: OrganizationRequest
    accounts: tuple[Account, ...]
    place: str
    max_attempts: int
    known: Mapping[Key, Learnt]
    store: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a task: accounts that could not be collected, and the rates that were learnt."""

    missed: tuple[Visited, ...]
    learnt: Mapping[Key, Learnt]


def collect_task(task: Task) -> Answer:
    """Collect the accounts; those that are in the place already are not asked. Raises ConfigError, CollectError."""
    from auditor.collect.aws.account import identify
    from auditor.collect.aws.ledger import Ledger
    from auditor.collect.aws.session import Clients
    from auditor.org.member_sessions import MemberSessions
    from auditor.org.visit import visit
    from auditor.store.backends import open_backend
    from auditor.store.runs import RunStore

    options, messages = task.options, LoggedMessages()
    rates = Rates(options.max_rate or 0.0, task.known)
    clients = Clients(options.profile, options.concurrency)
    clients.rates = rates
    _, region, ledger = identify(clients, options.regions, Ledger)
    sessions = MemberSessions(clients, (ledger.account, region), task.request, ledger)
    store = RunStore(open_backend(task.store, options.profile)) if task.store else None
    asked = replace(collect_options(options, messages, store), rates=rates, max_attempts=task.max_attempts)
    with workspace("accounts") as folder:
        parts = AccountParts(folder, asked, messages, open_backend(task.place, options.profile))
        visited = visit(task.accounts, sessions, asked, parts)
    return Answer(tuple(one for one in visited if one.part is None), rates.learnt())
