"""Who owns a resource, as ``owners:`` in auditor.yaml says: the first entry that fits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

#: Resources that no entry fits.
UNOWNED = ""
#: What people and folders call the owner of these.
NOBODY = "unowned"
#: Resources whose owner hangs on tags that were not read: nobody's until they are.
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OwnerRule:
    """Resources that have an owner: everything that is given must fit.

    ``owner``: who that is; or ``from_tag``: key of the tag whose value names them. In the patterns ``*`` stands for any
    characters and ``?`` for one; case counts in tags only. ``ou``: names of organizational units, outermost first,
    joined by ``/``; ``domain``: a domain's name or id; ``user``: the user of IAM Identity Center that a profile is for,
    for spaces and apps their profile's.
    """

    owner: str = ""
    from_tag: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    ou: str = ""
    account: str = ""
    domain: str = ""
    name: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class OwnedResource:
    """What owners are found by. ``tags`` None: they were not read; empty for what has none."""

    account: str
    domain_id: str
    domain_name: str
    name: str
    tags: Mapping[str, str] | None
    user: str = ""
    ou: str = ""


def owner_of(rules: Sequence[OwnerRule], resource: OwnedResource) -> str:
    """The owner, ``UNOWNED`` or ``UNKNOWN``: where an entry before the first that fits may fit, nobody can say."""
    for rule in rules:
        if not _place_fits(rule, resource):
            continue
        if resource.tags is None and (rule.tags or rule.from_tag):
            return UNKNOWN
        tags = resource.tags or {}
        if all(key in tags and matches(pattern, tags[key], case=True) for key, pattern in rule.tags.items()):
            found = tags.get(rule.from_tag, "").strip() if rule.from_tag else rule.owner
            if found:
                return found
    return UNOWNED


def _place_fits(rule: OwnerRule, resource: OwnedResource) -> bool:
    return (
        (not rule.account or matches(rule.account, resource.account))
        and (not rule.ou or matches(rule.ou, resource.ou))
        and (not rule.domain or any(matches(rule.domain, d) for d in (resource.domain_id, resource.domain_name) if d))
        and (not rule.name or matches(rule.name, resource.name))
        and (not rule.user or (resource.user != "" and matches(rule.user, resource.user)))
    )


def matches(pattern: str, text: str, *, case: bool = False) -> bool:
    """Whether the text as a whole fits a pattern of ``*`` and ``?``."""
    return _compiled(pattern, case).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str, case: bool) -> re.Pattern[str]:
    parts = ("[^\0]*" if c == "*" else "[^\0]" if c == "?" else re.escape(c) for c in re.sub(r"\*+", "*", pattern))
    return re.compile("".join(parts), re.DOTALL if case else re.DOTALL | re.IGNORECASE)
