"""One resource on both sides: the settings that are the same, those that differ, and those that cannot be compared.

A setting that one side leaves out has there what stands instead: what the domain hands down, else AWS's default. What
neither side sets is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from auditor.drift.compared_settings import CHOSEN_BY_AWS, Compared, Facts, Undecided, compared, concerns
from auditor.drift.sides import Leaves, Live, Templates, covering, leaves, live_key, made_up
from auditor.drift.value_forms import Unsure, same
from auditor.model.drift import Disagreement, NotCompared, Side, Value
from auditor.model.paths import line_at
from auditor.model.resource import ResourceRef
from auditor.model.snapshot import MAY_NOT_EXIST, NUMBER, Record
from auditor.studio.resource_types import STACK_TAG
from auditor.studio.structures import SESSION_NAME_MODE

#: Tags that AWS's services put on resources themselves.
_AWS_TAGS = ("aws:", "sagemaker:")
_NOT_HANDED = Undecided("what its domain hands down is not known")


@dataclass(slots=True)
class Result:
    """What comparing one resource gave. ``open_``: settings by side and reason."""

    compared: int = 0
    disagreements: list[Disagreement] = field(default_factory=list)
    open_: dict[tuple[Side, str], list[str]] = field(default_factory=dict)

    def leave_open(self, side: Side, setting: str, reason: str) -> None:
        settings = self.open_.setdefault((side, reason), [])
        if setting not in settings:
            settings.append(setting)

    def not_compared(self, template: ResourceRef, account: ResourceRef) -> Iterator[NotCompared]:
        for (side, reason), settings in sorted(self.open_.items()):
            yield NotCompared(template, account, tuple(sorted(settings)), side, reason)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A resource on both sides, with what both documents set. ``unknown``: paths that the template leaves unknown;
    ``cannot``: those for which its language has no word."""

    template: Record
    account: Record
    written: Leaves
    found: Leaves
    unknown: tuple[str, ...]
    cannot: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Layer:
    """A domain's side of what a profile inherits: what it sets, and what of it is not known."""

    leaves: Leaves
    gaps: tuple[str, ...]


