"""Words in capitals that stand in commands and snippets for what only their reader knows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

PLACEHOLDERS: Mapping[str, str] = {
    "ROLE_ARN": "the ARN of the execution role made for this purpose",
    "KEY_ARN": "the ARN of a KMS key that the profiles' roles may use",
    "BUCKET": "an S3 bucket of your organization's choice",
    "SECURITY_GROUP_ID": "a security group of the domain's VPC",
    "REPOSITORY_URL": "the team's Git repository",
    "USER_NAME": "the IAM user name of the person whose profile it is",
    "POLICY_ARN": "the ARN of a policy that allows what the role's people need",
    "OWNER": "who is responsible for it",
    "COST_CENTER": "the cost center that pays for it",
    "RETENTION_DAYS": "how many days the logs must be kept: a value of CloudWatch Logs, not below the group's own",
}
#: Matches a text that holds one.
ANY_PLACEHOLDER = rf"\b({'|'.join(PLACEHOLDERS)})\b"
_WORD = re.compile(r"\b[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)*\b")


def placeholders(text: str) -> Iterator[str]:
    """The placeholders in a text, each once, in order."""
    yield from dict.fromkeys(word for word in _WORD.findall(text) if word in PLACEHOLDERS)
