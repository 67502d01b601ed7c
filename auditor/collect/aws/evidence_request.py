"""What evidence is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.model.sign_ins import LogSource
from auditor.model.snapshot import Kind
from auditor.studio.evidence_sources import EVIDENCE, kinds_of


@dataclass(frozen=True, slots=True)
class EvidenceOptions:
    """``names`` of evidence sources. ``days``: CloudTrail's window, at most 90 for LookupEvents. ``max_pages`` of 50
    events, a region. ``logged`` reads sign-ins from a trail's log files instead; None asks LookupEvents.
    ``identity_store``: id, or id@region, else it is looked for."""

    names: tuple[str, ...] = EVIDENCE
    days: int = 90
    max_pages: int = 400
    logged: LogSource | None = None
    identity_store: str = ""

    @property
    def kinds(self) -> frozenset[Kind]:
        """Kinds of records that are asked for, the resources themselves included."""
        return kinds_of(self.names)


@dataclass(frozen=True, slots=True)
class EvidenceRequest:
    """One source's share: the kinds of records that it stands for, and the Regions that it is asked about now."""

    kinds: tuple[Kind, ...]
    regions: tuple[str, ...]
    options: EvidenceOptions
