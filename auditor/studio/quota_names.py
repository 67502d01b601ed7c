"""Names of the quotas that limit Studio apps on GPU instance types."""

from __future__ import annotations

import re

#: As Service Quotas calls them: "Studio KernelGateway Apps running on ml.g4dn.xlarge instance", in later quotas
#: "instances". GPU instance types begin with g or p and a number (gr6 has another ratio of memory).
PATTERN = r"Studio (\w+) Apps? running on (ml\.(?:gr?|p)\d[\w.-]*) instances?"
_NAME = re.compile(PATTERN)


def gpu_app(quota: str) -> tuple[str, str] | None:
    """(app type, instance type) of a quota on Studio apps that run on a GPU instance type, None for every other one."""
    found = _NAME.fullmatch(quota)
    return (found[1], found[2]) if found else None
