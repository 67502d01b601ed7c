"""A file in another encoding than UTF-8 is read where its first bytes say which, and else reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.collect.iac.scan import ScanOptions, scan
from auditor.collect.iac.source_text import decoded
from auditor.collect.iac.unreadable import UnreadableError
from auditor.errors import CollectError

from .corpus import ROOT

TEMPLATE = ROOT / "cfn-inherited-from-domain" / "template.yaml"
PLAN = ROOT / "plan-existing" / "plan.json"
LOG = b'{"@level":"info","@message":"Terraform 1.11.4","terraform":"1.11.4","type":"version"}\n{}'
#: What Windows PowerShell's > writes is the first.
ENCODINGS = ["utf-16", "utf-16-be", "utf-8-sig", "utf-32"]


def written(file: Path, text: str, encoding: str) -> None:
    mark = "\ufeff" if encoding.endswith("e") else ""
    file.write_bytes((mark + text).encode(encoding))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("source", [TEMPLATE, PLAN], ids=["template", "plan"])
def test_read_as_in_utf_8(source: Path, encoding: str, tmp_path: Path) -> None:
    file = tmp_path / source.name
    file.write_bytes(source.read_bytes())
    expected = [(r.kind, r.id) for r in scan([tmp_path], ScanOptions()).records]
    assert ("domain" in {kind for kind, _ in expected}) or expected
    written(file, source.read_text(encoding="utf-8"), encoding)
    assert [(r.kind, r.id) for r in scan([tmp_path], ScanOptions()).records] == expected
    assert [(r.kind, r.id) for r in scan([file], ScanOptions()).records] == expected


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("t.yaml", TEMPLATE.read_bytes() + "# Müller\n".encode("latin-1"), "it is not UTF-8 text"),
        ("t.yaml", TEMPLATE.read_text().encode("utf-16") + b"\x00", "it is not UTF-16 text"),
        ("main.tf", 'variable "x" {}\n'.encode("utf-16"), "it is not UTF-8 text"),
        ("main.tf.json", "{}".encode("utf-16"), "it is not UTF-8 text"),
        (
            "plan.json",
            LOG,
            "logs",
        ),
        ("plan.json", b"Refreshing state...\n" + PLAN.read_bytes(), "logs"),
    ],
)
def test_said_where_it_cannot_be_read(name: str, content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CollectError, match="nothing could be assessed") as error:
        scan([tmp_path], ScanOptions())
    assert says in error.value.diagnosis()
    assert name in error.value.diagnosis()


def test_text_without_a_mark_is_utf_8() -> None:
    assert decoded("é".encode()) == "é"
    with pytest.raises(UnreadableError, match="UTF-8"):
        decoded(b"\xe9")
