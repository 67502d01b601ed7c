"""Whether a template's value and an account's are the same; or why nobody can say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.drift.sides import made_up
from auditor.model.snapshot import TEMPLATE, Record

#: How ids begin that a template writes; anything else there is a resource whose id is made up at deployment.
_IDS: Mapping[str, str] = {"VpcId": "vpc-", "SubnetIds": "subnet-"}
_OWN_ROLE = f"arn:aws:iam::{TEMPLATE}:role/"


class Unsure(str):
    """Why two values cannot be compared."""

    __slots__ = ()


def same(
    path: str, template: Any, account: Any, live: Record, roles: Mapping[tuple[str, str], Record], root: str
) -> bool | Unsure:
    """Whether two values in canonical form are the same at an API path. ``roles`` are the templates' own, by root and
    ARN."""
    parts = template if isinstance(template, tuple) else (template,)
    for part in parts:
        if made_up(part):
            return Unsure(f"{part} is made up at deployment")
        start = _IDS.get(path, "")
        if start and part and isinstance(part, str) and not part.startswith(start):
            return Unsure(f"the id of {part} is made up at deployment")
    if template == account:
        return True
    if isinstance(template, str) and isinstance(account, str):
        if template.startswith(_OWN_ROLE):
            return _own_role(template, account, live, roles.get((root, template)))
        if path.rpartition(".")[2] in ("KmsKeyId", "S3KmsKeyId"):
            return _same_key(template, account)
    return False


def _own_role(template: str, account: str, live: Record, role: Record | None) -> bool | Unsure:
    """A role of the same template: its ARN is known but for account and partition, if the template names it."""
    if role is None or "RoleName" not in role.document:
        return Unsure(f"the name of the role {template.removeprefix(_OWN_ROLE)} is made up at deployment")
    _, _, rest = account.partition(":iam::")
    owner, _, resource = rest.partition(":")
    return owner == live.account and resource == f"role/{template.removeprefix(_OWN_ROLE)}"


def _same_key(template: str, account: str) -> bool | Unsure:
    """KMS keys are named by id, ARN, alias, or the alias's ARN (API_CreateDomain)."""
    one, other = _key(template), _key(account)
    if template and account and one.startswith("alias/") != other.startswith("alias/"):
        return Unsure("one side names the key by an alias and the other by its id")
    if template.startswith("arn:") and account.startswith("arn:"):
        return False
    return one == other


def _key(text: str) -> str:
    return text.rpartition(":")[2].removeprefix("key/")
