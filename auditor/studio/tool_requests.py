"""What the tools of Studio ask of a role, as requests that ``auditor.iam`` answers.

For live accounts IAM's policy simulator is asked about the same actions (``auditor.studio.tools``). A template's roles
are evaluated from their documents.
"""

from __future__ import annotations

from collections.abc import Mapping

from auditor.iam.capabilities import Ask
from auditor.iam.context import Known, Value
from auditor.studio.tools import APP_ARN_PARTS, CREATE_APP, TOOL_ACTIONS, app_action, simulated_arns

DOMAIN, _PROFILE = "d-any", "any"
#: Context keys of CreateApp in a private space of one's own, which JupyterLab and Code Editor need. Source: Service
#: Authorization Reference, "Condition keys for Amazon SageMaker", and the developer guide's "Private spaces" policies.
OWN_SPACE: Mapping[str, Value] = {
    "sagemaker:SpaceSharingType": ("Private",),
    "sagemaker:OwnerUserProfileArn": (
        f"arn:{{partition}}:sagemaker:{{region}}:{{account}}:user-profile/{DOMAIN}/{_PROFILE}",
    ),
    "sagemaker:DomainId": (DOMAIN,),
    "sagemaker:UserProfileName": (_PROFILE,),
}
#: An app of a user profile lies in no space.
_NO_SPACE: Mapping[str, Value] = {
    "sagemaker:SpaceSharingType": Known.ABSENT,
    "sagemaker:OwnerUserProfileArn": Known.ABSENT,
    "sagemaker:DomainId": (DOMAIN,),
    "sagemaker:UserProfileName": (_PROFILE,),
}
_IN_SPACES = ("JupyterLab", "CodeEditor")


def _requests() -> Mapping[str, tuple[Ask, ...]]:
    arns = simulated_arns("{partition}", "{account}", "{region}")
    found: dict[str, tuple[Ask, ...]] = {
        app_action(app): (
            Ask(
                CREATE_APP,
                f"arn:{{partition}}:sagemaker:{{region}}:{{account}}:app/{DOMAIN}/{_PROFILE}/{part}/default",
                OWN_SPACE if app in _IN_SPACES else _NO_SPACE,
                f"/{part}/",
            ),
        )
        for app, part in APP_ARN_PARTS.items()
    }
    for actions in TOOL_ACTIONS.values():
        for action in actions:
            found[action] = tuple(Ask(action, arn) for arn in arns[action] or ("*",))
    return found


#: Representative action → the requests that show it. CreateApp is there by app type.
TOOL_REQUESTS: Mapping[str, tuple[Ask, ...]] = _requests()
