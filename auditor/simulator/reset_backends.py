"""Forget what was simulated before: moto's backends and ours are the process's own."""

from __future__ import annotations

import os
from typing import Any

from auditor.simulator.state import studio_backends

_SERVICES = (
    "cloudtrail", "cloudwatch", "ec2", "events", "iam", "identitystore", "logs", "organizations", "s3", "sagemaker",
    "ssoadmin", "sts",
)  # fmt: skip


def reset() -> None:
    """Forget every account, moto's and ours."""
    import moto.backends as moto_backends

    # 1300 machine images, which no audit reads, take moto half a second a region.
    os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    studio_backends.reset()
    for name in _SERVICES:
        backend: Any = moto_backends.get_backend(name)  # type: ignore[call-overload]
        backend.reset()
