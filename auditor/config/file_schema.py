"""The wire format of auditor.yaml, and its JSON Schema. docs/configuration.md explains each key."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from auditor.config.notify_section import ChannelFile
from auditor.config.organization_section import OrganizationFile
from auditor.config.owners_section import OwnerFile
from auditor.model.rule import Severity
from auditor.report.render import Format
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.studio.canvas_settings import CANVAS_FEATURES
from auditor.studio.tools import NEEDABLE_APP_TYPES, NEEDABLE_TOOLS

ACCOUNT = "^[0-9]{12}$"
NAME_PATTERN = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
_WILD = "Pattern: * is any characters, ? is one"

Text = Annotated[str, msgspec.Meta(min_length=1)]
#: Unknown names are refused by the loader, which can say more than an enumeration.
App = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(NEEDABLE_APP_TYPES)})]
Feature = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(CANVAS_FEATURES)})]
Tool = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(NEEDABLE_TOOLS)})]
Days = Annotated[int, msgspec.Meta(ge=1, le=3650)]
FailOn = Literal["critical", "high", "medium", "low", "info", "none"]


def _text(description: str) -> msgspec.Meta:
    return msgspec.Meta(min_length=1, description=description)


def _doc(description: str, **schema: Any) -> msgspec.Meta:
    return msgspec.Meta(description=description, extra_json_schema=schema or None)


class MatchFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Profiles for which everything given here holds."""

    tags: Annotated[dict[str, Text], _doc(f"Tag key: value. {_WILD}. Case counts")] = {}
    name: Annotated[str, _text(f"The profile's name. {_WILD}. Case does not count")] | UnsetType = UNSET
    domain: Annotated[str, _text(f"The domain's name or id. {_WILD}. Case does not count")] | UnsetType = UNSET


class PersonaFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A kind of person: what such people need, and which profiles are theirs."""

    name: Annotated[
        str,
        msgspec.Meta(
            pattern=NAME_PATTERN, description="kebab-case, as data-scientist; default is everybody who fits no other"
        ),
    ]
    apps: Annotated[list[App], _doc("App types that they need; all of these if left out")] | UnsetType = UNSET
    tools: (
        Annotated[list[Tool], _doc("ML tools that they need; all of AWS's own and MLflow if left out")] | UnsetType
    ) = UNSET
    canvas: Annotated[list[Feature], _doc("Features of Canvas that they need; none if left out")] = []
    match: Annotated[list[MatchFile], _doc("Their profiles: those that fit one of these")] = []


class SignFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The key that signs each run in a store; one of these."""

    ed25519: Annotated[str, _text("File with an Ed25519 private key in PEM, without a password")] | UnsetType = UNSET
    kms: Annotated[str, _text("ARN, id or alias of an asymmetric key for signing in AWS KMS")] | UnsetType = UNSET


class ConfigFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """auditor.yaml. Every key is optional; options of the command line win."""

    profile: Annotated[str, _text("AWS profile, as --profile")] | UnsetType = UNSET
    regions: Annotated[list[Text], _doc("Regions to audit, or all; as --region")] = []
    skip_regions: Annotated[list[Text], _doc("Regions to leave out; as --skip-region")] = []
    organization: (
        Annotated[OrganizationFile, _doc("Accounts of a run over several; see docs/organization.md")] | UnsetType
    ) = UNSET
    rules: Annotated[list[Text], _doc("Folders of your own rules, added to the built-in ones; as --rules")] = []
    only: Annotated[list[Text], _doc("Only these rules: ids, names, areas, or patterns of them; as --only")] = []
    skip: Annotated[list[Text], _doc("Not these rules; as --skip")] = []
    severities: Annotated[dict[str, Severity], _doc("Severity by rule (id or name), instead of the rule's own")] = {}
    params: Annotated[
        dict[str, dict[str, Any]], _doc("Parameters by rule (id or name) and name, instead of their defaults")
    ] = {}
    personas: Annotated[list[PersonaFile], _doc("Kinds of people; the first that fits a profile counts")] = []
    frameworks: Annotated[list[Text], _doc("Compliance frameworks to group the report by; as --framework")] = []
    waivers: Annotated[str, _text("File of waivers; as --waivers")] | UnsetType = UNSET
    waiver_tag: (
        Annotated[str, _text("Key of a resource's tag that may waive its failures; without it no tag does")] | UnsetType
    ) = UNSET
    inline_waivers: (
        Annotated[bool, _doc("Whether comments in scanned templates waive; by default where the tree is trusted")]
        | UnsetType
    ) = UNSET
    fail_on: Annotated[FailOn, _doc("Exit 4 from this severity on; as --fail-on")] | UnsetType = UNSET
    fail_on_rules: Annotated[
        dict[str, FailOn], _doc("The same by rule (id or name), instead of fail_on and fail_on_accounts")
    ] = {}
    fail_on_accounts: Annotated[
        dict[str, FailOn], _doc("The same by account id, instead of fail_on", propertyNames={"pattern": ACCOUNT})
    ] = {}
    sla: Annotated[
        dict[Severity, Days], _doc("Days in which a finding of a severity is to be fixed, from when it was first seen")
    ] = {}
    sla_owners: Annotated[
        dict[str, dict[Severity, Days]], _doc("The same by owner (owners:), instead of sla for that owner's findings")
    ] = {}
    baseline: Annotated[str, _text("Earlier report.json to compare with; as --baseline")] | UnsetType = UNSET
    new_only: Annotated[bool, _doc("Only what the baseline does not hold exits 4; as --new-only")] | UnsetType = UNSET
    allow_incomplete: (
        Annotated[bool, _doc("Don't exit 5 when a check could not be evaluated; as --allow-incomplete")] | UnsetType
    ) = UNSET
    allow_unread: (
        Annotated[bool, _doc("Don't exit 5 when a scanned file was not read; as --allow-unread")] | UnsetType
    ) = UNSET
    allow_empty: (
        Annotated[bool, _doc("Don't exit 3 when the account has no Studio resource; as --allow-empty")] | UnsetType
    ) = UNSET
    nested_merge: (
        Annotated[NestedMerge, _doc("How a profile's nested structure meets its domain's; as --nested-merge")]
        | UnsetType
    ) = UNSET
    formats: Annotated[list[Format], _doc("Reports to write; as --format", minItems=1)] | UnsetType = UNSET
    output: Annotated[str, _text("Folder for the reports; as --output")] | UnsetType = UNSET
    store: Annotated[str, _text("Where audit keeps its runs: a folder or s3://…; as --store")] | UnsetType = UNSET
    owners: Annotated[list[OwnerFile], _doc("Who owns which resources: the first entry that fits")] = []
    notify: Annotated[list[ChannelFile], _doc("Whom to notify of changes after each audit; see docs/nightly.md")] = []
    sign: Annotated[SignFile, _doc("What signs each run in the store")] | UnsetType = UNSET


def config_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of auditor.yaml, for editors and for ``auditor config schema``."""
    schema = msgspec.json.schema(ConfigFile)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of the Studio auditor",
        **schema,
    }
