"""Sign-ins read from CloudTrail's log files, and what those files cover."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class LoggedSignIns:
    """CreatePresignedDomainUrl events of log files.

    ``begins`` maps account and region to the time of the first event of any kind that the files hold of them: what
    happened before, or in an account and region that is not there, the files do not tell. But a trail for all regions
    writes nothing where nothing happens: ``reach`` maps an account with files of several regions to how far back they
    go. ``unread``: files that could not be read, each with the reason.
    """

    events: tuple[Mapping[str, Any], ...]
    begins: Mapping[tuple[str, str], datetime]
    reach: Mapping[str, datetime] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


#: Given account, regions, and since when: what a trail's files hold. Raises ConfigError where they cannot be read.
LogSource = Callable[[str, Sequence[str], datetime], LoggedSignIns]
