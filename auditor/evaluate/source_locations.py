"""Where templates define the resources that findings speak about, and the values that they found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from auditor.model.finding import Evidence
from auditor.model.paths import line_at
from auditor.model.resource import Culprit, Origin, ResourceRef

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class _Location:
    file: str
    line: int | None
    construct: str
    lines: Mapping[str, int]


class SourceLocations:
    """Places by the resource's key. Empty where nothing comes from a template."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        rows = con.execute("select key, file, line, construct, lines from place").fetchall()
        self._places = {
            key: _Location(file, line, construct, lines or {}) for key, file, line, construct, lines in rows
        }
        self._culprits: dict[str, list[Culprit]] = {}
        listed = con.execute(
            "select distinct key, name, resource, type, form, file, line from culprit order by all"
        ).fetchall()
        for key, *members in listed:
            self._culprits.setdefault(key, []).append(Culprit(*members))

    def __bool__(self) -> bool:
        """Whether anything comes from a template."""
        return bool(self._places or self._culprits)

    def culprits(self, resource: ResourceRef, names: Sequence[str], told: str) -> list[Culprit]:
        """What is behind a value, by the names of its policies or subnets: those that the message tells, if it does."""
        if not names or not self._culprits:
            return []
        found = [c for c in self._culprits.get(resource.key, ()) if c.name in names]
        return [c for c in found if c.name and c.name in told] or found

    def blame(self, evidence: Evidence, culprits: Sequence[Culprit]) -> Evidence:
        """The same, pointing at the first of the culprits where no setting stands behind the value."""
        if not culprits or evidence.origin.layer == "unknown":
            return evidence
        first = culprits[0]
        path = first.form or evidence.setting
        return replace(evidence, origin=Origin("derived", first.resource, path, first.file, first.line))

    def resource(self, resource: ResourceRef) -> ResourceRef:
        """The same with file, line and construct. What comes from a template has no ARN."""
        place = self._places.get(resource.key) if self._places else None
        if place is None:
            return resource
        return replace(resource, arn="", file=place.file, line=place.line, construct=place.construct)

    def origin(self, found: Origin, resource: ResourceRef) -> Origin:
        """The same with the file and line that write the value, or else the resource which it was found in."""
        if not self._places or found.layer in ("service", "unknown"):
            return found
        inherited = found.layer == "domain" and resource.type != "domain"
        key = f"{resource.account}/{resource.region}/domain/{found.resource}" if inherited else resource.key
        place = self._places.get(key)
        return found if place is None else replace(found, file=place.file, line=_line(place, found.path))


def _line(place: _Location, path: str) -> int | None:
    """The line of the path, or of the innermost structure around it that is written, or the resource's own."""
    return line_at(place.lines, path) or place.line
