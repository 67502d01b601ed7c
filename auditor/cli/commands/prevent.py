"""auditor prevent scp | boundary | hook | cdk | matrix"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from auditor.cli.config_options import config_options
from auditor.cli.gate_options import Threshold
from auditor.cli.option_groups import several
from auditor.cli.options import debug_option, merge_option, param_option, quiet_option, rule_options
from auditor.cli.terminal import StderrMessages, emit
from auditor.config.find_config import ConfigChoice
from auditor.model.report import DEFAULT_FAIL_ON

if TYPE_CHECKING:
    from auditor.config import Config
    from auditor.prevent.deny_policies import LeftOut, Piece, PolicyText

_policy_options = several(
    click.option(
        "--output", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
        help="Folder to write the policies to.  [default: print them, one a line]",
    ),
    click.option(
        "--snapshot", "files", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
        help="Try the policies on recorded calls and on the commands of the report as well; repeatable.",
    ),
    config_options,
    rule_options,
    param_option,
    quiet_option,
    debug_option,
)  # fmt: skip


@click.group("prevent", short_help="Print policies, or write a Hook, that stop findings before they are made.")
def command() -> None:
    """Print policies that deny the calls that rules would report, write a Hook that refuses templates, and show what
    stops which rule.

    Nothing is attached or deployed. Try a policy with "auditor whatif --policy" before you attach it.
    """


@command.command("scp")
@click.option(
    "--limit", type=click.IntRange(200, 10_240), default=5_120, show_default=True, metavar="CHARACTERS",
    help="Size of a policy. AWS takes 10,240 in most partitions, and 5,120 everywhere.",
)  # fmt: skip
@_policy_options
def scp(
    limit: int, output: Path | None, files: tuple[Path, ...], config: ConfigChoice, quiet: bool, **rules: Any
) -> None:  # fmt: skip
    """Print service control policies for the rules, as few and as short as possible, and what they would deny of the
    calls of an audit, of the nightly deployment, and of a snapshot.

    They only deny, so they are attached beside FullAWSAccess. They don't reach the management account and
    service-linked roles.

    \b
    auditor prevent scp --only STU603,STU709
    auditor prevent scp --limit 10240 --output policies
    auditor prevent scp --only STU603 --snapshot night.jsonl
    """
    from auditor.prevent.deny_policies import ATTACHED, service_control_policies

    messages = StderrMessages(quiet)
    made, left, loaded = _pieces(config, messages, rules)
    policies = service_control_policies(made, limit)
    _deliver(policies, "scp", output, messages)
    if len(policies) >= ATTACHED:
        messages.problem(
            f"Warning: {len(policies)} policies are more than AWS Organizations attaches to one account, organizational"
            f" unit or root: {ATTACHED}, and FullAWSAccess is one of them. Raise --limit, or choose rules with --only."
        )
    _tell(left, messages)
    _try(policies, "scp", output, messages, (loaded, files, rules))


@command.command("boundary")
@click.option(
    "--limit", type=click.IntRange(200, 6_144), default=6_144, show_default=True, metavar="CHARACTERS",
    help="Size of the policy, as IAM counts it.",
)  # fmt: skip
@_policy_options
def boundary(
    limit: int, output: Path | None, files: tuple[Path, ...], config: ConfigChoice, quiet: bool, **rules: Any
) -> None:  # fmt: skip
    """Print a permissions boundary for the rules: it allows everything but what they report. It is tried as service
    control policies are.

    A role has one boundary: what yours allows today is yours to put in place of the first statement.

    \b
    auditor prevent boundary --only STU603,STU709
    """
    from auditor.prevent.deny_policies import boundary as one_policy

    messages = StderrMessages(quiet)
    made, left, loaded = _pieces(config, messages, rules)
    policies = [one_policy(made, limit)]
    _deliver(policies, "boundary", output, messages)
    _tell(left, messages)
    _try(policies, "boundary", output, messages, (loaded, files, rules))


@command.command("hook")
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", required=True,
    help="Folder to write the package to.",
)  # fmt: skip
@click.option(
    "--fail-on", multiple=True, type=Threshold(), metavar="[NAME=]SEVERITY",
    help="Stop what breaks a rule of at least this severity; RULE=SEVERITY or ACCOUNT=SEVERITY for one rule or account;"
    f" repeatable.  [default: {DEFAULT_FAIL_ON.value}]",
)  # fmt: skip
@config_options
@rule_options
@param_option
@merge_option
@quiet_option
@debug_option
def hook(
    output: Path, fail_on: tuple[tuple[str, str], ...], config: ConfigChoice, nested_merge: str | None, quiet: bool,
    **rules: Any,
) -> None:  # fmt: skip
    """Write a CloudFormation Lambda Hook that refuses what breaks rules.

    It evaluates stacks, change sets and single resources. The folder has the function, its settings, the template that
    deploys it, and a README that says how. Nothing is deployed.

    \b
    auditor prevent hook --output studio-hook
    auditor prevent hook --output studio-hook --fail-on critical --only STU603,STU709
    """
    from auditor.run.hook_package import write_hook
    from auditor.run.plan import configuration, plan_run
    from auditor.run.run_options import GateOptions, ReportOptions, RuleOptions, RunOptions

    messages = StderrMessages(quiet)
    options = RunOptions(
        configuration(config, messages), RuleOptions(**rules, nested_merge=nested_merge), GateOptions(fail_on),
        ReportOptions(write=False),
    )  # fmt: skip
    for path in write_hook(plan_run(options), output):
        messages.note(f"wrote {path}")


@command.command("cdk")
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", required=True,
    help="Folder of your app, or another one that it imports from.",
)  # fmt: skip
@quiet_option
@debug_option
def cdk(output: Path, quiet: bool) -> None:
    """Write a validation plug-in for CDK apps in Python.

    With it, "cdk synth" fails for what breaks rules. It runs "auditor scan" on what was synthesized, with the options
    that the app gives it.

    \b
    auditor prevent cdk --output .
    """
    from auditor.resources import deploy_dir
    from auditor.store.files import write_shared

    path = output / "studio_rules.py"
    write_shared(path, (deploy_dir() / "cdk" / path.name).read_text(encoding="utf-8"))
    StderrMessages(quiet).note(f"wrote {path}")


@command.command("matrix")
@rule_options
@click.option("--format", "output", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@debug_option
def matrix(rules_dirs: tuple[Path, ...], only: tuple[str, ...], skip: tuple[str, ...], output: str) -> None:
    """Show what stops each rule: a policy, a refused template, an audit after a CloudTrail event, or the nightly audit.

    Column event: whether what the rule reads changes by calls that CloudTrail records. Every rule is evaluated by the
    nightly audit. Note: where a policy reaches further than the rule, or not so far.
    """
    from auditor.cli.rows import print_rows
    from auditor.prevent.matrix import matrix as rows_of
    from auditor.run.selection import chosen_rules

    rows = rows_of(chosen_rules(rules_dirs, only, skip, bind=False))
    columns = ("id", "name", "policy", "template", "event", "note")
    print_rows(columns, [(r.rule_id, r.name, r.policy, r.template, r.event, r.note) for r in rows], output)


def _pieces(
    config: ConfigChoice, messages: StderrMessages, rules: dict[str, Any]
) -> tuple[list[Piece], list[LeftOut], Config]:
    """The statements that are asked for, and the configuration. Raises ConfigError where there are none."""
    from auditor.errors import ConfigError
    from auditor.prevent.deny_policies import pieces
    from auditor.rules.references import inherit_overrides
    from auditor.run.plan import configuration
    from auditor.run.run_options import RuleOptions
    from auditor.run.selection import choose

    loaded = configuration(config, messages)
    choice = choose(loaded, RuleOptions(**rules), bind=False)
    made, left = pieces(choice.rules, inherit_overrides(choice.every, choice.overrides))
    if not made:
        reasons = "; ".join(f"{one.rule_id} {one.reason}" for one in left[:3])
        raise ConfigError(f"no policy stops these rules: {reasons}", hint="See: auditor prevent matrix")
    return made, left, loaded


def _deliver(policies: Sequence[PolicyText], name: str, output: Path | None, messages: StderrMessages) -> None:
    from auditor.counting import plural
    from auditor.store.files import write_shared

    if output is None:
        emit(f"{policy.text}\n" for policy in policies)
    for number, policy in enumerate(policies, 1):
        file = f"{name}-{number}.json"
        if output is not None:
            write_shared(output / file, f"{policy.text}\n")
        where = output / file if output else f"policy {number}"
        messages.note(f"{where}: {plural(len(policy.text), 'character')}, {', '.join(policy.rules)}")


def _tell(left: Sequence[LeftOut], messages: StderrMessages) -> None:
    """Say which rules have no statement though they might, and how many have none at all."""
    from auditor.counting import plural

    open_ = [one for one in left if one.settable]
    for one in open_:
        messages.note(f"{one.rule_id} left out: {one.reason}")
    others = len(left) - len(open_)
    if others:
        messages.note(f"{plural(others, 'rule')} can't be stopped by a policy: see auditor prevent matrix")


def _try(
    policies: Sequence[PolicyText], name: str, output: Path | None, messages: StderrMessages,
    on: tuple[Config, Sequence[Path], dict[str, Any]],
) -> None:  # fmt: skip
    """Say what the policies would have denied; with a folder, in a file beside them as well. ``on``: the configuration,
    the snapshots, and the options that choose rules."""
    from auditor.cli.policy_view import policy_sections
    from auditor.iam.documents import parse
    from auditor.inert_text import in_json, printable
    from auditor.masking import mask_text
    from auditor.run.policy_replay import policy_replay
    from auditor.run.run_options import RuleOptions
    from auditor.store.files import write_shared
    from auditor.whatif.replay_words import policy_headline

    config, files, rules = on
    # Whatever statements are chosen, no command of the report may be denied by them.
    every = RuleOptions(**{**rules, "only": (), "skip": ()})
    found = policy_replay(config, every, files, [parse(p.text, f"{name}-{n}") for n, p in enumerate(policies, 1)])
    messages.note(f"tried on {policy_headline(found)}")
    for heading, lines in policy_sections(found):
        for line in lines:
            messages.note(f"{heading}: {printable(mask_text(line))}")
    if not files:
        messages.note("recorded calls and commands of a report are tried with --snapshot")
    if output is not None:
        import msgspec

        path = output / f"{name}-replay.json"
        text = msgspec.json.format(msgspec.json.encode(found), indent=2).decode()
        write_shared(path, f"{in_json(text)}\n")
        messages.note(f"wrote {path}")
