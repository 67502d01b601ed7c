"""What a source saw, as raw documents, and what it could not see.

A snapshot is a text file of JSON lines:

- line 1 ``{"snapshot": Header}``
- one line a resource, sorted by (account, region, kind, id):
  ``{"account": …, "region": …, "kind": "user_profile", "id": …, "user_profile": {the API's document},
  "tags": [{"Key": …, "Value": …}], "gaps": ["*"]}`` — the document stands under its kind's own name, so that
  one typed scan reads every kind. ``tags`` is absent where tags do not apply or could not be read (then ``gaps``
  holds ``"Tags"``; where it does all the same, they are those that are certain, and there may be others). ``gaps``
  lists API paths of the document that could not be seen; ``"*"`` means everything that the document does not hold;
  ``"exists"`` that the resource may not exist at all (a template's condition that is unknown);
  ``"number"`` that nobody can tell how many such resources there are (a template's count that is unknown).
  A resource of a template has ``"place": {"file": …, "line": …, "construct": …,
  "lines": {API path: line}, "account": …, "region": …}`` as well.
- ``{"gap": Gap}`` lines, then ``{"coverage": Coverage}`` lines
- the last line ``{"end": {"lines": number of lines before it, "sha256": hex over all bytes before it}}``

A resource that was not described again because nothing says that it changed has ``"described": as_of`` of the snapshot
that it was described for.

Timestamps in documents are RFC 3339 text in UTC (``2026-11-23T20:42:00Z``).

In a snapshot of templates the account is the path of what is deployed together (a template, a Terraform root module),
so that two of them never mix; the region is ``template`` (``aws-global`` for roles), a resource's id its address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from auditor.model.accounts import Account

SCHEMA_VERSION = "1"

Kind = Literal[
    "account_region",
    "app",
    "assignment",
    "cost_tag",
    "domain",
    "event_rule",
    "flow_log",
    "identity_user",
    "image_version",
    "kms_key",
    "lifecycle_config",
    "log_group",
    "metric_filter",
    "mlflow_app",
    "mlflow_server",
    "partner_app",
    "permission",
    "quota",
    "role",
    "route_table",
    "security_group",
    "sign_in",
    "space",
    "studio_call",
    "subnet",
    "trail",
    "user_profile",
    "vpc",
    "vpc_endpoint",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: What a snapshot holds whose header does not say: the kinds of the first version.
FIRST_KINDS: tuple[Kind, ...] = ("account_region", "app", "domain", "partner_app", "space", "user_profile", "vpc")
#: The region of what belongs to an account and to no region: IAM roles, people of Identity Center.
GLOBAL = "aws-global"
#: The region of what a template holds.
TEMPLATE = "template"
#: The gap of a resource that may not exist: no verdict on it can be certain.
MAY_NOT_EXIST = "exists"
#: The gap of a template's resource of which nobody knows how many there are: none, one or several. Each of them is as
#: the record says.
NUMBER = "number"
GLOBAL_KINDS: tuple[Kind, ...] = ("cost_tag", "identity_user", "permission", "role")

Source = Literal["aws", "cloudformation", "terraform", "mixed"]

#: Why something could not be seen. Closed, because reports and rules of thumb count by it.
GapReason = Literal[
    "access_denied",
    "throttled",
    "unreachable",
    "server_error",
    "not_in_sdk",
    "region_not_enabled",
    "account_suspended",
    "credentials_expired",
    "ambiguous_inheritance",
    "unexpected_response",
    "limit_reached",
    "not_found",
    "unresolved_expression",
    "not_expressible",
    "not_assessed",
    "defined_elsewhere",
]
#: Reasons of templates: their detail says more than the language that could not say it.
TEMPLATE_GAPS: frozenset[GapReason] = frozenset(
    {"unresolved_expression", "not_expressible", "not_assessed", "defined_elsewhere"}
)
#: Of a template: something of the scanned tree was not read (refused, skipped, not listed); or it names what lies
#: elsewhere (a module that was not fetched, a template at a URL, a macro), which reading the tree could not have told.
UNREAD: GapReason = "not_assessed"
ELSEWHERE: GapReason = "defined_elsewhere"
#: Gaps that by themselves leave nothing open: what a template's language cannot express was not lost on the way. Rules
#: that need it answer unknown all the same.
LANGUAGE_LIMITS: frozenset[GapReason] = frozenset({"not_expressible"})


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """Something that was not seen. Never a verdict: rules that need it answer ``unknown``.

    ``resource_id`` is ``"*"`` for all resources of ``resource_type`` in that account and region; ``setting`` is an API
    path such as ``UserSettings.AutoMountHomeEFS``, ``"*"`` for the whole resource or the whole list. ``operation`` is
    an API operation, for a template its language.
    """

    account: str
    region: str
    resource_type: str
    resource_id: str
    setting: str
    operation: str
    reason: GapReason
    detail: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Coverage:
    """What one API operation did in one account and region. ``retries`` are attempts beyond the first.

    ``dropped`` counts resources that were deleted between list and describe: not a failure, not a gap.
    ``error`` is the commonest error code among the failures, empty when there was none. For a template ``operation`` is
    a file that was read, ``error`` why it could not be understood. ``carried``
    counts resources that were carried over from an earlier snapshot instead of being asked for.
    """

    account: str
    region: str
    operation: str
    calls: int
    failed: int = 0
    retries: int = 0
    dropped: int = 0
    error: str = ""
    carried: int = 0


@dataclass(frozen=True, slots=True)
class Unseen:
    """An API path that the installed SDK's model does not know, for every resource of ``kind`` in the snapshot."""

    kind: str
    path: str


