"""Why a setting is unknown: the gaps that concern it, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from auditor.model.resource import ResourceRef
from auditor.model.snapshot import GLOBAL, LANGUAGE_LIMITS, TEMPLATE_GAPS, Gap
from auditor.studio.resource_types import KINDS_IN_DOMAINS

_NO_KINDS: Mapping[str, Sequence[str]] = {}


class Gaps:
    """Gaps by the resource that they concern, to say why something is unknown."""

    def __init__(self, gaps: Sequence[Gap]) -> None:
        by_resource: dict[tuple[str, str, str, str], list[Gap]] = defaultdict(list)
        by_domain: dict[tuple[str, str, str], list[Gap]] = defaultdict(list)
        for gap in gaps:
            by_resource[gap.account, gap.region, gap.resource_type, gap.resource_id].append(gap)
            domain_id, inside, _ = gap.resource_id.partition("/")
            if inside:
                by_domain[gap.account, gap.region, domain_id].append(gap)
        self._by_resource, self._by_domain = dict(by_resource), dict(by_domain)
        # Each reason once for a place and kind, with its position: a finding must not look through every resource's
        # gaps, of which there may be as many as findings.
        self._by_kind: dict[tuple[str, str, str], dict[tuple[str, str], int]] = defaultdict(dict)
        self._regions: dict[str, set[str]] = defaultdict(set)
        for position, gap in enumerate(chain.from_iterable(by_resource.values())):
            self._regions[gap.account].add(gap.region)
            if gap.reason not in LANGUAGE_LIMITS:
                kind = self._by_kind[gap.account, gap.region, gap.resource_type]
                kind.setdefault((_reason(gap), gap.setting), position)

    def reasons(
        self,
        resource: ResourceRef,
        paths: Sequence[str],
        owner: str = "",
        kinds: Mapping[str, Sequence[str]] = _NO_KINDS,
    ) -> str:
        """Why settings of the resource are unknown, as far as the gaps tell. ``owner`` is the id of the profile that a
        space takes settings from, ``kinds`` are those of the evidence that the unknown values hang on, with the paths
        in its documents; without paths, on all of it."""
        place = (resource.account, resource.region)
        own = self._of(*place, resource.type, resource.id)
        found = [
            gap
            for gap in (
                *own,
                *self._of(*place, resource.type, "*"),
                *self._of(*place, "domain", resource.domain_id),
                *self._of(*place, "domain", "*"),
            )
            if _covers(gap.setting, paths)
        ]
        # Where a language's limit is all that keeps a rule from a verdict, the rule does not apply.
        found = [gap for gap in found if gap.reason not in LANGUAGE_LIMITS] or found
        if not found and (behind := self._behind(resource, kinds)):
            return _listed(behind)
        # What follows from no setting follows from lists of resources; a template that was not read may add to them.
        unread = [reason for reason, _ in self._by_kind.get((*place, "template"), {})]
        if not found and not paths and unread:
            return _listed(unread)
        if not found and owner:
            found = [*self._of(*place, "user_profile", owner)]
        if not found:
            # In a template: its domain lies elsewhere, or an expression stands behind a value that is derived.
            found = [g for g in own if g.reason in TEMPLATE_GAPS]
        if not found:
            found = [
                g
                for kind in (*KINDS_IN_DOMAINS, "vpc", "partner_app", "tags")
                for g in self._of(*place, kind, "*")
                if g.reason not in LANGUAGE_LIMITS
            ]
            if resource.type == "domain":
                found += self._by_domain.get((*place, resource.id), ())
        return _listed(map(_reason, found) if found else unread)

    def _of(self, account: str, region: str, kind: str, id_: str) -> Sequence[Gap]:
        return self._by_resource.get((account, region, kind, id_), ())

    def _behind(self, resource: ResourceRef, kinds: Mapping[str, Sequence[str]]) -> list[str]:
        """Why evidence of these kinds is missing in the resource's place, in the order of the gaps. What belongs to an
        account hangs on all of its Regions where paths say on what; an execution role's own document is known by its
        ARN."""
        account = resource.account
        reasons: list[tuple[int, str]] = []
        for kind, paths in kinds.items():
            if kind == "role" and paths and resource.type == "execution_role":
                own = (*self._of(account, GLOBAL, kind, resource.id), *self._of(account, GLOBAL, kind, "*"))
                reasons += [(n, _reason(gap)) for n, gap in enumerate(own) if _covers(gap.setting, paths)]
                continue
            regions = {resource.region, GLOBAL}
            if paths:
                regions |= self._regions.get(account, set())
            reasons += [
                (position, reason)
                for region in regions
                for (reason, setting), position in self._by_kind.get((account, region, kind), {}).items()
                if not paths or _covers(setting, paths)
            ]
        return [reason for _, reason in sorted(reasons)]


def _covers(setting: str, paths: Sequence[str]) -> bool:
    """Whether a gap is about one of the paths: the whole resource, the path itself, or a structure around it."""
    return setting in ("*", *paths) or any(path.startswith(f"{setting}.") for path in paths)


def _listed(reasons: Iterable[str]) -> str:
    return "; ".join(list(dict.fromkeys(reasons))[:3])


def _reason(gap: Gap) -> str:
    text = gap.reason.replace("_", " ")
    return f"{text}: {gap.detail}" if gap.reason in TEMPLATE_GAPS else f"{text}, {gap.operation}"
