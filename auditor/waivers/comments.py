"""Waivers in a template itself: comments inside a resource, and entries of its ``Metadata`` where there are none.

    # auditor:ignore STU603 until=2027-03-31 The proxy is moved in spring
    # checkov:skip=STU603:The proxy is moved in spring

``checkov:skip`` is checkov's own form (checkov.io, "Suppressing and Skipping Policies"): inside of the block, and in
CloudFormation also ``Metadata: {checkov: {skip: [{id: …, comment: …}]}}``. It has no end, so a report points it out;
``until=`` in its reason gives it one. What is meant as a waiver and can't be read as one sets nothing aside.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from auditor.collect.iac.hcl.parser import parse
from auditor.collect.iac.unreadable import UnreadableError
from auditor.masking import mask_text
from auditor.model.waiver import ResourcePattern, Waiver, WaiverProblem
from auditor.regular_files import NotReadError, read_regular
from auditor.waivers.file import day

if TYPE_CHECKING:
    import duckdb

NOT_TRUSTED = "not counted: whoever changes the template could waive its findings. inline_waivers: true in a trusted"
NOT_TRUSTED += " auditor.yaml counts it"
#: What stands for the owner where a comment names none.
UNNAMED = "not named"
_LARGEST = 64 << 20
_COMMENT = re.compile(r"(?:^|\s)(?:#|//)+\s*(?:(auditor:ignore)\b|(checkov:skip)=)\s*(.*)$")
_PAIR = re.compile(r"(?:^|\s)(until|owner|ticket)=(\S+)")
_TERRAFORM = (".tf", ".tofu")


@dataclass(frozen=True, slots=True)
class _Written:
    """A comment: its line, how far it is indented, what it says. ``foreign``: checkov's, whose ids are not ours."""

    line: int
    column: int
    text: str
    foreign: bool


@dataclass(frozen=True, slots=True)
class _Block:
    """A resource's lines, both included; a comment of its own is indented further than ``column``."""

    begin: int
    end: int
    column: int


@dataclass(frozen=True, slots=True)
class _Placed:
    key: str
    line: int
    pattern: ResourcePattern


#: A waiver, and the key of the one resource that it speaks about.
Inline = tuple[Waiver, str]


def read_comments(
    con: duckdb.DuckDBPyConnection, named: Mapping[str, tuple[str, ...]], *, counted: bool
) -> tuple[tuple[Inline, ...], tuple[WaiverProblem, ...]]:
    """The waivers in the files of the tables' templates, and what is wrong with others.

    ``named``: what rules may be called, as ``rule_names`` gives it. ``counted`` false: each is a problem, not a waiver.
    """
    rows = con.execute(
        "select file, key, line, resource_type, account, region, id from place where file is not null order by all"
    ).fetchall()
    placed: dict[str, list[_Placed]] = defaultdict(list)
    for file, key, line, kind, account, region, id_ in rows:
        placed[file].append(_Placed(key, line or 0, ResourcePattern(kind, account, region, name=id_)))
    found: list[Inline] = []
    problems: list[WaiverProblem] = []
    for file, resources in placed.items():
        for one, meant in _of_file(file, resources):
            waiver = _read(one, file, named)
            if waiver is None:
                continue
            if not counted and isinstance(waiver, Waiver):
                waiver = NOT_TRUSTED
            if isinstance(waiver, Waiver) and meant:
                found += ((_for(waiver, p), p.key) for p in meant)
            else:
                waiver = waiver if isinstance(waiver, str) else "it stands in no resource that is evaluated"
                problems.append(WaiverProblem(f"{file}:{one.line}", one.text, waiver))
    return tuple(found), tuple(problems)


def _for(waiver: Waiver, placed: _Placed) -> Waiver:
    return Waiver(
        waiver.rules, placed.pattern, waiver.reason, waiver.owner, waiver.expires, waiver.ticket, file=waiver.file,
        line=waiver.line,
    )  # fmt: skip


