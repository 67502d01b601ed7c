"""auditor.yaml: an organisation's own settings of the audit, read strictly.

``Config`` and ``ConfigChoice`` are imported when they are first used: which file counts can be asked without all that
reading it takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["Config", "ConfigChoice"]

if TYPE_CHECKING:
    from auditor.config.find_config import ConfigChoice
    from auditor.config.load_config import Config
else:
    _HOMES = {"Config": "load_config", "ConfigChoice": "find_config"}

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module 'auditor.config' has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(f"auditor.config.{_HOMES[name]}"), name)
