"""What can still be done with a domain, user profile or space in each status.

Statuses: botocore's DomainStatus, UserProfileStatus and SpaceStatus. What they allow: developer guide, "Amazon
SageMaker AI domain status": a Failed domain is deleted and created again; one that is Delete_Failed can be neither used
nor updated, and DeleteDomain is called again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

#: Statuses in which no update is accepted any more, and what to do instead; ``{what}`` is the resource.
NO_UPDATE: Mapping[str, str] = {
    "Failed": "{what} could not be created and can't be updated: delete it and create it again",
    "Delete_Failed": "{what} could not be deleted and can't be updated: remove what it still holds and delete it again",
    "Deleting": "{what} is being deleted",
}
#: Statuses of what was never made, or never went away.
FAILED = ("Failed", "Delete_Failed")
#: Statuses that end by themselves; until then an update is refused.
IN_PROGRESS = ("Pending", "Updating")
#: The last update failed: the resource still works with its earlier settings, and can be updated again.
UPDATE_FAILED = "Update_Failed"
#: Whose running apps stand against a change.
RunningApps = Literal["all", "of user profiles", "of shared spaces"]
#: Settings of a domain that AWS changes only while none of these apps runs. Sources: API_UpdateDomain
#: (AppNetworkAccessType; SubnetIds, where some are removed), API_DomainSettings (ExecutionRoleIdentityConfig), and the
#: developer guide, "Edit domain settings" (both execution roles).
ONLY_WITHOUT_APPS: Mapping[str, RunningApps] = {
    "AppNetworkAccessType": "all",
    "SubnetIds": "all",
    "DomainSettings.ExecutionRoleIdentityConfig": "all",
    "DefaultUserSettings.ExecutionRole": "of user profiles",
    "DefaultSpaceSettings.ExecutionRole": "of shared spaces",
}
#: Statuses of an app that runs.
RUNNING = ("InService", "Pending")
