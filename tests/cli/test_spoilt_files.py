"""Snapshots, waivers, configuration and baselines that somebody spoilt: a command ends with a code of the table."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import Phase, given
from hypothesis import strategies as st

from auditor.errors import ExitCode
from tests.budgets import examples
from tests.spoilt import ODD, broken, spoilt

from .test_damaged_stores import rehashed

Auditor = Callable[..., Any]
#: What a snapshot may hold that no API gives: JSON's own values, with numbers and texts beyond all measure.
JSON_ODD = ODD.filter(lambda value: not isinstance(value, float)) | st.sampled_from(
    ["\x00", "\x1b[31m", "::error::x", "x" * 5000, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "arn:aws:", 10**400,
     -0.5, 1e308]
)  # fmt: skip
WAIVERS = """
waivers:
  - rules: [STU101, experience]
    resources: {account: "1111*", type: user_profile, name: "build-*", tags: {team: "a?"}}
    reason: Robot
    owner: platform@example.com
    ticket: SEC-1
    expires: 2027-03-31
    value: [classic, 1]
  - {rules: STU106, resources: {domain: a, region: eu-*}, reason: r, owner: o, expires: 2027-01-01}
"""
CONFIG = """
only: [STU101, STU106]
severities: {STU101: low}
fail_on: high
fail_on_rules: {STU101: none}
format: [json]
waiver_tag: waiver
personas:
  - {name: scientist, match: [{tags: {team: ml}}], apps: [JupyterLab]}
"""


@pytest.fixture(scope="module")
def lines(estate_file: Callable[[str], Path]) -> list[bytes]:
    """A whole account: one line each kind of record at least."""
    kept, kinds = [], dict[str, int]()
    for line in estate_file("acme").read_bytes().splitlines(keepends=True)[:-1]:
        kind = next(iter(set(json.loads(line)) & {"snapshot", "gap", "coverage"}), "") or json.loads(line)["kind"]
        kinds[kind] = kinds.get(kind, 0) + 1
        if kinds[kind] <= 2:
            kept.append(line)
    return kept


def ends(outcome: Any, codes: set[ExitCode]) -> None:
    assert outcome.code in codes, outcome.err
    assert "Internal error" not in outcome.err
    assert "Traceback" not in outcome.err
    # An error is one sentence, and a line or two that say what to do.
    assert outcome.code != ExitCode.USAGE or outcome.err.startswith(("Error: ", "Configuration: ", "Usage: "))


ANY_VERDICT = {ExitCode.OK, ExitCode.FINDINGS, ExitCode.INCOMPLETE, ExitCode.NOTHING_COLLECTED, ExitCode.USAGE}


@pytest.mark.parametrize("line", ["106", "null", "[1]", '"x"', '{"kind": []}', '{"kind": 7}'])
def test_a_line_that_is_no_record(auditor: Auditor, lines: list[bytes], tmp_path: Path, line: str) -> None:
    (tmp_path / "n.jsonl").write_bytes(rehashed([*lines[:5], line.encode() + b"\n", *lines[5:]]))
    outcome = auditor("check", "n.jsonl")
    ends(outcome, {ExitCode.USAGE})
    assert "n.jsonl:6: the line is not a record" in outcome.err


def test_a_record_without_its_document(auditor: Auditor, lines: list[bytes], tmp_path: Path) -> None:
    """One of each kind: what it says is unknown, and named."""
    made, seen = [], set[str]()
    for line in map(json.loads, lines):
        kind = line.get("kind", "")
        if kind and kind not in seen | {"account_region"}:
            seen.add(kind)
            line[kind] = None
        made.append(json.dumps(line).encode() + b"\n")
    (tmp_path / "n.jsonl").write_bytes(rehashed(made))
    outcome = auditor("check", "n.jsonl", "--format", "json", "--output", "-", "-q")
    ends(outcome, ANY_VERDICT - {ExitCode.USAGE})
    gaps = json.loads(outcome.out)["gaps"]
    assert {"permission", "role", "user_profile"} <= {
        gap["resource_type"] for gap in gaps if (gap["setting"], gap["reason"]) == ("*", "unexpected_response")
    }


@examples(16, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(data=st.data())
def test_a_snapshot(auditor: Auditor, lines: list[bytes], data: st.DataObject, tmp_path: Path) -> None:
    """With a right hash: somebody did it on purpose, or a version of ours wrote it."""
    made = list(lines)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(made) - 1))
        made[at] = json.dumps(spoilt(json.loads(made[at]), data, JSON_ODD), separators=(",", ":")).encode() + b"\n"
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(made) - 1))
        made.insert(data.draw(st.integers(0, len(made))), made[at])
    (tmp_path / "n.jsonl").write_bytes(rehashed(made))
    formats = data.draw(st.sampled_from(["json", "html", "sarif,csv", "asff,ocsf", "markdown,junit"]))
    ends(auditor("check", "n.jsonl", "--format", formats, "--output", "out"), ANY_VERDICT)
    ends(auditor("query", "select * from domain", "--snapshot", "n.jsonl"), ANY_VERDICT)


@examples(12, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(data=st.data())
def test_waivers(auditor: Auditor, estate_file: Callable[[str], Path], data: st.DataObject, tmp_path: Path) -> None:
    text = yaml.safe_dump(spoilt(yaml.safe_load(WAIVERS), data), allow_unicode=True)
    if data.draw(st.booleans()):
        text = broken(WAIVERS, data)
    (tmp_path / "w.yaml").write_text(text, encoding="utf-8", errors="surrogatepass")
    ends(auditor("waivers", "check", "w.yaml"), {ExitCode.OK, ExitCode.USAGE})
    ends(auditor("check", estate_file("clean"), "--waivers", "w.yaml", "--only", "people"), ANY_VERDICT)


@examples(100, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(data=st.data())
def test_configuration(auditor: Auditor, data: st.DataObject, tmp_path: Path) -> None:
    text = yaml.safe_dump(spoilt(yaml.safe_load(CONFIG), data), allow_unicode=True)
    if data.draw(st.booleans()):
        text = broken(CONFIG, data)
    (tmp_path / "auditor.yaml").write_text(text, encoding="utf-8", errors="surrogatepass")
    ends(auditor("config", "check"), {ExitCode.OK, ExitCode.USAGE})


@examples(8, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(data=st.data())
def test_a_baseline(auditor: Auditor, estate_file: Callable[[str], Path], data: st.DataObject, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    if not whole.exists():
        auditor("check", estate_file("clean"), "--format", "json", "--output", "whole", "--only", "people")
    document = json.loads((whole / "report.json").read_text())
    (tmp_path / "b.json").write_text(json.dumps(spoilt(document, data, JSON_ODD)))
    options = ("--baseline", "b.json", "--new-only", "--only", "people")
    ends(auditor("check", estate_file("clean"), *options), ANY_VERDICT)
    ends(auditor("diff", "b.json", "whole/report.json"), ANY_VERDICT)