class Comparer:
    """Compares pairs. Documents of domains are read once."""

    def __init__(self, templates: Templates, live: Live) -> None:
        self._templates, self._live = templates, live
        self._facts = Facts()
        self._layers: dict[int, _Layer] = {}

    def compare(self, template: Record, account: Record, refs: tuple[ResourceRef, ResourceRef]) -> Result:
        """Compare one resource of the templates with the same one of the account; ``refs`` name both."""
        result = Result()
        if {MAY_NOT_EXIST, NUMBER} & set(template.gaps):
            result.leave_open(Side.TEMPLATE, "*", self._templates.reason(template, "*"))
            return result
        documents = leaves(template, self._facts), leaves(account, self._facts)
        pair = _Pair(template, account, *documents, *self._templates.gaps(template))
        for path in sorted({*pair.written.raw, *pair.found.raw}):
            self._setting(pair, compared(template.kind)[path], refs, result)
        self._open_gaps(pair, result)
        self._tags(pair, refs, result)
        return result

    # Settings

    def _setting(self, pair: _Pair, member: Compared, refs: tuple[ResourceRef, ResourceRef], result: Result) -> None:
        path = member.path
        incomparable = self._incomparable(pair, path)
        if incomparable is not None:
            result.leave_open(*incomparable)
            return
        written, found = path in pair.written.values, path in pair.found.values
        side = Side.TEMPLATE
        ours = _shown(member, pair.written) if written else Value(None, set=False)
        theirs = _shown(member, pair.found) if found else Value(None, set=False)
        if written and found:
            verdict = self._same(pair, path, pair.written.values[path], pair.found.values[path])
        elif written:
            instead = self._instead(pair, member)
            verdict = _agree([self._same(pair, path, pair.written.values[path], v) for v in instead])
            theirs = Value(_only(instead), set=False)
            side = Side.ACCOUNT if isinstance(instead[0], Undecided) else side
        elif path in CHOSEN_BY_AWS.get(pair.template.kind, ()):
            result.leave_open(side, path, "it is not set, and AWS may have chosen it")
            return
        else:
            verdict, ours = self._unwritten(pair, member)
            if path in pair.cannot:
                # Nothing in the template can set it: whoever did had to do so elsewhere, or AWS did.
                if verdict is not True:
                    result.leave_open(Side.TEMPLATE, path, "the language of the template cannot express it")
                return
        if isinstance(verdict, Unsure):
            result.leave_open(side, path, verdict)
            return
        result.compared += 1
        if not verdict:
            result.disagreements.append(_disagreement(pair, path, refs, ours, theirs))

    def _same(self, pair: _Pair, path: str, template: Any, account: Any) -> bool | Unsure:
        for value in (template, account):
            if isinstance(value, Undecided):
                return Unsure(value.reason)
        return same(path, template, account, pair.account, self._templates.roles, pair.template.account)

    def _unwritten(self, pair: _Pair, member: Compared) -> tuple[bool | Unsure, Value]:
        """The account sets what the template leaves out: held against what would stand there without it."""
        found = pair.found.values[member.path]
        layers = [self._domain_here(pair), self._domain_there(pair)] if member.inherits else [None]
        verdicts, ours = [], Value(None, set=False)
        for layer in layers:
            if layer is None and member.inherits:
                continue
            instead = self._inherited(member, layer, self._created(pair), pair.written)
            verdicts.append(_agree([self._same(pair, member.path, v, found) for v in instead]))
            if verdicts[-1] is False:
                return False, Value(_only(instead), set=False)
        if not verdicts:
            return Unsure("what its domain hands down is not known"), ours
        return next((v for v in verdicts if isinstance(v, Unsure)), True), ours

    def _instead(self, pair: _Pair, member: Compared) -> list[Any]:
        """What stands in the account where the resource does not set the member."""
        layer = self._domain_there(pair) if member.inherits else None
        if member.inherits and layer is None:
            return [_NOT_HANDED]
        return self._inherited(member, layer, self._created(pair), pair.found)

    def _inherited(self, member: Compared, layer: _Layer | None, created: str, own: Leaves) -> list[Any]:
        """What stands where a resource does not set the member: one value, or two where AWS does not say how deep a
        structure that the resource sets replaces the domain's."""
        default = self._facts.default(member, created)
        if layer is None:
            return [default]
        if member.inherits in layer.leaves.values:
            handed = layer.leaves.values[member.inherits]
        elif covering(layer.gaps, member.inherits) is not None or member.inherits in layer.leaves.malformed:
            handed = _NOT_HANDED
        else:
            return [default]
        return [handed, default] if _has_structure(member, own) else [handed]

    def _created(self, pair: _Pair) -> str:
        domain = pair.account if pair.account.kind == "domain" else self._live.domain_of(live_key(pair.account))
        return str(domain.document.get("CreationTime", "")) if domain is not None else ""

    def _domain_there(self, pair: _Pair) -> _Layer | None:
        record = self._live.domain_of(live_key(pair.account))
        unseen = self._live.unseen.get((pair.account.account, pair.account.region, "domain"), frozenset())
        return None if record is None else self._layer(record, (*record.gaps, *sorted(unseen)))

    def _domain_here(self, pair: _Pair) -> _Layer | None:
        record = self._templates.by_address.get((pair.template.account, str(pair.template.document.get("DomainId"))))
        if record is None:
            return None
        return self._layer(record, self._templates.gaps(record)[0])

    def _layer(self, record: Record, gaps: tuple[str, ...]) -> _Layer:
        if id(record) not in self._layers:
            self._layers[id(record)] = _Layer(leaves(record, self._facts), gaps)
        return self._layers[id(record)]

    # What is not known

    def _incomparable(self, pair: _Pair, path: str) -> tuple[Side, str, str] | None:
        """Why a path cannot be compared at all: side, the path that is not known, reason."""
        if path in pair.written.malformed:
            return Side.TEMPLATE, path, "its value is not what the API takes"
        if path in pair.found.malformed:
            return Side.ACCOUNT, path, "its value is not what the API gives"
        if path not in pair.written.values:
            gap = covering(pair.unknown, path)
            if gap is not None:
                return Side.TEMPLATE, gap, self._templates.reason(pair.template, gap)
        if path not in pair.found.values:
            gap = covering(pair.account.gaps, path)
            if gap is not None:
                return Side.ACCOUNT, gap, self._live.reason(pair.account, gap)
            if path in self._live.unseen.get((pair.account.account, pair.account.region, pair.account.kind), ()):
                return Side.ACCOUNT, path, "the SDK that the snapshot was collected with does not know it"
        return None

    def _open_gaps(self, pair: _Pair, result: Result) -> None:
        """What is unknown on one side and not set on the other cannot be compared either."""
        kind = pair.template.kind
        for gap in pair.unknown:
            if gap != "Tags" and (gap == "*" or concerns(kind, gap)):
                result.leave_open(Side.TEMPLATE, gap, self._templates.reason(pair.template, gap))
        for gap in pair.account.gaps:
            if gap != "Tags" and (gap == "*" or concerns(kind, gap)):
                result.leave_open(Side.ACCOUNT, gap, self._live.reason(pair.account, gap))

    # Tags

    def _tags(self, pair: _Pair, refs: tuple[ResourceRef, ResourceRef], result: Result) -> None:
        more = "Tags" in pair.template.gaps
        if more or pair.template.tags is None:
            result.leave_open(Side.TEMPLATE, "Tags", self._templates.reason(pair.template, "Tags"))
        if pair.template.tags is None:
            return
        if pair.account.tags is None:
            result.leave_open(Side.ACCOUNT, "Tags", self._live.reason(pair.account, "Tags"))
            return
        written, found = dict(pair.template.tags), dict(pair.account.tags)
        unsure = partial(result.leave_open, Side.TEMPLATE)
        for key, text in written.items():
            if made_up(text):
                unsure(f"Tags.{key}", f"{text} is made up at deployment")
                continue
            result.compared += 1
            if key not in found or found[key] != text:
                theirs = Value(found[key]) if key in found else Value(None, set=False)
                result.disagreements.append(_disagreement(pair, f"Tags.{key}", refs, Value(text), theirs))
        propagated = self._propagated(pair)
        for key, text in found.items() if not more else ():
            if key in written or key.startswith(_AWS_TAGS) or propagated.get(key) == text:
                continue
            if STACK_TAG in found:
                unsure(f"Tags.{key}", "tags of a stack are given at deployment")
                continue
            result.compared += 1
            ours = Value(None, set=False)
            result.disagreements.append(_disagreement(pair, f"Tags.{key}", refs, ours, Value(text)))

    def _propagated(self, pair: _Pair) -> Mapping[str, str]:
        """The domain's tags, where it hands them on to what is made in it (TagPropagation)."""
        domain = self._live.domain_of(live_key(pair.account)) if pair.account.kind != "domain" else None
        if domain is None or domain.document.get("TagPropagation") != "ENABLED":
            return {}
        return dict(domain.tags or ())


