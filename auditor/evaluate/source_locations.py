"""Where templates define the resources that findings speak about, and the values that they found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from auditor.model.paths import line_at
from auditor.model.resource import Origin, ResourceRef

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

    def resource(self, resource: ResourceRef) -> ResourceRef:
        """The same with file, line and construct. What comes from a template has no ARN."""
        place = self._places.get(resource.key)
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
