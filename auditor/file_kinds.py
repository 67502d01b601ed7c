"""What a file is, by how it begins: whoever names the wrong one is told which command takes it."""

from __future__ import annotations

import re
from pathlib import Path

from auditor.regular_files import open_regular

#: Bytes that are looked at.
_START = 8192
#: How each kind begins, and what to do with it. The first that fits counts.
_KINDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        # RFC 1952: 1f 8b 08; the second byte is no text.
        re.compile("\\A\x1f\N{REPLACEMENT CHARACTER}\x08"),
        "This is compressed, as a store keeps its snapshots: unpack it first (gunzip -c FILE > night.jsonl).",
    ),
    (
        re.compile(r'\A\{"snapshot":'),
        "This is a snapshot: auditor check FILE evaluates it (and writes report.json), auditor query --snapshot FILE"
        " asks it.",
    ),
    (
        re.compile(r'\A\s*\{\s*"schema_version":\s*"[^"]*",\s*"tool":'),
        "This is a report.json: auditor diff compares two of them, --baseline compares a run with one. auditor check"
        " takes the snapshot that it was made of.",
    ),
    (
        re.compile(r'\A\s*\{(?=[^{]*"format_version")(?s:.)*?"(?:terraform_version|planned_values)"'),
        "This is a Terraform plan: auditor scan FILE evaluates it.",
    ),
    (
        re.compile(r"""(?m)^\s*["']?(?:AWSTemplateFormatVersion|Resources)["']?\s*:|"AWSTemplateFormatVersion"\s*:"""),
        "This is a CloudFormation template: auditor scan FILE evaluates it.",
    ),
    (
        re.compile(r"(?m)^waivers\s*:"),
        "This is a file of waivers: --waivers takes it, auditor waivers check checks it.",
    ),
    (
        re.compile(r"(?m)\A(?=(?s:.)*^id\s*:)(?=(?s:.)*^require\s*:)"),
        "This is a rule: auditor rules test FILE runs its cases, --rules takes the folder that it is in.",
    ),
)
_TERRAFORM = (".tf", ".tf.json", ".tofu", ".hcl")


def kind_hint(path: Path) -> str:
    """What a file is that was taken for something else, and which command takes it; empty where that is not known."""
    try:
        with open_regular(path) as file:
            start = file.read(_START)
    except OSError:
        return ""
    return kind_of_text(path, start.decode("utf-8", "replace"))


def kind_of_text(path: Path, text: str) -> str:
    """The same, of a file whose text is known."""
    if path.name.endswith(_TERRAFORM):
        return f"This is Terraform configuration: auditor scan {path.parent} evaluates it."
    start = text[:_START]
    hint = next((hint for pattern, hint in _KINDS if pattern.search(start)), "")
    return hint.replace("FILE", str(path))
