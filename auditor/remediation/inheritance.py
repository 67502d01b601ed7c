"""Where a setting is held, what of it must be known before it is changed, and which call changes it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from auditor.model.paths import value_at
from auditor.model.resource import ResourceRef
from auditor.remediation.raw_documents import Document
from auditor.remediation.shell import UnusableError, word
from auditor.remediation.steps import Step
from auditor.resolve.raw_schema import MEANINGFUL_MEMBERS
from auditor.studio.resource_types import BY_KIND


def on_purpose(own: Document, step: Step) -> bool:
    """Whether the profile sets the structure that the setting lies in, so that it may replace the domain's."""
    if not step.nested:
        return False
    structure = own.structure(step.top)
    meaningful = MEANINGFUL_MEMBERS.get(step.top.partition(".")[2])
    if structure is None:
        return False
    return any(m in structure for m in meaningful) if meaningful else True


def replaces(step: Step) -> bool:
    """Whether a profile's structure that holds this member alone may replace the domain's."""
    meaningful = MEANINGFUL_MEMBERS.get(step.top.partition(".")[2])
    return not meaningful or step.path.split(".")[2].removesuffix("[]") in meaningful


def demand_whole(document: Document, step: Step) -> None:
    if (step.nested or step.action != "set") and not document.whole(step.top):
        member = step.top.partition(".")[2] or step.top
        raise UnusableError(
            f"No command: not every member of {member} could be seen (see the gaps), and one that is not sent might be"
            " lost. Audit with the newest boto3 and the permissions of docs/permissions.md."
        )


def value_of(document: Document, path: str) -> Any:
    return value_at(document.members, path)


def call(resource: ResourceRef) -> list[str]:
    call, type_ = ["aws", "sagemaker"], BY_KIND[resource.type]
    place = ["--region", word(resource.region), "--domain-id", word(resource.domain_id)]
    if not type_.in_domain:
        return [*call, type_.update, *place]
    return [*call, type_.update, *place, f"--{type_.option}", word(resource.name)]


def domain_ref(resource: ResourceRef) -> ResourceRef:
    """The domain that a resource belongs to."""
    partition = resource.arn.split(":", 2)[1] if resource.arn.startswith("arn:") else "aws"
    live = bool(resource.arn)
    return _domain(partition, resource.account, resource.region, resource.domain_id, resource.domain_name, live)


@lru_cache(maxsize=1024)
def _domain(partition: str, account: str, region: str, domain_id: str, name: str, live: bool) -> ResourceRef:
    arn = f"arn:{partition}:sagemaker:{region}:{account}:domain/{domain_id}" if live else ""
    return ResourceRef("domain", domain_id, name or domain_id, account, region, arn, domain_id, name)
