"""The real AWS CLI, started once. Run by the Python that it is installed in."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from tests.fork_server import serve


def main(path: str) -> None:
    from awscli.clidriver import create_clidriver

    driver = create_clidriver()
    # What takes longest: the model of the service that nearly all commands call, and what a call imports.
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        driver.main(["sagemaker", "list-domains"])
    serve(path, driver.main)


if __name__ == "__main__":
    main(sys.argv[1])
