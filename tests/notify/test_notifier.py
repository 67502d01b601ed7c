"""Nights in a store and channels that are told: once, also after a crash, and again where nobody listened."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from auditor import Options, check
from auditor.cli.main import run as cli
from auditor.errors import CollectError
from auditor.model.notification import Channel, ChannelType, GroupBy
from auditor.model.owner import OwnerRule
from auditor.notify import notifier
from auditor.notify.notifier import NOTIFIED, notify
from auditor.run.recorded_attempt import recorded
from auditor.run.run_store import open_store
from auditor.run.tell_channels import telling
from auditor.simulator import Simulator
from auditor.store import moments
from tests.cli.stored_runs import night

from .receiver import Receiver

ONLY = Options(only=("STU106",), store="nights")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(moments, "utc_now", lambda: datetime(2026, 11, 3, 3, tzinfo=UTC))


def kept(folder: Path, day: int, signs: dict[str, str | None]) -> None:
    check(night(folder, day, signs), options=ONLY)


def told(receiver: Receiver) -> list[dict[str, int]]:
    return [{kind: n for kind, n in json.loads(data)["counts"].items() if n} for _, data in receiver.taken]


def test_nights_are_told_once_and_again_where_nobody_listened(tmp_path: Path, receiver: Receiver) -> None:
    hook = Channel(ChannelType.WEBHOOK, "hook", url=receiver.url)
    store = open_store("nights")
    kept(tmp_path, 1, {"a": "IAM", "b": "SSO"})
    kept(tmp_path, 2, {"a": "IAM", "b": "IAM"})
    # The first message is of the last night, not of all that ever failed.
    assert [one.problem for one in notify(store, [hook])] == [""]
    assert [one.message for one in notify(store, [hook])] == [None]
    receiver.status = 503
    kept(tmp_path, 3, {"a": "SSO", "b": "IAM", "c": "IAM"})
    (failed,) = notify(store, [hook])
    assert "HTTP 503" in failed.problem
    receiver.status = 200
    (dry,) = notify(store, [hook], dry_run=True)
    assert dry.message is not None
    assert [one.problem for one in notify(open_store("nights"), [hook])] == [""]
    assert told(receiver) == [{"new": 1}, {"new": 1, "resolved": 1}, {"new": 1, "resolved": 1}]
    # The same items, so that a receiver can tell that it comes twice.
    assert len({headers["X-Auditor-Delivery"] for headers, _ in receiver.taken[1:]}) == 1


def test_a_first_message_that_nobody_took_is_told_by_the_next_night(tmp_path: Path, receiver: Receiver) -> None:
    hook = Channel(ChannelType.WEBHOOK, "hook", url=receiver.url)
    receiver.status = 503
    kept(tmp_path, 1, {"a": "IAM", "b": "IAM", "c": "IAM"})
    kept(tmp_path, 2, {"a": "IAM", "b": "IAM", "c": "SSO", "d": "IAM"})
    assert [bool(one.problem) for one in notify(open_store("nights"), [hook])] == [True]
    assert [bool(one.problem) for one in notify(open_store("nights"), [hook])] == [True]
    receiver.status = 200
    kept(tmp_path, 3, {"a": "IAM", "b": "SSO", "c": "SSO", "d": "IAM"})
    assert [one.problem for one in notify(open_store("nights"), [hook])] == [""]
    # Not a, which failed before there was a channel; b is resolved since.
    first = {"new": 1, "resolved": 1}
    assert told(receiver) == [first, first, {"new": 1, "resolved": 2}]
    assert [one.message for one in notify(open_store("nights"), [hook])] == [None]


def test_a_crash_after_the_message_tells_no_channel_twice(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (Channel(ChannelType.WEBHOOK, name, url=receiver.url) for name in ("first", "second"))
    store = open_store("nights")
    kept(tmp_path, 1, {"a": "IAM"})
    real = notifier._sent

    class KilledError(Exception):
        pass

    def dies(channel: Channel, *rest: Any) -> str:
        if channel.name == "second":
            raise KilledError
        return real(channel, *rest)

    monkeypatch.setattr(notifier, "_sent", dies)
    with pytest.raises(KilledError):
        list(notify(store, [first, second]))
    monkeypatch.setattr(notifier, "_sent", real)
    sent = [(one.channel.name, one.message is not None) for one in notify(open_store("nights"), [first, second])]
    assert sent == [("first", False), ("second", True)]
    assert len(receiver.taken) == 2


def test_aws_channels(tmp_path: Path, simulated: Callable[..., Simulator]) -> None:
    """Each takes a message; what they refuse is a problem and no exception."""
    simulated("clean")
    sns: Any = boto3.client("sns", region_name="eu-west-1")
    topic = sns.create_topic(Name="audit")["TopicArn"]
    ses: Any = boto3.client("sesv2", region_name="eu-west-1")
    ses.create_email_identity(EmailIdentity="audit@example.com")
    kept(tmp_path, 1, {"a": "IAM"})
    to = ("team@example.com",)
    email = Channel(ChannelType.EMAIL, "mail", sender="audit@example.com", to=to, region="eu-west-1")
    channels = [
        Channel(ChannelType.SNS, "topic", topic=topic),
        Channel(ChannelType.EVENTBRIDGE, "bus", region="eu-west-1"),
        email,
        Channel(ChannelType.SNS, "gone", topic=f"{topic}-gone"),
        replace(email, name="stranger", sender="nobody@example.org"),
    ]
    found = {one.channel.name: one.problem for one in notify(open_store("nights"), channels)}
    assert {name for name, problem in found.items() if not problem} == {"topic", "bus", "mail"}
    assert "It needs sns:Publish." in found["gone"]


class Heard:
    """Messages of a run."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def note(self, text: str) -> None:
        pass

    def problem(self, text: str) -> None:
        self.problems.append(text)


