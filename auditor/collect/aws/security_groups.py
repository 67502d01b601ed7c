"""The security groups that Studio's apps have: those of domains, user profiles and shared spaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from auditor.collect.aws.answers import text
from auditor.collect.aws.domain_networks import filtered, texts
from auditor.collect.aws.evidence_request import EvidenceRequest
from auditor.collect.aws.run import Run
from auditor.collect.aws.security_group_fields import trimmed_group
from auditor.model.snapshot import Kind

_OPERATION = "DescribeSecurityGroups"
#: Structures of domains and user profiles, and their members that name security groups.
_NAMED: Mapping[Kind, Mapping[str, str]] = {
    "domain": {"DefaultUserSettings": "SecurityGroups", "DefaultSpaceSettings": "SecurityGroups",
               "DomainSettings": "SecurityGroupIds"},
    "user_profile": {"UserSettings": "SecurityGroups"},
}  # fmt: skip


def collect(run: Run, request: EvidenceRequest) -> None:
    for region in request.regions:
        run.tasks.submit(_groups, run, region)


def _groups(run: Run, region: str) -> None:
    """By filter, so that a group which is gone is no error."""
    ids = sorted(set(_in_use(run, region)))
    for asked in filtered("group-id", ids):
        with run.reading([region], "security_group", _OPERATION):
            for page in run.pages("ec2", region, _OPERATION, asked, "SecurityGroups"):
                for group in page["SecurityGroups"]:
                    with run.reading([region], "security_group", _OPERATION):
                        run.keep(region, "security_group", text(group["GroupId"]), trimmed_group(group))


def _in_use(run: Run, region: str) -> Iterator[str]:
    for kind, members in _NAMED.items():
        for record in run.each(kind, region):
            for structure, member in members.items():
                settings = record.document.get(structure)
                if isinstance(settings, Mapping):
                    yield from texts(settings.get(member))
