"""What ARNs of IAM say."""

from __future__ import annotations


def is_aws_managed(policy_arn: str) -> bool:
    """Whether a policy is one of AWS's own, which are known by their names; an account's own say what they hold."""
    return ":iam::aws:" in policy_arn


def account_of(arn: str) -> str:
    """The account that an ARN names; empty where it is none."""
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 else ""
