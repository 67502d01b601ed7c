"""The wire format of a rule file, and its JSON Schema. The design of each field is in docs/writing-rules.md."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec

from auditor.model.rule import Severity

ID_PATTERN = r"^[A-Z]{2,10}[0-9]{3,4}$"
NAME_PATTERN = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"

Text = Annotated[str, msgspec.Meta(min_length=1)]
#: Reports make a link of it.
Address = Annotated[str, msgspec.Meta(pattern=r"""^https?://[^\s<>"]+$""")]


def _doc(text: str) -> msgspec.Meta:
    """What an editor shows beside a property. A test asks for one everywhere."""
    return msgspec.Meta(description=text)


Layered = Text | dict[Literal["any", "profile", "domain", "space", "app", "service"], Text]


class ParamFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """A threshold or list that users may override. It has a default, or the value of another rule's parameter."""

    type: Annotated[Literal["integer", "number", "string", "boolean", "list"], _doc("Type of its value")]
    doc: Annotated[str, msgspec.Meta(min_length=1, description="What it sets, with its unit")]
    default: Annotated[Any, _doc("Value where nobody sets one")] | msgspec.UnsetType = msgspec.UNSET
    same_as: Annotated[str, msgspec.Meta(description="Another rule's parameter: STU101.generic_words")] = ""


Scalar = Annotated[str, msgspec.Meta(min_length=1)] | int
SetValue = Scalar | list[Text]


class ChangeFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What is added to a list, or taken off it. ``but_not`` names items that are left alone."""

    add: Annotated[SetValue, _doc("Items to add to the list")] | msgspec.UnsetType = msgspec.UNSET
    remove: Annotated[SetValue, _doc("Items to take off the list")] | msgspec.UnsetType = msgspec.UNSET
    but_not: Annotated[SetValue, _doc("Items that are left alone")] | msgspec.UnsetType = msgspec.UNSET


class WithheldFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A reason to print no command: ``because`` where ``when`` is true, ``unknown`` where it is NULL."""

    when: Annotated[str, msgspec.Meta(min_length=1, description="SQL: true or NULL withholds the command")]
    because: Annotated[str, msgspec.Meta(min_length=1, description="What to do first, as a sentence with {columns}")]
    unknown: Annotated[str, msgspec.Meta(min_length=1, description="The sentence where when is NULL")]


class RemediationFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How to fix a finding: prose, and either what becomes of which settings (``set``; command and snippets follow
    from it) or a command and snippets by the layer that set the value."""

    steps: Annotated[
        str,
        msgspec.Meta(
            min_length=1,
            description="What changes, for whom, what stops working, whether it can be undone, how to check it",
        ),
    ]
    set: Annotated[
        dict[Text, SetValue | ChangeFile], msgspec.Meta(description="Settings by API path, and what becomes of each")
    ] = {}
    values: Annotated[dict[Text, Text], msgspec.Meta(description="SQL expressions that set and aws use by name")] = {}
    at: Annotated[str, msgspec.Meta(description="SQL: 'profile' or 'domain' where not the origin decides")] = ""
    withhold_when: Annotated[
        list[WithheldFile], msgspec.Meta(description="What has to be done, or known, before the command may be run")
    ] = []
    aws: Annotated[
        Layered | None, _doc("Instead of set: an AWS CLI command with {placeholders}, or one for each layer")
    ] = None
    cloudformation: Annotated[Layered | None, _doc("Snippet beside aws, in YAML; or one for each layer")] = None
    terraform: Annotated[Layered | None, _doc("Snippet beside aws, in HCL; or one for each layer")] = None


class CaseFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One example: column values given, verdict expected; of a failure, where given, its severity, its message and
    why its command is withheld ('': it is not)."""

    given: Annotated[dict[str, Any], _doc("Column: value; null is unknown, a column left out holds AWS's default")]
    then: Annotated[Literal["pass", "fail", "unknown", "not_applicable", "error"], _doc("The verdict that is expected")]
    severity: Annotated[Severity | None, _doc("Of a failure: its severity")] = None
    message: Annotated[str, _doc("Of a failure: its message, filled in")] = ""
    withheld: Annotated[
        str | None, _doc("Of a failure: why its command is withheld; '' where nothing stands against it")
    ] = None
    name: Annotated[str, _doc("What the case shows")] = ""
    params: Annotated[dict[str, Any] | None, _doc("Parameters of this case, instead of their defaults")] = None
    tables: Annotated[
        dict[str, list[dict[str, Any]]] | None, _doc("Rows of other tables, for what subqueries read")
    ] = None


Values = Text | bool | list[Text]


class DenyFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One statement that denies calls. ``$name`` stands for a parameter of the rule, in resources and in values."""

    actions: Annotated[list[Text], msgspec.Meta(min_length=1, description="Actions: sagemaker:CreateDomain")]
    resources: Annotated[list[Text], _doc("ARN patterns; every resource where none is given")] = []
    condition: Annotated[
        dict[Text, dict[Text, Values]] | None, _doc("Condition operators, keys and values, as in a policy")
    ] = None


class RequestCaseFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One call, and whether the statements deny it."""

    call: Annotated[str, _doc("Action: sagemaker:CreateDomain")]
    then: Annotated[Literal["denied", "allowed"], _doc("What becomes of the call")]
    given: Annotated[dict[str, Any], _doc("Members of the request, as the API has them")] = {}
    resource: Annotated[str, _doc("ARN of the resource, where the request does not tell it")] = ""
    name: Annotated[str, _doc("What the case shows")] = ""
    params: Annotated[dict[str, Any] | None, _doc("Parameters of this case, instead of their defaults")] = None


class PreventFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How service control policies and permissions boundaries stop what the rule reports."""

    deny: Annotated[list[DenyFile], msgspec.Meta(min_length=1, description="Statements that deny the calls")]
    cases: Annotated[
        list[RequestCaseFile], msgspec.Meta(min_length=1, description="Calls that must be denied, and allowed")
    ]
    beyond: Annotated[str, _doc("What else the statements deny, or leave open, as a sentence")] = ""


class OwnWordsFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Letters of ``word_kind``: what a word on no list counts as where it is the company's own."""

    unlisted: Annotated[str, msgspec.Meta(min_length=1, description="Letters of words that may be the company's own")]
    generic: Annotated[str, msgspec.Meta(min_length=1, description="What each of them becomes, letter by letter")]
    person: Annotated[str, msgspec.Meta(min_length=1, description="Letters of words beside which none is")]


class UnlikeNamesFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Letters of ``word_kind``: what a word on no list counts as where it isn't formed as a person's name."""

    unlisted: Annotated[str, msgspec.Meta(min_length=1, max_length=1, description="The letter of words on no list")]
    beside: Annotated[str, msgspec.Meta(min_length=1, description="Letters of words beside which it is asked")]
    unlike: Annotated[str, msgspec.Meta(min_length=1, max_length=1, description="The letter where it isn't a name")]
    doubtful: Annotated[str, msgspec.Meta(min_length=1, max_length=1, description="The letter where it hardly is")]
    joined: Annotated[
        str, msgspec.Meta(max_length=1, description="The letter of words on no list that end as a generic one does")
    ] = ""
    own: Annotated[str, msgspec.Meta(description="Letters of the company's own words")] = ""
    generic: Annotated[
        str,
        msgspec.Meta(description="A letter for each of own, where it isn't a name; the first for joined as well"),
    ] = ""


class RuleFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One rule."""

    id: Annotated[str, msgspec.Meta(pattern=ID_PATTERN, description="Never reused, never renumbered")]
    name: Annotated[str, msgspec.Meta(pattern=NAME_PATTERN, description="kebab-case")]
    title: Annotated[str, msgspec.Meta(min_length=1, description="A demand: Domains should …")]
    severity: Annotated[Severity, _doc("critical, high, medium, low or info")]
    table: Annotated[str, msgspec.Meta(description="Documented table that the rule reads")]
    require: Annotated[str, msgspec.Meta(min_length=1, description="SQL expression that the rule requires")]
    message: Annotated[
        str, msgspec.Meta(min_length=1, description="One sentence; {placeholders} are columns, or the rule's values")
    ]
    why: Annotated[str, msgspec.Meta(min_length=1, description="What an attacker or a bill can do")]
    remediation: Annotated[RemediationFile, _doc("How to fix it")]
    practices: Annotated[list[Text], _doc("Practices that it checks: P01, … (docs/practices.md)")]
    references: Annotated[list[Address], _doc("Addresses of the pages that it rests on")]
    since: Annotated[str, msgspec.Meta(min_length=1, description="Version of the rules that has it first")]
    cases: Annotated[list[CaseFile], _doc("Examples that prove it: pass, fail, and unknown where a column is null")]
    when: Annotated[str, msgspec.Meta(min_length=1, description="SQL expression: what the rule applies to")] = "true"
    params: Annotated[
        dict[str, ParamFile], _doc("Thresholds and lists that users may change, as $name in the expressions")
    ] = {}
    values: Annotated[
        dict[Text, Text], msgspec.Meta(description="SQL expressions that message and remediation use by name")
    ] = {}
    severity_when: Annotated[
        dict[Severity, Text],
        msgspec.Meta(description="SQL by severity: the first that is true stands instead of severity"),
    ] = {}
    word_kind: Annotated[
        str,
        msgspec.Meta(
            description="SQL: the letter of one word, for word_kinds(words); @STU101 stands for that of another rule"
        ),
    ] = ""
    own_words: Annotated[
        OwnWordsFile | None, _doc("What words of the names of domains and accounts count as, where they are nobody's")
    ] = None
    unlike_names: Annotated[
        UnlikeNamesFile | None, _doc("What words that aren't formed as a person's name count as, beside listed ones")
    ] = None
    setting: Annotated[str, msgspec.Meta(description="Column that a finding is about")] = ""
    cause: Annotated[str, msgspec.Meta(description="SQL naming the column to blame, where require reads several")] = ""
    prevent: Annotated[PreventFile | None, _doc("Statements that deny the calls that would break the rule")] = None
    tests_null: Annotated[
        str, msgspec.Meta(description="Built-in rules only: why when and require may test for NULL on purpose")
    ] = ""


def rule_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a rule file, for editors and for ``auditor rules schema``."""
    schema = msgspec.json.schema(RuleFile)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Rule of the Studio auditor", **schema}


#: After a placeholder's name, the option before its value, where that is not '': ``{space_name: --space-name}``.
OPTION = re.compile(r" --[a-z][a-z-]*")
