"""Waivers in a resource's own tag, where auditor.yaml names one (``waiver_tag``).

AWS lets a tag's value hold at most 256 letters, digits, spaces and ``_ . : / = + - @``, so it is words:

    STU101 STU704 until=2027-03-31 owner=jane@example.com ticket=SEC-12 reason=Robot of the build

Rules come first (ids, names or areas); ``until`` is the last day, included; ``reason`` takes all that follows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from auditor.model.waiver import ResourcePattern, Waiver
from auditor.waivers.file import day

_KEYS = ("until", "owner", "ticket", "reason")


def read_tag(text: str, key: str, resource: ResourcePattern, named: Mapping[str, tuple[str, ...]]) -> Waiver | str:
    """The waiver that the tag's value says, or what is wrong with it.

    ``key`` and ``resource`` name the tagged resource, the only one that the waiver speaks about. ``named``: what rules
    may be called, as ``rule_names`` gives it.
    """
    head, has_reason, reason = f" {text}".partition(" reason=")
    names: list[str] = []
    given: dict[str, str] = {}
    for word in head.split():
        member, is_pair, value = word.partition("=")
        if not is_pair:
            if given:
                return f"{word!r} stands behind {next(iter(given))}=: rules come first"
            names.append(word)
        elif member not in _KEYS:
            return f"there is no {member}= (known: {', '.join(_KEYS)})"
        elif member in given:
            return f"{member}= is given twice"
        else:
            given[member] = value
    if has_reason:
        given["reason"] = " ".join(reason.split())
    problem = _problem(names, given, named)
    if problem:
        return problem
    until = day(given["until"])
    if until is None:
        return f"until={given['until']} is not a date (YYYY-MM-DD)"
    return Waiver(
        rules=tuple(dict.fromkeys(rule for name in names for rule in named[name])),
        resources=resource,
        reason=given["reason"],
        owner=given["owner"],
        expires=until,
        ticket=given.get("ticket", ""),
        file=key,
    )


def _problem(names: Sequence[str], given: Mapping[str, str], named: Mapping[str, tuple[str, ...]]) -> str:
    if not names:
        return "names no rule"
    unknown = next((name for name in names if name not in named), None)
    if unknown is not None:
        return f"there is no rule or area {unknown!r}"
    missing = [key for key in ("until", "owner", "reason") if not given.get(key)]
    return f"{missing[0]}= is missing" if missing else ""
