"""What can be asked of a run, as values. Hardly anything is checked here; ``auditor.run.plan`` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.errors import ConfigError
from auditor.report.finding_lines import Listing
from auditor.report.render import Format
from auditor.store.files import PRIVATE, Access
from auditor.studio.evidence_sources import EVIDENCE

if TYPE_CHECKING:
    from auditor.config import Config

#: Executors of a run over several accounts, and how the address of a third begins.
THREADS, PROCESSES, DASK = "threads", "processes", "dask://"
DEFAULT_OUTPUT = "./audit-report"
DEFAULT_FORMATS = (Format.HTML, Format.JSON)


@dataclass(frozen=True, slots=True)
class RuleOptions:
    """What is asked of the rules beside the configuration.

    ``rules_dirs`` add up with the configuration's and with the built-in rules. ``only`` and ``skip`` name rules by id,
    name or area. ``parameters`` are ``RULE.NAME=VALUE``, ``nested_merge`` a value of NestedMerge. ``preset``: a set of
    rules with values of parameters, of which ``only`` and ``skip`` then leave a part.
    """

    rules_dirs: Sequence[Path] = ()
    only: Sequence[str] = ()
    skip: Sequence[str] = ()
    parameters: Sequence[str] = ()
    nested_merge: str | None = None
    preset: str | None = None


@dataclass(frozen=True, slots=True)
class GateOptions:
    """What is asked of the gate beside the configuration; None and ``()``: not given.

    ``fail_on``: pairs of a rule or an account (empty: all) and a severity, or ``none``. ``baseline``: an earlier
    report.json. ``waivers``: the file of waivers.
    """

    fail_on: Sequence[tuple[str, str]] = ()
    new_only: bool | None = None
    baseline: Path | None = None
    waivers: Path | None = None
    allow_incomplete: bool | None = None
    allow_unread: bool | None = None
    allow_empty: bool | None = None


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """Which reports are made of a run, and where they go; None and ``()``: not given.

    ``output``: a folder; ``-`` makes exactly one report, which the caller prints. ``write`` false: no report is made,
    whatever else is said. ``listing``: findings are printed in this form, and no report is written that is not asked
    for by ``formats`` or ``templates``. ``templates``: Jinja files of the user's own. ``mode``: permissions of every
    file that the run writes, in a store and of a snapshot too.
    """

    write: bool = True
    formats: tuple[Format, ...] | None = None
    listing: Listing | None = None
    output: Path | None = None
    templates: Sequence[Path] = ()
    frameworks: Sequence[str] = ()
    mode: Access = PRIVATE


@dataclass(frozen=True, slots=True)
class RunOptions:
    """All that can be asked of a run beside what it audits. What is given wins over the configuration.

    ``store`` is where the run is kept: a folder, or ``s3://…``; ``use_configured_store``: else the configuration's.
    ``profile``: AWS profile for a store in S3 and for sending. ``untrusted``: whoever asks for a change may have
    written what lies in the tree around the working folder, so that no link in it may choose where reports go.
    """

    config: Config
    rules: RuleOptions = field(default_factory=RuleOptions)
    gate: GateOptions = field(default_factory=GateOptions)
    reports: ReportOptions = field(default_factory=ReportOptions)
    store: str | None = None
    use_configured_store: bool = False
    profile: str | None = None
    untrusted: bool = False


@dataclass(frozen=True, slots=True)
class AwsOptions:
    """What is collected of a live account.

    ``regions`` empty: the profile's own; ``("all",)``: those enabled for the account; without
    ``skip_regions``. ``concurrency``: AWS calls at a
    time. ``evidence``: names of ``auditor.studio.evidence_sources``. ``sign_in_days``: CloudTrail's window, 1 to 90;
    ``sign_in_pages`` of 50 events, a region. ``cloudtrail_logs``: folder or ``s3://…`` of a trail's log files, which
    are read instead. ``identity_store``: ``ID`` or ``ID@REGION``. ``previous``: earlier snapshot, folder of them, or
    store, for what did not change; ``full`` describes everything anew. ``max_rate``: calls a second for each account
    and Region. ``resume``: what a run that was broken off has collected is not asked again.

    ``organization``: every account that AWS Organizations, or the configuration, lists; ``accounts``: ids of accounts,
    ``accounts_file``: a CSV file of them. One of the three makes a run over several accounts: ``role`` is assumed in
    each, with ``external_id`` (text, or ``env:VARIABLE``), and Regions are by default those enabled there.
    ``parts``: folder or ``s3://…`` where each account's snapshot is kept under a name of its own, and taken from;
    ``executor``: who collects, ``threads``, ``processes`` or ``dask://HOST:PORT``.
    """

    profile: str | None = None
    regions: tuple[str, ...] = ()
    skip_regions: tuple[str, ...] = ()
    concurrency: int = 32
    evidence: tuple[str, ...] = tuple(EVIDENCE)
    sign_in_days: int = 90
    sign_in_pages: int = 400
    cloudtrail_logs: str | None = None
    identity_store: str = ""
    previous: str | None = None
    full: bool = False
    max_rate: float | None = None
    resume: bool = False
    organization: bool = False
    accounts: tuple[str, ...] = ()
    accounts_file: Path | None = None
    role: str | None = None
    external_id: str | None = None
    parts: str | None = None
    executor: str = THREADS

    @property
    def of_accounts(self) -> bool:
        """Whether several accounts are asked for, or one that is not the credentials' own."""
        return self.organization or bool(self.accounts) or self.accounts_file is not None

    def completed(self, config: Config) -> AwsOptions:
        """The same with the configuration's profile and regions where none are given; regions to skip add up.

        Raises ConfigError for what only several accounts have where one is asked for.
        """
        if not self.of_accounts and (self.role is not None or self.external_id is not None):
            raise ConfigError(
                "--role and --external-id are for several accounts", hint="Add --organization, --account or --accounts."
            )
        if not self.of_accounts and (self.parts is not None or self.executor != THREADS):
            raise ConfigError(
                "--parts and --executor are for several accounts", hint="Add --organization, --account or --accounts."
            )
        if self.executor.startswith(DASK) and self.parts is None:
            raise ConfigError(
                "--executor dask://… needs --parts", hint="Name a folder or an s3://… that every worker can write to."
            )
        section = config.organization if self.of_accounts else None
        of_section = section.regions if section is not None else ()
        return replace(
            self,
            profile=self.profile or config.profile,
            regions=self.regions or of_section or config.regions or (("all",) if self.of_accounts else ()),
            skip_regions=(
                *config.skip_regions, *(section.skip_regions if section is not None else ()), *self.skip_regions,
            ),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class TemplateOptions:
    """How templates are read, and what they are compared with.

    ``parameters`` (CloudFormation) and ``variables`` (Terraform) are ``NAME=VALUE``; both have files of them as well.
    ``against``: snapshots of an account; the report then says how it differs from the templates. ``budget``: what
    working out each root may cost, ``SECONDS[s][,MEGABYTES[MB]]``; empty: 20 seconds and 200 MB of values.
    """

    parameters: tuple[str, ...] = ()
    parameter_files: tuple[Path, ...] = ()
    variables: tuple[str, ...] = ()
    variable_files: tuple[Path, ...] = ()
    against: tuple[Path, ...] = ()
    budget: str = ""
