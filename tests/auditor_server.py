"""The command line, started once: what each start imports and reads takes longer than what most of its calls do.

That the installed command starts by itself is what tests/cli/test_process.py and tests/test_wheel.py hold.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import sys
import tempfile
from pathlib import Path

from tests.fork_server import Started, serve

#: What a first call does, so that what it imports and reads is there for those after it.
_TEMPLATE = {"Resources": {"Domain": {"Type": "AWS::SageMaker::Domain", "Properties": {"DomainName": "first"}}}}


def started() -> Started:
    """An ``auditor`` for shells: each call is a process with streams, variables and a working folder of its own, as one
    is that was started, but for what it imports."""
    return Started("auditor", Path(sys.executable), "tests.auditor_server", os.environ)


def main(path: str) -> None:
    from auditor.cli.main import main as command
    from auditor.cli.main import run
    from auditor.temporary_files import process_folder, remove_process_folder

    with tempfile.TemporaryDirectory() as folder:
        template, out = Path(folder) / "t.json", Path(folder) / "out"
        template.write_text(json.dumps(_TEMPLATE), encoding="utf-8")
        formats = "json,sarif,markdown,codequality,junit,html"
        report = str(out / "report.json")
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
            run(["scan", str(template), "--no-config", "--quiet", "--format", formats, "--output", str(out)])
            assert run(["diff", "--no-config", report, report, "--format", "markdown"]) == 0
    remove_process_folder()  # each call has one of its own
    process_folder.cache_clear()
    gc.collect()
    gc.freeze()

    def call(words: list[str]) -> int:
        try:
            command(words)
        finally:
            remove_process_folder()

    serve(path, call)


if __name__ == "__main__":
    main(sys.argv[1])
