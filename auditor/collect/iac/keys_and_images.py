"""KMS keys of domains, and image versions that user profiles can start from, as far as the root makes them itself.

Each record bears the text by which a domain or a user profile names the resource: by that it is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from auditor.collect.iac.interface import Reference, Resource, Unknown
from auditor.collect.iac.scope import OWN_ACCOUNT, Scope, split
from auditor.model.snapshot import Kind, Record
from auditor.studio.images import CUSTOM_IMAGES, named_images

#: The address of a repository in Amazon ECR that the root makes; of CloudFormation's, if the resource is one.
_REPOSITORY = re.compile(
    r"^\$\{(?:(?P<own>[^}]+)\.RepositoryUri|(?:module\.[^}]+\.)?aws_ecr_repository\.[^}]+\.repository_url"
    r"|(?:module\.[^}]+\.)?awscc_ecr_repository\.[^}]+\.repository_uri)\}"
)
_REFERENCE = re.compile(r"^\$\{([^}]+)\}")
_ECR = re.compile(r"^(\d{12})\.dkr\.ecr[.-]")


def records(scope: Scope) -> list[Record]:
    return [*_keys(scope), *_images(scope)]


def _keys(scope: Scope) -> Iterator[Record]:
    """A key is enabled, and not rotated, unless somebody says so (AWS::KMS::Key; API_CreateKey)."""
    seen = set[str]()
    for domain in scope.of("domain"):
        value = scope.raw(domain, "KmsKeyId")
        address = scope.address_of(value, "kms_key")
        if not isinstance(value, Reference) or address is None or value.text in seen:
            continue
        seen.add(value.text)
        key = scope.by_address[address]
        if key.doubt is not None:
            continue
        members, gaps = split(scope.read(key).members)
        found: dict[str, Any] = {"KeyManager": "CUSTOMER"}
        if "Enabled" not in gaps:
            found["KeyState"] = "Enabled" if members.get("Enabled", True) else "Disabled"
        if "EnableKeyRotation" not in gaps:
            found["KeyRotationEnabled"] = members.get("EnableKeyRotation", False)
        unknown = {"KeyState": gaps.get("Enabled"), "KeyRotationEnabled": gaps.get("EnableKeyRotation")}
        yield scope.record("kms_key", key, value.text, found, {k: v for k, v in unknown.items() if v is not None})


def _images(scope: Scope) -> Iterator[Record]:
    """An image version that the root makes, where it makes one of the image, or all of them are alike. Of an image that
    is there already that is the newest; which number it has is not known."""
    made: dict[str, list[tuple[Resource, dict[str, Any]]]] = {}
    for version in scope.of("image_version"):
        document = _version(scope, version)
        made.setdefault(_image(scope, _text(scope.raw(version, "ImageName"))), []).append((version, document))
    own = {image.address for image in scope.of("image")}
    for named in sorted(_named(scope)) if made else ():
        name, _, number = named.partition("/")
        image = _image(scope, name)
        versions = made.get(image, []) if image in own or not number else []
        if versions and all(document == versions[0][1] for _, document in versions):
            resource, document = versions[0]
            yield scope.record("image_version", resource, named, document)


def _named(scope: Scope) -> set[str]:
    kinds: tuple[Kind, ...] = tuple(CUSTOM_IMAGES)
    read = ((kind, scope.read(resource).members) for kind in kinds for resource in scope.of(kind))
    return {image for kind, members in read for image in named_images(kind, members, "")}


def _version(scope: Scope, version: Resource) -> dict[str, Any]:
    """SageMaker notes the container image with its digest when it makes the version (API_DescribeImageVersion)."""
    guidance = scope.read(version).members.get("VendorGuidance", "NOT_PROVIDED")
    if version.doubt is not None or isinstance(guidance, Unknown):
        return {}
    own = _own(scope, version, _text(scope.raw(version, "BaseImage")))
    return {"ImageVersionStatus": "CREATED", "VendorGuidance": guidance, "OwnRegistry": own}


def _own(scope: Scope, version: Resource, image: str) -> bool:
    """Whether the container image comes from the account's own Amazon ECR for certain. An account's number that stands
    in a template may be its own or another one."""
    account = _ECR.match(image)
    if account is not None:
        return bool(version.account) and account[1] == version.account
    repository = _REPOSITORY.match(image)
    if repository is not None and repository["own"]:
        return scope.root.others.get(repository["own"]) == "AWS::ECR::Repository"
    return repository is not None or (image.startswith(OWN_ACCOUNT) and ".dkr.ecr" in image)


def _image(scope: Scope, name: str) -> str:
    """What tells one image of the root from another: the address of the image that a name or a reference means, else
    the name."""
    reference = _REFERENCE.match(name)
    for image in scope.of("image"):
        if scope.raw(image, "ImageName") == name:
            return image.address
        if reference is not None and f"{reference[1]}.".startswith(f"{image.address}."):
            return image.address
    return name


def _text(value: Any) -> str:
    """A text, a reference, or an expression of which a part is not known."""
    if isinstance(value, Reference):
        return value.text
    return value.expression if isinstance(value, Unknown) else str(value)
