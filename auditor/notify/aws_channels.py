"""Amazon SNS, Amazon EventBridge and Amazon SES, through boto3's own credentials."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from auditor.aws_credentials import session
from auditor.errors import ConfigError
from auditor.model.notification import Channel, ChannelType, Digest
from auditor.notify.digest import lines, values
from auditor.notify.webhook import DeliveryError

SOURCE = "sagemaker-studio-auditor"
DETAIL_TYPE = "SageMaker Studio Audit"
#: A subject of SNS: ASCII, fewer than 100 characters (Amazon SNS API reference, Publish).
_SUBJECT = 99
#: What sending needs, by type of channel.
PERMISSIONS: Mapping[ChannelType, str] = {
    ChannelType.SNS: "sns:Publish", ChannelType.EVENTBRIDGE: "events:PutEvents", ChannelType.EMAIL: "ses:SendEmail",
}  # fmt: skip


def send(channel: Channel, message: Digest, profile: str | None) -> None:
    """Send a message. Raises DeliveryError, and ConfigError without credentials."""
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound

    service: Any
    service, call = _CALLS[channel.type]
    region = channel.region or _region_of(channel.topic or channel.bus)
    limits = Config(connect_timeout=10, read_timeout=10, retries={"total_max_attempts": 3, "mode": "standard"})
    try:
        client: Any = session(profile).client(service, region_name=region or None, config=limits)
        call(client, channel, message)
    except ProfileNotFound as error:
        raise ConfigError(str(error)) from error
    except (BotoCoreError, ClientError) as error:
        hint = f"It needs {PERMISSIONS[channel.type]}."
        raise DeliveryError(" ".join(str(error).split()), hint=hint) from error


def _region_of(arn: str) -> str:
    parts = arn.split(":")
    return parts[3] if len(parts) >= 6 and parts[0] == "arn" else ""


def _sns(client: Any, channel: Channel, message: Digest) -> None:
    subject = message.title.encode("ascii", "replace").decode()[:_SUBJECT]
    client.publish(TopicArn=channel.topic, Subject=subject, Message="\n".join(lines(message)))


def _eventbridge(client: Any, channel: Channel, message: Digest) -> None:
    entry = {"Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": json.dumps(values(message), ensure_ascii=False)}
    answer = client.put_events(Entries=[entry | ({"EventBusName": channel.bus} if channel.bus else {})])
    if answer.get("FailedEntryCount"):
        first = (answer.get("Entries") or [{}])[0]
        raise DeliveryError(f"the event was refused: {first.get('ErrorCode')}: {first.get('ErrorMessage')}")


def _email(client: Any, channel: Channel, message: Digest) -> None:
    def content(text: str) -> dict[str, str]:
        return {"Data": text, "Charset": "UTF-8"}

    body = {"Text": content("\n".join(lines(message)))}
    client.send_email(
        FromEmailAddress=channel.sender,
        Destination={"ToAddresses": list(channel.to)},
        Content={"Simple": {"Subject": content(message.title), "Body": body}},
    )


_CALLS: Mapping[ChannelType, tuple[str, Callable[[Any, Channel, Digest], None]]] = {
    ChannelType.SNS: ("sns", _sns),
    ChannelType.EVENTBRIDGE: ("events", _eventbridge),
    ChannelType.EMAIL: ("sesv2", _email),
}
