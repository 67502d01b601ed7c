"""Resources that stand for others: another template, a module, a program that makes what it is told.

What they make is read where the template that says so is at hand. Otherwise it may be something of Studio, and that is
said: a template that delegates is never one in which nothing was found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.collect.iac.cloudformation.template_nodes import members
from auditor.collect.iac.cloudformation.template_policies import may_make
from auditor.studio.structures import USER_ROOTS

STACK_SET = "AWS::CloudFormation::StackSet"
PRODUCT = "AWS::ServiceCatalog::CloudFormationProduct"
#: Types that hold whole templates, beside nested stacks.
HOLDERS = (STACK_SET, PRODUCT)
_PROVISIONED = "AWS::ServiceCatalog::CloudFormationProvisionedProduct"
_MODULE = "::MODULE"
#: How types of custom resources begin.
CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")
OURS = re.compile(r"(?i)sage_?maker|studio")
#: Names of custom resources that make something of Studio, and of those that do something to what is there.
_MAKES = re.compile(r"(?i)(?:studio|sage_?maker).{0,24}(?:domain|profile|space)|user_?profile|studio$")
_CHANGES = re.compile(r"(?i)clean|delet|remov|destroy|enabl|disabl|attach|lifecycle|updat|patch|stop|wait|tag")
#: The calls that make them, as programs write them.
_CALLS = re.compile(r"(?i)create_(?:domain|user_profile|space)\b|\bcreate(?:Domain|UserProfile|Space)(?:Command)?\b")
#: What a handler begins with; a text without is filled in by whoever deploys the template.
_HANDLER = re.compile(r"\bdef\s+\w+\s*\(|\bexports?\b")
#: What lets a program do more than its text says: it starts programs or templates, or makes up the names of calls.
_INDIRECT = re.compile(
    r"(?i)\b(?:invoke\w*|getattr|eval|exec(?!ution)\w*|__import__|import_module|subprocess|child_process|os\.system"
    r"|(?:create|update)_?stack\w*|create_?change_?set\w*|provision_?product\w*|start_?build\w*|start_?\w*execution\w*"
    r"|run_?task\w*|submit_?job\w*|send_?command\w*|_?make_api_call)\b"
)
_REFERENCE = re.compile(r'"(?:Ref|Fn::GetAtt)": \[?"([A-Za-z0-9]+)|\$\{([A-Za-z0-9]+)[.}]')
_FUNCTIONS = ("AWS::Lambda::Function", "AWS::Serverless::Function")
_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")
_MAX_STEPS = 50
_BY_PROGRAM = "it is a custom resource: a program makes something of Studio, and what it makes is not in the template"


@dataclass(frozen=True, slots=True)
class Held:
    """A template that a resource holds: its ``body``, or the ``location`` of it, as the template writes them.
    ``parameters`` as written; None where whoever deploys it chooses them."""

    body: Any = None
    location: Any = None
    parameters: Any = None
    chosen: bool = False


def held(type_: str, properties: Mapping[str, Any]) -> list[Held]:
    """The templates that a resource of one of ``HOLDERS`` holds."""
    if type_ == STACK_SET:
        passed = properties.get("Parameters")
        parameters = {
            str(entry.get("ParameterKey")): entry.get("ParameterValue")
            for entry in (passed if isinstance(passed, list) else ())
            if isinstance(entry, Mapping)
        }
        return [Held(properties.get("TemplateBody"), properties.get("TemplateURL"), parameters)]
    versions = properties.get("ProvisioningArtifactParameters")
    found = []
    for version in versions if isinstance(versions, list) else ():
        info = version.get("Info") if isinstance(version, Mapping) else None
        location = info.get("LoadTemplateFromURL") if isinstance(info, Mapping) else None
        found.append(Held(location=location, chosen=True))
    return found or [Held(chosen=True)]


def unread(name: str, type_: str, node: Mapping[str, Any], resources: Mapping[str, Any]) -> str:
    """Why a resource may make something of Studio that the template does not show; empty where it does not."""
    if type_.endswith(_MODULE):
        return f"what module {type_} holds is registered in the account and is not in the template"
    if type_ == _PROVISIONED:
        return "the template of the Service Catalog product that it launches is not known here"
    if type_.startswith(CUSTOM):
        return _BY_PROGRAM if _makes(name, type_, node, resources) else ""
    if not type_.startswith(("AWS::", "Alexa::")) and OURS.search(type_):
        return f"{type_} is not a type of AWS; what it makes is not known here"
    return ""


def _makes(name: str, type_: str, node: Mapping[str, Any], resources: Mapping[str, Any]) -> bool:
    properties = node.get("Properties")
    properties = properties if isinstance(properties, Mapping) else {}
    names = (name, type_.removeprefix("Custom::"))
    if any(map(_CHANGES.search, names)):
        return False
    own = {key: value for key, value in members(properties) if key != "ServiceToken"}
    if set(USER_ROOTS) & set(own) or _CALLS.search(text_of(own)):
        return True
    behind = list(programs(properties.get("ServiceToken"), resources))
    if any(_CALLS.search(text_of(program)) for program, _ in behind):
        return True
    written = [program for program, _ in behind if program is not None]
    if written and all(map(whole, written)):
        # What the role permits beyond that, no line of the program does.
        return False
    return any(map(_MAKES.search, names)) or any(may_make(policies) for _, policies in behind)


def whole(program: Mapping[str, Any]) -> bool:
    """Whether all that a function runs stands in the template, and says what it calls."""
    code = program["Code"]
    text = code.get("ZipFile") if isinstance(code, Mapping) else program["InlineCode"]
    if not isinstance(text, str) or program["Layers"]:
        return False
    return _HANDLER.search(text) is not None and not _INDIRECT.search(text)


def programs(token: Any, resources: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any] | None, list[Any]]]:
    """The function behind a service token and those that it may call, each with the policies of its role: their
    programs, None for a role."""
    pending, seen = named_in(token), set[str]()
    while pending and len(seen) < _MAX_STEPS:
        name = pending.pop()
        node = resources.get(name)
        if name in seen or not isinstance(node, Mapping):
            continue
        seen.add(name)
        type_, properties = str(node.get("Type")), node.get("Properties")
        if type_ in _FUNCTIONS and isinstance(properties, Mapping):
            program = {key: properties.get(key) for key in ("Code", "InlineCode", "Layers")}
            yield program, _listed(properties.get("Policies"))
            pending += named_in(properties.get("Role"))
        elif type_ == "AWS::IAM::Role" or type_ in _POLICIES:
            if isinstance(properties, Mapping):
                held = [properties.get("PolicyDocument"), *_listed(properties.get("ManagedPolicyArns"))]
                held += [p.get("PolicyDocument") for p in _listed(properties.get("Policies")) if isinstance(p, Mapping)]
                yield None, held
            # A provider's function calls the one that does the work: its role says which.
            pending += named_in(properties)
        if type_ == "AWS::IAM::Role":
            pending += [
                other for other, policy in resources.items()
                if isinstance(policy, Mapping) and policy.get("Type") in _POLICIES and name in named_in(policy)
            ]  # fmt: skip


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def named_in(node: Any) -> list[str]:
    """Logical ids that a part of the template refers to."""
    return [one or other for one, other in _REFERENCE.findall(text_of(node))]


def text_of(node: Any) -> str:
    return json.dumps(node, default=str)
