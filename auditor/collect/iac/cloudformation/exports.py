"""Exports and imports between stacks that are scanned together.

Source: the CloudFormation user guide, "Get exported outputs from a deployed CloudFormation stack": a name is exported
once in an account and region, and whoever imports it gets the value of that output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.collect.iac.cloudformation.assembly import Cdk
from auditor.collect.iac.cloudformation.parameters import Given
from auditor.collect.iac.interface import Unknown, Value

if TYPE_CHECKING:
    from auditor.collect.iac.cloudformation.stack import Stack


@dataclass(frozen=True, slots=True)
class Deployment:
    """A template as it is deployed by itself. ``name`` is its file as the user would name it; ``home`` is the folder of
    the assembly that it is a stack of, None for a plain template."""

    path: Path
    name: str
    given: Given
    cdk: Cdk
    home: Path | None = None

    @property
    def account(self) -> str:
        """The account that it is deployed in, empty where that is not known."""
        return self.given.pseudo.get("AWS::AccountId", "")

    @property
    def region(self) -> str:
        """The Region that it is deployed in, empty where that is not known."""
        return self.given.pseudo.get("AWS::Region", "")


#: What gives the value of an output.
_Output = Callable[[], Value]


@dataclass(slots=True)
class Exports:
    """What the stacks export; None is one that cannot be read. ``links`` collects who imported from whom, by places in
    ``stacks``."""

    stacks: Sequence[tuple[Deployment, Stack | None]] = ()
    links: set[tuple[int, int]] = field(default_factory=set)
    _names: dict[str, list[tuple[int, _Output]]] | None = None
    _pending: set[tuple[int, str]] = field(default_factory=set)

    def value(self, importer: int, name: str) -> Value:
        """The value that the stack at a place gets for a name: unknown unless exactly one stack exports it there."""
        expression = f"${{Fn::ImportValue:{name}}}"
        candidates = [(at, output) for at, output in self._exported().get(name, ()) if self._meet(importer, at)]
        home = self.stacks[importer][0].home
        beside = [(at, output) for at, output in candidates if home is not None and self.stacks[at][0].home == home]
        candidates = beside if len(beside) == 1 else candidates
        if not candidates:
            return Unknown(
                expression,
                "another stack exports it, which is not among the templates that are scanned",
                symbol=expression,
            )
        if len(candidates) > 1:
            files = ", ".join(sorted({self.stacks[at][0].name for at, _ in candidates}))
            return Unknown(
                expression, f"several of the templates that are scanned export it: {files}", symbol=expression
            )
        ((at, output),) = candidates
        if (at, name) in self._pending:
            return Unknown(expression, "its value hangs on itself")
        self._pending.add((at, name))
        try:
            found = output()
        finally:
            self._pending.discard((at, name))
        self.links.add((importer, at))
        return found

    def _exported(self) -> dict[str, list[tuple[int, _Output]]]:
        if self._names is None:
            # A name that hangs on an import finds none of them yet.
            self._names = {}
            found: dict[str, list[tuple[int, _Output]]] = {}
            for at, (_, stack) in enumerate(self.stacks):
                for name, output in stack.exports() if stack is not None else ():
                    found.setdefault(name, []).append((at, output))
            self._names = found
        return self._names

    def _meet(self, importer: int, exporter: int) -> bool:
        """Whether both may be deployed in one account and Region."""
        one, other = self.stacks[importer][0], self.stacks[exporter][0]
        return all(not a or not b or a == b for a, b in ((one.account, other.account), (one.region, other.region)))


def groups(count: int, links: set[tuple[int, int]]) -> list[list[int]]:
    """Places that are linked with each other, directly or through others; each place once, in order."""
    group = list(range(count))
    for one, other in sorted(links):
        low, high = sorted((group[one], group[other]))
        group = [low if g == high else g for g in group]
    return [[at for at in range(count) if group[at] == first] for first in dict.fromkeys(group)]
