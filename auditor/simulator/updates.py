"""What an update does to a stored document, and what AWS refuses.

Documented: a settings structure cannot be unset by an update that does not name it, nor can its execution role
("Edit domain settings", developer guide), so members that are not named stay. What becomes of the other members of a
structure *inside* it when one of them is named, AWS does not say: ``Nested`` chooses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, Literal

from auditor.simulator.wire import in_use, invalid

Document = dict[str, Any]

#: ``replace``: a structure that is sent replaces the stored one whole. ``merge``: member by member, all the way down.
Nested = Literal["replace", "merge"]
#: Settings structures of a domain, a profile and a space; UpdateDomain takes DomainSettings under a name of its own.
_STRUCTURES = frozenset(
    {"DefaultUserSettings", "DefaultSpaceSettings", "DomainSettings", "UserSettings", "SpaceSettings"}
)
_STORED_AS = {"DomainSettingsForUpdate": "DomainSettings",
              "RStudioServerProDomainSettingsForUpdate": "RStudioServerProDomainSettings"}  # fmt: skip
#: States of an app in which AWS refuses to change what the app runs with.
_BUSY = ("InService", "Pending", "Deleting")


def updated(document: Mapping[str, Any], request: Mapping[str, Any], keys: Iterable[str], nested: Nested) -> Document:
    """The document after the update; ``keys`` of the request name the resource and are no settings."""
    changed = deepcopy(dict(document))
    for name, value in request.items():
        stored = _STORED_AS.get(name, name)
        if name in keys:
            continue
        if stored in _STRUCTURES:
            structure = changed.setdefault(stored, {})
            for member, inner in value.items():
                _put(structure, _STORED_AS.get(member, member), inner, nested)
        else:
            changed[stored] = deepcopy(value)
    return changed


def _put(structure: Document, name: str, value: Any, nested: Nested) -> None:
    if nested == "merge" and isinstance(value, Mapping) and isinstance(structure.get(name), Mapping):
        for member, inner in value.items():
            _put(structure[name], member, inner, nested)
    else:
        structure[name] = deepcopy(value)


def refuse_domain(old: Mapping[str, Any], new: Mapping[str, Any], apps: Iterable[Mapping[str, Any]]) -> None:
    """Raise what UpdateDomain answers where the change cannot be made. ``apps`` are the domain's.

    Sources: API_UpdateDomain (AppNetworkAccessType, SubnetIds, HomeEfsFileSystemCreation, VpcId), API_DomainSettings
    (ExecutionRoleIdentityConfig), "Edit domain settings" (both execution roles), API_UserSettings (SecurityGroups).
    """
    busy = [a for a in apps if a["Status"] in _BUSY]
    shared = [a for a in busy if a.get("SpaceName") and a.get("_shared")]

    def changes(*path: str) -> bool:
        return bool(_member(old, path) != _member(new, path))

    if changes("AppNetworkAccessType"):
        if _member(old, ("DomainSettings", "RStudioServerProDomainSettings", "DomainExecutionRoleArn")):
            raise invalid("AppNetworkAccessType cannot be updated on a domain with RStudio")
        if busy:
            raise in_use("AppNetworkAccessType cannot be updated while apps are InService, Pending or Deleting")
        if new["AppNetworkAccessType"] == "VpcOnly" and not _member(new, ("DefaultUserSettings", "SecurityGroups")):
            raise invalid("SecurityGroups are required in DefaultUserSettings when AppNetworkAccessType is VpcOnly")
    if set(old.get("SubnetIds", ())) - set(new.get("SubnetIds", ())) and busy:
        raise in_use("Subnets cannot be removed while apps are InService, Pending or Deleting")
    if changes("DomainSettings", "ExecutionRoleIdentityConfig") and busy:
        raise in_use("ExecutionRoleIdentityConfig cannot be modified while apps are InService or Pending")
    if changes("DefaultUserSettings", "ExecutionRole") and [a for a in busy if a not in shared]:
        raise in_use("DefaultUserSettings.ExecutionRole cannot be updated while apps of user profiles are running")
    if changes("DefaultSpaceSettings", "ExecutionRole") and shared:
        raise in_use("DefaultSpaceSettings.ExecutionRole cannot be updated while apps of shared spaces are running")
    if changes("HomeEfsFileSystemCreation") and new.get("HomeEfsFileSystemCreation") == "Disabled":
        raise invalid("HomeEfsFileSystemCreation cannot be changed from Enabled to Disabled")
    if changes("VpcId") and not _member(old, ("DomainSettings", "UnifiedStudioSettings")):
        raise invalid("VpcId can only be added to a domain of Amazon SageMaker Unified Studio")


def _member(document: Mapping[str, Any], path: Iterable[str]) -> Any:
    found: Any = document
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
