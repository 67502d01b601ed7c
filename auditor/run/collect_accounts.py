"""A run over several accounts: which they are, and one snapshot file of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from auditor.config import Config
from auditor.counting import plural
from auditor.errors import CollectError, ConfigError
from auditor.model.accounts import Account, AccountStatus
from auditor.model.snapshot import SCHEMA_VERSION, Coverage, Header, Snapshot
from auditor.org.request import ACCOUNT_ID, NamedAccount, OrganizationRequest, external_id_problem, role_problem
from auditor.run.messages import Messages, logger
from auditor.run.run_options import AwsOptions
from auditor.store.files import PRIVATE, Access
from auditor.store.merge_snapshots import Part, merge_snapshots, merged_header
from auditor.store.snapshot_file import write_snapshot
from auditor.store.snapshot_reader import SnapshotReader
from auditor.temporary_files import workspace
from auditor.version import __version__

if TYPE_CHECKING:
    from auditor.collect.aws import CollectOptions
    from auditor.collect.aws.ledger import Ledger
    from auditor.collect.aws.rates import Rates
    from auditor.collect.aws.session import Clients
    from auditor.collect.interface import Progress
    from auditor.org.member_sessions import MemberSessions
    from auditor.org.targets import Targets
    from auditor.org.visit import Visited


def organization_request(options: AwsOptions, config: Config) -> OrganizationRequest:
    """What the options and ``organization:`` of the configuration ask for; an option that is given wins.

    Raises ConfigError.
    """
    from auditor.org.account_file import read_accounts

    section = config.organization
    named = {account.id: account for account in (read_accounts(options.accounts_file) if options.accounts_file else ())}
    known = {account.id: account for account in (section.accounts if section is not None else ())}
    for number in options.accounts:
        if not ACCOUNT_ID.fullmatch(number):
            raise ConfigError(f"--account {number}: not an account id of 12 digits")
        named.setdefault(number, known.get(number, NamedAccount(number)))
    # Whoever names accounts has chosen already: include and exclude are of those that are listed.
    wanted = OrganizationRequest(listed=options.organization, accounts=tuple(named.values()))
    if section is not None:
        wanted = replace(wanted, role=section.role, external_id=section.external_id)
    if options.organization and section is not None:
        if section.accounts and not named:
            wanted = replace(wanted, listed=False, accounts=section.accounts)
        wanted = replace(wanted, include=section.include, exclude=section.exclude)
    if options.role is not None:
        if problem := role_problem(options.role):
            raise ConfigError(f"--role: {problem}")
        wanted = replace(wanted, role=options.role)
    if options.external_id is None:
        return wanted
    if problem := external_id_problem(options.external_id):
        raise ConfigError(f"--external-id: {problem}")
    return replace(wanted, external_id=options.external_id)


@dataclass(frozen=True, slots=True)
class Entrance:
    """The credentials that a run starts with, and the accounts that they are to lead to.

    ``region``: one that answers them, ``account`` and ``caller`` who they are, ``ledger`` their own calls.
    """

    clients: Clients
    account: str
    caller: str
    region: str
    ledger: Ledger
    request: OrganizationRequest
    targets: Targets

    def sessions(self) -> MemberSessions:
        """Sessions in the accounts. Raises ConfigError for an external id that is not there."""
        from auditor.org.member_sessions import MemberSessions

        return MemberSessions(self.clients, (self.account, self.region), self.request, self.ledger)


def entrance(options: AwsOptions, config: Config, rates: Rates | None = None, *, or_nobody: bool = False) -> Entrance:
    """Who would be visited. Makes no call to any account but the credentials' own. ``options`` are completed;
    ``rates``: how fast may be asked; ``or_nobody``: it is no error where all accounts are left out.

    Raises ConfigError and CollectError.
    """
    from auditor.collect.aws.account import identify
    from auditor.collect.aws.ledger import Ledger
    from auditor.collect.aws.run import Run
    from auditor.collect.aws.session import Clients
    from auditor.org.organizations import read_organization
    from auditor.org.targets import choose_targets, refuse_nobody

    request = organization_request(options, config)
    if "all" in options.regions and options.regions != ("all",):
        raise ConfigError("--region all stands alone", hint="Leave the other regions out.")
    clients = Clients(options.profile, options.concurrency)
    clients.rates = rates or clients.rates
    for region in (*options.skip_regions, *(r for r in options.regions if r != "all")):
        clients.refuse_unknown(region)
    caller, region, ledger = identify(clients, options.regions, Ledger)
    run = Run(clients, ledger, 1, None)
    targets = choose_targets(request, lambda: read_organization(run, region))
    if not or_nobody:
        refuse_nobody(targets)
    return Entrance(clients, ledger.account, caller, region, ledger, request, targets)


@dataclass(frozen=True, slots=True)
class AccountsCollected:
    """What a run over several accounts collected: a row an account, and what leads into each once more."""

    accounts: tuple[Account, ...]
    sessions: MemberSessions


class Gather(Protocol):
    """Visits accounts: each is then a snapshot file, or missed."""

    @property
    def messages(self) -> Messages:
        """Whom it tells what it has to say."""

    def __call__(
        self,
        accounts: Sequence[Account],
        sessions: MemberSessions,
        options: CollectOptions,
        folder: Path,
        progress: Progress | None = None,
    ) -> Sequence[Visited]:
        """Every account, in any order. ``folder``: where files may lie."""


def collect_accounts(
    options: CollectOptions,
    entered: Entrance,
    path: Path,
    gather: Gather,
    progress: Progress | None = None,
    mode: Access = PRIVATE,
) -> AccountsCollected:
    """Collect every account into one snapshot file at ``path``. ``options`` say what of each; theirs is no session.
    ``gather``: what visits the accounts.

    Raises ConfigError, and CollectError where nothing could be collected in any account.
    """
    from auditor.org.people import KIND, Instances, read_people
    from auditor.org.visit import missed

    started = datetime.now(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    targets, sessions, messages = entered.targets, entered.sessions(), gather.messages
    for note in targets.notes:
        messages.note(note)
    logger.info("collecting %s", plural(len(targets.visit), "account"))
    instances = Instances()
    with ExitStack() as stack:
        folder = options.work or stack.enter_context(workspace("accounts"))
        visited = [*gather(targets.visit, sessions, options, folder, progress)]
        visited += [
            missed(a, "account_suspended" if a.status is AccountStatus.SUSPENDED else "not_found", "ListAccounts")
            for a in targets.missed
        ]
        visited.sort(key=lambda v: v.account)
        _refuse_nothing(visited)
        accounts = tuple(v.account for v in visited)
        parts = [Part(v.account.id, SnapshotReader(v.part)) for v in visited if v.part is not None]
        headers = [part.reader.header for part in parts]
        read: tuple[str, ...] = ()
        for part in parts:
            instances.note(part.account, part.reader.path)
        if "identity_user" in options.evidence.kinds:
            regions = dict.fromkeys((entered.region, *sorted({s.region for h in headers for s in h.scopes})))
            users, read = read_people(entered.clients, entered.ledger, instances.missing, tuple(regions))
            if users:
                beside = folder / "people.jsonl"
                write_snapshot(beside, Snapshot(replace(headers[0], scopes=()), users))
                parts.append(Part(entered.account, SnapshotReader(beside)))
        made = Header(
            schema_version=SCHEMA_VERSION,
            source="aws",
            # Accounts of a run that was broken off were seen earlier.
            as_of=min([started, *(header.as_of for header in headers)]),
            tool_version=__version__,
            botocore_version=headers[0].botocore_version,
            caller=entered.caller,
            scopes=(),
            accounts=accounts,
            identity_instances=read,
        )
        settled = instances.settled(read)
        ledgers = [part.reader.ledger for part in parts]
        gaps = [v.gap for v in visited if v.gap is not None]
        gaps += [g for of in ledgers for g in of.gaps if not (g.resource_type == KIND and g.account in settled)]
        coverage = [*_own_calls(entered, headers), *(c for v in visited for c in v.coverage)]
        coverage += [c for of in ledgers for c in of.coverage]
        parts.sort(key=lambda part: part.account)
        merge_snapshots(path, merged_header(made, headers), parts, gaps, coverage, mode)
    for one in visited:
        if one.part is None:
            messages.problem(f"Account {label(one.account)} was not audited: {one.account.reason.rstrip('.')}.")
    return AccountsCollected(accounts, sessions)


def label(account: Account) -> str:
    """The account for people: its id, and its name where it has one."""
    return f"{account.id} ({account.name})" if account.name else account.id


def _refuse_nothing(visited: list[Visited]) -> None:
    if any(v.part is not None for v in visited):
        return
    first = next((v.account for v in visited if v.account.status is not AccountStatus.SUSPENDED), visited[0].account)
    others = f" in any of {plural(len(visited), 'account')}" if len(visited) > 1 else ""
    raise CollectError(
        f"nothing could be collected{others}: account {label(first)}: {first.reason}",
        hint="docs/organization.md says how the role in each account is set up.",
    )


def _own_calls(entered: Entrance, headers: Sequence[Header]) -> list[Coverage]:
    """Calls of the run itself. Where its own account is audited, that asked who it is as well."""
    audited = any(scope.account == entered.account for header in headers for scope in header.scopes)
    return [c for c in entered.ledger.coverage() if not (audited and c.operation == "GetCallerIdentity")]
