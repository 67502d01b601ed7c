"""What ARNs of IAM say."""

from __future__ import annotations


def account_of(arn: str) -> str:
    """The account that an ARN names; empty where it is none."""
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 else ""
