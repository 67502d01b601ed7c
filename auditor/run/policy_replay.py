"""What policies make of calls: of those that an audit, the nightly deployment and a report's commands make, and of
those that snapshots hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from auditor.collect.aws.specs import permissions
from auditor.config import Config
from auditor.deliver.security_hub import PERMISSIONS as SENDING
from auditor.evaluate.audit import evaluate
from auditor.iam.documents import Policy
from auditor.iam.evaluation import Request
from auditor.model.finding import RootCause
from auditor.org.account_policies import hub_policy, organization_policy
from auditor.remediation.command_request import api_call
from auditor.remediation.command_text import UnreadableError, read_call
from auditor.run.conclude import evaluate_options
from auditor.run.nightly_actions import listed, nightly_actions
from auditor.run.run_options import RuleOptions
from auditor.run.selection import choose
from auditor.store.masked_copies import without_secrets
from auditor.studio.api_requests import request_of
from auditor.studio.partitions import home_region
from auditor.whatif.replay import Asked, RecordedCalls, Replay, recorded_calls, replay, unmasked


def our_calls(causes: Sequence[RootCause]) -> Iterator[Asked]:
    """The commands of a report, and all that an audit and the roles of the nightly deployment call: of those no
    resource is known, and not who runs it."""
    for cause in causes:
        try:
            command = read_call(cause.remediation.aws if cause.remediation else "")
        except UnreadableError:
            continue
        where = cause.resource
        region = home_region(where.arn) if where.type == "execution_role" else where.region
        call = api_call(command, where.account, region, where.arn if where.type == "execution_role" else "")
        yield Asked("remediation", f"{cause.rule_id} {cause.id}", unmasked(request_of(call)))
    policies = (permissions(), organization_policy(), hub_policy())
    audit = {a for p in policies for s in p["Statement"] for a in listed(s["Action"])} | set(SENDING)
    for who, actions in (("the audit", audit), ("the nightly deployment", nightly_actions() - audit)):
        for action in sorted(actions):
            yield Asked("audit", who, Request(action, ""))


def policy_replay(config: Config, rules: RuleOptions, files: Sequence[Path], policies: Sequence[Policy]) -> Replay:
    """What the policies make of our own calls and, where there are snapshots, of those that they hold and of the
    commands that fix what ``rules`` find in them. Raises SnapshotError, ConfigError."""
    if not files:
        return replay(policies, our_calls(()), RecordedCalls((), 0, (), collected=True))
    choice = choose(config, rules)
    with without_secrets(files) as masked:
        report = evaluate(masked, choice.rules, evaluate_options(choice))
        return replay(policies, our_calls(report.root_causes), recorded_calls(masked))
