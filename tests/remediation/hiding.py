"""A rule whose remediation hides an application, and what its findings print."""

from __future__ import annotations

import json
import shlex
from typing import Any

from auditor.model.finding import FindingRemediation
from auditor.model.report import Report
from auditor.model.snapshot import Record
from tests.evaluate.helpers import changed, domain

PORTAL = "UserSettings.StudioWebPortalSettings"


def hides(what: dict[str, Any] | None = None, **remediation: Any) -> str:
    """A rule that wants JupyterServer hidden."""
    fix = {"steps": "s", "set": {f"{PORTAL}.HiddenAppTypes": what or {"add": ["JupyterServer"]}}, **remediation}
    return changed(
        table="user_profile", require="list_contains(hidden_app_types, 'JupyterServer')", message="{name}",
        remediation=fix, cases=[{"given": {"hidden_app_types": []}, "then": "fail"}],
    )  # fmt: skip


def of(**settings: Any) -> Record:
    """A domain with default user settings."""
    return domain("d-1", {"DefaultUserSettings": settings})


def fix_of(report: Report, name: str) -> FindingRemediation:
    (finding,) = [f for f in report.findings if f.resource.name == name]
    assert finding.remediation is not None
    return finding.remediation


def sent(command: str) -> tuple[list[str], dict[str, Any]]:
    """The words of a command, and the settings that it sends."""
    *words, settings = shlex.split(command)
    return words, json.loads(settings)


ALL = {
    "HiddenAppTypes": ["Canvas"],
    "HiddenMlTools": ["Models"],
    "HiddenInstanceTypes": ["ml.g5.48xlarge"],
    "HiddenSageMakerImageVersionAliases": [{"SageMakerImageName": "own", "VersionAliases": ["1"]}],
    "ExecutionRoleSessionNameMode": "STATIC",
}
