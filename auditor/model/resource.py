"""Which resource, where a setting comes from, and which snapshot."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ResourceRef:
    """The resource a finding is about. ``file``/``line`` only for templates, ``arn`` only for live resources.

    ``type``: domain, user_profile, space, app, account_region, …; ``id`` as in the snapshot, for a template the address
    in it; ``name`` for people; ``domain_id``/``domain_name`` of the domain it belongs to (empty for account-wide
    resources); ``construct`` the CDK construct's path, empty elsewhere.
    """

    type: str
    id: str
    name: str
    account: str
    region: str
    arn: str = ""
    domain_id: str = ""
    domain_name: str = ""
    file: str = ""
    line: int | None = None
    construct: str = ""

    @property
    def key(self) -> str:
        return f"{self.account}/{self.region}/{self.type}/{self.id}"


@dataclass(frozen=True, slots=True)
class Origin:
    """Which layer set a value: ``profile``, ``domain``, ``space``, ``app``, ``service`` (AWS's default), ``derived`` or
    ``unknown``; ``resource`` is that layer's resource id (empty for service), ``path`` the API path there; ``file`` and
    ``line`` where a template writes it."""

    layer: str
    resource: str
    path: str
    file: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Culprit:
    """Where a template writes what is behind a derived value: a policy of a role, what makes a subnet public.

    ``name``: the policy's or the subnet's; ``resource``: the address of what writes it, with its ``type``; ``form``:
    the property of a role that holds the policy, empty where a resource of its own does.
    """

    name: str
    resource: str
    type: str
    form: str
    file: str
    line: int | None


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """Which snapshot(s) the report was made from."""

    file: str
    sha256: str
    as_of: str
    source: str
    botocore_version: str
    caller: str
    scopes: tuple[tuple[str, str], ...]
