"""Policy-as-code compliance auditor for Amazon SageMaker Studio.

From a program: ``audit``, ``scan`` and ``check`` give a frozen ``Report``; docs/api.md shows them in use. They are
imported when they are first used, so that ``import auditor`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.version import __version__

__all__ = [
    "AuditorError",
    "AwsOptions",
    "CollectError",
    "ConfigError",
    "Finding",
    "Options",
    "Report",
    "SnapshotError",
    "TemplateOptions",
    "__version__",
    "audit",
    "check",
    "scan",
]

if TYPE_CHECKING:
    from auditor.errors import AuditorError, CollectError, ConfigError, SnapshotError
    from auditor.model.finding import Finding
    from auditor.model.report import Report
    from auditor.run.api import Options, audit, check, scan
    from auditor.run.run_options import AwsOptions, TemplateOptions
else:
    #: Where each public name lies.
    _HOMES = {
        "AuditorError": "errors",
        "AwsOptions": "run.run_options",
        "CollectError": "errors",
        "ConfigError": "errors",
        "Finding": "model.finding",
        "Options": "run.api",
        "Report": "model.report",
        "SnapshotError": "errors",
        "TemplateOptions": "run.run_options",
        "audit": "run.api",
        "check": "run.api",
        "scan": "run.api",
    }

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module 'auditor' has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f"auditor.{_HOMES[name]}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
