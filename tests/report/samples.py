"""Reports for tests: of the embedded estates, and made hostile. Large ones are made by ``estate``."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

from auditor.model.report import Report

HOSTILE = "<img src=x onerror=alert(1)></script><script>alert()</script>\"'&{{7*7}}\u202e\x1b[31m\x02\u2028=cmd|'/C'!A0"
#: Not text of the account: identifiers that other parts of the report refer to, moments, and words of a closed set.
_KEPT = {
    "account", "region", "type", "kind", "fingerprint", "root_cause", "rule_id", "rules", "as_of", "previous", "state",
    "first_seen", "last_seen", "source", "layer", "reason", "table", "sha256", "tool_version", "scopes", "resources",
    "by_status", "by_severity", "cause", "counts", "date", "failed", "total", "practices", "paths",
}  # fmt: skip
#: Keys of resources: only their last part is text.
_KEYS = {"domains", "parents", "profile"}


def hostile(report: Report, *, rules: bool = False) -> Report:
    """The report with markup wherever a text of the account or a template can stand; ``rules``: of rule files too."""
    return replace(
        _hostile(report),
        rules=tuple(replace(_hostile(r), id=r.id) for r in report.rules) if rules else report.rules,
        root_causes=tuple(replace(_hostile(c), id=c.id) for c in report.root_causes),
    )


def text(original: str) -> str:
    """What becomes of a text. Equal texts stay equal, and none stays none."""
    return f"{HOSTILE}{original}" if original else ""


def key(original: str) -> str:
    account, region, kind, rest = original.split("/", 3) if original.count("/") > 2 else ("", "", "", "")
    return f"{account}/{region}/{kind}/{text(rest)}" if account else original


def _hostile(value: Any, name: str = "") -> Any:
    if isinstance(value, Enum) or (name in _KEPT and not is_dataclass(value)):
        return tuple(_hostile(v) for v in value) if name in ("rules", "resources") and _values(value) else value
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _hostile(getattr(value, f.name), f.name) for f in fields(value)})
    if isinstance(value, str):
        return HOSTILE if name == "message" and value else key(value) if name in _KEYS else text(value)
    if isinstance(value, (tuple, list)):
        return tuple(_hostile(item, name) for item in value)
    if isinstance(value, dict):
        return {text(k) if name == "tags" else k: _hostile(v) for k, v in value.items()}
    return value


def _values(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and is_dataclass(value[0])