@dataclass(frozen=True, slots=True)
class Scope:
    """One account and region that the snapshot speaks about, also when it holds no Studio resource."""

    account: str
    region: str


@dataclass(frozen=True, slots=True)
class Header:
    """First line of a snapshot. ``as_of`` is the moment collection began, RFC 3339 in UTC: the rules' "now"."""

    schema_version: str
    source: Source
    as_of: str
    tool_version: str
    botocore_version: str
    caller: str
    scopes: tuple[Scope, ...]
    unseen: tuple[Unseen, ...] = ()
    kinds: tuple[str, ...] = FIRST_KINDS
    """Kinds that the source looked for. The lists of all others are unknown in this snapshot, not empty."""
    previous: str = ""
    """``as_of`` of the newest snapshot that unchanged resources were carried over from; empty where all were read."""
    accounts: tuple[Account, ...] = ()
    """Of a run over several accounts: each that was to be visited, those included that could not be and so stand in no
    scope. Empty where a snapshot is of the credentials' own account."""
    identity_instances: tuple[str, ...] = ()
    """Of a run over several accounts: instances of IAM Identity Center whose users were all read for the accounts that
    may not list them."""
    masked: bool = False
    """Of a file: whether secrets in it are masked (``auditor.masking``), as in all that this version writes."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a template defines a resource: file as the user named it, line from 1 (None: not known), CDK construct.

    ``lines`` gives the line of each API path that the template writes; structures have lines as well as members.
    ``account`` and ``region`` are where it is deployed, empty where that is not known.
    """

    file: str
    line: int | None = None
    construct: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)
    account: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One resource as the API gave it, or as a template would make it. ``id`` is unique in account, region and kind.

    domain: ``d-abc`` · user_profile: ``d-abc/name`` · space: ``d-abc/name`` ·
    app: ``d-abc/profile/NAME/TYPE/APPNAME`` or ``d-abc/space/NAME/TYPE/APPNAME`` · partner_app: its ARN ·
    vpc: ``vpc-…`` · role, permission: the role's ARN · sign_in: the event's id · identity_user: the user's id ·
    the rest: name, id or ARN as AWS has it · account_region: the region's name (one for each audited account and
    region; its ``gaps`` name the kinds whose list could not be read completely, e.g. ``["user_profile", "vpc"]``; its
    document says between which moments every sign-in is known, and whose users of Identity Center were read).
    ``tags`` None: not read or not applicable; with a gap "Tags", those that are certain. ``described``: ``as_of``
    of the snapshot that the document was read for, where it was carried over from there; its tags and its listing are
    of this snapshot all the same.
    """

    account: str
    region: str
    kind: Kind
    id: str
    document: Mapping[str, Any]
    tags: tuple[tuple[str, str], ...] | None = None
    gaps: tuple[str, ...] = ()
    place: Place | None = None
    described: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole snapshot in memory, as a collector returns it. The file holds the same, sorted."""

    header: Header
    records: tuple[Record, ...]
    gaps: tuple[Gap, ...] = ()
    coverage: tuple[Coverage, ...] = field(default=())
