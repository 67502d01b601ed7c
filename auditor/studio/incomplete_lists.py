"""Which lists of resources a gap leaves incomplete: lists of AWS, and those that are made of what documents name.

AWS lists no execution role as such: a role is one because a user profile, a domain or an application names it, and a
lifecycle configuration that is gone is known by what it is attached to. So a document that was not seen may name one
more.
"""

from __future__ import annotations

from collections.abc import Mapping

from auditor.model.snapshot import TEMPLATE_GAPS, Gap
from auditor.studio.resource_types import BY_KIND, STUDIO_TYPES
from auditor.studio.side_roles import SIDE_ROLES
from auditor.studio.structures import ROLE_ROOTS

ROLES = "execution_role"
#: Table → kinds whose documents name what its rows are.
_NAMED_IN: Mapping[str, frozenset[str]] = {
    ROLES: frozenset(SIDE_ROLES),
    "lifecycle_config": frozenset({"domain", "user_profile", "space"}),
}
#: Reasons of gaps in documents that were seen: what a template leaves open, and settings that stand in two of them.
_SEEN = TEMPLATE_GAPS | {"ambiguous_inheritance"}


def incomplete_tables(gap: Gap) -> tuple[str, ...]:
    """Tables of which the gap leaves open what rows they have, each once; none for a setting that names no role.

    Where the domains are not known, what lies in them is not either: a Region that answers nothing but denial has one
    gap, for its domains. What a template's language leaves open of one of its resources is not a resource more.
    """
    kind, whole = gap.resource_type, gap.resource_id == "*"
    if gap.setting != "*":
        return (ROLES,) if not whole and gap.reason not in _SEEN and _names_roles(kind, gap.setting) else ()
    told = whole or gap.reason not in _SEEN
    found = [table for table, kinds in _NAMED_IN.items() if kind in kinds and told]
    if whole and kind == "domain":
        found += [each.table for each in STUDIO_TYPES]
    # Roles are looked up one by one, and not listed.
    elif whole and kind in BY_KIND and BY_KIND[kind].table != ROLES:
        found.append(BY_KIND[kind].table)
    return tuple(dict.fromkeys(found))


def _names_roles(kind: str, setting: str) -> bool:
    """Whether a role's ARN stands at that path of the kind's documents, or below it."""
    roots = (f"{root}.ExecutionRole" for root in ROLE_ROOTS if kind in ("domain", "user_profile"))
    return any(f"{path}.".startswith(f"{setting}.") for path in (*roots, *SIDE_ROLES.get(kind, ())))
