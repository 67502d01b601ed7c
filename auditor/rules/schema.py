"""The wire format of a rule file, and its JSON Schema. The design of each field is in docs/writing-rules.md."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec

from auditor.model.rule import Severity

ID_PATTERN = r"^[A-Z]{2,10}[0-9]{3,4}$"
NAME_PATTERN = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"

Text = Annotated[str, msgspec.Meta(min_length=1)]
Layered = Text | dict[Literal["any", "profile", "domain", "space", "app", "service"], Text]


class ParamFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """A threshold or list that users may override. It has a default, or the value of another rule's parameter."""

    type: Literal["integer", "number", "string", "boolean", "list"]
    doc: Text
    default: Any | msgspec.UnsetType = msgspec.UNSET
    same_as: Annotated[str, msgspec.Meta(description="Another rule's parameter: STU101.generic_words")] = ""


Scalar = Annotated[str, msgspec.Meta(min_length=1)] | int
SetValue = Scalar | list[Text]


class ChangeFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What is added to a list, or taken off it. ``but_not`` names items that are left alone."""

    add: SetValue | msgspec.UnsetType = msgspec.UNSET
    remove: SetValue | msgspec.UnsetType = msgspec.UNSET
    but_not: SetValue | msgspec.UnsetType = msgspec.UNSET


class WithheldFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A reason to print no command: ``because`` where ``when`` is true, ``unknown`` where it is NULL."""

    when: Annotated[str, msgspec.Meta(min_length=1, description="SQL: true or NULL withholds the command")]
    because: Annotated[str, msgspec.Meta(min_length=1, description="What to do first, as a sentence with {columns}")]
    unknown: Annotated[str, msgspec.Meta(min_length=1, description="The sentence where when is NULL")]


class RemediationFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How to fix a finding: prose, and either what becomes of which settings (``set``; command and snippets follow
    from it) or a command and snippets by the layer that set the value."""

    steps: Text
    set: Annotated[
        dict[Text, SetValue | ChangeFile], msgspec.Meta(description="Settings by API path, and what becomes of each")
    ] = {}
    values: Annotated[dict[Text, Text], msgspec.Meta(description="SQL expressions that set and aws use by name")] = {}
    at: Annotated[str, msgspec.Meta(description="SQL: 'profile' or 'domain' where not the origin decides")] = ""
    withhold_when: Annotated[
        list[WithheldFile], msgspec.Meta(description="What has to be done, or known, before the command may be run")
    ] = []
    aws: Layered | None = None
    cloudformation: Layered | None = None
    terraform: Layered | None = None


class CaseFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One example: column values given, verdict expected; of a failure, where given, its severity, its message and
    why its command is withheld ('': it is not)."""

    given: dict[str, Any]
    then: Literal["pass", "fail", "unknown", "not_applicable", "error"]
    severity: Severity | None = None
    message: str = ""
    withheld: str | None = None
    name: str = ""
    params: dict[str, Any] | None = None
    tables: dict[str, list[dict[str, Any]]] | None = None


class RuleFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One rule."""

    id: Annotated[str, msgspec.Meta(pattern=ID_PATTERN, description="Never reused, never renumbered")]
    name: Annotated[str, msgspec.Meta(pattern=NAME_PATTERN, description="kebab-case")]
    title: Annotated[str, msgspec.Meta(min_length=1, description="A demand: Domains should …")]
    severity: Severity
    table: Annotated[str, msgspec.Meta(description="Documented table that the rule reads")]
    require: Annotated[str, msgspec.Meta(min_length=1, description="SQL expression that the rule requires")]
    message: Annotated[
        str, msgspec.Meta(min_length=1, description="One sentence; {placeholders} are columns, or the rule's values")
    ]
    why: Text
    remediation: RemediationFile
    practices: list[Text]
    references: list[Text]
    since: Text
    cases: list[CaseFile]
    when: Annotated[str, msgspec.Meta(min_length=1, description="SQL expression: what the rule applies to")] = "true"
    params: dict[str, ParamFile] = {}
    values: Annotated[
        dict[Text, Text], msgspec.Meta(description="SQL expressions that message and remediation use by name")
    ] = {}
    severity_when: Annotated[
        dict[Severity, Text],
        msgspec.Meta(description="SQL by severity: the first that is true stands instead of severity"),
    ] = {}
    setting: Annotated[str, msgspec.Meta(description="Column that a finding is about")] = ""
    cause: Annotated[str, msgspec.Meta(description="SQL naming the column to blame, where require reads several")] = ""
    tests_null: Annotated[
        str, msgspec.Meta(description="Built-in rules only: why when and require may test for NULL on purpose")
    ] = ""


def rule_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a rule file, for editors and for ``auditor rules schema``."""
    schema = msgspec.json.schema(RuleFile)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Rule of the Studio auditor", **schema}


#: After a placeholder's name, the option before its value, where that is not '': ``{space_name: --space-name}``.
OPTION = re.compile(r" --[a-z][a-z-]*")
