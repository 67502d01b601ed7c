"""Text from an account, a template or a file, made so that it is only text wherever it is printed or written.

Names are chosen by others. One that holds a control character steers a terminal; one that begins a line with ``::`` or
holds ``##[`` gives commands to the CI server that reads the log: GitHub Actions takes ``::command::`` behind any white
space at the beginning of a line, and ``##[command]`` anywhere, as Azure Pipelines does with ``##vso[`` and TeamCity
with ``##teamcity[``.
"""

from __future__ import annotations

import re
import unicodedata

_REPLACED = "\N{REPLACEMENT CHARACTER}"
#: Unicode categories that steer a display instead of showing: control, format (direction), surrogate, private use; and
#: those that begin a new line.
_STEERING = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_BEGINNING = re.compile(r"(?<!\S)::")
_ANYWHERE = re.compile(r"#(?=#(?:\[|vso\[|teamcity\[))", re.IGNORECASE)


def without_commands(text: str) -> str:
    """The text with a space inside of everything that a CI server takes for a command."""
    if "::" in text:
        text = _BEGINNING.sub(": :", text)
    return _ANYWHERE.sub("# ", text) if "##" in text else text


def printable(text: str) -> str:
    """One line for a terminal or a log: line breaks and whatever is no visible character are replaced."""
    shown = text if text.isprintable() else "".join(c if c.isprintable() else _REPLACED for c in text)
    return without_commands(shown)


def printable_lines(text: str) -> str:
    """The same for text that has lines of its own; none of them is a command."""
    return "\n".join(map(printable, text.split("\n")))


def is_blank(text: str) -> bool:
    """Whether a reader sees nothing: spaces, also those that take no room, and what is no character."""
    return not any(c.isprintable() and not c.isspace() for c in text)


def visible(text: str, keep: str = "\n\t") -> str:
    """The text for a file that people read: what steers a display (control, direction) is replaced, nothing else."""
    text = without_commands(text)
    # Nearly every text is printable; the categories are asked for the rest only.
    if text.isprintable():
        return text
    bare = text
    for character in keep:
        bare = bare.replace(character, "")
    if bare.isprintable():
        return text
    return "".join(c if c in keep or unicodedata.category(c) not in _STEERING else _REPLACED for c in text)


def one_line(text: str) -> str:
    """The text in one line, without what steers a display."""
    return " ".join(visible(text).split())


def in_json(encoded: str) -> str:
    """JSON text with the same values that is no command: a ``#`` stands in strings only, and may be written so."""
    return _ANYWHERE.sub(r"\\u0023", encoded) if "##" in encoded else encoded


def in_xml(escaped: str) -> str:
    """XML text or attribute values, already escaped, that are no command and are read as the same."""
    if "::" in escaped:
        escaped = _BEGINNING.sub("&#58;:", escaped)
    return _ANYWHERE.sub("&#35;", escaped) if "##" in escaped else escaped
