"""What is unsafe in a script that Studio runs when an app starts: patterns as data, and lines that match.

A script is read where it is seen, and only what was found in it is kept: which check, and in which line. The script
itself stands in no snapshot and no report, for it may hold a secret.

Sources: developer guide, "Lifecycle configurations within Amazon SageMaker Studio" (scripts are at most 16,384
characters, in base64); pip's documentation of its options; GNU's manuals of curl, wget and chmod.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.secret_forms import replace_secrets


@dataclass(frozen=True, slots=True)
class Check:
    """``says`` ends a sentence that begins "line 4 …"."""

    name: str
    says: str
    pattern: re.Pattern[str]


_SHELL = (
    r"(?:sudo\s+(?:-\S+\s+)*)?(?:/(?:usr/)?bin/)?(?:env\s+)?(?:ba|z|k|da)?sh\b"
    r"|(?:sudo\s+)?python[0-9.]*(?:\s+-)?\s*(?:$|[;&|])"
)
_DOWNLOAD = r"\b(?:curl|wget)\b"
#: Each is looked for in every line; comments are none.
CHECKS = (
    Check(
        "download-run", "runs what it downloads",
        re.compile(
            rf"{_DOWNLOAD}[^|;&]*(?:&(?!&)[^|;&]*)*\|\s*(?:{_SHELL})"
            rf"|(?:\b(?:ba|z|k|da)?sh\b|\bsource\b|(?:^|\s)\.)\s+(?:-\w+\s+)*<\(\s*{_DOWNLOAD}"
            rf"|(?:\b(?:ba|z|k|da)?sh\b\s+-c|\beval)\s+[\"']?(?:\$\(|`)\s*{_DOWNLOAD}"
        ),
    ),
    Check(
        "world-writable", "lets everybody write files",
        # The last digit is everybody's; a first one of 1 keeps others from removing files, as in /tmp.
        re.compile(
            r"\bchmod\s+(?:-{1,2}[A-Za-z-]+\s+)*(?:0?[02-7]?[0-7]{2}[2367]\b"
            r"|(?:[ug]*[oa][ugoa]*[+=][rxXst]*w)|(?:[^\s,]+,)+[ug]*[oa][ugoa]*[+=][rxXst]*w)"
        ),
    ),
)  # fmt: skip
SECRET = Check("secret", "holds a secret", re.compile(r"(?!)"))
SAYS = {check.name: check.says for check in (*CHECKS, SECRET)}
#: Where packages come from: an option or a variable of pip, and a channel of conda that is an address.
_INDEXES = re.compile(
    r"(?:(?<!\S)(?:-i|--(?:extra-)?index-url|-f|--find-links)(?:\s+|=)"
    r"|\bPIP_(?:EXTRA_)?INDEX_URL\s*=\s*|\b(?:global|install)\.(?:extra-)?index-url\s+"
    r"|(?<!\S)(?:-c|--channel)(?:\s+|=)(?=[\"']?https?:))"
    r"[\"']?(?P<scheme>https?)://(?:[^/@\s\"']*@)?(?P<host>[A-Za-z0-9.-]+)"
)
_UNVERIFIED = re.compile(r"(?<!\S)--trusted-host(?:\s+|=)[\"']?(?P<host>[A-Za-z0-9.-]+)")
#: What stands in code, and in no secret.
_CODE = re.compile(r"[$`()\[\]{}<>]")
#: An assignment that says where a secret is: its name, its ARN, the file that holds it.
_ABOUT = re.compile(r"\b\w+_(?:name|id|arn|path|file|url|uri|region|host|user)\s*=\s*\S+", re.IGNORECASE)
#: A command in backticks, which are no quotes here.
_COMMAND = re.compile(r"`[^`]*`")
#: Where the API's document has a script.
CONTENT = "StudioLifecycleConfigContent"
#: The name that stands for where a package comes from.
INDEX = "package-index"


@dataclass(frozen=True, slots=True)
class Unsafe:
    """``check``: one of ``SAYS``, or ``INDEX``. ``line`` from 1. ``host`` of a package index; with its scheme where the
    connection isn't verified."""

    check: str
    line: int
    host: str = ""


def decoded(content: str) -> str:
    """The text of a script as the API holds it. Raises ValueError where it is no base64 of text."""
    try:
        return base64.b64decode(content, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError("the script is not text in base64") from error


def judged_script(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a snapshot holds of a lifecycle configuration's script, which the API's document has at ``CONTENT``:
    ``Script``, the lines that are unsafe. Nothing where the document has none.

    Raises ValueError where it is no text in base64.
    """
    content = document.get(CONTENT)
    if content is None:
        return {}
    found = unsafe(decoded(content))
    return {"Script": [{"Check": one.check, "Line": one.line, "Host": one.host} for one in found]}


def unsafe(script: str) -> list[Unsafe]:
    """What is unsafe in a script, by line."""
    found = [Unsafe(SECRET.name, number) for number, line in enumerate(script.splitlines(), 1) if _secret(line)]
    for number, line in _statements(script):
        found += [Unsafe(check.name, number) for check in CHECKS if check.pattern.search(line)]
        for match in _INDEXES.finditer(line):
            plain = "http://" if match["scheme"] == "http" else ""
            found.append(Unsafe(INDEX, number, plain + match["host"].lower()))
        found += [Unsafe(INDEX, number, f"unverified {m['host'].lower()}") for m in _UNVERIFIED.finditer(line)]
    return sorted(dict.fromkeys(found), key=lambda one: (one.line, one.check, one.host))


def _statements(script: str) -> Iterator[tuple[int, str]]:
    """Lines with the number that they begin at; one that goes on behind a backslash is one. Comments are left out."""
    begun, whole = 0, ""
    for number, line in enumerate(script.splitlines(), 1):
        begun = begun or number
        if not whole and line.lstrip().startswith("#"):
            begun = 0
            continue
        if line.endswith("\\"):
            whole += line[:-1] + " "
            continue
        yield begun, whole + line
        begun, whole = 0, ""
    if whole:
        yield begun, whole


def _secret(line: str) -> bool:
    """Whether a line holds a secret. What a variable, a command or other code gives is none, and no word without a
    digit: names, hosts and users stand behind telling names as well."""
    found: list[str] = []

    def note(value: str) -> str:
        # Ids of access keys are capitals, mostly with a digit.
        capitals = value.isalnum() and value.isupper() and len(value) >= 16
        told = capitals or any(c.isdigit() for c in value)
        if "PRIVATE KEY" in value or (told and not _CODE.search(value)):
            found.append(value)
        return value

    replace_secrets(_ABOUT.sub("", _COMMAND.sub("$()", line)), note)
    return bool(found)
