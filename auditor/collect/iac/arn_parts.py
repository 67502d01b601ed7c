"""Parts of ARNs that AWS makes up at deployment: a reference to the ARN is certain, and so are its documented parts.

Source: the Service Authorization Reference, "Actions, resources, and condition keys for Amazon SageMaker AI", resource
types: ``arn:PARTITION:sagemaker:REGION:ACCOUNT:user-profile/DOMAIN-ID/NAME``, ``space/DOMAIN-ID/NAME``, ``domain/ID``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from auditor.collect.iac.interface import Reference, Unknown, Value

#: By the attribute that is the ARN: the resource part's first word, and the attributes that follow it.
_CLOUDFORMATION: Mapping[str, tuple[str, ...]] = {
    "DomainArn": ("domain", "DomainId"),
    "UserProfileArn": ("user-profile", "DomainId", "UserProfileName"),
    "SpaceArn": ("space", "DomainId", "SpaceName"),
}
#: By Terraform's type; the aws provider's ids of profiles and spaces are their ARNs.
_TERRAFORM: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "aws_sagemaker_domain": (("arn",), ("domain", "id")),
    "aws_sagemaker_user_profile": (("arn", "id"), ("user-profile", "domain_id", "user_profile_name")),
    "aws_sagemaker_space": (("arn", "id"), ("space", "domain_id", "space_name")),
    "awscc_sagemaker_domain": (("domain_arn",), ("domain", "domain_id")),
    "awscc_sagemaker_user_profile": (("user_profile_arn",), ("user-profile", "domain_id", "user_profile_name")),
    "awscc_sagemaker_space": (("space_arn",), ("space", "domain_id", "space_name")),
}
_TYPE = re.compile(r"(?:^|\.)(aws(?:cc)?_sagemaker_[a-z_]+)\.[^.]+$")
_MADE_UP = "is known at deployment only"


def split_arn(reference: Reference, delimiter: str) -> list[list[Value]] | None:
    """The ARN that a reference means, split: each part as what it is put together of. None where that is not known."""
    word, *attributes = _parts(reference) or ("",)
    if not word or delimiter not in ("/", ":"):
        return None
    named: list[Value] = [Reference(reference.address, attribute) for attribute in attributes]
    if delimiter == "/":
        return [[Unknown(reference.text, f"the beginning of {reference.text} {_MADE_UP}")], *([name] for name in named)]
    resource: list[Value] = [word]
    for name in named:
        resource += ["/", name]
    partition, region, account = (
        [Unknown(reference.text, f"{part} of {reference.text} {_MADE_UP}")]
        for part in ("the partition", "the Region", "the account")
    )
    return [["arn"], partition, ["sagemaker"], region, account, resource]


def _parts(reference: Reference) -> tuple[str, ...] | None:
    match = _TYPE.search(re.sub(r"\[[^\]]*\]$", "", reference.address))
    if match is None:
        return _CLOUDFORMATION.get(reference.attribute)
    arns, parts = _TERRAFORM.get(match[1], ((), ()))
    return parts if reference.attribute in arns else None
