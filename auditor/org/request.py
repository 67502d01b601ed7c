"""What is asked of a run over several accounts. Values only: reading auditor.yaml needs no AWS SDK."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from auditor.errors import ConfigError

#: The role in each account, where nobody names another.
DEFAULT_ROLE = "StudioAuditor"
ACCOUNT_ID = re.compile(r"[0-9]{12}")
#: An organizational unit or the root (AWS Organizations API reference, "OrganizationalUnit" and "Root").
UNIT_ID = re.compile(r"ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32}")
#: IAM's forms of a role's name, its path before it (IAM API reference, "CreateRole").
_ROLE = re.compile(r"([!-~]+/)?[\w+=,.@-]{1,64}", re.ASCII)
#: STS's form of an external id (STS API reference, "AssumeRole").
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
#: The value itself is not shown: whoever keeps it in the environment keeps it from logs.
_NO_EXTERNAL_ID = "not 2 to 1224 letters, digits, and characters of +=,.@:/-_"
_FROM_ENVIRONMENT = "env:"


@dataclass(frozen=True, slots=True)
class NamedAccount:
    """An account that somebody named: its id of twelve digits, and its name where that was given."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class OrganizationRequest:
    """Which accounts, and how they are entered.

    ``listed``: accounts come from AWS Organizations; else ``accounts`` are all there are. With both, ``accounts`` are
    the only ones of the organization that are visited. ``include`` and ``exclude`` hold ids of organizational units,
    ids of accounts, and patterns of account names; without ``include`` every account is taken. ``external_id``: text,
    or ``env:VARIABLE``.
    """

    listed: bool = False
    accounts: tuple[NamedAccount, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    role: str = DEFAULT_ROLE
    external_id: str = ""


def role_problem(role: str) -> str:
    """What is wrong with a role's name; empty where nothing is."""
    if role.startswith("arn:"):
        return f"{role!r} is an ARN; the role's name is enough, for it is in every account"
    return "" if _ROLE.fullmatch(role.lstrip("/")) else f"{role!r} is not the name of an IAM role"


def pattern_problem(pattern: str) -> str:
    """What is wrong with an entry of ``include`` or ``exclude``; empty where nothing is."""
    if pattern.isdecimal() and not ACCOUNT_ID.fullmatch(pattern):
        return f"{pattern!r} is not an account id of 12 digits"
    if re.match(r"ou-|r-[0-9a-z]{4,32}$", pattern) and not UNIT_ID.fullmatch(pattern):
        return f"{pattern!r} is not the id of an organizational unit (ou-ab12-cdef3456)"
    return ""


def external_id_problem(given: str) -> str:
    """What is wrong with an external id as it was written; empty where nothing is, or where a variable holds it."""
    if given.startswith(_FROM_ENVIRONMENT) or not given or _EXTERNAL_ID.fullmatch(given):
        return ""
    return f"external id: {_NO_EXTERNAL_ID}"


def external_id_of(given: str) -> str:
    """The external id itself: ``env:VARIABLE`` is read from the environment. Raises ConfigError."""
    value = given
    if given.startswith(_FROM_ENVIRONMENT):
        name = given.removeprefix(_FROM_ENVIRONMENT)
        value = os.environ.get(name, "")
        if not value:
            raise ConfigError(
                f"external id: the environment variable {name} is not set", hint="Set it, or name another."
            )
        if not _EXTERNAL_ID.fullmatch(value):
            raise ConfigError(f"external id: what {name} holds is {_NO_EXTERNAL_ID}")
    elif problem := external_id_problem(given):
        raise ConfigError(problem)
    return value
