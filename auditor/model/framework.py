"""A compliance framework: requirements, and the rules that speak about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement. ``title`` is ours, not the standard's text; ``rules`` maps rule id to why it speaks about it."""

    id: str
    title: str
    rules: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework, in the version that the mapping was made for. ``name`` is what ``--framework`` takes."""

    name: str
    title: str
    version: str
    source: str
    requirements: tuple[Requirement, ...]
