"""Stable names of findings and causes."""

from __future__ import annotations

import hashlib

from auditor.model.resource import ResourceRef


def fingerprint(rule_id: str, resource: ResourceRef, setting: str) -> str:
    """Stable name of a finding: no message, value, line or time goes in."""
    return hashlib.sha256("\x1f".join((rule_id, resource.key, setting)).encode()).hexdigest()[:32]
