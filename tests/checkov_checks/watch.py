"""Writes down each connection that a run of checkov makes, into the file that the variable WATCHED names."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def watch() -> None:
    def hook(event: str, arguments: object) -> None:
        if event in ("socket.connect", "socket.getaddrinfo"):
            with Path(os.environ["WATCHED"]).open("a") as file:
                file.write(f"{event} {arguments}\n")

    sys.addaudithook(hook)
