"""Images of the account's own that Studio's apps start from: where they are named, and what identifies one.

An image is NAME (its newest version), NAME/VERSION or NAME@ALIAS. Those of another account, AWS's own among them,
cannot be described. Sources: API_CustomImage, API_ResourceSpec, API_DescribeImageVersion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from auditor.model.paths import value_at
from auditor.model.snapshot import Kind
from auditor.studio.arns import account_of

#: Lists of custom images, by kind of document; and structures that name the image of one app. Those of Studio Classic
#: are left out: nobody can create such an app any longer.
CUSTOM_IMAGES: Mapping[Kind, tuple[str, ...]] = {
    "domain": (
        "DefaultUserSettings.JupyterLabAppSettings.CustomImages",
        "DefaultUserSettings.CodeEditorAppSettings.CustomImages",
        "DefaultSpaceSettings.JupyterLabAppSettings.CustomImages",
    ),
    "user_profile": (
        "UserSettings.JupyterLabAppSettings.CustomImages",
        "UserSettings.CodeEditorAppSettings.CustomImages",
    ),
}
STARTED_FROM: Mapping[Kind, tuple[str, ...]] = {
    "space": (
        "SpaceSettings.JupyterLabAppSettings.DefaultResourceSpec",
        "SpaceSettings.CodeEditorAppSettings.DefaultResourceSpec",
    ),
    "app": ("ResourceSpec",),
}
#: What the status of an image version is that DescribeImageVersion does not find.
NOT_FOUND = "NOT_FOUND"
_VERSION, _IMAGE = re.compile(r":image-version/(.+)$"), re.compile(r":image/(.+)$")
_ID = re.compile(r"(?P<name>[^/@]+)(?:/(?P<version>\d+)|@(?P<alias>.+))?")


def named_images(kind: Kind, document: Mapping[str, Any], account: str) -> Iterator[str]:
    """Images of the account that a document names."""
    for path in CUSTOM_IMAGES.get(kind, ()):
        listed = value_at(document, path)
        for image in listed if isinstance(listed, list) else ():
            name = image.get("ImageName") if isinstance(image, Mapping) else None
            if isinstance(name, str) and name:
                version = image.get("ImageVersionNumber")
                yield f"{name}/{version}" if isinstance(version, int) else name
    for path in STARTED_FROM.get(kind, ()):
        spec = value_at(document, path)
        found = _started_from(spec, account) if isinstance(spec, Mapping) else ""
        if found:
            yield found


def _started_from(spec: Mapping[str, Any], account: str) -> str:
    """The version counts before the image (API_ResourceSpec); ``None`` is what clears it."""
    version, image, alias = (
        value if isinstance(value, str) else ""
        for value in map(spec.get, ("SageMakerImageVersionArn", "SageMakerImageArn", "SageMakerImageVersionAlias"))
    )
    exact, newest = _VERSION.search(version), _IMAGE.search(image)
    if exact:
        return exact[1] if account_of(version) == account else ""
    if newest is None or account_of(image) != account:
        return ""
    return f"{newest[1]}@{alias}" if alias else newest[1]


def request_for(image: str) -> Mapping[str, Any]:
    """The request of DescribeImageVersion. Raises ValueError for what names no image."""
    found = _ID.fullmatch(image)
    if found is None:
        raise ValueError(f"{image!r} is not an image")
    request: dict[str, Any] = {"ImageName": found["name"]}
    if found["version"]:
        request["Version"] = int(found["version"])
    elif found["alias"]:
        request["Alias"] = found["alias"]
    return request
