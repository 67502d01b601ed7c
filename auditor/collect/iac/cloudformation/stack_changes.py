"""Custom resources that change what the template makes: a program calls UpdateDomain once the domain is there.

What such a program may change is not what the template says, so those settings are unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from auditor.collect.iac.cloudformation.stack_delegation import CUSTOM, OURS, named_in, programs, text_of, whole
from auditor.collect.iac.cloudformation.template_nodes import members
from auditor.collect.iac.cloudformation.template_policies import may_update
from auditor.collect.iac.interface import Changed
from auditor.studio.changing_calls import UPDATE_MEMBERS, UPDATES
from auditor.studio.structures import ROOTS
from auditor.studio.template_types import TYPES

_WORD = re.compile("[A-Z][a-z]+")
#: The calls as programs write them, by kind: update_domain, updateDomain, UpdateDomainCommand.
_CALLS = {
    kind: re.compile(rf"(?i)\b{'_?'.join(_WORD.findall(call))}(?:_?Command)?\b") for kind, call in UPDATES.items()
}
#: Members of the requests that only such a call has.
_ROOTS = {name: kind for root, (kind, _) in ROOTS.items() for name in (root, UPDATE_MEMBERS.get(root, root))}
_UPDATES = re.compile(r"(?i)updat|patch")
#: Names that a program writes: a keyword's, or a key's.
_WRITTEN = re.compile(r"(\w+)['\"]?\]?\s*(?:=(?!=)|:)")


def changed(
    name: str, type_: str, node: Mapping[str, Any], resources: Mapping[str, Any], prefix: str
) -> Changed | None:
    """What a custom resource may change of the domains, user profiles and spaces of its stack; None for nothing."""
    if not type_.startswith(CUSTOM):
        return None
    properties = node.get("Properties")
    properties = properties if isinstance(properties, Mapping) else {}
    own = {key: value for key, value in members(properties) if key != "ServiceToken"}
    behind = list(programs(properties.get("ServiceToken"), resources))
    written = [program for program, _ in behind if program is not None]
    read = bool(written) and all(map(whole, written))
    kinds = _called([own, *written]) | {_ROOTS[key] for key in own if key in _ROOTS}
    if not read:
        kinds |= {kind for kind in UPDATES if any(may_update(kind, policies) for _, policies in behind)}
    if not behind and all(expression.search(name + type_) for expression in (OURS, _UPDATES)):
        kinds |= set(UPDATES)
    if not kinds:
        return None
    words = None
    if read or any(key in _ROOTS for key in own):
        # A program that does not stand in the template is told what to change by the properties.
        words = frozenset({*_keys(own), *(word for program in written if read for word in _words(program))})
    calls = " or ".join(f"sagemaker:{UPDATES[kind]}" for kind in UPDATES if kind in kinds)
    about = frozenset(prefix + one for one in named_in(own) if _kind(resources.get(one)) in kinds)
    return Changed(
        f"custom resource {name} may change it: its program may call {calls}", frozenset(kinds), about, words
    )


def _kind(node: Any) -> str:
    info = TYPES.get(str(node.get("Type"))) if isinstance(node, Mapping) else None
    return info.kind if info is not None else ""


def _called(nodes: Iterable[Any]) -> set[str]:
    text = "\n".join(map(text_of, nodes))
    return {kind for kind, call in _CALLS.items() if call.search(text)}


def _keys(node: Any) -> Iterable[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield str(key)
            yield from _keys(value)
    elif isinstance(node, list | tuple):
        for item in node:
            yield from _keys(item)


def _words(program: Mapping[str, Any]) -> Iterable[str]:
    code = program["Code"]
    return _WRITTEN.findall(str(code.get("ZipFile") if isinstance(code, Mapping) else program["InlineCode"]))
