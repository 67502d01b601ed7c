"""Every format: registered, written whole, the same bytes for the same report, and no clock, network or order in it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.errors import ConfigError
from auditor.report.render import Format, render, write

from .handmade import everything, hostile_everything, huge

#: Names that scheduled jobs and pipelines rely on.
CONTRACT = {
    "html": "report.html", "json": "report.json", "sarif": "report.sarif", "junit": "report.junit.xml",
    "ocsf": "report.ocsf.json", "csv": "report.csv", "markdown": "report.md", "asff": "report.asff.json",
    "codequality": "report.codequality.json", "executive": "report.executive.html",
    "oscal": "report.oscal.json",
}  # fmt: skip


def test_the_file_names_are_those_of_the_contract() -> None:
    assert {f.value: f.file_name for f in Format} == CONTRACT


@pytest.mark.parametrize("output", Format)
def test_is_written_whole(tmp_path: Path, output: Format) -> None:
    (path,) = write(everything(), [output], tmp_path)
    assert path == tmp_path / output.file_name
    assert path.read_text(encoding="utf-8") == "".join(render(everything(), output)).replace("\r\n", "\n")
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("output", Format)
def test_a_failure_leaves_nothing_behind(tmp_path: Path, output: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        yield "half"
        raise OSError(28, "No space left on device")

    # The package's own name "render" is the function.
    monkeypatch.setattr(sys.modules["auditor.report.render"], "render", broken)
    with pytest.raises(ConfigError, match="No space left") as raised:
        write(everything(), [output], tmp_path)
    assert raised.value.hint == "Free some space, or choose a folder that you may write to."
    assert list(tmp_path.iterdir()) == []


def test_equal_reports_give_equal_bytes_in_any_process() -> None:
    """String hashing differs between processes: whatever order a set had would show."""
    code = """
import hashlib
from auditor.report.render import Format, render
from tests.report.handmade import everything
for output in Format:
    print(output, hashlib.sha256("".join(render(everything(), output)).encode()).hexdigest())
"""
    root = Path(__file__).parents[2]
    seen = {
        subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, cwd=root, check=True,
                       capture_output=True, text=True).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(seen) == 1
    assert len(seen.pop().splitlines()) == len(Format)


@pytest.mark.parametrize("output", Format)
@pytest.mark.parametrize("change", ["bare", "hostile"])
def test_takes_any_report(output: Format, change: str) -> None:
    bare = replace(everything(), snapshots=(), coverage=(), gaps=(), findings=(), past=(), rules=(), root_causes=(),
                   waivers=(), frameworks=())  # fmt: skip
    assert "".join(render(bare if change == "bare" else hostile_everything(), output))


@pytest.mark.parametrize("output", [f for f in Format if f not in (Format.HTML, Format.MARKDOWN, Format.EXECUTIVE)])
def test_is_streamed(output: Format) -> None:
    """A large report is never held as one text."""
    pieces = list(render(huge(3_000), output))
    assert len(pieces) > 5
    assert max(map(len, pieces)) < sum(map(len, pieces)) / 4


def test_the_guide_names_every_format() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    for output in Format:
        assert f"| `{output.value}` | `{output.file_name}` |" in guide
