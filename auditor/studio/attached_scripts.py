"""Where a domain, a user profile, a space or an app names lifecycle configurations, by kind: API paths.

Those of Studio Classic's apps are left out: nobody can create such an app any more.
Source: API_JupyterLabAppSettings, API_CodeEditorAppSettings, API_ResourceSpec.
"""

from __future__ import annotations

from collections.abc import Mapping

from auditor.model.snapshot import Kind

_APPS = ("JupyterLabAppSettings", "CodeEditorAppSettings")


def _of(root: str, apps: tuple[str, ...]) -> tuple[str, ...]:
    members = ("LifecycleConfigArns", "DefaultResourceSpec.LifecycleConfigArn", "BuiltInLifecycleConfigArn")
    return tuple(f"{root}.{app}.{member}" for app in apps for member in members)


ATTACHED: Mapping[Kind, tuple[str, ...]] = {
    # DefaultSpaceSettings has no CodeEditorAppSettings (API_DefaultSpaceSettings).
    "domain": (*_of("DefaultUserSettings", _APPS), *_of("DefaultSpaceSettings", _APPS[:1])),
    "user_profile": _of("UserSettings", _APPS),
    "space": tuple(f"SpaceSettings.{app}.DefaultResourceSpec.LifecycleConfigArn" for app in _APPS),
    "app": ("ResourceSpec.LifecycleConfigArn",),
}


def is_list(path: str) -> bool:
    """Whether the member names several."""
    return path.endswith("Arns")
