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
from auditor.evaluate.cause_groups import CauseGroups
from auditor.evaluate.single_causes import SingleNames, Singles
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
from auditor.sql_text import literal
from auditor.store.masked_copies import without_secrets
from auditor.store.snapshot_reader import SnapshotReader
from auditor.studio.api_requests import request_of
from auditor.studio.partitions import home_region, partition_of
from auditor.temporary_files import workspace
from auditor.whatif.replay import AlikeCalls, Asked, RecordedCalls, Replay, SameAnswer, recorded_calls, replay, unmasked

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
    singles = [one for one in singles if one.has_command]
    tests = _tests(policies)
    names = SingleNames(singles, tests) if tests is not None else None
    yield from _commands(made)
    for one in singles:
        ends = list(_commands(groups.ends(one)))
        wanted = 1 if one.differ_in_name else min(one.alike.number, 2)
        if len(ends) == wanted and len({_beside_resource(call) for call in ends}) == 1:
            yield AlikeCalls(ends[0], one.alike.number, partial(_each, groups, names, one, ends))
        else:
            yield from _commands(groups.of(one))
    yield from our_calls(policies, regions)


def groups_with_commands(first: FirstSide) -> CauseGroups:
    """The root causes of those rules that may have a command which can be run: no other has one that is tried."""
    rules = [rule for rule in first.side.rules if may_be_run(rule.remediation)]
    return groups_of(first, rules, commands_only=True)


def regions_of(files: Sequence[Path]) -> tuple[str, ...]:
    """The Regions that snapshots are of. Raises SnapshotError."""
    return tuple(sorted({scope.region for file in files for scope in SnapshotReader(file).header.scopes}))


def _each(
    groups: CauseGroups, names: SingleNames | None, singles: Singles, ends: Sequence[Asked]
) -> Iterable[Asked | SameAnswer]:
    """The commands by their resources' names, where a name stands in a command as it is; else each is made."""
    first, alike = ends[0], singles.alike
    start = first.request.resource.removesuffix(alike.first["id"])
    classes = names.classes(singles) if names is not None else []
    if (
        names is None
        or sum(one.number for one in classes) != alike.number
        or any(one.start != start for one in classes)
        or [start + row["id"] for row in (alike.first, alike.last)][: len(ends)] != [e.request.resource for e in ends]
    ):
        return _commands(groups.of(singles))

    def called(passed: tuple[bool, ...]) -> Iterator[Asked]:
        for arn, id_ in names.of(singles, passed):
            yield Asked("remediation", f"{singles.rows.rule.id} {id_}", replace(first.request, resource=arn))

    return [
        SameAnswer(replace(first, request=replace(first.request, resource=one.arn)), one.number,
                   partial(called, one.passed))
        for one in classes
    ]  # fmt: skip


def _tests(policies: Sequence[Policy]) -> list[str] | None:
    """Of each statement whether it is about a row's ARN, in SQL; None where that hangs on what else a request holds."""
    elements = [s.resources for p in policies for s in p.statements if s.resources is not None]
    tests: list[str] = []
    for one in elements:
        patterns = [p.regular for p in one.patterns if p.regular is not None]
        if not one.whole or len(patterns) != len(one.patterns):
            return None
        met = " or ".join(f"regexp_full_match(r.arn, {literal(text)})" for text in patterns) or "false"
        tests.append(f"{'not ' if one.negated else ''}({met})")
    return tests


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
