"""What a rule's command and snippets look like before there is a finding: for its page and ``auditor rules show``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.model.resource import ResourceRef
from auditor.model.rule import Change, Rule
from auditor.remediation import snippets, update_call
from auditor.remediation.steps import Step
from auditor.rules.remediation_set import TAGS
from auditor.studio.resource_types import BY_LAYER
from auditor.studio.settings import DOMAIN_USER_ROOT
from auditor.studio.structures import member

_PLACE = "--region {region} --domain-id {domain_id}"
_CALLS = {
    layer: f"aws sagemaker {t.update} {_PLACE}{f' --{t.option} {{name}}' if t.in_domain else ''}"
    for layer, t in BY_LAYER.items()
    if t.update
}


@dataclass(frozen=True, slots=True)
class Preview:
    """``commands`` and the snippets by where they act (empty: there is one place only); ``changes``: setting and what
    becomes of it. In braces stands what is the resource's own, in angle brackets what is worked out for it."""

    commands: Mapping[str, str]
    changes: tuple[tuple[str, str], ...]
    cloudformation: Mapping[str, str]
    terraform: Mapping[str, str]


def preview(rule: Rule) -> Preview:
    """The preview of a rule's remediation; empty where no single call can fix it."""
    fix = rule.remediation
    if not fix.changes:
        return Preview(_by_place(fix.aws), (), _by_place(fix.cloudformation), _by_place(fix.terraform))
    changes = tuple((c.path, _becomes(c)) for c in fix.changes)
    if fix.changes[0].path.partition(".")[0] == TAGS:
        pairs = {
            c.path.partition(".")[2] or f"<{_name(c.value)}>": "<VALUE>" if c.action == "add" else str(c.value)
            for c in fix.changes
        }
        call = "aws sagemaker add-tags --region {region} --resource-arn {arn} --tags"
        texts = snippets.tags(ResourceRef(rule.table, "", "", "", ""), pairs)
        words = " ".join(f"Key={key},Value={value}" for key, value in pairs.items())
        return Preview({"": f"{call} {words}"}, changes, {"": texts[0]}, {"": texts[1]})
    commands: dict[str, str] = {}
    cloudformation: dict[str, str] = {}
    terraform: dict[str, str] = {}
    for place, steps in _places(rule):
        sent = update_call.settings(steps, {}, {})
        where = f"on the {place}" if rule.table == "user_profile" else ""
        options = update_call.options({name: _HIDDEN if isinstance(v, dict) else v for name, v in sent.items()})
        commands[where] = " ".join([_CALLS[place], *options]).replace(_HIDDEN_TEXT, "{settings}")
        resource = ResourceRef(BY_LAYER[place].kind, "", "", "", "")
        paths = tuple(step.path.replace("[]", "") for step in steps)
        for found, text in (
            (cloudformation, snippets.cloudformation(resource, sent, paths)),
            (terraform, snippets.terraform(resource, sent, paths)),
        ):
            if text:
                found[where] = text
    return Preview(commands, changes, cloudformation, terraform)


_HIDDEN = {"SETTINGS": 0}
_HIDDEN_TEXT = "SETTINGS=0"


def _by_place(texts: Mapping[str, str]) -> dict[str, str]:
    grouped: dict[str, list[str]] = {}
    for layer, text in texts.items():
        grouped.setdefault(text, []).append(layer)
    return {"" if layers == ["any"] else "set by " + ", ".join(layers): text for text, layers in grouped.items()}


def _places(rule: Rule) -> Iterator[tuple[str, tuple[Step, ...]]]:
    parameters = {p.name: p.default for p in rule.params}
    # A list is shown as it becomes: nobody knows yet what it holds.
    steps = tuple(
        Step(c.path, "add" if "[]" in c.path else "set", _symbol(c, parameters)) for c in rule.remediation.changes
    )
    if rule.table != "user_profile":
        yield rule.table, steps
        return
    yield "profile", steps
    if rule.remediation.at != "'profile'":
        yield "domain", tuple(step.moved(DOMAIN_USER_ROOT) for step in steps)


def _name(value: Any) -> str:
    return str(value).removeprefix("$")


def _symbol(change: Change, parameters: Mapping[str, Any]) -> Any:
    value = change.value
    if isinstance(value, str) and value.startswith("$"):
        known = parameters.get(value[1:])
        value = known if known is not None and change.but_not is None else f"<{value[1:]}>"
    found = member(change.path)
    if change.action == "set" and not (found and found.many and isinstance(value, str)):
        return value
    if change.action == "remove":
        value = f"<without {_name(change.value)}>"
    return list(value) if isinstance(value, list | tuple) else [value]


def _becomes(change: Change) -> str:
    shown = ", ".join(map(str, change.value)) if isinstance(change.value, list | tuple) else str(change.value)
    spared = "" if change.but_not is None else f", but not {_name(change.but_not)}"
    shown = _name(shown)
    return {"set": shown, "add": f"with {shown}{spared}", "remove": f"without {shown}{spared}"}[change.action]
