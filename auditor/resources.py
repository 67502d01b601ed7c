"""Where the built-in rules and templates are: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from pathlib import Path

from auditor.errors import AuditorError

_PACKAGE = Path(__file__).resolve().parent


def _find(installed: str, checkout: str) -> Path:
    for place in (_PACKAGE / "_data" / installed, _PACKAGE.parent / checkout):
        if place.is_dir():
            return place
    raise AuditorError(
        f"the installation is incomplete: {installed} are missing", hint="Install sagemaker-studio-auditor again."
    )


def rules_dir() -> Path:
    """Folder of the built-in rules."""
    return _find("rules", "rules")


def templates_dir() -> Path:
    """Folder of the report templates."""
    return _find("templates", "reports/templates")


def deploy_dir() -> Path:
    """Folder of the files that ``auditor init`` writes."""
    return _find("deploy", "deploy")


def checkov_checks_dir() -> Path:
    """Folder for checkov's ``--external-checks-dir``."""
    return _PACKAGE / "checkov" / "checks"
