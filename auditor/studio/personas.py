"""Personas: which apps and ML tools a kind of person needs, and which profiles are people of that kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from auditor.studio.tools import FIRST_PARTY_TOOLS, MLFLOW, NEEDABLE_APP_TYPES


@dataclass(frozen=True, slots=True)
class Match:
    """Which profiles: all of what is given must hold.

    ``name`` and ``domain`` are patterns, empty for any; ``tags`` maps tag keys to patterns. In a pattern ``*`` stands
    for any characters and ``?`` for one. ``domain`` is a domain's name or id. Case counts in tags, not in names.
    """

    tags: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Persona:
    """A kind of person.

    A profile is of the first persona one of whose ``matches`` fits; the last persona has none and is everybody else's.
    RStudioServerPro among ``apps`` is needed where the domain has RStudio. ``built_in``: nobody defined it, so what it
    needs is nobody's decision. ``canvas``: of ``CANVAS_FEATURES``.
    """

    name: str
    apps: tuple[str, ...] = NEEDABLE_APP_TYPES
    tools: tuple[str, ...] = (*FIRST_PARTY_TOOLS, MLFLOW)
    matches: tuple[Match, ...] = ()
    built_in: bool = False
    canvas: tuple[str, ...] = ()


#: What people need as long as nobody says more: every app, every tool of AWS's own, and MLflow; nothing
#: of Canvas beside itself.
DEFAULT = "default"
DEFAULT_PERSONAS = (Persona(DEFAULT, built_in=True),)
