"""Where the program begins: nothing is loaded yet, and Ctrl-C already ends it without a traceback."""

from __future__ import annotations

import signal
from typing import NoReturn


def main() -> NoReturn:
    """Load the command line and run it. Until it is there to say what an interrupt means, one ends the process as it
    ends every other, and not as an exception in the middle of an import."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from auditor.cli.main import main as command

    command()