def test_nothing_that_goes_wrong_costs_the_run(tmp_path: Path, receiver: Receiver) -> None:
    """A channel that fails is a problem that is told, and a run that fails is news; its error stays what it was."""
    store = open_store("nights")
    channels = (
        Channel(ChannelType.WEBHOOK, "closed", url="http://127.0.0.1:9/x"),
        Channel(ChannelType.WEBHOOK, "unset", url="env:NOT_SET_ANYWHERE"),
        Channel(ChannelType.WEBHOOK, "hook", url=receiver.url),
    )
    plan: Any = SimpleNamespace(store=store, config=SimpleNamespace(notify=channels, owners=()), profile=None)
    heard = Heard()
    with telling(plan, heard):
        kept(tmp_path, 3, {"a": "IAM"})
    assert [text.split(" was not told")[0] for text in heard.problems] == ["notify: closed", "notify: unset"]
    with pytest.raises(CollectError), telling(plan, heard), recorded(store, "audit"):
        raise CollectError("no credentials")
    assert told(receiver) == [{"new": 1}, {"incomplete": 1}]
    store.place.put_bytes(f"{NOTIFIED}/closed.json", b"{")
    with telling(plan, heard):
        pass
    assert "nobody was told" in heard.problems[-1]


def test_items_are_grouped_by_owner(tmp_path: Path, receiver: Receiver) -> None:
    channel = Channel(ChannelType.WEBHOOK, "hook", group_by=GroupBy.OWNER, url=receiver.url)
    kept(tmp_path, 3, {"a": "IAM", "b": "IAM"})
    (one,) = notify(open_store("nights"), [channel], owners=[OwnerRule("vision", name="a")])
    assert one.message is not None
    assert {g.name: len(g.items) for g in one.message.groups} == {"vision": 1, "without an owner": 1}


def config(text: str) -> Path:
    Path("auditor.yaml").write_text(text)
    return Path("auditor.yaml")


def test_the_command(
    tmp_path: Path, receiver: Receiver, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", receiver.url)
    path = config("notify: [{type: slack, url: 'env:HOOK', min_severity: low}]\nstore: nights\n")
    kept(tmp_path, 1, {"a": "IAM"})
    fingerprint = check(night(tmp_path, 1, {"a": "IAM"}), options=Options(only=("STU106",))).findings[0].fingerprint

    def auditor(*arguments: str) -> tuple[int, str]:
        capfd.readouterr()
        code = cli(["notify", "--config", str(path), *arguments])
        return int(code), capfd.readouterr().out

    code, out = auditor("--dry-run")
    assert (code, f"fingerprint {fingerprint}" in out, receiver.taken) == (0, True, [])
    receiver.status = 500
    assert auditor()[0] == 2
    receiver.status = 200
    code, out = auditor()
    assert (code, out) == (0, "slack: told: SageMaker Studio audit: 1 new, 1 stale\n")
    assert auditor() == (0, "slack: nothing new\n")
    assert Path(f"nights/{NOTIFIED}/slack.json").exists()
    monkeypatch.delenv("HOOK")
    kept(tmp_path, 2, {"a": "SSO"})
    assert auditor()[0] == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[{type: slack}]", "notify: slack needs url"),
        ("[{type: sns, topic: arn, url: 'https://x'}]", "notify: sns has no url"),
        ("[{type: slack, url: 'ftp://x'}]", "notify: url is an address, or env:VARIABLE"),
        ("[{type: slack, url: 'https://x', secret: hunter2}]", "notify: a secret does not stand in a file"),
        ("[{type: slack, url: 'https://x'}, {type: slack, url: 'https://y'}]", "two channels are called slack"),
        ("[{type: webhook, url: 'https://x', template: gone.j2}]", "the template cannot be read"),
        ("[{type: slack, url: 'https://x', when: [newish]}]", "newish"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_channel_is_said(text: str, said: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = config(f"notify: {text}\n")
    assert cli(["config", "check", str(path)]) == 2
    assert said in capfd.readouterr().err
