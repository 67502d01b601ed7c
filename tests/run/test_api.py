"""The public functions, as programs of other people use them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import auditor
from auditor.model.rule import Severity

if TYPE_CHECKING:
    from auditor.simulator import Simulator

FILE_OF = Callable[[str], Path]
#: What a notebook does with a cell: it runs inside an event loop that is already running.
NOTEBOOK = """
import asyncio, sys

CELL = '''
import auditor
report = auditor.check(sys.argv[1], options=auditor.Options(only=["STU601", "STU603"]))
by_rule = {r.id: r.counts["fail"] for r in report.rules}
'''

async def notebook():
    names = {"sys": sys}
    exec(compile(CELL, "<cell 1>", "exec"), names)
    exec(compile(CELL, "<cell 1, again>", "exec"), names)
    print("cell 2:", names["by_rule"])

asyncio.run(notebook())
"""


def python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120
    )


def test_importing_costs_nothing() -> None:
    done = python("import sys, auditor; print(sorted(m for m in sys.modules if m.startswith('auditor')))")
    assert (done.stdout, done.stderr) == ("['auditor', 'auditor.version']\n", "")


def test_every_public_name_is_there() -> None:
    assert {name for name in auditor.__all__ if getattr(auditor, name) is None} == set()
    assert set(auditor.__all__) <= set(dir(auditor))
    with pytest.raises(AttributeError, match="no_such_thing"):
        auditor.no_such_thing  # type: ignore[attr-defined]  # noqa: B018


def test_a_script(estate_file: FILE_OF, acme_failures: Callable[[Severity | None], int], tmp_path: Path) -> None:
    """Only the script's own words are on stdout, and nothing is left in its folder."""
    code = """
import sys, auditor
report = auditor.check(sys.argv[1])
for finding in report.findings:
    if finding.status == "fail" and finding.severity == "critical":
        print(finding.rule_id, finding.resource.name, finding.gates)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(estate_file("acme"))],
        capture_output=True, text=True, check=True, timeout=120, cwd=tmp_path,
    )  # fmt: skip
    said = done.stdout.splitlines()
    assert (len(said), done.stderr) == (acme_failures(Severity.CRITICAL), "")
    assert "STU203 studio-legacy True" in said
    assert all(line.startswith("STU") and line.endswith(" True") for line in said)
    assert list(tmp_path.iterdir()) == []


def test_a_notebook_cell_run_twice(estate_file: FILE_OF) -> None:
    done = python(NOTEBOOK, estate_file("acme"))
    assert done.stderr == ""
    assert done.stdout.startswith("cell 2: {'STU601': ")
    assert done.stdout.count("\n") == 1


def test_threads(estate_file: FILE_OF) -> None:
    """As many at a time as a program likes, each the same report."""
    options = auditor.Options(only=["STU603", "STU605"])
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda _: auditor.check(estate_file("acme"), options=options), range(4)))
    assert all(report == reports[0] for report in reports)


def test_a_running_event_loop(estate_file: FILE_OF) -> None:
    async def handler() -> auditor.Report:
        return await asyncio.to_thread(auditor.check, [estate_file("clean")])

    assert asyncio.run(handler()).by_status["fail"] == 0


def test_the_report_is_frozen_and_decided(estate_file: FILE_OF) -> None:
    report = auditor.check(estate_file("acme"), options=auditor.Options(fail_on=["none", "STU603=low"]))
    assert {f.rule_id for f in report.findings if f.gates} == {"STU603"}
    assert report.gate.failed == sum(f.gates for f in report.findings)
    with pytest.raises(FrozenInstanceError):
        report.as_of = "yesterday"  # type: ignore[misc]


def test_options(estate_file: FILE_OF, tmp_path: Path) -> None:
    config = tmp_path / "auditor.yaml"
    config.write_text("only: [STU603]\nseverities: {STU603: low}\n")
    report = auditor.check(estate_file("acme"), options=auditor.Options(config=config))
    assert {(f.rule_id, f.severity) for f in report.findings} == {("STU603", "low")}
    # Not read unless it is named: a library must not depend on the folder that it is called in.
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        assert len(auditor.check(estate_file("clean")).rules) > 1
    finally:
        os.chdir(before)
    shared = auditor.check(str(estate_file("acme")), options=auditor.Options(only=["STU701"]))
    params = {"STU701.approved": sorted(f.resource.name for f in shared.findings)}
    report = auditor.check(str(estate_file("acme")), options=auditor.Options(only=["STU701"], params=params))
    assert report.by_status["fail"] == 0
    assert report.params == {"STU701.approved": params["STU701.approved"]}


def test_a_store_compares(estate_file: FILE_OF, tmp_path: Path) -> None:
    kept = auditor.Options(store=str(tmp_path / "nights"), only=["STU603"])
    assert auditor.check(estate_file("acme"), options=kept).previous is None
    assert json.loads((tmp_path / "nights" / "store.json").read_text())


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: auditor.check([]), auditor.ConfigError, "no file or folder"),
        (lambda: auditor.check("no-such-file.jsonl"), auditor.SnapshotError, "no-such-file.jsonl"),
        (lambda: auditor.check("x", options=auditor.Options(only=["STU999"])), auditor.ConfigError, "STU999"),
        (lambda: auditor.check("x", options=auditor.Options(fail_on="lo")), auditor.ConfigError, "not a severity"),
        (lambda: auditor.check("x", options=auditor.Options(nested_merge="maybe")), auditor.ConfigError, "maybe"),
        (lambda: auditor.check("x", options=auditor.Options(config="none.yaml")), auditor.ConfigError, "none.yaml"),
        (lambda: auditor.check("x", options=auditor.Options(params={"STU505.gib": 1})), auditor.ConfigError, "gib"),
        (lambda: auditor.audit("eu-west-1"), auditor.ConfigError, "no AWS credentials"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_an_auditor_error(
    call: Callable[[], object], error: type[Exception], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(error, match=said) as caught:
        call()
    assert isinstance(caught.value, auditor.AuditorError)
    assert caught.value.diagnosis()
    assert capfd.readouterr() == ("", "")


class TestLive:
    def test_an_account(
        self, simulated: Callable[..., Simulator], tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        simulated("clean")
        seen: list[int] = []

        class Progress:
            def advance(self, stage: str, done: int, total: int) -> None:
                seen.append(done)

        kept = tmp_path / "night.jsonl"
        report = auditor.audit("eu-west-1", snapshot=kept, progress=Progress())
        assert (report.source, report.by_status["fail"], report.gate.failed) == ("aws", 0, 0)
        assert seen
        assert capfd.readouterr() == ("", "")
        again = auditor.check(kept)
        assert again.findings == report.findings

    def test_nothing_collected(self, simulated: Callable[..., Simulator]) -> None:
        from auditor.simulator.injected_faults import Fault

        simulated("clean", faults=[Fault("access_denied", match="")])
        with pytest.raises(auditor.CollectError):
            auditor.audit(["eu-west-1"], aws=auditor.AwsOptions(evidence=()))


CORPUS = Path(__file__).parents[1] / "iac" / "corpus"


@pytest.mark.checkov
class TestTemplates:
    def test_a_template(self, capfd: pytest.CaptureFixture[str]) -> None:
        report = auditor.scan(CORPUS / "cfn-classic")
        assert (report.source, report.of_templates) == ("cloudformation", True)
        assert any(f.status == "fail" for f in report.findings)
        assert capfd.readouterr() == ("", "")

    def test_in_threads(self) -> None:
        with ThreadPoolExecutor(2) as pool:
            one, other = pool.map(auditor.scan, [CORPUS / "cfn-classic", CORPUS / "tf-awscc"])
        assert (one.source, other.source) == ("cloudformation", "terraform")

    def test_nothing_there(self, tmp_path: Path) -> None:
        with pytest.raises(auditor.AuditorError):
            auditor.scan([tmp_path / "no-such-folder"])