def _of_file(file: str, resources: Iterable[_Placed]) -> Iterator[tuple[_Written, list[_Placed]]]:
    """Each comment with the resources of the block that it stands in. A file that can't be read any more has none."""
    try:
        text = read_regular(Path(file), _LARGEST).decode()
    except (NotReadError, UnicodeDecodeError):
        return
    if "auditor" not in text and "checkov" not in text:
        return
    terraform = file.endswith(_TERRAFORM)
    try:
        blocks, listed = (_terraform(text), []) if terraform else _cloudformation(text)
    except (UnreadableError, yaml.YAMLError, RecursionError):
        return
    for one in (*_comments(text), *listed):
        inside = [b for b in blocks if b.begin <= one.line <= b.end and one.column > b.column]
        meant = [p for p in resources if any(b.begin <= p.line <= b.end for b in inside)]
        if meant or not one.foreign:
            yield one, meant


def _comments(text: str) -> Iterator[_Written]:
    for number, line in enumerate(text.splitlines(), 1):
        found = _COMMENT.search(line)
        if found:
            column = len(line) - len(line.lstrip())
            yield _Written(number, column, mask_text(_words(found[3], bool(found[2]))), bool(found[2]))


def _words(text: str, foreign: bool) -> str:
    """checkov writes ``ID:reason``; its ids hold no colon."""
    return text.replace(":", " ", 1).strip() if foreign else text.strip()


def _terraform(text: str) -> list[_Block]:
    spans = (block.span for block in parse(text).blocks)
    return [_Block(span.line, span.last_line, -1) for span in spans if span is not None]


def _cloudformation(text: str) -> tuple[list[_Block], list[_Written]]:
    """The resources' lines, and what their Metadata says."""
    # Not libyaml's loader: what is nested deeply ends that one with the process, this one with a RecursionError.
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    blocks: list[_Block] = []
    listed: list[_Written] = []
    resources = _items(_member(root, "Resources"))
    lines = [key.start_mark.line + 1 for key, _ in resources]
    for (key, node), following in zip(resources, [*lines[1:], None], strict=True):
        begin = key.start_mark
        # A block in YAML ends where the next token begins: that is the next resource's.
        end = node.end_mark.line + 1 if following is None else min(node.end_mark.line + 1, following - 1)
        # Several in one line can't be told apart.
        if lines.count(begin.line + 1) == 1:
            blocks.append(_Block(begin.line + 1, end, begin.column))
        metadata = _member(node, "Metadata")
        for entry in _sequence(_member(_member(metadata, "checkov"), "skip")):
            said = f"{_text(_member(entry, 'id'))} {_text(_member(entry, 'comment'))}"
            listed.append(_Written(entry.start_mark.line + 1, begin.column + 1, mask_text(said.strip()), foreign=True))
        listed += (
            _Written(entry.start_mark.line + 1, begin.column + 1, mask_text(_text(entry)), foreign=False)
            for entry in _sequence(_member(_member(metadata, "auditor"), "ignore"))
        )
    return blocks, listed


def _items(node: yaml.Node | None) -> list[tuple[yaml.Node, yaml.Node]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def _sequence(node: yaml.Node | None) -> list[yaml.Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _member(node: yaml.Node | None, name: str) -> yaml.Node | None:
    return next((value for key, value in _items(node) if key.value == name), None)


def _text(node: yaml.Node | None) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def _read(written: _Written, file: str, named: Mapping[str, tuple[str, ...]]) -> Waiver | str | None:
    """The waiver, or what is wrong with it; None for a rule of checkov's."""
    given = dict(_PAIR.findall(written.text))
    names, _, reason = _PAIR.sub(" ", written.text).strip().partition(" ")
    rules = [name for name in names.split(",") if name]
    unknown = next((name for name in rules if name not in named), None)
    if unknown is not None and written.foreign:
        return None
    until = day(given["until"]) if "until" in given else date.max if written.foreign else None
    if not rules:
        return "names no rule"
    if unknown is not None:
        return f"there is no rule or area {unknown!r}"
    if not reason.strip():
        return "it gives no reason"
    if until is None:
        return f"until={given['until']} is not a date (YYYY-MM-DD)" if "until" in given else "until= is missing"
    ids = tuple(dict.fromkeys(rule for name in rules for rule in named[name]))
    return Waiver(
        ids, ResourcePattern(), " ".join(reason.split()), given.get("owner", UNNAMED), until, given.get("ticket", ""),
        file=file, line=written.line,
    )  # fmt: skip
