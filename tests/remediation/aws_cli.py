"""The real AWS CLI, for commands as a shell runs them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.fork_server import ROOT, Started


def installed() -> Path:
    """Folder of the AWS CLI. Skips where there is none, unless its lack is a failure."""
    own = ROOT / ".venv-awscli" / "bin" / "aws"
    found = str(own) if own.exists() else shutil.which("aws")
    if found is None:
        reason = "no AWS CLI (make test sets one up in .venv-awscli)"
        if os.environ.get("AUDITOR_REQUIRE_AWSCLI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return Path(found).parent


class AwsCli:
    """One process that has started the AWS CLI, behind an ``aws`` for shells. Its own start takes most of a command's
    time."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        #: Folder of ``aws``.
        self.folder = installed()
        self._started: Started | None = None
        python = self.folder / "python"
        if not python.exists():
            return  # not of an environment of Python's: each command starts it
        self._started = Started("aws", python, "tests.remediation.aws_server", {**os.environ, **environment})
        self.folder = self._started.folder

    def stop(self) -> None:
        if self._started is not None:
            self._started.stop()
