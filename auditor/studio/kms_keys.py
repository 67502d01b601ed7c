"""What the name of a KMS key says by itself (AWS KMS developer guide, "Aliases in AWS KMS")."""

from __future__ import annotations

import re

#: An alias by name or ARN: ``alias/studio``, ``arn:aws:kms:REGION:ACCOUNT:alias/studio``.
ALIAS = r"(^|:)alias/"
#: Aliases of AWS managed keys: customers cannot make one that begins so.
AWS_ALIAS = r"(^|:)alias/aws/"


def is_aws_alias(key: str) -> bool:
    """Whether the key is named by an alias of a key that AWS manages."""
    return re.search(AWS_ALIAS, key) is not None
