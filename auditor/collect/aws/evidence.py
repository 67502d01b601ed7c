"""Evidence beside the Studio resources themselves. Each source is optional, has permissions of its own, and is a gap
when it cannot be read. Its entry (``auditor.studio.evidence_sources``) names the module that collects it."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Protocol

from auditor.collect.aws.evidence_request import EvidenceOptions, EvidenceRequest
from auditor.collect.aws.run import Run
from auditor.studio.evidence_sources import EVIDENCE_SOURCES, EvidenceSource, Stage


class Collector(Protocol):
    """Submits to ``run.tasks`` what has to be called for a source's records. Calls go through ``run``, where each
    failure becomes a gap."""

    def __call__(self, run: Run, request: EvidenceRequest) -> None: ...


def collector_of(source: EvidenceSource) -> Collector:
    """The function that collects the source."""
    found: Collector = import_module(f"auditor.collect.aws.{source.module}").collect
    return found


def submit(run: Run, stage: Stage, regions: Iterable[str], options: EvidenceOptions) -> None:
    """Submit the stage's sources that are asked for. Nothing without a Region."""
    asked = tuple(regions)
    for source in EVIDENCE_SOURCES:
        if asked and source.stage is stage and source.name in options.names:
            collector_of(source)(run, EvidenceRequest(source.kinds, asked, options))


def leave_out(run: Run, regions: Iterable[str], options: EvidenceOptions) -> None:
    """Nothing in the regions needs evidence, so it is not asked for: unknown, and no gap."""
    kinds = [s.kinds for s in EVIDENCE_SOURCES if s.stage is Stage.DOMAINS and s.name in options.names]
    for region in regions:
        for kind in (kind for each in kinds for kind in each):
            run.unlisted(region, kind)
