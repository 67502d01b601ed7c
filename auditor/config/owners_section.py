"""``owners:`` of auditor.yaml: who owns which resources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from auditor.inert_text import is_blank
from auditor.model.owner import OwnerRule
from auditor.yaml_source import Source

_WILD = "Pattern: * is any characters, ? is one"


def _text(description: str) -> msgspec.Meta:
    return msgspec.Meta(min_length=1, description=description)


class OwnerFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Resources for which everything given here holds, and whose they are."""

    owner: Annotated[str, _text("Whose they are")] | UnsetType = UNSET
    from_tag: Annotated[str, _text("Key of the tag whose value says whose they are")] | UnsetType = UNSET
    tags: Annotated[dict[str, str], msgspec.Meta(description=f"Tag key: value. {_WILD}. Case counts")] = {}
    ou: Annotated[str, _text(f"Names of organizational units, outermost first, joined by /. {_WILD}")] | UnsetType = (
        UNSET
    )
    account: Annotated[str, _text(f"Account id. {_WILD}")] | UnsetType = UNSET
    domain: Annotated[str, _text(f"The domain's name or id. {_WILD}")] | UnsetType = UNSET
    name: Annotated[str, _text(f"The resource's name. {_WILD}")] | UnsetType = UNSET
    user: Annotated[str, _text(f"User of IAM Identity Center that a profile is for. {_WILD}")] | UnsetType = UNSET


def owners_section(source: Source, wires: Sequence[OwnerFile]) -> tuple[OwnerRule, ...]:
    """The entries. Raises ConfigError at one that names no owner, or two, or that fits everything."""
    made = []
    for number, wire in enumerate(wires):
        at = ("owners", str(number))
        if (wire.owner is UNSET) is (wire.from_tag is UNSET):
            raise source.error("owners: an entry says owner or from_tag, one of them", *at)
        if is_blank(_given(wire.owner) or _given(wire.from_tag)):
            raise source.error("owners: the owner is blank", *at, hint="Say whose they are.")
        rule = OwnerRule(
            _given(wire.owner), _given(wire.from_tag), dict(wire.tags), _given(wire.ou), _given(wire.account),
            _given(wire.domain), _given(wire.name), _given(wire.user),
        )  # fmt: skip
        if rule.owner and not (rule.tags or rule.ou or rule.account or rule.domain or rule.name or rule.user):
            raise source.error(
                f"owners: everything would be owned by {rule.owner}", *at,
                hint="Say which resources: tags, ou, account, domain, name or user. For all the rest: account: '*'",
            )  # fmt: skip
        made.append(rule)
    return tuple(made)


def _given(value: str | UnsetType) -> str:
    return "" if isinstance(value, UnsetType) else value
