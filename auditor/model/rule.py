"""A rule: two SQL expressions over one documented table, with its prose and its own cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from auditor.model.prevent import Prevent


class Severity(StrEnum):
    """Ordered from worst to least; ``rank`` 0 is the worst."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        return _RANKS[self]

    @property
    def or_above(self) -> str:
        """``of severity high or above``, as a threshold reads in a sentence."""
        return f"of severity {self}{' or above' if self.rank else ''}"


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Verdict(StrEnum):
    """The closed set of answers that a rule gives about one resource."""

    PASS = "pass"  # noqa: S105 — a verdict
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Param:
    """A threshold or a list that a user may override. ``type``: integer, number, string, boolean, list (of strings).

    ``same_as`` names another rule's parameter (``STU101.generic_words``) whose value this one takes where it is not
    given itself; ``default`` is then that parameter's default.
    """

    name: str
    type: str
    default: Any
    doc: str
    same_as: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One example that travels with the rule: column values given, verdict expected.

    ``given`` holds values by column of the rule's table; a column given as null is unknown; a column not given takes
    the harness's compliant-neutral default for its type (see ``auditor.rules.cases``). ``tables`` may add rows of
    other tables for scalar subqueries. ``params`` overrides parameters.
    """

    given: Mapping[str, Any]
    then: Verdict
    name: str = ""
    params: Mapping[str, Any] | None = None
    tables: Mapping[str, tuple[Mapping[str, Any], ...]] | None = None
    severity: Severity | None = None
    """Severity of the failure, where the case says it."""
    message: str = ""
    """Message of the failure, where the case says it."""
    withheld: str | None = None
    """Why the failure gets no command (``''``: nothing withholds it), where the case says it."""


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one setting.

    ``path`` is the API's, as the resource is described: ``UserSettings.StudioWebPortalSettings.HiddenAppTypes``,
    ``TagPropagation``, ``Tags.owner``; a profile's ``UserSettings`` stand for the domain's ``DefaultUserSettings``
    where the domain is to be changed. ``action``: ``set``, or ``add`` and ``remove`` for lists, all but ``but_not``. A
    text that begins with ``$`` names one of the rule's values, a parameter or a column; where that is NULL, or there is
    nothing to do, the setting is left alone.
    """

    path: str
    action: Literal["set", "add", "remove"]
    value: Any
    but_not: Any = None


@dataclass(frozen=True, slots=True)
class Withheld:
    """A reason to print no command. ``when``: SQL over the table; true or NULL withholds the command. ``because`` is
    the sentence shown where it is true, ``unknown`` where it is NULL; both name columns and values in braces."""

    when: str
    because: str
    unknown: str


@dataclass(frozen=True, slots=True)
class Remediation:
    """How to fix a finding.

    ``steps`` is prose. ``changes`` say what becomes of which settings; the command and the snippets follow from them.
    Where there are none, ``aws`` maps the layer that set the value (``profile``, ``domain``, ``space``, ``service``; or
    ``any``) to an AWS CLI command whose ``{placeholders}`` are columns of the table or ``values``; ``cloudformation``
    and ``terraform`` are snippets, mapped the same way. All empty where no single call can fix it.
    """

    steps: str
    aws: Mapping[str, str] = field(default_factory=dict)
    cloudformation: Mapping[str, str] = field(default_factory=dict)
    terraform: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    """SQL expressions over the table, by the name that ``changes`` and ``aws`` use."""
    at: str = ""
    """SQL that gives ``profile`` or ``domain`` where a user setting is to be changed elsewhere than where its origin
    says; NULL leaves it to the origin."""
    withhold_when: tuple[Withheld, ...] = ()
    """What has to be done, or known, before the command may be run."""

    @property
    def by_command(self) -> bool:
        """Whether one call can fix it."""
        return bool(self.changes or self.aws)


@dataclass(frozen=True, slots=True)
class OwnWords:
    """What a company's own words are to a rule on names, by letters of ``word_kind``: a word of a kind in ``unlisted``
    that is the company's own has the kind at the same place in ``generic``. Beside a word of a kind in ``person``
    (``unlisted`` is among them) none is."""

    unlisted: str
    generic: str
    person: str


@dataclass(frozen=True, slots=True)
class UnlikeNames:
    """What a word is to a rule on names that is formed as no person's name is, by letters of ``word_kind``: a word of
    the kind ``unlisted``, in a name that holds one of a kind in ``beside``, becomes ``unlike``, or ``doubtful``.

    A word of one of the kinds ``own`` is asked about wherever it stands, and becomes the kind at the same place in
    ``generic`` where it isn't a name. So is one of the kind ``joined``, which becomes the first of ``generic`` where it
    is far from any name, and is as ``unlisted`` else."""

    unlisted: str
    beside: str
    unlike: str
    doubtful: str
    joined: str = ""
    own: str = ""
    generic: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One loaded, validated rule.

    ``when`` false: not applicable, ``when`` NULL: unknown; ``require`` true: pass, false: fail, NULL: unknown.
    ``setting`` names the column that a finding is about (fingerprint, root cause); by default the first column that
    ``require`` reads. ``file`` and ``line`` say where it was defined.
    """

    id: str
    name: str
    title: str
    severity: Severity
    area: str
    table: str
    when: str
    require: str
    setting: str
    message: str
    why: str
    remediation: Remediation
    practices: tuple[str, ...]
    references: tuple[str, ...]
    since: str
    params: tuple[Param, ...]
    cases: tuple[Case, ...]
    file: str
    line: int
    cause: str = ""
    tests_null: str = ""
    """Of a built-in rule: why ``when`` and ``require`` may test for NULL on purpose. Empty: they may not."""
    """SQL that names the column to blame, for rules that read several settings; empty: always ``setting``."""
    values: Mapping[str, str] = field(default_factory=dict)
    """SQL expressions over the table, by the name that ``message`` uses; ``remediation.values`` holds them as well."""
    severity_when: Mapping[Severity, str] = field(default_factory=dict)
    """SQL by severity: of a failure, the first that is true stands instead of ``severity``. NULL is not true."""
    columns: tuple[str, ...] = ()
    """Columns of ``table`` that ``require`` and then ``when`` read, in order of first appearance, each once."""
    reads: tuple[str, ...] = ()
    """What their subqueries read: names of tables, and their columns as ``table.column``."""
    word_kind: str = ""
    """SQL that gives the kind of one ``word``, for ``word_kinds(words)`` in ``when`` and ``require``."""
    own_words: OwnWords | None = None
    """What words of domains' and accounts' names are to ``word_kind`` where the profiles show that they are nobody's
    name; None: what they are anyway."""
    unlike_names: UnlikeNames | None = None
    """What a word that no list has is to ``word_kind`` where it is formed as no person's name is; None: what it is
    anyway."""
    prevent: Prevent | None = None
    """Statements that deny the calls that would break the rule; None where no condition key of AWS's reaches it."""
