"""The wire format of a rule file, and its JSON Schema. The design of each field is in docs/writing-rules.md."""

from __future__ import annotations

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


class RemediationFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How to mend a finding: prose, and by the layer that set the value a command and snippets."""

    steps: Text
    aws: Layered | None = None
    cloudformation: Layered | None = None
    terraform: Layered | None = None


class CaseFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One example: column values given, verdict expected."""

    given: dict[str, Any]
    then: Literal["pass", "fail", "unknown", "not_applicable", "error"]
    name: str = ""
    params: dict[str, Any] | None = None
    tables: dict[str, list[dict[str, Any]]] | None = None


class RuleFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One rule."""

    id: Annotated[str, msgspec.Meta(pattern=ID_PATTERN, description="Never reused, never renumbered")]
    name: Annotated[str, msgspec.Meta(pattern=NAME_PATTERN, description="kebab-case")]
    title: Annotated[str, msgspec.Meta(min_length=1, description="A sentence that is true when compliant")]
    severity: Severity
    table: Annotated[str, msgspec.Meta(description="Documented table that the rule reads")]
    require: Annotated[str, msgspec.Meta(min_length=1, description="SQL expression that must hold")]
    message: Annotated[str, msgspec.Meta(min_length=1, description="One sentence; {placeholders} are columns")]
    why: Text
    remediation: RemediationFile
    practices: list[Text]
    references: list[Text]
    since: Text
    cases: list[CaseFile]
    when: Annotated[str, msgspec.Meta(min_length=1, description="SQL expression: who the rule speaks about")] = "true"
    params: dict[str, ParamFile] = {}
    setting: Annotated[str, msgspec.Meta(description="Column that a finding is about")] = ""
    cause: Annotated[str, msgspec.Meta(description="SQL naming the column to blame, where require reads several")] = ""


def rule_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a rule file, for editors and for ``auditor rules schema``."""
    schema = msgspec.json.schema(RuleFile)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Rule of the Studio auditor", **schema}
