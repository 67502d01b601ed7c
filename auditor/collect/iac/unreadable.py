"""What readers of template files raise."""

from __future__ import annotations


class UnreadableError(Exception):
    """A file that cannot be parsed: why, and at which line (None: not known)."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


class ElsewhereError(UnreadableError):
    """What is named does not lie in the tree that is scanned: another place would have to be asked."""


class NotATemplateError(UnreadableError):
    """A file that can be parsed and is something else."""
