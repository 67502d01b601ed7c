"""Root causes without findings, each made when it is asked for.

Failures that are alike but for their resource are looked at once. Those that their own resources are to blame for are
a cause each, with one failure: they are counted, and made only where they are wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

from auditor.evaluate.alike_causes import AlikeCauses
from auditor.evaluate.alike_findings import PLAIN_NAME
from auditor.evaluate.causes import Causes, common, several
from auditor.evaluate.engine import Verdicts
from auditor.evaluate.failing_kinds import FailingKinds, KindRows
from auditor.evaluate.failing_rows import Alike, FailingRows, Place, Row, RuleRows, Wanted, profile_kinds
from auditor.evaluate.findings import FindingMaker
from auditor.evaluate.fingerprints import fingerprint, named
from auditor.evaluate.gap_reasons import Gaps
from auditor.evaluate.single_causes import Singles
from auditor.model.finding import RootCause, cause_order, priority
from auditor.model.resource import ResourceRef
from auditor.model.rule import Rule, Verdict
from auditor.remediation.command_text import may_be_run
from auditor.remediation.masked_values import where_masked
from auditor.remediation.raw_documents import Documents
from auditor.remediation.remediate import Remediation
from auditor.resolve.tables import table
from auditor.rules.verdict_sql import Overrides
from auditor.store.snapshot_reader import SnapshotReader
from auditor.studio.placeholders import placeholders

if TYPE_CHECKING:
    import duckdb

#: Domains of a rule that are looked into at first where causes are asked for in their order, and four times as many
#: each further time: each time the snapshots are read for their documents.
_AT_FIRST = 40
#: Causes of single resources that are made at a time.
_AT_ONCE = 500
#: Digits of the id of a cause.
_ID = 16
#: Where the value in force of a setting that a domain is to blame for may come from.
_LAYERS = ("domain", "service", "profile", "unknown", "derived")
_Bound = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Unit:
    """Failures of a rule in one domain, or all where ``place`` is None. No cause of them comes before ``bound``."""

    bound: _Bound
    rule: Rule
    place: Place | None


class CauseGroups:
    """The root causes of rules' failures, none of them waived."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        files: Sequence[SnapshotReader],
        rules: Sequence[Rule],
        verdicts: Verdicts,
        overrides: Overrides,
        *,
        commands_only: bool = False,
    ) -> None:
        """``con`` has the tables of the ``files`` and the verdicts in them; ``commands_only``: of what fixes a cause
        nothing but the command is wanted. Raises SnapshotError."""
        self._con, self._verdicts = con, verdicts
        self._rules = [rule for rule in rules if verdicts.counts[rule.id].get(Verdict.FAIL)]
        self._documents = Documents(files)
        self._maker = FindingMaker(
            con, verdicts, overrides, Gaps(()), self._documents, commands_only=commands_only
        )  # fmt: skip
        self._wanted = {rule.id: Wanted.of(rule, self._maker) for rule in self._rules}
        self._kinds = profile_kinds(con, self._documents, self._rules)
        self._by_kind = FailingKinds(
            con, {rule.id: self._wanted[rule.id] for rule in self._rules if rule.table == "user_profile"}
        )
        self._numbers = count()
        self._kept: list[RuleRows] = []
        self._apart: list[Singles] = []
        # Of the rule that was asked for last.
        self._read: dict[RuleRows, dict[str, list[Row]]] = {}

    def every(self) -> list[RootCause]:
        """All of them, in the order of a report."""
        made, singles = self.together()
        return sorted([*made, *self._each(singles)], key=cause_order)

    def together(self) -> tuple[list[RootCause], list[Singles]]:
        """The causes of several resources' failures, and those of single ones by what they have in common."""
        made, singles = self._make([(rule, None) for rule in self._rules])
        self._apart = [one for one in singles if one.has_command]
        return made, singles

    def of(self, singles: Singles) -> list[RootCause]:
        """The causes that ``together`` left together."""
        # Whoever asks for some of those with a command asks for others: the snapshots are read once for all, and the
        # rows once for each rule.
        if not self._read:
            for rows, told in self._told(self._apart).items():
                self._documents.announce(rows.documents(list(told)))
        if singles.rows not in self._read:
            texts = [one.alike.text for one in self._apart if one.rows is singles.rows]
            self._read = {singles.rows: singles.rows.by_group(texts)}
        found = self._read[singles.rows].get(singles.alike.text)
        if found is None:
            return self._single(singles.rows, singles.rows.keys([singles.alike.text]))
        return self._one_by_one(singles.rows, found)

    def ends(self, singles: Singles) -> list[RootCause]:
        """The first and the last of them, without the snapshots being read again; the first alone where the last one
        differs in its name only."""
        causes, one, ends = Causes(), singles.rows, singles.alike
        if singles.fix is not None:
            first = self._maker.resource(one.documented, ends.first)
            causes.add(self._fingerprint(one, first), singles.first, singles.fix)
        others = [ends.first, ends.last] if singles.fix is None else [ends.last]
        if singles.differ_in_name:
            others = []
        self._add(causes, one, others if ends.number > 1 else others[:1] if singles.fix is None else [])
        causes.close()
        return list(causes.made)

    def called(self, beginning: str) -> list[RootCause]:
        """Those whose ids begin so, in the order of a report."""
        if len(beginning) == _ID:
            for rule, place in self._domains_named(beginning):
                found = [cause for cause in self._make([(rule, [place])])[0] if cause.id == beginning]
                if found:
                    return found
        made, singles = self.together()
        found = [cause for cause in made if cause.id.startswith(beginning)]
        for rows, told in self._told(singles).items():
            keys = rows.named(told, beginning)
            if keys:
                found += self._single(rows, keys)
        return sorted(found, key=cause_order)

    def _domains_named(self, id_: str) -> Iterator[tuple[Rule, Place]]:
        """Rules and domains of which a cause is called so if it is the domain's: its name follows from the setting that
        is blamed, which is one of the columns that are read."""
        told: dict[str, set[str]] = {}
        for rule_id, wanted in self._wanted.items():
            columns = [c for c in wanted.documented.columns if any(f'as "{c.name}"' in item for item in wanted.careful)]
            settings = {(c.paths or {}).get("domain", c.name) for c in columns}
            told[rule_id] = {f"{layer}\x1f{setting}" for layer in _LAYERS for setting in settings}
        for unit in self._units():
            if unit.place is not None:
                key = "{}/{}/domain/{}".format(*unit.place)
                if any(named(unit.rule.id, key, one)[:_ID] == id_ for one in told[unit.rule.id]):
                    yield unit.rule, unit.place

    def number_but(self, ids: Collection[str]) -> int:
        """How many there are whose ids are none of these."""
        made, singles = self.together()
        others = sum(cause.id not in ids for cause in made) + sum(one.alike.number for one in singles)
        return others - sum(len(rows.called(told, ids)) for rows, told in self._told(singles).items())

    def forget(self) -> None:
        """Drop what was kept to make further causes."""
        for rows in self._kept:
            rows.drop()
        self._kept.clear()

    def in_order(self, wanted: Callable[[RootCause], bool]) -> Iterator[RootCause]:
        """Those with a command that are wanted, in the order of a report: no more is made than what may come before the
        next that is asked for."""
        units = sorted(self._units(), key=lambda unit: (unit.bound, unit.place or ()))
        at, size = 0, _AT_FIRST
        ready: list[tuple[_Bound, RootCause]] = []
        waiting: list[tuple[_Bound, int, _Line]] = []
        while True:
            ends = [unit.bound for unit in units[at : at + 1]] + [bound for bound, _, _ in waiting[:1]]
            while ready and all(ready[0][0] < end for end in ends):
                yield heappop(ready)[1]
            if not ends:
                return
            if waiting and waiting[0][0] == min(ends):
                _, number, line = heappop(waiting)
                found = self._single(line.rows, line.keys[:_AT_ONCE])
                rest = replace(line, keys=line.keys[_AT_ONCE:])
                if rest.keys:
                    heappush(waiting, ((*rest.order, rest.keys[0]), number, rest))
            else:
                wide, at, size = units[at : at + size], at + size, 4 * size
                found, singles = self._make(self._places_of(wide, units))
                for line in _lines(one for one in singles if one.has_command):
                    heappush(waiting, ((*line.order, line.keys[0]), next(self._numbers), line))
            ready += [(cause_order(cause), cause) for cause in found if wanted(cause)]
            heapify(ready)

    def _units(self) -> Iterator[_Unit]:
        """What there is of rules that have a command, by domain."""
        rules = [rule for rule in self._rules if may_be_run(rule.remediation)]
        by_id = {rule.id: rule for rule in rules}
        for id_, place, shared in self._by_kind.counted():
            if id_ in by_id:
                # A cause of several is the domain's, and what a profile has to change itself is a cause of its own.
                yield _Unit(_bound(by_id[id_], max(shared, 1), place), by_id[id_], place)
        rules = [rule for rule in rules if rule.id not in self._by_kind.rules]
        for name in dict.fromkeys(rule.table for rule in rules):
            own = [rule for rule in rules if rule.table == name]
            documented = table(name)
            if documented is None or documented.column("domain_id") is None:
                for rule in own:
                    yield _Unit(_bound(rule, self._verdicts.counts[rule.id][Verdict.FAIL]), rule, None)
                continue
            counts = ", ".join(f"count_if(v.\"{rule.id}\" = '{Verdict.FAIL}')" for rule in own)
            profiles = name == "user_profile"
            joined = f"{name} t join verdict_{name} v on v.key = t.key"
            if profiles and self._by_kind.told_apart:
                joined = f"raw_user_settings t join verdict_{name} v on v.alike = t.alike"
            rows = self._con.execute(
                f"select t.account, t.region, coalesce(t.domain_id, ''), {counts} from {joined} group by all"
            ).fetchall()
            for account, region, domain, *numbers in rows:
                for rule, number in zip(own, numbers, strict=True):
                    if number:
                        place = (account, region, domain)
                        yield _Unit(_bound(rule, number, place if profiles else None), rule, place)

    @staticmethod
    def _places_of(some: Sequence[_Unit], every: Sequence[_Unit]) -> list[tuple[Rule, set[Place] | None]]:
        """The rules of some of the units, each with its places; None: all."""
        places: dict[str, set[Place]] = {}
        for unit in some:
            places.setdefault(unit.rule.id, set()).update([unit.place] if unit.place else [])
        number = {id_: sum(unit.rule.id == id_ for unit in every) for id_ in places}
        rules = {unit.rule.id: unit.rule for unit in some}
        return [(rules[id_], those if 0 < len(those) < number[id_] else None) for id_, those in places.items()]

    def _make(self, work: Sequence[tuple[Rule, Collection[Place] | None]]) -> tuple[list[RootCause], list[Singles]]:
        """The causes of the failures of rules in places, and those of single resources."""
        failing = [self._failing(rule, places) for rule, places in work]
        groups = [one.groups() for one in failing]
        for one, those in zip(failing, groups, strict=True):
            self._documents.announce(one.key(row) for group in those for row in (group.first, group.last))
        found: list[dict[str, tuple[RootCause, Remediation]]] = []
        singles: list[Singles] = []
        rows: list[list[Row]] = []
        for one, those in zip(failing, groups, strict=True):
            made: dict[str, tuple[RootCause, Remediation]] = {}
            apart: list[str] = []
            causes_of = AlikeCauses(one.rule, one.documented, self._maker, self._documents)
            for group in those:
                resource, alone, fix = causes_of.alone(group.first)
                if alone.resource.key == resource.key:
                    singles.append(Singles(one, group, alone, fix if self._may_have_call(one, group, fix) else None))
                elif not one.names_only(group) and common(*causes_of.alone(group.last)[1:]) != common(alone, fix):
                    apart.append(group.text)
                else:
                    made[group.text] = (replace(alone, affects=group.number), fix)
            found.append(made)
            rows.append(one.rows(one.keys(apart)) if apart else [] if one.grouped else one.rows())
        if any(rows):
            for one, those_rows in zip(failing, rows, strict=True):
                self._documents.announce(one.key(row) for row in those_rows)
        causes = Causes()
        for one, made, those_rows in zip(failing, found, rows, strict=True):
            counts = list(made) if those_rows else several(made)
            names = one.least(counts) if counts else {}
            for text, (alone, fix) in made.items():
                causes.add(names.get(text, text), alone, fix)
            self._add(causes, one, those_rows)
            causes.close()
        used = {one.rows for one in singles}
        for one in failing:
            self._kept.append(one) if one in used else one.drop()
        return list(causes.made), singles

    def _failing(self, rule: Rule, places: Collection[Place] | None) -> RuleRows:
        name = f"failing_{rule.id.lower()}_{next(self._numbers)}"
        wanted = self._wanted[rule.id]
        if rule.id in self._by_kind.rules:
            return KindRows(self._con, wanted, name, places)
        return FailingRows(self._con, wanted, name, self._kinds, places)

    def _each(self, singles: Sequence[Singles]) -> Iterator[RootCause]:
        """The causes of single resources, one by one."""
        texts: dict[RuleRows, list[str]] = {}
        for one in singles:
            texts.setdefault(one.rows, []).append(one.alike.text)
        for rows, those in texts.items():
            self._documents.announce(rows.documents(those))
        for rows, those in texts.items():
            yield from self._single(rows, rows.keys(those))

    def _single(self, rows: RuleRows, keys: Sequence[str]) -> list[RootCause]:
        found = rows.rows(keys)
        self._documents.announce(rows.key(row) for row in found)
        return self._one_by_one(rows, found)

    def _one_by_one(self, one: RuleRows, rows: Sequence[Row]) -> list[RootCause]:
        causes = Causes()
        self._add(causes, one, rows)
        causes.close()
        return list(causes.made)

    def _add(self, causes: Causes, one: RuleRows, rows: Sequence[Row]) -> None:
        for row in rows:
            resource, alone, fix = self._alone(one, row)
            causes.add(self._fingerprint(one, resource), alone, fix)

    def _fingerprint(self, one: RuleRows, resource: ResourceRef) -> str:
        return fingerprint(one.rule.id, resource, self._maker.path(one.rule, one.documented))

    def _alone(self, one: RuleRows, row: Row) -> tuple[ResourceRef, RootCause, Remediation]:
        resource = self._maker.resource(one.documented, row)
        return (resource, *self._maker.alone(one.rule, one.documented, row, resource))

    def _may_have_call(self, one: RuleRows, group: Alike, fix: Remediation) -> bool:
        """Whether a command that needs nothing filled in may fix one of a group of single failures; ``fix``: that of
        the first. They have a command alike, as far as their names can stand in one."""
        if not (fix.steps if one.rule.remediation.changes else one.rule.remediation.aws):
            return False
        resource = self._maker.resource(one.documented, group.first)
        if _may_be_read(fix, resource):
            return True
        if group.number == 1 or one.names_only(group):
            return False
        resource, _, fix = self._alone(one, group.last)
        return _may_be_read(fix, resource)

    @staticmethod
    def _told(singles: Sequence[Singles]) -> dict[RuleRows, dict[str, str]]:
        told: dict[RuleRows, dict[str, str]] = {}
        for one in singles:
            told.setdefault(one.rows, {})[one.alike.text] = one.told
        return told


