"""A run and the store: what was known before it, and adding it with its reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from auditor.errors import ExitCode
from auditor.evaluate.resource_export import export_resources
from auditor.history.store_history import StoreHistory
from auditor.history.trend import daily
from auditor.model.history import Comparison
from auditor.model.report import Report
from auditor.model.rule import Rule
from auditor.report.render import Format, write
from auditor.run.run_statement import predicate
from auditor.store.backends import open_backend
from auditor.store.files import PRIVATE, Access
from auditor.store.manifest import run_id
from auditor.store.runs import RunStore, Signer
from auditor.store.signing import Sign, envelope, statement
from auditor.store.snapshot_reader import SnapshotReader
from auditor.temporary_files import workspace


def open_store(text: str, profile: str | None = None, mode: Access = PRIVATE) -> RunStore:
    """The store that ``--store`` names, made where there is none yet. Raises ConfigError where it cannot be used."""
    store = RunStore(open_backend(text, profile, mode))
    store.prepare()
    store.place.remove_leftovers()
    return store


@contextmanager
def recording(store: RunStore, sign: Sign | None = None, rules: Sequence[Rule] = ()) -> Iterator[RunRecorder]:
    """A recorder for one run of these rules, with a temporary folder of its own. ``sign``: what signs the run."""
    with workspace("run") as folder:
        yield RunRecorder(store, folder, sign, rules)


class RunRecorder:
    """Takes one run through: ``export`` while the tables are open, ``compare``, and ``keep`` once it is decided."""

    def __init__(self, store: RunStore, folder: Path, sign: Sign | None = None, rules: Sequence[Rule] = ()) -> None:
        self._store, self._folder = store, folder
        self._sign, self._rules = sign, rules
        self._night: StoreHistory | None = None
        self._files: tuple[SnapshotReader, ...] = ()

    def export(self, con: Any, files: tuple[SnapshotReader, ...]) -> None:
        """Write the resources, while the connection (DuckDB's) may still write files."""
        as_of = max(f.header.as_of for f in files)
        name = run_id(as_of, (f.sha256 for f in files))
        accounts = {scope.account for f in files for scope in f.header.scopes}
        export_resources(con, self._folder, name, as_of, by_date=len(accounts) > 1)
        self._files = files
        self._night = StoreHistory(self._store, name, self._folder)

    def compare(self, report: Report) -> Comparison:
        """The run beside the store's history. Raises ConfigError where the store holds a later one."""
        assert self._night is not None, "export comes first"
        step = self._night.compare(report)
        return replace(step.comparison(self._night.previous, self._night.trend), posture=self._night.posture)

    def keep(self, report: Report, code: ExitCode, written: Sequence[Path]) -> str:
        """Add the run; where it lies, for people. report.json is made where it is not among the files ``written``."""
        assert self._night is not None, "export comes first"
        reports = list(written)
        if Format.JSON.file_name not in {path.name for path in reports}:
            reports += write(report, (Format.JSON,), self._folder / "reports")
        if self._sign is not None:
            self._store.signer = _signer(self._sign, predicate(report, code, self._rules))
        snapshots = [(f.path, f.sha256) for f in self._files]
        manifest = self._night.keep(report, int(code), snapshots, reports)
        write_overviews(self._store)
        return f"{self._store.place.label}, run {manifest.run_id}"


def _signer(sign: Sign, said: dict[str, Any]) -> Signer:
    return lambda manifest, data: envelope(statement(manifest, data, said), sign)


def write_overviews(store: RunStore) -> None:
    """Write the store's index.html and status.json anew, from its manifests."""
    from auditor.report.html.index import NIGHTS, render
    from auditor.store.attempts import failed_runs
    from auditor.store.store_status import write_status

    write_status(store)
    runs = store.runs()
    text = "".join(render(runs, daily(runs), failed_runs(store.place, NIGHTS)))
    store.place.put_bytes("index.html", text.encode("utf-8"))
