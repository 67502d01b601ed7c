"""Sign-ins read from CloudTrail's log files, and what those files cover."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class LoggedSignIns:
    """CreatePresignedDomainUrl events of log files.

    ``begins`` maps account and region to the time of the first event of any kind that the files hold of them: what
    happened before, or in an account and region that is not there, the files do not tell.
    """

    events: tuple[Mapping[str, Any], ...]
    begins: Mapping[tuple[str, str], datetime]
