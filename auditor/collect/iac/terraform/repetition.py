"""``count``, ``for_each`` and ``enabled``: how often a resource or a module exists.

Sources: Terraform's language documentation, "The count Meta-Argument" and "The for_each Meta-Argument"; OpenTofu's,
"The enabled Meta-Argument" (inside ``lifecycle``, of resources and modules: what is not enabled is not created, and is
null).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.evaluate import NO_NAMES, Names, Scope, value
from auditor.collect.iac.hcl.values import (
    EvaluationError,
    SetOf,
    first_unknown,
    items_of,
    number,
    plain_text,
    truth,
)
from auditor.collect.iac.interface import Unknown, Value
from auditor.collect.iac.partly_known import open_keys_of, rest_of, with_open_keys

#: The key of an instance: None for a block that exists once.
Key = int | str | None
#: Larger numbers are a slip, or meant to stop us: nothing of Studio's has so large a quota by default.
_MANY = 10_000


def key_text(key: Key) -> str:
    """A key as part of an address."""
    if key is None:
        return ""
    return f"[{key}]" if isinstance(key, int) else f"[{json.dumps(key, ensure_ascii=False)}]"


@dataclass(frozen=True, slots=True)
class Expansion:
    """``instances``: key and bound names of each. ``doubt``: why it may not exist; ``number``: why nobody can tell how
    many there are. Then there is one instance without a key, which stands for all that are not known by their key.
    ``doubts``: why instances of these keys may not exist."""

    instances: Sequence[tuple[Key, Names]]
    doubt: Unknown | None = None
    number: Unknown | None = None
    repeated: str = ""
    doubts: Mapping[Key, Unknown] = field(default_factory=dict)

    def doubt_of(self, key: Key) -> Unknown | None:
        """Why the instance of that key may not exist."""
        return self.doubt or self.doubts.get(key)

    def number_of(self, key: Key) -> Unknown | None:
        """Why nobody can tell how many resources the instance of that key stands for."""
        return self.number if key is None else None

    def arranged(self, handles: Sequence[Value]) -> Value:
        """The instances as one value: alone, a list, or by key."""
        by_key = {str(k): handle for (k, _), handle in zip(self.instances, handles, strict=True) if k is not None}
        if self.doubt is not None or (self.number is not None and not by_key):
            return self.doubt or self.number
        if self.repeated == "count":
            return list(handles)
        if self.repeated == "for_each":
            return with_open_keys(by_key, {str(key): doubt for key, doubt in self.doubts.items()}, self.number)
        return handles[0] if handles else None


def expand(block: n.Block, scope: Scope) -> Expansion:
    """The instances of a block."""
    attributes = block.body.attributes
    if "count" in attributes:
        return _count(attributes["count"], scope)
    if "for_each" in attributes:
        return _for_each(attributes["for_each"], scope)
    enabled = [
        inner.body.attributes["enabled"] for inner in block.body.of("lifecycle") if "enabled" in inner.body.attributes
    ]
    return _enabled(enabled[-1], scope) if enabled else Expansion([(None, NO_NAMES)])


def _enabled(node: n.Node, scope: Scope) -> Expansion:
    try:
        holds = truth(value(node, scope))
    except EvaluationError as error:
        holds = Unknown(node.shown, str(error))
    if isinstance(holds, Unknown):
        return Expansion(
            [(None, NO_NAMES)], Unknown(node.shown, f"enabled is not known: {holds.reason}", holds.gap_reason)
        )
    return Expansion([(None, NO_NAMES)] if holds else [])


def _count(node: n.Node, scope: Scope) -> Expansion:
    found = value(node, scope)
    gap = first_unknown(found)
    if gap is None:
        try:
            times = number(found)
        except EvaluationError as error:
            gap = Unknown(node.shown, str(error))
        else:
            if times == int(times) and 0 <= times <= _MANY:
                return Expansion([(at, {"count": {"index": at}}) for at in range(int(times))], repeated="count")
            gap = Unknown(node.shown, f"{times} is not a number of resources")
    doubt = Unknown(node.shown, f"count is not known: {gap.reason}", gap.gap_reason)
    index = Unknown("${count.index}", doubt.reason, doubt.gap_reason)
    once: list[tuple[Key, Names]] = [(None, {"count": {"index": index}})]
    # One or none is a question of existence; any other number is one of how many.
    if isinstance(found, Unknown) and set(found.among) == {0, 1}:
        return Expansion(once, doubt, None, "count")
    return Expansion(once, None, doubt, "count")


def _for_each(node: n.Node, scope: Scope) -> Expansion:
    """Keys that are certain have an instance each, whatever others there may be beside them."""
    found = value(node, scope)
    problem = ""
    pairs: Sequence[tuple[Value, Value]] = ()
    doubts: dict[Key, Unknown] = {}
    rest = rest_of(found)
    if isinstance(found, Mapping):
        pairs = items_of(dict(found))
        doubts = {
            key: Unknown(
                node.shown, f"whether for_each has this key is not known: {unknown.reason}", unknown.gap_reason
            )
            for key, unknown in open_keys_of(found).items()
        }
    elif isinstance(found, SetOf):
        known = [item for item in found if first_unknown(item) is None]
        rest = first_unknown(found)
        pairs = [(plain_text(item), item) for item in known]
    else:
        gap = first_unknown(found)
        problem = gap.reason if gap is not None else "it is neither a mapping nor a set"
    if not problem and (len(pairs) > _MANY or not all(isinstance(key, str) for key, _ in pairs)):
        problem, pairs, doubts = "its keys are not strings", (), {}
    instances: list[tuple[Key, Names]] = [
        (str(key), {"each": {"key": str(key), "value": item}}) for key, item in pairs
    ]  # fmt: skip
    if not problem and rest is None:
        return Expansion(instances, repeated="for_each", doubts=doubts)
    why = problem if rest is None or problem else rest.reason
    doubt = Unknown(node.shown, f"for_each is not known: {why}")
    each: Value = {part: Unknown(f"${{each.{part}}}", doubt.reason) for part in ("key", "value")}
    return Expansion([*instances, (None, {"each": each})], None, doubt, "for_each", doubts)
