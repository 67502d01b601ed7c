"""Runs over a live account and over templates: what is audited becomes a snapshot, and that a result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.errors import ConfigError
from auditor.model.snapshot import Snapshot
from auditor.rules.evidence_read import evidence_read
from auditor.run.collection_request import collect_options
from auditor.run.known_rates import Remembered, known_rates
from auditor.run.messages import Messages, logger
from auditor.run.plan import RunPlan
from auditor.run.read_templates import read_templates
from auditor.run.recorded_attempt import recorded
from auditor.run.run_options import THREADS, AwsOptions, TemplateOptions
from auditor.run.tell_channels import telling
from auditor.run.unfinished import unfinished
from auditor.run.write_collection import write_collection
from auditor.store.files import PRIVATE, Access
from auditor.store.snapshot_file import write_snapshot
from auditor.store.snapshot_reader import SnapshotReader
from auditor.studio.evidence_sources import SIGN_INS
from auditor.studio.resource_types import STUDIO_KINDS
from auditor.temporary_files import remove_leftovers, workspace

if TYPE_CHECKING:
    from auditor.collect.aws import CollectOptions
    from auditor.collect.interface import Progress
    from auditor.config import Config
    from auditor.drift.sides import LiveFile
    from auditor.model.drift import Drift
    from auditor.model.report import Report
    from auditor.org.member_sessions import MemberSessions
    from auditor.run.conclude import RunResult


@dataclass(frozen=True, slots=True)
class CollectedFile:
    """What a snapshot file holds: numbers of Studio resources, of gaps, and of resources that were carried over from
    earlier snapshots, the newest of which is of ``previous``."""

    resources: int
    gaps: int
    carried: int
    previous: str


def collect_into(
    snapshot: Path,
    options: AwsOptions,
    config: Config,
    messages: Messages,
    *,
    mode: Access = PRIVATE,
    progress: Progress | None = None,
) -> CollectedFile:
    """Collect one account, or several, into a snapshot file. ``options`` are completed with the configuration.

    Raises ConfigError, CollectError.
    """
    remembered = Remembered(None, options.previous, options.profile, snapshot, mode)
    with _place(snapshot) as path, _asked(options, config, remembered, snapshot.parent, messages) as asked:
        if options.of_accounts:
            from auditor.run.collect_accounts import collect_accounts, entrance
            from auditor.run.gather_accounts import Gatherer

            gather = Gatherer(options, messages)
            collect_accounts(asked, entrance(options, config, asked.rates), path, gather, progress, mode)
        else:
            _collect_account(asked, path, progress, mode)
    written = SnapshotReader(snapshot)
    return CollectedFile(
        sum(number for kind, number in written.kinds().items() if kind in STUDIO_KINDS),
        len(written.ledger.gaps),
        sum(line.carried for line in written.ledger.coverage),
        written.header.previous,
    )


def _collect_account(asked: CollectOptions, path: Path, progress: Progress | None, mode: Access = PRIVATE) -> None:
    """Collect one account into a snapshot file. Raises ConfigError and CollectError."""
    from auditor.collect.aws import collecting

    logger.info("collecting %s", ", ".join(asked.regions) or "the profile's Region")
    with collecting(asked, progress) as found:
        write_collection(path, found, mode)


@contextmanager
def _asked(
    options: AwsOptions, config: Config, known: Remembered, place: Path | None, messages: Messages
) -> Iterator[CollectOptions]:
    """What is asked of a collection, with the rates that are ``known``. ``place``: where a run that is broken off may
    lie, if that is asked for; it is gone where the block ends well."""
    with ExitStack() as stack:
        work = None
        if options.resume and place is None:
            raise ConfigError(
                "--resume has no place for what was collected",
                hint="Keep the snapshot (--snapshot), a store in a folder (--store), or reports in one (--output).",
            )
        if options.resume and place is not None:
            # What changes no answer may be changed meanwhile.
            what = replace(options, resume=False, concurrency=0, max_rate=None, executor=THREADS)
            work = stack.enter_context(unfinished(place, (what, config.organization), messages))
        rates = stack.enter_context(known_rates(known, options.max_rate or 0.0))
        yield replace(collect_options(options, messages, known.store), rates=rates, work=work)


def run_account(
    plan: RunPlan,
    options: AwsOptions,
    messages: Messages,
    *,
    snapshot: Path | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Collect the account, or the accounts, then evaluate and report as planned. ``snapshot``: file that keeps what was
    collected.

    Raises ConfigError, CollectError.
    """
    # To collect alone needs nothing of what evaluates.
    from auditor.run.conclude import run

    read = evidence_read(plan.choice.rules)
    wanted = replace(options, evidence=tuple(name for name in options.evidence if name in read))
    wanted = wanted.completed(plan.config)
    if wanted.of_accounts:
        return _run_accounts(plan, wanted, messages, snapshot, progress, asked_for=options)
    if plan.config.organization is not None:
        messages.note("auditor.yaml has organization:, and one account is audited. For all of them: --organization")
    what = f"Regions: {', '.join(wanted.regions) or 'the default one of the profile'}"
    with (
        telling(plan, messages),
        recorded(plan.store, "audit", what),
        _asked(
            wanted, plan.config, _remembered(plan, wanted, snapshot), _resume_place(plan, snapshot), messages
        ) as asked,
        _place(snapshot) as path,
    ):
        _collect_account(asked, path, progress, plan.mode)
        return run(plan, [path], messages, made_by=_makers(options, wanted))


