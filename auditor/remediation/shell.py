"""Names and values as words of a command, and the sentences that go with it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from auditor.model.resource import ResourceRef
from auditor.rules.value_columns import VALUE
from auditor.studio.partitions import HOME_REGIONS, partition_of
from auditor.studio.placeholders import PLACEHOLDERS, placeholders

_IAM = re.compile(r"aws iam [a-z-]+")
#: A value that the AWS CLI would take for something else: an option, or a file or address to read.
_NOT_A_NAME = re.compile(r"-|(file|fileb|https?)://")


class UnusableError(Exception):
    """No command can be made; the text says why, in a sentence for the finding."""


def word(value: object) -> str:
    """A value as one word for a shell, which the AWS CLI takes for nothing but a value."""
    text = str(value)
    if not text or not text.isprintable() or _NOT_A_NAME.match(text):
        raise UnusableError(f"No command: {text!r} cannot stand in one.")
    return shlex.quote(text)


class _Text(str):
    """Words, with an option before them where one is asked for; then nothing at all stands for ''."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        if not self and not spec:
            raise UnusableError("No command: a name that it needs is not set.")
        return f"{spec} {self}" if self and spec else str(self)


class Words(dict[str, Any]):
    """A row whose values are words for a shell, a list's items one after the other.

    KeyError for one that is unknown, or an empty list; ``used`` are the rule's values that were asked for.
    """

    def __init__(self, row: Mapping[str, Any]) -> None:
        super().__init__(row)
        self.used: list[str] = []

    def __getitem__(self, name: str) -> str:
        value = super().__getitem__(VALUE + name if VALUE + name in self else name)
        if value is None or value in ([], ()):
            raise KeyError(name)
        if VALUE + name in self:
            self.used.append(str(value))
        if value == "":
            return _Text()
        return _Text(" ".join(word(v) for v in (value if isinstance(value, list | tuple) else [value])))


def explained(name: str, meaning: str) -> str:
    return f"Put in for {name}: {PLACEHOLDERS.get(name, meaning)}."


def to_fill_in(text: str) -> str:
    return " ".join(explained(name, "") for name in placeholders(text))


def sent_whole(members: Sequence[str]) -> str:
    if not members:
        return ""
    return (
        f"The command sends {' and '.join(members)} whole, as the audit saw it, so that nothing in it is lost: audit"
        " again before another command for it."
    )


def followed_no_more(members: Sequence[str]) -> str:
    if not members:
        return ""
    return f"The profile gets {' and '.join(members)} of its own and no longer follows the domain's."


def shared(others: int) -> str:
    if others <= 0:
        return ""
    who = "other profile takes" if others == 1 else "other profiles take"
    return f"It changes the domain's default, which {others:,} {who} over."


def in_partition(command: str, resource: ResourceRef) -> str:
    """IAM has no regions, but one endpoint in each partition, which the AWS CLI finds by a region of it."""
    named = resource.arn.split(":")[1] if resource.arn.startswith("arn:") else partition_of(resource.region)
    if named == "aws":
        return command
    return _IAM.sub(lambda m: f"{m[0]} --region {HOME_REGIONS[named]}", command, count=1)
