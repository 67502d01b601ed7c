"""The body of a webhook. What comes from an account is plain text in each: no markup, no mention, no link of theirs.

Slack (docs.slack.dev, "Block Kit", "Formatting message text"): objects of type ``plain_text`` have no markup, in
``mrkdwn`` the characters ``&``, ``<`` and ``>`` are written as entities. Teams (Workflows webhooks take Adaptive
Cards): a ``TextRun`` of a ``RichTextBlock`` has no Markdown, which a ``TextBlock`` has.
"""

from __future__ import annotations

import json
from typing import Any

from auditor.errors import ConfigError
from auditor.model.notification import Channel, ChannelType, Digest
from auditor.notify.digest import item_head, lines, place_of, values

#: Characters that Slack takes in a header, and in a section's text (Block Kit, "Header", "Section").
_SLACK_HEADER, _SLACK_TEXT = 150, 3000


def body(channel: Channel, message: Digest) -> bytes:
    """What is posted, in UTF-8. Raises ConfigError where the user's template cannot be rendered."""
    if channel.type is ChannelType.SLACK:
        return _json(_slack(message))
    if channel.type is ChannelType.TEAMS:
        return _json(_teams(message))
    if channel.template:
        return _rendered(channel, message)
    return _json(values(message))


def _json(data: dict[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")


def _slack(message: Digest) -> dict[str, Any]:
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(message.title[:_SLACK_HEADER])}]
    for group in message.groups:
        blocks.append({"type": "section", "text": _plain(group.name[:_SLACK_TEXT])})
        for item in group.items:
            text = f"{item_head(item)}: {item.text}\n{place_of(item)}\n{item.fingerprint}".rstrip()
            block: dict[str, Any] = {"type": "section", "text": _plain(text[:_SLACK_TEXT])}
            if item.link:
                block["accessory"] = {"type": "button", "text": _plain("Open"), "url": item.link}
            blocks.append(block)
    rest = [f"and {message.more:,} more"] if message.more else []
    last = " · ".join([*rest, f"run {message.run_id}"])
    if message.link:
        last += f" · <{_entities(message.link)}|report>"
    blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": last}]})
    return {"text": _entities(message.title), "blocks": blocks}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text or " ", "emoji": False}


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("|", "%7C")


def _teams(message: Digest) -> dict[str, Any]:
    card: list[dict[str, Any]] = [_rich(message.title, weight="Bolder", size="Medium")]
    for group in message.groups:
        card.append(_rich(group.name, weight="Bolder"))
        for item in group.items:
            card.append(_rich(f"{item_head(item)}: {item.text}"))
            small = " ".join(part for part in (place_of(item), item.fingerprint) if part)
            if small:
                card.append(_rich(small, size="Small"))
    rest = f"and {message.more:,} more, " if message.more else ""
    card.append(_rich(f"{rest}run {message.run_id}", size="Small"))
    links = [item.link for group in message.groups for item in group.items if item.link]
    url = message.link or (links[0] if links else "")
    return {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "body": card,
                    "actions": [{"type": "Action.OpenUrl", "title": "Open", "url": url}] if url else [],
                },
            }
        ],
    }


def _rich(text: str, **style: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}


def _rendered(channel: Channel, message: Digest) -> bytes:
    from auditor.report.message_template import render_message

    try:
        return render_message(channel.template, {"message": values(message), "text": "\n".join(lines(message))})
    except ConfigError as error:
        raise ConfigError(f"notify: {channel.name}: {error.message}", hint=error.hint) from error
