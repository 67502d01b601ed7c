"""Two runs beside each other, without a store: a baseline, and ``auditor diff``."""

from __future__ import annotations

from dataclasses import dataclass, replace

from auditor.history.advance import Step, known_rows, ledger_rows
from auditor.history.facts import Fact, Facts, posture_in
from auditor.model.finding import PastFinding, State
from auditor.model.history import Comparison
from auditor.model.rule import Verdict
from auditor.store.connection import connect
from auditor.temporary_files import workspace


def compare(old: Facts, new: Facts, *, pending: bool = True) -> Comparison:
    """How the failures of ``new`` stand beside ``old``.

    ``pending``: what ``old`` had from runs before it and could not assess counts as failing there. Whether a resource
    of the old run exists in the new one is not known here: what is not found is resolved, unless a list was lost.
    """
    con = connect()
    with workspace("compare") as folder:
        before = known_rows(con, ledger_rows(old, pending=pending), folder)
        accounts = {a for a, _ in new.scopes}
        narrowed = {a for a, region in old.scopes - new.scopes if a in accounts}
        step = Step(con, new, before, folder, narrowed=narrowed)
        return replace(step.comparison(old.as_of), posture=posture_in(old.posture, new.scopes))


@dataclass(frozen=True, slots=True)
class Difference:
    """What moved from one run to another. A failure of either run is in exactly one of the lists, or did not move.

    ``waived`` and ``lapsed``: it failed in both, and a waiver came or went.
    """

    old: str
    new: str
    appeared: tuple[Fact, ...]
    regressed: tuple[Fact, ...]
    lapsed: tuple[Fact, ...]
    waived: tuple[Fact, ...]
    resolved: tuple[PastFinding, ...]
    not_assessed: tuple[PastFinding, ...]
    carried_over: tuple[PastFinding, ...]
    unmoved: int

    @property
    def worse(self) -> tuple[Fact, ...]:
        """What makes the new run worse: failures that are not waived and were not there, or were waived."""
        return tuple(f for f in (*self.appeared, *self.regressed, *self.lapsed) if not f.waived)

    @property
    def moved(self) -> bool:
        return any(
            (self.appeared, self.regressed, self.lapsed, self.waived, self.resolved, self.not_assessed,
             self.carried_over)
        )  # fmt: skip


def difference(old: Facts, new: Facts) -> Difference:
    """What moved from ``old`` to ``new``. Between a run and itself, nothing did."""
    comparison = compare(old, new, pending=False)
    was_waived = {f.fingerprint: f.waived for f in old.findings if f.status is Verdict.FAIL}
    lists: dict[str, list[Fact]] = {"appeared": [], "regressed": [], "lapsed": [], "waived": []}
    unmoved = 0
    for fact in _sorted(new):
        if fact.status is not Verdict.FAIL:
            continue
        before = was_waived.get(fact.fingerprint)
        if before is None:
            # The new run's own history knows of times before the old one.
            lists["regressed" if fact.regressed else "appeared"].append(fact)
        elif before is fact.waived:
            unmoved += 1
        else:
            lists["waived" if fact.waived else "lapsed"].append(fact)
    past = {state: tuple(p for p in comparison.past if p.state is state) for state in State}
    return Difference(
        old=old.as_of,
        new=new.as_of,
        appeared=tuple(lists["appeared"]),
        regressed=tuple(lists["regressed"]),
        lapsed=tuple(lists["lapsed"]),
        waived=tuple(lists["waived"]),
        resolved=past[State.RESOLVED],
        not_assessed=past[State.NOT_ASSESSED],
        carried_over=past[State.CARRIED_OVER],
        unmoved=unmoved,
    )


def _sorted(facts: Facts) -> list[Fact]:
    return sorted(facts.findings, key=lambda f: (f.severity.rank, f.rule_id, f.resource.key, f.fingerprint))
