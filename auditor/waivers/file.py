"""Read waivers.yaml. Whatever is wrong in it is said with file, line, column and what to do; nothing is read leniently.

A day that cannot be read is an error, never "for ever".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from auditor.inert_text import is_blank
from auditor.model.rule import Rule
from auditor.model.waiver import ResourcePattern, Waiver
from auditor.resolve.tables import TABLES
from auditor.rules.rule_names import near_rule
from auditor.yaml_source import Source, near, read_yaml

RESOURCE_TYPES = tuple(t.resource_type for t in TABLES if t.resource_type)
_SEE = "See docs/waivers.md; auditor waivers schema prints a JSON Schema for editors."
_DAY = "Write the last day on which it holds as YYYY-MM-DD, for example 2027-03-31."
_DAY_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WILD = "Pattern: * is any characters, ? is one"

Text = Annotated[str, msgspec.Meta(min_length=1)]
ResourceType = Annotated[str, msgspec.Meta(min_length=1, extra_json_schema={"enum": list(RESOURCE_TYPES)})]


def _text(description: str) -> msgspec.Meta:
    return msgspec.Meta(min_length=1, description=description)


def _doc(description: str) -> msgspec.Meta:
    return msgspec.Meta(description=description)


class ResourcesFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Resources for which everything given here holds."""

    type: Annotated[ResourceType, _doc("Type of the resource")] | UnsetType = UNSET
    account: Annotated[str, _text(f"Account id, in quotes. {_WILD}")] | UnsetType = UNSET
    region: Annotated[str, _text(f"Region; aws-global for execution roles. {_WILD}")] | UnsetType = UNSET
    domain: Annotated[str, _text(f"The domain's name or id. {_WILD}. Case does not count")] | UnsetType = UNSET
    name: Annotated[str, _text(f"The resource's name. {_WILD}. Case does not count")] | UnsetType = UNSET
    tags: Annotated[dict[str, Text], _doc(f"Tag key: value. {_WILD}. Case counts")] = {}
    owned_by: Annotated[str, _text(f"Who owns it, by owners: of auditor.yaml. {_WILD}")] | UnsetType = UNSET


class WaiverFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Failures that somebody answers for, until a day."""

    rules: Annotated[list[Text] | Text, _doc("Rules by id, name or area: one, or a list")]
    resources: Annotated[ResourcesFile, _doc("Which resources; {account: '*'} for all")]
    reason: Annotated[str, _text("Why it is accepted")]
    owner: Annotated[str, _text("Who is responsible for it")]
    expires: Annotated[date, _doc("Last day on which it holds, that day (UTC) included")]
    ticket: Annotated[str, _text("Where it was decided")] | UnsetType = UNSET
    value: Annotated[Any, _doc("Value of the setting that it was granted for; any other voids it")] = UNSET


class WaiversFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """waivers.yaml."""

    waivers: Annotated[list[WaiverFile], _doc("Each waiver for itself; the first in force counts for a failure")] = []


def waivers_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of waivers.yaml, for editors and for ``auditor waivers schema``."""
    schema = msgspec.json.schema(WaiversFile)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "waivers.yaml of the SageMaker Studio auditor",
        **schema,
    }


def rule_names(rules: Sequence[Rule]) -> Mapping[str, tuple[str, ...]]:
    """What a waiver may call rules by (id, name or area) -> the ids that are meant."""
    named: dict[str, tuple[str, ...]] = {}
    for rule in rules:
        named[rule.id] = named[rule.name] = (rule.id,)
    for rule in rules:
        named[rule.area] = (*named.get(rule.area, ()), rule.id)
    return named


def load_waivers(path: Path, rules: Sequence[Rule]) -> tuple[Waiver, ...]:
    """The waivers of the file, in its order. ``rules`` are all that there are, whatever is selected of them.

    Raises ConfigError naming file, line and column.
    """
    source = read_yaml(path, "a file of waivers holds one mapping (waivers: …)", empty=True)
    _check_days(source)
    wire = source.convert(WaiversFile, _SEE)
    named = rule_names(rules)
    return tuple(_waiver(source, number, item, named) for number, item in enumerate(wire.waivers))


def _check_days(source: Source) -> None:
    """Says more about a wrong day than a type checker can."""
    items = source.data.get("waivers")
    for number, item in enumerate(items if isinstance(items, list) else ()):
        if not isinstance(item, dict) or "expires" not in item:
            continue
        value = item["expires"]
        if isinstance(value, date) and not isinstance(value, datetime):
            continue
        if isinstance(value, str) and day(value) is not None:
            continue
        shown = "nothing" if value is None else repr(value) if isinstance(value, str) else str(value)
        message = f"waivers[{number}].expires: {shown} is not a date"
        raise source.error(message, "waivers", str(number), "expires", hint=_DAY, value=True)


def day(text: str) -> date | None:
    """The day that YYYY-MM-DD names, None for anything else."""
    if not _DAY_FORM.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _waiver(source: Source, number: int, item: WaiverFile, named: Mapping[str, tuple[str, ...]]) -> Waiver:
    at = ("waivers", str(number))
    where = f"waivers[{number}]"
    one = isinstance(item.rules, str)
    names = [item.rules] if isinstance(item.rules, str) else item.rules
    if not names:
        raise source.error(f"{where}.rules: names no rule", *at, "rules", hint="Give rule ids, names or areas.")
    if item.value is None:
        message = f"{where}.value: nothing is not a value that a setting can have"
        raise source.error(message, *at, "value", hint="Give it a value, or take the key away.", value=True)
    for key, said, hint in (("reason", item.reason, "Say why it is accepted."),
                            ("owner", item.owner, "Say who is responsible for it.")):  # fmt: skip
        if is_blank(said):
            raise source.error(f"{where}.{key}: is blank", *at, key, hint=hint, value=True)
    ids: dict[str, None] = {}
    for index, name in enumerate(names):
        if name not in named:
            hint = near_rule(name, named)
            keys = ("rules",) if one else ("rules", str(index))
            raise source.error(f"{where}.rules: there is no rule or area {name!r}", *at, *keys, hint=hint, value=True)
        ids.update(dict.fromkeys(named[name]))
    return Waiver(
        rules=tuple(ids),
        resources=_resources(source, at, item.resources),
        reason=item.reason,
        owner=item.owner,
        expires=item.expires,
        ticket="" if isinstance(item.ticket, UnsetType) else item.ticket,
        for_value=item.value is not UNSET,
        value=None if item.value is UNSET else item.value,
        file=source.path.name,
        line=source.line(*at),
    )


def _resources(source: Source, at: tuple[str, ...], wire: ResourcesFile) -> ResourcePattern:
    def given(value: str | UnsetType) -> str:
        return "" if isinstance(value, UnsetType) else value

    pattern = ResourcePattern(
        given(wire.type),
        given(wire.account),
        given(wire.region),
        given(wire.domain),
        given(wire.name),
        dict(wire.tags),
        given(wire.owned_by),
    )
    if pattern == ResourcePattern():
        raise source.error(
            f"waivers[{at[1]}].resources: would fit every resource", *at, "resources",
            hint="Say which ones; where all are meant, write account: '*'.",
        )  # fmt: skip
    if pattern.type and pattern.type not in RESOURCE_TYPES:
        message = f"waivers[{at[1]}].resources.type: there is no type {pattern.type!r}"
        hint = near(pattern.type, RESOURCE_TYPES, f"Known: {', '.join(RESOURCE_TYPES)}")
        raise source.error(message, *at, "resources", "type", hint=hint, value=True)
    return pattern
