"""What to do with a command or a snippet in which a secret is masked: where the value itself can be read."""

from __future__ import annotations

import re
from dataclasses import replace

from auditor.masking import MASK
from auditor.model.finding import FindingRemediation
from auditor.model.resource import ResourceRef
from auditor.remediation.shell import UnusableError, word

#: How every mask begins.
_BEGIN = "[masked:"
#: What a command changes or tags, and what shows what that holds.
_CHANGES = re.compile(r"aws sagemaker (update-domain|update-user-profile|update-space|add-tags)\b")


def where_masked(remedy: FindingRemediation, resource: ResourceRef) -> FindingRemediation:
    """The remediation, with a note where its command or a snippet holds a masked value."""
    texts = (remedy.aws, remedy.aws_only_here, remedy.cloudformation, remedy.terraform)
    held = [text for text in texts if _BEGIN in text]
    if not any(MASK.search(text) for text in held):
        return remedy
    if not (MASK.search(remedy.aws) or MASK.search(remedy.aws_only_here)):
        said = "The snippet holds secrets as [masked:…]: leave in the template what stands there."
    else:
        reading = _reading(remedy.aws, resource)
        said = (
            "Don't run the command as it is: [masked:…] stands for a secret. Put in the value that AWS holds"
            + (f", which this prints: {reading}" if reading else "")
            + ". A secret belongs into AWS Secrets Manager, not into a setting that every user of the domain can read."
        )
    return replace(remedy, note=f"{said} {remedy.note}".strip())


def _reading(command: str, resource: ResourceRef) -> str:
    """The call that prints what the command changes; empty where its names cannot be written as words."""
    found = _CHANGES.search(command)
    what = found[1] if found else ""
    try:
        region = f" --region {word(resource.region)}" if resource.region else ""
        if what == "add-tags" and resource.arn:
            return f"aws sagemaker list-tags --resource-arn {word(resource.arn)}{region}"
        domain = f"--domain-id {word(resource.domain_id or resource.id)}"
        if what == "update-domain":
            return f"aws sagemaker describe-domain {domain}{region}"
        if what == "update-user-profile":
            return f"aws sagemaker describe-user-profile {domain} --user-profile-name {word(resource.name)}{region}"
        if what == "update-space":
            return f"aws sagemaker describe-space {domain} --space-name {word(resource.name)}{region}"
    except UnusableError:
        pass
    return ""
