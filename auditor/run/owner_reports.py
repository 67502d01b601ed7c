"""Reports of a run in a store, one an owner, with that owner's findings only."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from auditor.config.load_config import Config
from auditor.errors import ConfigError, DamagedError
from auditor.evaluate.gate import apply_gate
from auditor.evaluate.owned_reports import owned_reports
from auditor.history.store_owners import store_owners
from auditor.model.finding import Finding, MadeBy, State
from auditor.model.owner import NOBODY, UNOWNED
from auditor.model.report import Report
from auditor.model.rule import Verdict
from auditor.report.csv_format import safe
from auditor.report.render import Format, write
from auditor.run.conclude import evaluate_options
from auditor.run.plan import waivers_of
from auditor.run.run_options import GateOptions, RuleOptions
from auditor.run.selection import choose
from auditor.run.thresholds import limits
from auditor.store.files import PRIVATE, Access, atomic
from auditor.store.manifest import Manifest
from auditor.store.masked_copies import without_secrets
from auditor.store.runs import RunStore
from auditor.store.unpack import REPORT_LIMIT, SNAPSHOT_LIMIT, blocks
from auditor.temporary_files import workspace

FORMATS = (Format.HTML, Format.CSV, Format.MARKDOWN)
_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class OwnerReport:
    """An owner's reports. ``owner`` is empty for what nobody owns."""

    owner: str
    folder: Path
    resources: int
    failures: int
    unknown: int


def owner_reports(
    store: RunStore, run: Manifest, config: Config, output: Path, mode: Access = PRIVATE
) -> tuple[OwnerReport, ...]:
    """Evaluate the run's snapshots again, as the configuration says now, and write each owner's reports.

    States and first nights are those that the run told. Raises ConfigError where there are no owners, the run cannot be
    read, or the folder cannot be written.
    """
    if not config.owners:
        raise ConfigError("nobody owns anything", hint="Write owners: in auditor.yaml, and name it with --config.")
    choice = choose(config, RuleOptions())
    options = replace(
        evaluate_options(choice), waivers=waivers_of(config, choice), with_inventory=True, with_summaries=True
    )
    gate = replace(limits(GateOptions(), config, choice.every), new_only=False)
    owners = store_owners(store, [run], config.owners)
    told = _told(store, run)
    made = []
    with _snapshots(store, run) as packed, without_secrets(packed) as files:
        for owner, report in owned_reports(files, choice.rules, options, owners):
            folder = output / folder_name(owner)
            decided = apply_gate(report, gate)
            decided = replace(
                decided,
                findings=tuple(_as_told(f, told) for f in decided.findings),
                sla={**config.sla, **config.sla_owners.get(owner, {})},
            )
            write(decided, FORMATS, folder, mode=mode)
            made.append(_counted(owner, folder, decided, owners))
    with atomic(output / "resources.csv", mode) as out:
        out.write(_resources(owners).encode("utf-8"))
    return tuple(sorted(made, key=lambda one: (one.owner == UNOWNED, one.owner)))


def _counted(owner: str, folder: Path, report: Report, owners: Mapping[str, str]) -> OwnerReport:
    status = report.by_status
    resources = sum(one == owner for one in owners.values())
    unknown = status[Verdict.UNKNOWN] + status[Verdict.ERROR]
    return OwnerReport(owner, folder, resources, status[Verdict.FAIL], unknown)


def folder_name(owner: str) -> str:
    """The folder of an owner's reports: a plain name, another one for each owner."""
    if not owner:
        return NOBODY
    plain = _NAME.sub("-", owner).strip("-.")[:_LONGEST]
    if plain == owner and plain.lower() == plain and plain != NOBODY:
        return plain
    # Names that become the same, or differ by case only, must not share a folder.
    return f"{plain or 'owner'}-{hashlib.sha256(owner.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _resources(owners: Mapping[str, str]) -> str:
    """Every resource with its owner, those without one first."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(("owner", "account", "region", "type", "id"))
    for key, owner in sorted(owners.items(), key=lambda pair: (pair[1], pair[0])):
        writer.writerow([safe(cell) for cell in (owner, *key.split("/", 3))])
    return text.getvalue()


@contextmanager
def _snapshots(store: RunStore, run: Manifest) -> Iterator[list[Path]]:
    with workspace("owners") as folder:
        files = []
        for number, packed in enumerate(store.fetch(run.snapshots, folder / "packed")):
            path = folder / f"{number}.jsonl"
            with path.open("wb") as out:
                for block in blocks(packed, SNAPSHOT_LIMIT):
                    out.write(block)
            files.append(path)
        yield files


class _Finding(msgspec.Struct):
    fingerprint: str
    state: State | None = None
    first_seen: str | None = None
    made_by: MadeBy | None = None
    regressed: int = 0


class _Report(msgspec.Struct):
    findings: tuple[_Finding, ...] = ()


def _told(store: RunStore, run: Manifest) -> dict[str, _Finding]:
    kept = run.report("report.json.gz") or run.report("report.json")
    if kept is None:
        return {}
    with workspace("owners") as folder:
        (path,) = store.fetch([kept], folder)
        try:
            read = msgspec.json.decode(b"".join(blocks(path, REPORT_LIMIT)), type=_Report)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DamagedError(f"{store.place.label}/{kept.key}: is damaged: {error}") from error
    return {one.fingerprint: one for one in read.findings}


def _as_told(finding: Finding, told: Mapping[str, _Finding]) -> Finding:
    before = told.get(finding.fingerprint)
    if before is None or finding.status is not Verdict.FAIL:
        return finding
    state = State.WAIVED if finding.waiver is not None else before.state
    state = None if state is State.WAIVED and finding.waiver is None else state
    return replace(
        finding, state=state, first_seen=before.first_seen, regressed=before.regressed, made_by=before.made_by
    )
