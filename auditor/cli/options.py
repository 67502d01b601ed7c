"""Options that several commands share, each declared once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from auditor.cli.config_options import config_options
from auditor.cli.gate_options import gate_options
from auditor.cli.log_options import log_options
from auditor.cli.option_groups import debug_option as debug_option
from auditor.cli.option_groups import several
from auditor.cli.show_config import show_config_option
from auditor.report.finding_lines import Listing
from auditor.report.render import Format
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.run.run_options import DEFAULT_FORMATS, DEFAULT_OUTPUT, AwsOptions
from auditor.store.files import Access, access
from auditor.studio.evidence_sources import EVIDENCE, ON_REQUEST

_AWS = AwsOptions()
_Command = TypeVar("_Command", bound=Callable[..., Any])
# Options that auditor.yaml may set as well have None or () as their default, which says "not given".


#: --quiet, --verbose and --log-file; the command gets ``quiet``.
quiet_option = several(
    click.option("-q", "--quiet", is_flag=True, help="No progress and no summary; only errors."), log_options
)


#: What ``--format`` takes: formats that are written into files, and forms in which findings are printed.
_FORMATS: Mapping[str, Format | Listing] = {f.value: f for f in (*Format, *Listing)}


@dataclass(frozen=True, slots=True)
class FormatList(click.ParamType[tuple[Format | Listing, ...]]):
    """Formats, separated by commas."""

    name = "formats"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Format | Listing, ...]:
        if isinstance(value, tuple):
            return value
        chosen = []
        for word in str(value).split(","):
            try:
                chosen.append(_FORMATS[word.strip().lower()])
            except KeyError:
                known = ", ".join(_FORMATS)
                self.fail(f"{word.strip()!r} is not a format. Known: {known}", param, ctx)
        if sum(isinstance(one, Listing) for one in dict.fromkeys(chosen)) > 1:
            self.fail(f"one of {' and '.join(Listing)}: both are printed", param, ctx)
        return tuple(dict.fromkeys(chosen))


@dataclass(frozen=True, slots=True)
class EvidenceList(click.ParamType[tuple[str, ...]]):
    """Kinds of evidence, separated by commas; ``none``, or ``all`` that rules read, with others or without."""

    name = "evidence"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        words = [word.strip() for word in str(value).split(",") if word.strip()]
        if words == ["none"]:
            return ()
        words = [name for word in words for name in (EVIDENCE if word == "all" else (word,))]
        known = (*EVIDENCE, *ON_REQUEST)
        for word in words:
            if word not in known:
                self.fail(f"{word!r} is not a kind of evidence. Known: all, none, {', '.join(known)}", param, ctx)
        return tuple(dict.fromkeys(words))


evidence_options = several(
    click.option(
        "--evidence", type=EvidenceList(), default="all", show_default=True, metavar="LIST",
        help=f"Evidence beside the resources, separated by commas: {', '.join(EVIDENCE)}; all, or none. Rules that need"
        f" evidence that is left out are unknown. Collected only if you name it: {', '.join(ON_REQUEST)} (for \"auditor"
        ' whatif --policy").',
    ),
    click.option(
        "--sign-in-days", type=click.IntRange(1, 90), default=_AWS.sign_in_days, show_default=True,
        help="Number of days of CloudTrail events to read for sign-ins.",
    ),
    click.option(
        "--sign-in-pages", type=click.IntRange(1), default=_AWS.sign_in_pages, show_default=True,
        help="Maximum number of pages of 50 events for each Region; beyond it, the Region's sign-ins are unknown.",
    ),
    click.option(
        "--cloudtrail-logs", metavar="DIR|s3://…", help="Read sign-ins from the trail's log files instead."
    ),
    click.option(
        "--identity-store", default="", metavar="ID[@REGION]",
        help="Identity store of IAM Identity Center. By default, it is searched for in the audited Regions.",
    ),
    heading="Evidence",
)  # fmt: skip

source_options = several(
    click.option("--profile", metavar="NAME", help="AWS profile (default: AWS_PROFILE or the default one)."),
    click.option(
        "--region", "regions", multiple=True, metavar="REGION",
        help="Region to audit; repeatable, or 'all' for every enabled Region. Default: the profile's Region.",
    ),
    click.option(
        "--skip-region", "skip_regions", multiple=True, metavar="REGION",
        help="Region to leave out, for example one that an SCP denies; repeatable.",
    ),
    click.option(
        "--concurrency", type=click.IntRange(1, 256), default=_AWS.concurrency, show_default=True,
        help="Maximum number of concurrent AWS API calls.",
    ),
    click.option(
        "--previous", metavar="FILE|DIR",
        help="Earlier snapshot, folder of snapshots, or store: profiles and spaces that haven't changed since are not"
        " read again (docs/incremental.md).  [default: the last run of --store]",
    ),
    click.option("--full", is_flag=True, help="Read every resource again, even if it hasn't changed."),
    click.option(
        "--max-rate", type=click.FloatRange(0.1), metavar="N",
        help="Maximum number of AWS API calls a second for each account and Region. By default, the rate is learned"
        " from what AWS throttles (docs/collection.md).",
    ),
    click.option(
        "--resume", is_flag=True,
        help="Continue where the same command was interrupted within the last 24 hours; start anew if it was not.",
    ),
    heading="AWS account",
)  # fmt: skip

rule_options = several(
    click.option(
        "--rules", "rules_dirs", multiple=True, metavar="DIR", type=click.Path(path_type=Path),
        help="Folder of your own rules, added to the built-in ones; repeatable.",
    ),
    click.option(
        "--only", multiple=True, metavar="RULE",
        help="Run only these rules (ID, name, area, or a pattern such as 'STU4*'). Repeat the option or separate with"
        " commas.",
    ),
    click.option("--skip", multiple=True, metavar="RULE", help="Don't run these rules, as for --only."),
    heading="Rules",
)  # fmt: skip

#: How templates are read. Terraform's variables belong here as well.
template_options = several(
    click.option(
        "--parameter", "template_parameters", multiple=True, metavar="NAME=VALUE",
        help="Value of a CloudFormation parameter, or of a pseudo parameter such as AWS::Region; repeatable.",
    ),
    click.option(
        "--parameters", "parameter_files", multiple=True, metavar="FILE",
        type=click.Path(path_type=Path, dir_okay=False),
        help="File of CloudFormation parameters: the AWS CLI's form, or names and values; repeatable.",
    ),
    click.option(
        "--var", "template_variables", multiple=True, metavar="NAME=VALUE",
        help="Value of a Terraform variable; repeatable. Wins over every file.",
    ),
    click.option(
        "--var-file", "variable_files", multiple=True, metavar="FILE",
        type=click.Path(path_type=Path, dir_okay=False),
        help="File of Terraform variables (.tfvars or .tfvars.json); repeatable, later ones win. terraform.tfvars and"
        " *.auto.tfvars beside the configuration are read by themselves.",
    ),
    heading="Templates",
)  # fmt: skip

merge_option = click.option(
    "--nested-merge", type=click.Choice([m.value for m in NestedMerge]),
    help="How to merge a user profile's nested settings with the domain's. AWS doesn't document the behavior, so"
    " affected settings are unknown by default.  [default: unknown]",
)  # fmt: skip


def snapshots_option(what: str) -> Callable[[_Command], _Command]:
    """--snapshot of a command that reads snapshots; the command gets ``files``. ``what`` a snapshot is for there."""
    return click.option(
        "--snapshot", "files", multiple=True, required=True, type=click.Path(path_type=Path), metavar="FILE",
        help=f"{what}; repeatable.",
    )  # fmt: skip


param_option = click.option(
    "--param", "parameters", multiple=True, metavar="RULE.NAME=VALUE", help="Override a rule's parameter."
)
evaluation_options = several(
    rule_options,
    several(
        click.option(
            "--preset", metavar="NAME",
            help="Run the rules of a preset with its parameters: baseline, regulated, cost or classic-migration. --only"
            " and --skip then choose among them.",
        ),
        param_option,
        merge_option,
        heading="Rules",
    ),
    several(
        gate_options,
        click.option(
            "--allow-incomplete/--no-allow-incomplete", default=None,
            help="Don't exit 5 when a check could not be evaluated or a list of resources is incomplete. If no check at"
            " all could be evaluated, the exit code is still 3. For files that were not read, use --allow-unread.",
        ),
        click.option(
            "--allow-unread/--no-allow-unread", default=None,
            help="Don't exit 5 when a file or folder that is scanned was not read: refused, skipped, or not listed.",
        ),
        click.option(
            "--allow-empty/--no-allow-empty", default=None,
            help="Don't exit 3 when the audited account has no Studio resource.",
        ),
        heading="What fails the run",
    ),
    several(show_config_option, config_options, heading="Configuration"),
)  # fmt: skip

store_option = several(
    click.option(
        "--store", metavar="DIR|s3://…",
        help="Keep the run here and compare it with the runs before it (docs/store.md).",
    ),
    heading="Reports",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mode(click.ParamType[Access]):
    """Permissions of the files that are written, in octal digits."""

    name = "mode"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Access:  # noqa: ARG002
        return value if isinstance(value, Access) else access(str(value))


mode_option = click.option(
    "--mode", type=Mode(), default="600", show_default=True, metavar="OCTAL",
    help="Permissions of the files that are written, whatever the umask; new folders can be entered by whoever may read"
    " the files. 600: the owner alone; 640: the group as well.",
)  # fmt: skip

report_options = several(
    mode_option,
    click.option(
        "--framework", "frameworks", multiple=True, metavar="NAME",
        help="Also group the report by a compliance framework (auditor rules frameworks). Repeat the option or separate"
        " with commas.",
    ),
    click.option(
        "--format", "formats", type=FormatList(), metavar="LIST",
        help=f"Reports to write, separated by commas: {', '.join(f.value for f in Format)}. With {' or '.join(Listing)}"
        " the findings are printed instead of the summary, a line each (path:line: severity RULE message, or as"
        " annotations of GitHub Actions), and no report is written that is not named as well."
        f"  [default: {','.join(f.value for f in DEFAULT_FORMATS)}]",
    ),
    click.option(
        "--template", "templates", multiple=True, metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
        help="Jinja template of your own (NAME.j2), written as NAME; repeatable.",
    ),
    click.option(
        "--output", type=click.Path(path_type=Path), metavar="DIR",
        help=f"Folder for the reports; '-' prints the report (one format only).  [default: {DEFAULT_OUTPUT}]",
    ),
    heading="Reports",
)  # fmt: skip

delivery_option = several(
    click.option(
        "--send-to-security-hub", "security_hub", is_flag=True,
        help="Send the findings to AWS Security Hub of each account and Region, and archive resolved ones. Writes"
        " findings; needs its own permissions.",
    ),
    heading="Reports",
)  # fmt: skip