def _agree(verdicts: list[bool | Unsure]) -> bool | Unsure:
    """One verdict of those on each value that may stand there."""
    for verdict in verdicts:
        if isinstance(verdict, Unsure):
            return verdict
    if len(set(verdicts)) > 1:
        return Unsure("AWS does not say whether a profile's structure replaces the domain's whole or by member")
    return verdicts[0]


def _only(values: list[Any]) -> Any:
    """The one value among those that may stand there, None where there is none."""
    first = values[0]
    return None if isinstance(first, Undecided) or any(v != first for v in values) else first


def _shown(member: Compared, side: Leaves) -> Value:
    """A value for people: as the document has it; of a structure that it is there."""
    return Value(True if member.read == "present" else side.raw[member.path])


def _has_structure(member: Compared, own: Leaves) -> bool:
    """Whether the resource sets another member of the structure that the member lies in."""
    if member.setting is None or not member.setting.structure:
        return False
    root = member.path.removesuffix(member.setting.path)
    start = f"{root}{member.setting.structure}."
    # AWS writes the session name's mode unasked: it overrides nothing else.
    return any(p.startswith(start) and p != member.path and not p.endswith(SESSION_NAME_MODE) for p in own.raw)


def _disagreement(
    pair: _Pair, setting: str, refs: tuple[ResourceRef, ResourceRef], template: Value, account: Value
) -> Disagreement:
    place = pair.template.place
    line = None
    if place is not None:
        path = setting.split(".", 1)[0] if setting.startswith("Tags.") else setting
        line = line_at(place.lines, path) or place.line
    return Disagreement(*refs, setting, template, account, place.file if place is not None else "", line)
