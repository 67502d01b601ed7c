"""The evidence beside the Studio resources: what ``--evidence`` names, and which kinds of records each stands for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from auditor.model.snapshot import KINDS, Kind


@dataclass(frozen=True, slots=True)
class EvidenceSource:
    """One kind of evidence. It has permissions of its own, and is missing data where it cannot be read."""

    name: str
    kinds: tuple[Kind, ...]


EVIDENCE_SOURCES = (
    EvidenceSource("sign-ins", ("sign_in",)),
    EvidenceSource("roles", ("role",)),
    EvidenceSource("permissions", ("permission",)),
    EvidenceSource("identity-center", ("identity_user",)),
    EvidenceSource("partner-apps", ("partner_app",)),
    EvidenceSource("mlflow", ("mlflow_server", "mlflow_app")),
    EvidenceSource("network", ("vpc", "subnet", "route_table")),
    EvidenceSource("account", ("trail", "log_group")),
)
#: Their names, in the order in which they are documented.
EVIDENCE = tuple(source.name for source in EVIDENCE_SOURCES)
#: Every kind of record that is evidence; all others are the Studio resources themselves.
EVIDENCE_KINDS = frozenset(kind for source in EVIDENCE_SOURCES for kind in source.kinds)


def kinds_of(names: Iterable[str]) -> frozenset[Kind]:
    """Kinds of records that a collection with this evidence asks for, the resources themselves included."""
    chosen = set(names)
    wanted = {kind for source in EVIDENCE_SOURCES if source.name in chosen for kind in source.kinds}
    return frozenset(kind for kind in KINDS if kind not in EVIDENCE_KINDS or kind in wanted)
