"""Stable names of findings and causes."""

from __future__ import annotations

import hashlib

from auditor.model.resource import ResourceRef


def fingerprint(rule_id: str, resource: ResourceRef, setting: str) -> str:
    """Stable name of a finding: no message, value, line or time goes in."""
    return named(rule_id, resource.key, setting)


def named(rule_id: str, key: str, setting: str) -> str:
    """The same of the resource with a key."""
    return hashlib.sha256("\x1f".join((rule_id, key, setting)).encode()).hexdigest()[:32]
