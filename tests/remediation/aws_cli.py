"""The real AWS CLI, for commands as a shell runs them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from . import aws_server

ROOT = Path(__file__).resolve().parents[2]


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
        self._server: subprocess.Popen[str] | None = None
        python = self.folder / "python"
        if not python.exists():
            return  # not of an environment of Python's: each command starts it
        # The path of a socket may have about a hundred letters, so it is none of pytest's folders.
        self._made = tempfile.TemporaryDirectory(prefix="aws-")
        self.folder = Path(self._made.name)
        socket = str(self.folder / "socket")
        command = [str(python), str(Path(aws_server.__file__)), socket]
        self._server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment})
        assert self._server.stdout is not None
        assert self._server.stdout.readline() == "ready\n"
        client = self.folder / "aws"
        client.write_text(aws_server.CLIENT.format(python=sys.executable, path=socket))
        client.chmod(0o755)

    def stop(self) -> None:
        if self._server is not None:
            self._server.terminate()
            self._server.communicate()
            self._made.cleanup()
