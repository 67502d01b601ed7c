"""Commands that Terraform runs beside its resources (``provisioner "local-exec"``), as far as they are about Studio.

``aws sagemaker create-user-profile`` makes what no resource shows, ``update-domain`` changes what one says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.collect.iac.hcl import nodes as n
from auditor.collect.iac.hcl.evaluate import value
from auditor.collect.iac.hcl.values import as_property
from auditor.collect.iac.interface import Changed, NotAssessed, Unknown, Value
from auditor.collect.iac.terraform.resource_values import ResourceValue
from auditor.studio.changing_calls import CREATES, UPDATES
from auditor.studio.template_types import TYPES

_OURS = re.compile(r"(?i)sage_?maker")
_WORD = re.compile("[A-Z][a-z]+")
#: A resource of the configuration in a text.
_ADDRESS = re.compile(r"\$\{((?:module\.[^}]+?\.)?(aws(?:cc)?_sagemaker_\w+)\.[\w-]+(?:\[[^\]]*\])?)")
#: What a command takes from elsewhere, so that its text does not say what it changes.
_ELSEWHERE = re.compile(r"\$\(|`|(?:file|fileb)://|--cli-input|\.(?:sh|py|js|json|ya?ml)\b")
_NAMES = re.compile(r"\w+")
_OPTIONS = re.compile(r"--([a-z]+(?:-[a-z]+)*)")


def _call(name: str) -> re.Pattern[str]:
    """A call of the API as the AWS CLI and programs write it: create-domain, create_domain, createDomain."""
    return re.compile(rf"(?i)\b{'[-_]?'.join(_WORD.findall(name))}\b")


_MAKES = tuple(_call(CREATES[kind]) for kind in (*UPDATES, "app"))
_CHANGES = {kind: _call(name) for kind, name in UPDATES.items()}


def told(handle: ResourceValue) -> Iterator[NotAssessed | Changed]:
    """What commands of one instance of a resource make, which is not assessed, and what they change."""
    for block in handle.block.body.of("provisioner"):
        text = _commands(block, handle)
        if not _OURS.search(text):
            continue
        if any(call.search(text) for call in _MAKES):
            what = f"{handle.block.file}#{handle.address}"
            reason = "a command that Terraform runs makes something of Studio, and what it makes is not a resource"
            yield NotAssessed(what, reason, handle.block.line, elsewhere=True)
        kinds = frozenset(kind for kind, call in _CHANGES.items() if call.search(text))
        if kinds:
            calls = " or ".join(f"sagemaker:{UPDATES[kind]}" for kind in UPDATES if kind in kinds)
            reason = f"a command of {handle.address} may change it: {calls}"
            yield Changed(reason, kinds, _about(text, kinds), _words(text))


def _commands(block: n.Block, handle: ResourceValue) -> str:
    """What a provisioner runs once the resource is there."""
    attributes = block.body.attributes
    if "when" in attributes and "destroy" in attributes["when"].shown:
        return ""
    nodes = [attributes[name] for name in ("command", "inline") if name in attributes]
    found = [as_property(value(node, handle.module, handle.names)) for node in nodes]
    return "\n".join(_text(one) for one in found)


def _text(found: Value) -> str:
    if isinstance(found, list):
        return "\n".join(map(_text, found))
    return found.expression if isinstance(found, Unknown) else str(found or "")


def _about(text: str, kinds: frozenset[str]) -> frozenset[str]:
    return frozenset(address for address, type_ in _ADDRESS.findall(text) if TYPES[type_].kind in kinds)


def _words(text: str) -> frozenset[str] | None:
    """Names of members in the text, those of the AWS CLI's options as the API has them."""
    if _ELSEWHERE.search(text):
        return None
    options = ("".join(map(str.capitalize, option.split("-"))) for option in _OPTIONS.findall(text))
    return frozenset({*_NAMES.findall(text), *options})