@dataclass(frozen=True, slots=True)
class _Line:
    """Causes of single resources in their order, by the keys of these."""

    rows: RuleRows
    order: _Bound
    keys: Sequence[str]


def _lines(singles: Iterator[Singles]) -> Iterator[_Line]:
    texts: dict[tuple[RuleRows, _Bound], list[str]] = {}
    for one in singles:
        texts.setdefault((one.rows, one.order), []).append(one.alike.text)
    for (rows, order), those in texts.items():
        yield _Line(rows, order, rows.keys(those))


def _bound(rule: Rule, number: int, place: Place | None = None) -> _Bound:
    """What comes before every cause of so many failures of a rule, in the order of causes. ``place``: of user profiles,
    which only their domain and they themselves are to blame for."""
    worst = min((rule.severity, *rule.severity_when), key=lambda severity: severity.rank)
    bound = (False, True, -priority(worst, number), worst.rank, rule.id)
    return bound if place is None else (*bound, "{}/{}/domain/{}".format(*place))


def _may_be_read(fix: Remediation, resource: ResourceRef) -> bool:
    """Whether the command of a resource alone needs nothing filled in, or its name may say otherwise than others'."""
    if not PLAIN_NAME.fullmatch(resource.name) or any(placeholders(resource.name)):
        return True
    text = where_masked(fix.of_all(), resource).aws
    return bool(text) and not any(placeholders(text))
