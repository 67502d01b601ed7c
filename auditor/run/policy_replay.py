"""What policies make of calls: of those that an audit, the nightly deployment and a report's commands make, and of
those that snapshots hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from operator import itemgetter
from pathlib import Path

from auditor.collect.aws.specs import permissions
from auditor.config import Config
from auditor.deliver.security_hub import PERMISSIONS as SENDING
from auditor.evaluate.alike_findings import PLAIN_NAME
from auditor.evaluate.cause_groups import CauseGroups, Singles
from auditor.iam.capabilities import IAM_REGIONS
from auditor.iam.context import Context
from auditor.iam.documents import Policy
from auditor.iam.evaluation import Request
from auditor.model.finding import RootCause
from auditor.org.account_policies import hub_policy, organization_policy
from auditor.remediation.command_request import api_call
from auditor.remediation.command_text import UnreadableError, may_be_run, read_call
from auditor.run.nightly_actions import listed, nightly_actions
from auditor.run.run_options import RuleOptions
from auditor.run.selection import choose
from auditor.run.what_if_sides import FirstSide, first_side, groups_of
from auditor.store.masked_copies import without_secrets
from auditor.store.snapshot_reader import SnapshotReader
from auditor.studio.api_requests import request_of
from auditor.studio.partitions import home_region, partition_of
from auditor.temporary_files import workspace
from auditor.whatif.replay import AlikeCalls, Asked, RecordedCalls, Replay, recorded_calls, replay, unmasked

#: Services that an audit asks in each Region that it audits, and those that answer in one Region of a partition, where
#: IAM does. Others lie where an organization has put them.
_IN_EACH = frozenset(
    {"cloudtrail", "cloudwatch", "ec2", "events", "kms", "logs", "sagemaker", "servicequotas", "tag"}
)  # fmt: skip
_IN_ONE = frozenset({"ce", "iam", "organizations"})
#: Who makes an audit's calls.
AUDIT = "the audit"
_REGION_KEY = "aws:requestedregion"


def calls_of(
    groups: CauseGroups, policies: Sequence[Policy] = (), regions: Sequence[str] = ()
) -> Iterator[Asked | AlikeCalls]:
    """The commands of a report, and what an audit of the Regions calls. Of commands that only their resources tell
    apart the first and the last are made."""
    made, singles = groups.together()
    yield from _commands(made)
    for one in (one for one in singles if one.has_command):
        ends = list(_commands(groups.ends(one)))
        if len(ends) == min(one.alike.number, 2) and len({_beside_resource(call) for call in ends}) == 1:
            yield AlikeCalls(ends[0], one.alike.number, partial(_each, groups, one, ends))
        else:
            yield from _commands(groups.of(one))
    yield from our_calls(policies, regions)


def groups_with_commands(first: FirstSide) -> CauseGroups:
    """The root causes of those rules that may have a command which can be run: no other has one that is tried."""
    return groups_of(first, [rule for rule in first.side.rules if may_be_run(rule.remediation)])


def regions_of(files: Sequence[Path]) -> tuple[str, ...]:
    """The Regions that snapshots are of. Raises SnapshotError."""
    return tuple(sorted({scope.region for file in files for scope in SnapshotReader(file).header.scopes}))


def _each(groups: CauseGroups, singles: Singles, ends: Sequence[Asked]) -> Iterator[Asked]:
    """The commands by their resources' names, where a name stands in a command as it is; else each is made."""
    first, names = ends[0], groups.names(singles)
    made = [(replace(first.request, resource=name.arn or ""), id_, name) for name, id_ in names]
    begins = first.request.resource.removesuffix(names[0][0].id) if names else ""
    if (
        len(made) == singles.alike.number
        and all(request.resource == begins + name.id and PLAIN_NAME.fullmatch(name.name) for request, _, name in made)
        and [request.resource for request, _, _ in (made[0], made[-1])][: len(ends)]
        == [e.request.resource for e in ends]
    ):
        rule_id = singles.rows.rule.id
        return (Asked("remediation", f"{rule_id} {id_}", request) for request, id_, _ in made)
    return _commands(groups.of(singles))


def _beside_resource(call: Asked) -> str:
    request = call.request
    return repr((request.action, sorted(request.context.values.items(), key=itemgetter(0)), request.context.closed))


def _commands(causes: Iterable[RootCause]) -> Iterator[Asked]:
    for cause in causes:
        try:
            command = read_call(cause.remediation.aws if cause.remediation else "")
        except UnreadableError:
            continue
        where = cause.resource
        region = home_region(where.arn) if where.type == "execution_role" else where.region
        call = api_call(command, where.account, region, where.arn if where.type == "execution_role" else "")
        yield Asked("remediation", f"{cause.rule_id} {cause.id}", unmasked(request_of(call)))


def our_calls(policies: Sequence[Policy] = (), regions: Sequence[str] = ()) -> Iterator[Asked]:
    """All that an audit and the roles of the nightly deployment call: of those no resource is known, and not who runs
    it. Where a policy asks for the Region of a call, and it is known which ones are audited, one call for each."""
    by_region = any(c.key.lower() == _REGION_KEY for p in policies for s in p.statements for c in s.conditions)
    written = (permissions(), organization_policy(), hub_policy())
    audit = {a for p in written for s in p["Statement"] for a in listed(s["Action"])} | set(SENDING)
    for who, actions in ((AUDIT, audit), ("the nightly deployment", nightly_actions() - audit)):
        for action in sorted(actions):
            made = _places(action, regions) if by_region and who == AUDIT else ()
            yield from (
                Asked("audit", f"{who} in {region}", Request(action, "", Context({_REGION_KEY: (region,)})))
                for region in made
            )
            if not made:
                yield Asked("audit", who, Request(action, ""))


def _places(action: str, regions: Sequence[str]) -> Sequence[str]:
    """The Regions in which an audit makes a call; none where that can't be told."""
    service = action.partition(":")[0]
    if service in _IN_ONE:
        return sorted({place for r in regions if (place := IAM_REGIONS.get(partition_of(r))) is not None})
    return regions if service in _IN_EACH else ()


def policy_replay(config: Config, rules: RuleOptions, files: Sequence[Path], policies: Sequence[Policy]) -> Replay:
    """What the policies make of our own calls and, where there are snapshots, of those that they hold and of the
    commands that fix what ``rules`` find in them. Raises SnapshotError, ConfigError."""
    if not files:
        return replay(policies, our_calls(), RecordedCalls((), 0, (), collected=True))
    choice = choose(config, rules)
    with without_secrets(files) as masked, workspace("replay") as folder:
        groups = groups_with_commands(first_side(config, choice, masked, folder))
        return replay(policies, calls_of(groups, policies, regions_of(masked)), recorded_calls(masked))
