"""Failures that are alike, each of which its own resource is to blame for, and what these resources are called.

Of a million profiles hundreds of thousands have a command of their own. Their commands differ in a name, and names are
read for all of a rule at once, and only of those that somebody asks about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.evaluate.failing_rows import Alike, NameClass, RuleRows
from auditor.model.finding import RootCause, cause_order
from auditor.remediation.remediate import Remediation
from auditor.studio.placeholders import placeholders


@dataclass(frozen=True, slots=True)
class Singles:
    """Failures of a rule that are alike, each of which its own resource is to blame for: a cause each.

    ``first``: that of the first resource, without what fixes it; ``fix``: that, where a command that needs nothing
    filled in may fix one of them, else None.
    """

    rows: RuleRows
    alike: Alike
    first: RootCause
    fix: Remediation | None

    @property
    def has_command(self) -> bool:
        """Whether a command that needs nothing filled in may fix one of them; else none does."""
        return self.fix is not None

    @property
    def differ_in_name(self) -> bool:
        """Whether the commands of the first and the last, if there are any, can differ in nothing but the name."""
        last = self.alike.last["name"] or ""
        return self.fix is not None and self.rows.names_only(self.alike) and not any(placeholders(last))

    @property
    def order(self) -> tuple[object, ...]:
        """As ``cause_order``, to the rule: what tells them apart is the resource."""
        return cause_order(self.first)[:5]

    @property
    def told(self) -> str:
        """What their causes are named after beside the rule and the resource."""
        return f"{self.first.layer}\x1f{self.first.setting}"


class SingleNames:
    """The names of single failures. What was read last is kept: whoever asks for failures of one rule asks for others
    of it."""

    def __init__(self, singles: Sequence[Singles], tests: Sequence[str]) -> None:
        """``tests``: SQL conditions on the ARN of a row ``r``; what passes the same ones is not told apart."""
        self._tests = tests
        self._told: dict[RuleRows, dict[str, str]] = {}
        for one in singles:
            self._told.setdefault(one.rows, {})[one.alike.text] = one.told
        self._read: tuple[RuleRows, dict[str, list[NameClass]]] | None = None
        self._named: dict[tuple[bool, ...], dict[str, list[tuple[str, str]]]] = {}

    def classes(self, singles: Singles) -> list[NameClass]:
        """The resources of failures that are alike, by the tests that they pass."""
        rows = singles.rows
        if self._read is None or self._read[0] is not rows:
            self._read = (rows, rows.name_classes(list(self._told[rows]), self._tests))
            self._named.clear()
        return self._read[1].get(singles.alike.text, [])

    def of(self, singles: Singles, passed: tuple[bool, ...]) -> list[tuple[str, str]]:
        """The ARNs of those of ``classes`` that pass these tests, in the order of their keys, each with the id of its
        cause."""
        self.classes(singles)
        if passed not in self._named:
            self._named[passed] = singles.rows.named_alike(self._told[singles.rows], self._tests, passed)
        return self._named[passed].get(singles.alike.text, [])
