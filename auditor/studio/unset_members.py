"""Members of which it is known that they are not set where a template's language cannot express them."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.model.snapshot import Kind
from auditor.studio.settings import DOMAIN_USER_ROOT, USER_PROFILE_ROOT
from auditor.studio.template_types import Part

_ALIAS = "DefaultResourceSpec.SageMakerImageVersionAlias"
_NO_ALIAS = "the service starts the image's newest version where nobody names one (API_ResourceSpec)"
#: Members that, where a language cannot express them, are known to be unset all the same, and why.
UNSET_WHERE_NOT_EXPRESSIBLE: Mapping[Kind | Part, Mapping[str, str]] = {
    "domain": {
        "DomainSettings.UnifiedStudioSettings.ProjectId": "SageMaker Unified Studio makes its domains itself; a"
        " language that cannot write the member cannot make one",
        "DomainSettings.UnifiedStudioSettings.StudioWebPortalAccess": "without a project it has no meaning",
        "HomeEfsFileSystemCreation": "CreateDomain defaults to Enabled, and UpdateDomain can enable an EFS later but"
        " never disable it (API_CreateDomain)",
        "HomeEfsFileSystemId": "AWS gives it when the domain is made",
        "DomainSettings.IpAddressType": "a domain for which nobody says it has IPv4 addresses (API_DomainSettings)",
        f"{DOMAIN_USER_ROOT}.JupyterLabAppSettings.{_ALIAS}": _NO_ALIAS,
        f"{DOMAIN_USER_ROOT}.CodeEditorAppSettings.{_ALIAS}": _NO_ALIAS,
        f"DefaultSpaceSettings.JupyterLabAppSettings.{_ALIAS}": _NO_ALIAS,
    },
    "user_profile": {
        f"{USER_PROFILE_ROOT}.JupyterLabAppSettings.{_ALIAS}": _NO_ALIAS,
        f"{USER_PROFILE_ROOT}.CodeEditorAppSettings.{_ALIAS}": _NO_ALIAS,
    },
    "space": {
        f"SpaceSettings.JupyterLabAppSettings.{_ALIAS}": _NO_ALIAS,
        f"SpaceSettings.CodeEditorAppSettings.{_ALIAS}": _NO_ALIAS,
    },
    "app": {
        "ResourceSpec.SageMakerImageVersionAlias": _NO_ALIAS,
        "SpaceName": "an app is a profile's or a space's; where it cannot be a space's it is a profile's",
    },
}
