"""checkov, imported once, as its own program imports and runs it."""

from __future__ import annotations

import sys
import warnings

from tests.checkov_checks.watch import watch
from tests.fork_server import serve


def main(path: str) -> None:
    from checkov.main import Checkov

    def run(words: list[str]) -> int:
        watch()
        sys.argv = ["checkov", *words]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=SyntaxWarning)
            # Its default is what this process was started with.
            return Checkov(words).run() or 0

    serve(path, run)


if __name__ == "__main__":
    main(sys.argv[1])
