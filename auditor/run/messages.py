"""What a run says while it runs, through an object that its caller hands in; and small words that texts share."""

from __future__ import annotations

import logging
from typing import Protocol

from auditor.inert_text import printable_lines
from auditor.masking import mask_text

logger = logging.getLogger("auditor")


class Messages(Protocol):
    """Takes what a run has to say beside its report. Texts may hold names from an account or a template as they are."""

    def note(self, text: str) -> None:
        """Something worth knowing; nothing is wrong."""

    def problem(self, text: str) -> None:
        """Something went wrong, and the run goes on."""


class LoggedMessages:
    """Messages on the logger ``auditor``: what a library does where nobody hands anything in."""

    def note(self, text: str) -> None:
        logger.info("%s", printable_lines(mask_text(text)))

    def problem(self, text: str) -> None:
        logger.warning("%s", printable_lines(mask_text(text)))


def size(number: int) -> str:
    """Bytes, for people."""
    for unit, bytes_ in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= bytes_:
            return f"{number / bytes_:,.1f} {unit}"
    return f"{number} bytes"
