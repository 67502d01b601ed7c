"""A printed command, read again: which operation of which service, with which options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from auditor.model.rule import Remediation
from auditor.studio.placeholders import placeholders

#: A word that a shell reads, where no quotes but single ones are in it and no backslash.
_WORD = re.compile(r"(?:[^ \t\r\n']+|'[^']*')+")


class UnreadableError(Exception):
    """The text is not one whole command of the AWS CLI; the message says why, in words that follow a colon."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the AWS CLI. ``options`` by name, without the dashes, each with its words."""

    service: str
    operation: str
    options: Mapping[str, tuple[str, ...]]

    def one(self, option: str) -> str:
        """The one word of an option; '' where the command does not have it."""
        words = self.options.get(option, ())
        return words[0] if words else ""


def may_be_run(fix: Remediation) -> bool:
    """Whether a command of a rule may need nothing filled in; else none of its failures has one that can be run."""
    values = [change.value for change in fix.changes] or fix.aws.values()
    return any(not isinstance(value, str) or not any(placeholders(value)) for value in values)


def shell_words(text: str) -> list[str]:
    """The words of a command, as a shell reads them. Raises ValueError where a quote is left open.

    Commands are written with single quotes. Such are read in a fifteenth of the time that shlex takes, which looks at
    one character after the other.
    """
    quoted = text.split("'")
    if len(quoted) % 2 and not any('"' in outside or "\\" in outside for outside in quoted[::2]):
        return [word.replace("'", "") for word in _WORD.findall(text)]
    return shlex.split(text)


def read_call(text: str) -> Call:
    """The call that a finding's command makes. Raises UnreadableError where there is none, or its reader has to fill in
    something first."""
    if not text:
        raise UnreadableError("no command fixes it")
    open_ = tuple(placeholders(text))
    if open_:
        raise UnreadableError(f"its command needs a value for {', '.join(open_)}")
    words = shell_words(text)
    if len(words) < 3 or words[0] != "aws" or any(w in ("&&", "||", ";", "|") for w in words):
        raise UnreadableError("its command is not one call of the AWS CLI")
    options: dict[str, tuple[str, ...]] = {}
    name = ""
    for word in words[3:]:
        if word.startswith("--"):
            name = word.removeprefix("--")
            options[name] = ()
        elif name:
            options[name] += (word,)
    return Call(words[1], words[2], options)
