"""What a rule changes, with its values worked out for one row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from auditor.model.rule import Rule
from auditor.resolve.table_model import Table
from auditor.resolve.tables import table
from auditor.rules.value_columns import VALUE
from auditor.studio.structures import ROOTS


@dataclass(frozen=True, slots=True)
class Step:
    """A change with its values worked out. ``value`` is a list for ``add`` and ``remove``."""

    path: str
    action: str
    value: Any

    @property
    def root(self) -> str:
        return _parts(self.path)[0]

    @property
    def top(self) -> str:
        """The member of the root that is sent: ``UserSettings.StudioWebPortalSettings``."""
        return _parts(self.path)[1]

    @property
    def nested(self) -> bool:
        """Whether the member lies in a structure, whose other members have to be sent as well."""
        return _parts(self.path)[2]

    def includes(self, other: Step) -> bool:
        """Whether this change does the other as well: the same, or more items of the same list."""
        if self.path != other.path or self.action != other.action:
            return False
        if self.action == "set":
            return bool(self.value == other.value)
        return all(item in self.value for item in other.value)

    def moved(self, root: str) -> Step:
        """The same change under another root."""
        return Step(root + self.path.removeprefix(self.root), self.action, self.value)


@cache
def _parts(path: str) -> tuple[str, str, bool]:
    """Root, top and whether it is nested. Paths are those of the rules: a few dozen, asked about for every finding."""
    root = path.partition(".")[0]
    return root, ".".join(path.split(".")[:2]).removesuffix("[]"), root in ROOTS and path.count(".") > 1


def steps_of(rule: Rule, row: Mapping[str, Any], parameters: Mapping[str, Any]) -> tuple[Step, ...]:
    """The changes that the rule makes to what a row stands for; one whose value is unknown is left out.

    ``row`` holds the rule's columns and ``VALUE`` columns, ``parameters`` the values of the rule's parameters.
    """
    return tuple(_steps(rule, row, parameters))


def _steps(rule: Rule, row: Mapping[str, Any], parameters: Mapping[str, Any]) -> Iterator[Step]:
    def worked_out(part: Any) -> Any:
        if not (isinstance(part, str) and part.startswith("$")):
            return part
        name = part[1:]
        if name in rule.remediation.values:
            return row.get(VALUE + name)
        return parameters[name] if name in parameters else row.get(name)

    for change in rule.remediation.changes:
        value = worked_out(change.value)
        spared = [] if change.but_not is None else worked_out(change.but_not)
        if value is None or spared is None:
            continue
        if change.action != "set":
            spared = spared if isinstance(spared, list | tuple) else [spared]
            value = [v for v in (value if isinstance(value, list | tuple) else [value]) if v not in spared]
        yield Step(change.path, change.action, list(value) if isinstance(value, tuple) else value)


def column_at(documented: Table, path: str) -> str:
    """The column that holds the setting at a path of a profile's own document, empty where there is none."""
    return _columns_at(documented.name).get(path.partition("[]")[0], "")


@cache
def _columns_at(table_name: str) -> Mapping[str, str]:
    documented = table(table_name)
    assert documented is not None, table_name
    return {c.paths["profile"]: c.name for c in documented.columns if c.paths and "profile" in c.paths}
