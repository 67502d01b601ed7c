"""The simulated account and the working folder in which the commands of the pages are run."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.cli.main import run
from auditor.collect import aws
from auditor.collect.aws import CollectOptions
from auditor.evaluate import ask_tables, audit
from auditor.evaluate.audit import DEFAULTS, EvaluateOptions
from auditor.model.report import Report
from auditor.model.rule import Rule
from auditor.model.snapshot import Coverage, Gap, Header, Record
from auditor.simulator import Simulator
from auditor.store import moments

from .pages import HELP, ROOT, fences
from .working_folder import Buckets, estate, furnish

#: What a page's readers have in their folder beside what all have.
BESIDE = {
    "docs/api.md": {"auditor.yaml": "fail_on: high\n"},
    "docs/cli.md": {"auditor.yaml": "fail_on: high\n"},
    "docs/store.md": {"auditor.yaml": "store: nights\n"},
}
#: Built-in rules that are evaluated: the planning of all of them is most of a small audit's time. All can be named.
EVALUATED = frozenset({"STU101", "STU201", "STU203", "STU402", "STU501", "STU601", "STU603", "STU605"})


@dataclass(frozen=True)
class Account:
    """A simulated account: the variables that lead to it, its buckets, and a folder that was furnished from it."""

    environment: dict[str, str]
    buckets: Buckets
    folder: Path


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """One account for all pages. What is asked of it twice in the same way is collected once, over HTTP."""
    folder = tmp_path_factory.mktemp("furnished")
    written = tmp_path_factory.mktemp("estate") / "estate.yaml"
    written.write_text(yaml.safe_dump(estate(), sort_keys=False), encoding="utf-8")
    profiles = written.with_name("aws-config")
    profiles.write_text("".join(f"[profile {name}]\nregion = eu-west-1\n" for name in ("audit", "studio-audit")))
    with Simulator(str(written)) as simulator, pytest.MonkeyPatch.context() as patch:
        environment = {**simulator.environment, "AWS_CONFIG_FILE": str(profiles)}
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr(moments, "utc_now", lambda: datetime.now(UTC))  # what is collected here is of today
        buckets = Buckets()
        furnish(folder, aws.collect(CollectOptions(regions=("eu-west-1",))))
        # By the names of whoever imports them, too: nobody keeps them who is imported while they stand there.
        collected = _collected_once()
        for place in ("auditor.org.visit", "auditor.collect.aws"):
            patch.setattr(f"{place}.collecting", collected)
        patch.setattr("auditor.simulator.Simulator", lambda _estate: nullcontext(simulator))
        once = _evaluated_once()
        for place in ("auditor.run.conclude", "auditor.run.what_if", "auditor.evaluate.audit"):
            patch.setattr(f"{place}.evaluate", once)
        patch.setattr("auditor.evaluate.ask_tables._connected", _connected_once())
        patch.chdir(folder)
        night = ("check", "last-night.jsonl", "--quiet")
        assert run([*night, "--output", "baseline", "--format", "json"]) == 4
        assert run([*night, "--store", "nights"]) == 4
        assert run(["check", "night.jsonl", "--quiet", "--store", "nights"]) == 4
        buckets.fill("studio-audit", folder / "nights", "nights/")
        yield Account(environment, buckets, folder)


@dataclass(frozen=True)
class Kept:
    """A collection whose records stay when it is closed."""

    header: Header
    gaps: tuple[Gap, ...]
    coverage: tuple[Coverage, ...]
    _records: tuple[Record, ...]

    def records(self) -> Iterator[Record]:
        """The records, once more."""
        return iter(self._records)


def _collected_once() -> Callable[..., AbstractContextManager[Kept]]:
    made: dict[str, Kept] = {}
    collecting = aws.collecting

    @contextmanager
    def once(options: CollectOptions, progress: Any = None) -> Iterator[Kept]:
        evidence = options.evidence
        beside = (evidence.logged is None, options.previous is None)
        key = repr((options.regions, options.skip_regions, evidence.names, evidence.days, beside))
        if key not in made:
            with collecting(options, progress) as found:
                made[key] = Kept(found.header, found.gaps, found.coverage, tuple(found.records()))
        yield made[key]

    return once


def _evaluated_once() -> Callable[..., Report]:
    """An audit of the account under the same rules and options, whatever was asked of the account; templates by what
    they are. What goes into a store is evaluated each time."""
    made: dict[str, Report] = {}
    evaluate = audit.evaluate

    def once(files: Sequence[Path], rules: Sequence[Rule], options: EvaluateOptions = DEFAULTS) -> Report:
        few = [rule for rule in rules if rule.id in EVALUATED or not rule.id.startswith("STU")]
        if options.export is not None:
            return evaluate(files, few, options)
        header, *records, _ = files[0].read_text(encoding="utf-8").splitlines()
        which = len(files) if json.loads(header)["snapshot"]["source"] == "aws" else records
        key = repr((which, [rule.id for rule in few], options))
        if key not in made:
            made[key] = evaluate(files, few, options)
        return made[key]

    return once


def _connected_once() -> Callable[..., Any]:
    """The tables of the account, as --nested-merge and personas make them."""
    made: dict[str, Any] = {}
    connected = ask_tables._connected

    def once(asked: ask_tables.Asked, folder: Path | None = None) -> Any:
        key = repr((len(asked.files), asked.merge, asked.personas, folder))
        if key not in made:
            made[key] = connected(asked, folder)
        return made[key]

    return once


@pytest.fixture
def folder_for(account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], Path]]:
    """The working folder of a page's reader, with the files that the page shows."""

    def ready(page: Path) -> Path:
        folder = tmp_path / "work"
        shutil.copytree(account.folder, folder)
        shown = {f.name: f.text for f in fences(ROOT / "docs" / "waivers.md") if f.name == "waivers.yaml"}
        shown |= {f.name: f.text for f in fences(ROOT / "docs" / "writing-rules.md") if page == HELP and f.name}
        shown |= {f.name: f.text for f in fences(page) if f.name}
        shown |= BESIDE.get(page.relative_to(ROOT).as_posix(), {})
        for name, text in shown.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        (folder / ".git").mkdir()  # no auditor.yaml is searched above it
        for name, value in account.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(folder)
        monkeypatch.setenv("COLUMNS", "120")
        monkeypatch.delenv("AUDITOR_DEBUG", raising=False)
        monkeypatch.setattr("auditor.cli.progress._SELDOM", float("inf"))
        account.buckets.as_they_were()
        return folder

    yield ready
    os.environ.pop("AUDITOR_DEBUG", None)
