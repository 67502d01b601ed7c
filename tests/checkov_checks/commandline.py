"""checkov's real command line, with the auditor's checks, watched for connections."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.fork_server import Started

PROGRAMS = Path(sys.executable).parent
#: What docs/templates.md tells people to give, so that checkov stays offline.
OFFLINE = ("--skip-download",)
OFFLINE_ENVIRONMENT = {"CKV_SKIP_PACKAGE_UPDATE_CHECK": "TRUE"}
_ALWAYS = {"ANSI_COLORS_DISABLED": "1", **OFFLINE_ENVIRONMENT}
#: What a run of its own imports first: it may hide a module, too.
_WATCH = """
import os, sys
from tests.checkov_checks.watch import watch
watch()
if "HIDDEN" in os.environ:
    sys.modules[os.environ["HIDDEN"]] = None
"""
#: Variables that count while checkov is imported: such a run starts it anew.
_AT_IMPORT = ("BC_", "CKV_", "CHECKOV_", "TF_", "LOG_LEVEL", "HIDDEN")


@dataclass(frozen=True)
class Result:
    """One result of checkov. ``file`` is absolute."""

    framework: str
    check: str
    file: str
    resource: str
    result: str
    record: Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """What a run of checkov left."""

    code: int
    out: str
    err: str
    connections: str

    @property
    def reports(self) -> list[dict[str, Any]]:
        """Its JSON, a report for each framework."""
        assert self.out, (self.code, self.err[:6000])
        found = json.loads(self.out)
        return found if isinstance(found, list) else [found]

    def results(self) -> list[Result]:
        """Every result of the JSON."""
        return results_of(self.reports)

    def said(self, check: str) -> dict[tuple[str, str], str]:
        """What a check says, by framework and resource."""
        return {(r.framework, r.resource): r.result for r in self.results() if r.check == check}


def results_of(reports: Sequence[Mapping[str, Any]]) -> list[Result]:
    return [
        Result(
            report["check_type"], record["check_id"], os.path.realpath(record["file_abs_path"]), record["resource"],
            record["check_result"]["result"], record,
        )
        for report in reports
        for kind in ("passed_checks", "failed_checks", "skipped_checks")
        for record in report.get("results", {}).get(kind, ())
    ]  # fmt: skip


@cache
def checks_folder() -> str:
    """What ``auditor checkov-checks`` prints."""
    done = subprocess.run([PROGRAMS / "auditor", "checkov-checks"], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.removesuffix("\n")


@cache
def _started() -> Started:
    """checkov, imported once: that takes half the time of a run."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith((*_AT_IMPORT, "AUDITOR_"))}
    started = Started(
        "checkov", PROGRAMS / "python", "tests.checkov_checks.checkov_server", environment | _ALWAYS
    )  # fmt: skip
    atexit.register(started.stop)
    return started


def checkov(
    *options: str | Path, folder: Path, watched: Path, checks: bool = True, environment: Mapping[str, str] | None = None
) -> Run:
    """Run checkov in a folder. ``watched``: an empty folder for what it takes to watch its connections.

    A variable HIDDEN names a module that cannot be imported.
    """
    (watched / "sitecustomize.py").write_text(_WATCH)
    log = watched / "connections"
    log.touch()
    given = ("--external-checks-dir", checks_folder()) if checks else ()
    more = dict(environment or {})
    variables = {k: v for k, v in os.environ.items() if not k.startswith((*_AT_IMPORT, "AUDITOR_"))}
    folder_of = PROGRAMS if any(name.startswith(_AT_IMPORT) for name in more) else _started().folder
    # The code beside these tests is meant, wherever an installed one lies.
    path = os.pathsep.join((str(watched), str(Path(__file__).resolve().parents[2])))
    variables |= {"PYTHONPATH": path, "WATCHED": str(log), **_ALWAYS}
    done = subprocess.run(
        [folder_of / "checkov", *OFFLINE, *given, *map(str, options)],
        cwd=folder, capture_output=True, text=True, check=False, timeout=600, env=variables | more,
    )  # fmt: skip
    return Run(done.returncode, done.stdout, done.stderr, log.read_text())
