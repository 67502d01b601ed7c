"""Whose credentials these are, and which of the account's regions are audited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import botocore.config

from auditor.aws_credentials import FIRST_ANSWER
from auditor.collect.aws import call_errors
from auditor.collect.aws.answers import text
from auditor.collect.aws.call_errors import CALL_FAILED, OddAnswerError, understood
from auditor.collect.aws.ledger import Ledger
from auditor.collect.aws.session import Clients, explain
from auditor.deadline import DeadlineError, within
from auditor.errors import AuditorError, CollectError, ConfigError
from auditor.studio.partitions import HOME_REGIONS, partition_of

_QUICK = botocore.config.Config(
    connect_timeout=4, read_timeout=8, retries={"mode": "standard", "total_max_attempts": 2}
)
T = TypeVar("T")


def identify(clients: Clients, wanted: Sequence[str], ledger: Callable[[str], Ledger]) -> tuple[str, str, Ledger]:
    """(caller's ARN, a region that answers, the account's ledger).

    A region that the account has not enabled refuses good credentials. So the regions are asked one after another, and
    last the one of their partition that no account has to enable: their order has no meaning. Raises ConfigError for
    regions of several partitions, and as ``auditor.collect.aws.session`` lists them.
    """
    default = clients.default_region
    regions = list(dict.fromkeys([*([default] if default else []), *(r for r in wanted if r != "all")]))
    audited = [r for r in wanted if r != "all"] or regions
    partitions = {partition_of(region): region for region in audited}
    if len(partitions) > 1:
        raise ConfigError(
            f"{' and '.join(sorted(partitions.values()))} are in different AWS partitions"
            f" ({', '.join(sorted(partitions))})",
            hint="Credentials are good for one partition. Audit each with its own.",
        )
    partition = next(iter(partitions), "aws")
    for region in regions:
        clients.refuse_unknown(region)
    asked = [r for r in regions if partition_of(r) == partition]
    refused: AuditorError | None = None
    for region in dict.fromkeys((*asked, HOME_REGIONS[partition])):
        try:
            account, caller = _who(clients, region)
        except CALL_FAILED as error:
            refused = refused or _explained(error, region, regions)
            if call_errors.code(error) not in call_errors.NOT_ENABLED:
                raise refused from error
            continue
        found = ledger(account)
        found.called(region, "GetCallerIdentity", 0)
        return caller, region, found
    assert refused is not None, "there is always a region to ask"
    raise refused


def _explained(error: Exception, region: str, regions: Sequence[str]) -> AuditorError:
    told = explain(error, region)
    if not regions and call_errors.code(error) in call_errors.NOT_ENABLED:
        hint = "If they are for another partition (China, GovCloud), set AWS_DEFAULT_REGION to a Region of it."
        told.hint = f"{told.hint} {hint}"
    return told


def _who(clients: Clients, region: str) -> tuple[str, str]:
    client = clients.client("sts", region, _QUICK)
    answer = first(lambda: client.get_caller_identity(), "GetCallerIdentity")
    with understood("GetCallerIdentity"):
        return text(answer["Account"]), text(answer["Arn"])


def first(call: Callable[[], T], operation: str) -> T:
    """One of the calls that come before everything else. Raises CALL_FAILED's, or CollectError without an answer."""
    try:
        with understood(operation):
            return within(FIRST_ANSWER, call, operation)
    except DeadlineError as error:
        raise CollectError(
            f"AWS cannot be reached: {error}",
            hint="Check the network, the region's name and AWS_ENDPOINT_URL.",
            reason="unreachable",
        ) from error


def audited_regions(
    clients: Clients, wanted: tuple[str, ...], default: str | None, home: str, ledger: Ledger
) -> tuple[str, ...]:
    """The regions to audit, sorted: those that were named, the default one, or all enabled ones that have SageMaker.
    ``home`` is a region that answers."""
    if not wanted:
        return (default or home,)
    if wanted != ("all",):
        return tuple(sorted(set(wanted)))
    try:
        client = clients.client("ec2", home, _QUICK)
        answer = first(lambda: client.describe_regions(AllRegions=False), "DescribeRegions")
        with understood("DescribeRegions"):
            enabled = {text(r["RegionName"]) for r in answer["Regions"] if r.get("OptInStatus") != "not-opted-in"}
    except CALL_FAILED as error:
        ledger.called(home, "DescribeRegions", 0, error)
        if isinstance(error, OddAnswerError):
            raise explain(error, home) from error
        raise CollectError(
            f"--region all: the account's regions cannot be listed: {call_errors.message(error)}",
            hint="Allow ec2:DescribeRegions, or name the regions.",
            reason=call_errors.reason(error),
        ) from error
    ledger.called(home, "DescribeRegions", 0)
    known = clients.available_regions()
    return tuple(sorted(region for region in enabled if region in known))
