"""Why a setting is unknown: the gaps that concern it, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from auditor.model.resource import ResourceRef
from auditor.model.snapshot import GLOBAL, LANGUAGE_LIMITS, TEMPLATE_GAPS, Gap
from auditor.studio.resource_types import KINDS_IN_DOMAINS


class Gaps:
    """Gaps by the resource that they concern, to say why something is unknown."""

    def __init__(self, gaps: Sequence[Gap]) -> None:
        self._by_resource: dict[tuple[str, str, str, str], list[Gap]] = defaultdict(list)
        self._by_domain: dict[tuple[str, str, str], list[Gap]] = defaultdict(list)
        for gap in gaps:
            self._by_resource[gap.account, gap.region, gap.resource_type, gap.resource_id].append(gap)
            domain_id, inside, _ = gap.resource_id.partition("/")
            if inside:
                self._by_domain[gap.account, gap.region, domain_id].append(gap)

    def reasons(self, resource: ResourceRef, paths: Sequence[str], owner: str = "", kinds: Collection[str] = ()) -> str:
        """Why settings of the resource are unknown, as far as the gaps tell. ``owner`` is the id of the profile that a
        space takes settings from, ``kinds`` are those of the evidence that the unknown values hang on."""
        place = (resource.account, resource.region)
        found = [
            gap
            for gap in (
                *self._by_resource[(*place, resource.type, resource.id)],
                *self._by_resource[(*place, resource.type, "*")],
                *self._by_resource[(*place, "domain", resource.domain_id)],
                *self._by_resource[(*place, "domain", "*")],
            )
            if gap.setting in ("*", *paths) or any(p.startswith(f"{gap.setting}.") for p in paths)
        ]
        if not found:
            places = {place, (resource.account, GLOBAL)}
            found = [
                gap
                for (account, region, kind, _), gaps in self._by_resource.items()
                if kind in kinds and (account, region) in places
                for gap in gaps
                if gap.reason not in LANGUAGE_LIMITS
            ]
        if not found and owner:
            found = self._by_resource[(*place, "user_profile", owner)]
        if not found:
            # In a template: its domain lies elsewhere, or an expression stands behind a value that is derived.
            own = self._by_resource[(*place, resource.type, resource.id)]
            found = [g for g in own if g.reason in TEMPLATE_GAPS]
        if not found:
            found = [
                g
                for kind in (*KINDS_IN_DOMAINS, "vpc", "partner_app", "tags")
                for g in self._by_resource[(*place, kind, "*")]
                if g.reason not in LANGUAGE_LIMITS
            ]
            if resource.type == "domain":
                found += self._by_domain[(*place, resource.id)]
        texts = dict.fromkeys(map(_reason, found))
        return "; ".join(list(texts)[:3])


def _reason(gap: Gap) -> str:
    text = gap.reason.replace("_", " ")
    return f"{text}: {gap.detail}" if gap.reason in TEMPLATE_GAPS else f"{text}, {gap.operation}"