def _makers(
    options: AwsOptions, wanted: AwsOptions, sessions: MemberSessions | None = None
) -> Callable[[Report], Report] | None:
    """Says who made what is new, from the trail that sign-ins are read from; None where that is not asked for."""
    if SIGN_INS not in options.evidence:
        return None
    from auditor.run.change_lookups import changes_of
    from auditor.run.who_did_it import with_makers

    return lambda report: with_makers(report, changes_of(wanted.profile, sessions))


def _resume_place(plan: RunPlan, snapshot: Path | None) -> Path | None:
    """The folder that the run writes to: its snapshot's, its store's, its reports'."""
    if snapshot is not None:
        return snapshot.parent
    if plan.store is not None and "://" not in plan.store.place.label:
        return Path(plan.store.place.label)
    return None if plan.printed else plan.output


def _remembered(plan: RunPlan, options: AwsOptions, snapshot: Path | None) -> Remembered:
    return Remembered(plan.store, options.previous, options.profile, snapshot, plan.mode)


def _run_accounts(
    plan: RunPlan,
    options: AwsOptions,
    messages: Messages,
    snapshot: Path | None,
    progress: Progress | None,
    asked_for: AwsOptions,
) -> RunResult:
    """The same over several accounts; the result leads into each of them once more."""
    from auditor.run.collect_accounts import collect_accounts, entrance
    from auditor.run.conclude import run
    from auditor.run.gather_accounts import Gatherer

    with (
        telling(plan, messages),
        recorded(plan.store, "audit", f"Several accounts, Regions: {', '.join(options.regions)}"),
        _asked(
            options, plan.config, _remembered(plan, options, snapshot), _resume_place(plan, snapshot), messages
        ) as asked,
        _place(snapshot) as path,
    ):
        entered = entrance(options, plan.config, asked.rates)
        gather = Gatherer(options, messages, plan.store.place.label if plan.store is not None else "")
        found = collect_accounts(asked, entered, path, gather, progress, plan.mode)
        made_by = _makers(asked_for, options, found.sessions)
        return replace(run(plan, [path], messages, made_by=made_by), sessions=found.sessions)


def run_templates(
    plan: RunPlan, paths: Sequence[Path], options: TemplateOptions, messages: Messages, *, snapshot: Path | None = None
) -> RunResult:
    """Read the templates, then evaluate and report as planned. Raises ConfigError, CollectError."""
    from auditor.run.conclude import run

    live = _live(options.against)
    # The account's side is masked as well: what is equal stays equal.
    found = read_templates(paths, options)
    drift = _drift(found, live, plan) if live else None
    with _written(found, snapshot, plan.mode) as path:
        del found
        return run(plan, [path], messages, drift=drift)


@contextmanager
def _written(found: Snapshot, snapshot: Path | None, mode: Access) -> Iterator[Path]:
    """The snapshot's file, kept where it is asked for."""
    with _place(snapshot) as path:
        write_snapshot(path, found, mode)
        del found
        yield path


@contextmanager
def _place(snapshot: Path | None) -> Iterator[Path]:
    """Where a snapshot is written: the file that is asked for, else one that goes away at the end."""
    if snapshot is not None:
        remove_leftovers(snapshot.parent)
        yield snapshot
        return
    with workspace() as folder:
        yield folder / "snapshot.jsonl"


def _live(against: Sequence[Path]) -> tuple[LiveFile, ...]:
    """The account's snapshots, read before anything is scanned or written."""
    if not against:
        return ()
    from auditor.drift.detect import load_live

    return load_live(against)


def _drift(found: Snapshot, live: Sequence[LiveFile], plan: RunPlan) -> Drift:
    from auditor.drift.detect import drift
    from auditor.evaluate.report_inventory import owner_tags

    return drift(found, live, owner_tags(plan.choice.rules, plan.choice.overrides))
