"""``notify:`` of auditor.yaml: who is told what changed, where, and when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from auditor.model.notification import Channel, ChannelType, GroupBy, NewsKind
from auditor.model.rule import Severity
from auditor.regular_files import NotReadError, read_text
from auditor.yaml_source import Source

_NAME = r"^[a-z0-9]+(-[a-z0-9]+)*$"
_TEMPLATE_LIMIT = 1024 * 1024
_ENV = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")
#: Keys that a type of channel needs, and those that it may have; all may have those of the last line.
_KEYS: dict[ChannelType, tuple[frozenset[str], frozenset[str]]] = {
    ChannelType.WEBHOOK: (frozenset({"url"}), frozenset({"secret", "template"})),
    ChannelType.SLACK: (frozenset({"url"}), frozenset({"secret"})),
    ChannelType.TEAMS: (frozenset({"url"}), frozenset({"secret"})),
    ChannelType.SNS: (frozenset({"topic"}), frozenset({"region"})),
    ChannelType.EVENTBRIDGE: (frozenset(), frozenset({"bus", "region"})),
    ChannelType.EMAIL: (frozenset({"sender", "to"}), frozenset({"region"})),
}
_OWN = ("url", "secret", "template", "topic", "bus", "sender", "to", "region")


def _text(description: str) -> msgspec.Meta:
    return msgspec.Meta(min_length=1, description=description)


class ChannelFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One who is told."""

    type: Annotated[ChannelType, msgspec.Meta(description="Where a message goes")]
    name: (
        Annotated[str, msgspec.Meta(pattern=_NAME, description="Its name in the store; the type if left out")]
        | UnsetType
    ) = UNSET
    when: (
        Annotated[list[NewsKind], msgspec.Meta(min_length=1, description="What to notify of; all if left out")]
        | UnsetType
    ) = UNSET
    min_severity: Annotated[Severity, msgspec.Meta(description="No findings below it")] = Severity.INFO
    group_by: Annotated[
        Literal["owner", "account", "domain"], msgspec.Meta(description="What a message is grouped by")
    ] = "account"
    owners: (
        Annotated[
            list[Annotated[str, _text("Owner, or a pattern: * is any characters, ? is one")]],
            msgspec.Meta(min_length=1, description="Whose findings it gets: owners, and unowned for those of nobody"),
        ]
        | UnsetType
    ) = UNSET
    report_url: (
        Annotated[str, msgspec.Meta(pattern="^https?://", description="Where the store is served, for links")]
        | UnsetType
    ) = UNSET
    url: Annotated[str, _text("Address of a webhook, or env:VARIABLE that holds it")] | UnsetType = UNSET
    secret: Annotated[str, _text("env:VARIABLE with the secret that signs a webhook's body")] | UnsetType = UNSET
    template: Annotated[str, _text("File of a Jinja template for a webhook's body")] | UnsetType = UNSET
    topic: Annotated[str, _text("ARN of a topic of Amazon SNS")] | UnsetType = UNSET
    bus: Annotated[str, _text("Event bus of Amazon EventBridge; the default one if left out")] | UnsetType = UNSET
    sender: Annotated[str, _text("Sender of an e-mail, verified in Amazon SES")] | UnsetType = UNSET
    to: Annotated[list[str], msgspec.Meta(min_length=1, max_length=50, description="Receivers")] | UnsetType = UNSET
    region: Annotated[str, _text("AWS Region of the topic, bus or e-mail")] | UnsetType = UNSET


def notify_section(source: Source, folder: Path, wires: Sequence[ChannelFile]) -> tuple[Channel, ...]:
    """The channels. Raises ConfigError at the key that is wrong."""
    made: list[Channel] = []
    for number, wire in enumerate(wires):
        at = ("notify", str(number))
        channel = _channel(source, folder, wire, at)
        if any(one.name == channel.name for one in made):
            raise source.error(
                f"notify: two channels are called {channel.name}", *at, hint="Give each a name: of its own."
            )
        made.append(channel)
    return tuple(made)


def _channel(source: Source, folder: Path, wire: ChannelFile, at: tuple[str, ...]) -> Channel:
    needed, allowed = _KEYS[wire.type]
    given: dict[str, Any] = {key: value for key in _OWN if (value := getattr(wire, key)) is not UNSET}
    for key in needed - given.keys():
        raise source.error(f"notify: {wire.type.value} needs {key}", *at)
    for key in given:
        if key not in needed | allowed:
            raise source.error(f"notify: {wire.type.value} has no {key}", *at, key)
    if "secret" in given and not _ENV.fullmatch(given["secret"]):
        raise source.error(
            "notify: a secret does not stand in a file", *at, "secret", value=True,
            hint="Write env:VARIABLE, the name of an environment variable that holds it.",
        )  # fmt: skip
    if "url" in given and not (_ENV.fullmatch(given["url"]) or given["url"].startswith(("https://", "http://"))):
        raise source.error("notify: url is an address, or env:VARIABLE", *at, "url", value=True)
    if "template" in given:
        try:
            given["template"] = read_text(folder / given["template"], _TEMPLATE_LIMIT)
        except NotReadError as error:
            raise source.error(f"notify: the template cannot be read: {error.reason}", *at, "template") from error
    if "to" in given:
        given["to"] = tuple(given["to"])
    report_url = "" if isinstance(wire.report_url, UnsetType) else wire.report_url.rstrip("/")
    name = wire.type.value if isinstance(wire.name, UnsetType) else wire.name
    when = frozenset(NewsKind) if isinstance(wire.when, UnsetType) else frozenset(wire.when)
    group_by = GroupBy(wire.group_by)
    owners = () if isinstance(wire.owners, UnsetType) else tuple(wire.owners)
    return Channel(wire.type, name, when, wire.min_severity, group_by, report_url=report_url, owners=owners, **given)
