"""What a command takes away is said before it; and where a precondition does not hold, there is no command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import duckdb
import pytest

from auditor.model.resource import ResourceRef
from auditor.remediation.cautions import COMMANDS, SETTINGS, Cautions
from auditor.remediation.steps import Step
from auditor.rules.cases import run_cases
from auditor.rules.verdict_sql import substitute

from .simulated_account import RULES, Audit

#: Operations of commands that take nothing away from anybody.
GIVES = {
    "sagemaker add-tags": "a key that is there is left alone",
    "sagemaker update-domain": "held by setting, below",
    "sagemaker update-user-profile": "held by setting, below",
    "sagemaker update-space": "held by setting, below",
}
#: Settings that rules change, by the end of their path, of which nobody loses anything.
HARMLESS = {
    "DefaultLandingUri": "a portal of AWS's that both show the same spaces",
    "StudioWebPortal": "goes with the landing page",
    "HiddenAppTypes": "leaves the navigation only",
    "HiddenMlTools": "leaves the navigation only",
    "ExecutionRoleSessionNameMode": "names role sessions",
    "TagPropagation": "tags what is made afterwards",
    "SecurityGroups": "goes with VpcOnly",
    "VpcId": "stays",
    "RepositoryUrl": "adds a repository",
    "S3OutputPath": "where later notebooks are shared",
    "S3KmsKeyId": "encrypts later notebooks",
    "DefaultEbsVolumeSizeInGb": "of new spaces",
    "MaximumEbsVolumeSizeInGb": "of new and growing volumes",
    "MinIdleTimeoutInMinutes": "what people can choose afterwards",
    "Tags": "adds a key",
}


def test_whatever_a_rule_deletes_detaches_or_shortens_has_its_sentence() -> None:
    operations = {" ".join(text.split()[1:3]) for rule in RULES.values() for text in rule.remediation.aws.values()}
    named = {o for o in operations if "{" not in o}
    assert named - set(COMMANDS) <= set(GIVES)
    paths = {c.path for rule in RULES.values() for c in rule.remediation.changes}
    without = {p for p in paths if not any(f".{p}".endswith(f".{end}") for end in SETTINGS)}
    assert {p for p in without if not any(end in p.replace("[]", "").split(".") for end in HARMLESS)} == set()


#: What each sentence ends in: how to go back, or that nobody can.
_BACK = re.compile(r"To undo it|There is no way back|can't be restored|can be started again|which needs the same")


def test_each_sentence_says_whether_there_is_a_way_back(before: Audit) -> None:
    texts = {setting.text for setting in SETTINGS.values()}
    for finding in before.report.findings:
        fix = finding.remediation
        if fix is not None and fix.aws and " ".join(shlex.split(fix.aws)[1:3]) in COMMANDS:
            texts.add(fix.note)
    assert {text for text in texts if not _BACK.search(text)} == set()


def test_no_number_of_ours_stands_in_a_command_that_takes_away() -> None:
    """It is a placeholder, or a parameter of the rule, which is the policy's."""
    for rule in RULES.values():
        for text in rule.remediation.aws.values():
            if " ".join(text.split()[1:3]) in COMMANDS:
                assert not re.search(r"(?<![\w{.-])\d+(?![\w}.-])", text), (rule.id, text)
        for change in rule.remediation.changes:
            if any(f".{change.path}".endswith(f".{end}") for end in SETTINGS):
                assert not isinstance(change.value, int) or isinstance(change.value, bool), (rule.id, change)


def test_every_such_command_of_the_account_says_it_first(before: Audit) -> None:
    seen = set()
    for finding in before.report.findings:
        fix = finding.remediation
        if fix is None or not fix.aws:
            continue
        words = shlex.split(fix.aws)
        operation = " ".join(words[1:3])
        if operation in COMMANDS:
            seen.add(operation)
            assert fix.note.startswith(("The command ", "If ")), (finding.rule_id, fix.note)
    assert {"sagemaker delete-app", "sagemaker delete-space", "iam detach-role-policy"} <= seen


def test_every_reason_to_withhold_has_a_case() -> None:
    withholding = [rule for rule in RULES.values() if rule.remediation.withhold_when]
    assert withholding
    results = run_cases([replace(r, cases=tuple(c for c in r.cases if c.withheld)) for r in withholding])
    for rule in withholding:
        shown = " ".join(r.withheld for r in results if r.rule.id == rule.id and r.withheld)
        for reason in rule.remediation.withhold_when:
            for text in (reason.because, reason.unknown):
                assert text.partition("{")[0].strip() in shown, (rule.id, text)


@pytest.mark.parametrize(
    ("path", "action", "value", "whose", "first"),
    [
        ("SubnetIds", "remove", ["subnet-1"], "an app of the domain", ["space lab", "space team", "user profile ana"]),
        ("SubnetIds", "add", ["subnet-1"], "", []),
        ("DefaultUserSettings.ExecutionRole", "set", "arn", "an app of a user profile or of a private space",
         ["space lab", "user profile ana"]),
        ("DefaultSpaceSettings.ExecutionRole", "set", "arn", "an app of a shared space", ["space team"]),
    ],
)  # fmt: skip
def test_whose_apps_stand_against_a_change(path: str, action: str, value: object, whose: str, first: list[str]) -> None:
    """API_UpdateDomain (SubnetIds), developer guide, "Edit domain settings" (execution roles)."""
    con = duckdb.connect()
    con.execute("create table domain as select '1' as account, 'eu-west-1' as region, 'd-1' as id, 3 as running_apps")
    con.execute(
        "create table space as select '1' as account, 'eu-west-1' as region, 'd-1' as domain_id, * from"
        " (values ('lab', 'Private'), ('team', 'Shared')) s(name, sharing_type)"
    )
    con.execute(
        "create table app as select '1' as account, 'eu-west-1' as region, 'd-1' as domain_id, 'JupyterLab' as"
        " app_type, 'InService' as status, * from (values ('a', 'lab', ''), ('b', 'team', ''), ('c', '', 'ana'))"
        " a(key, space_name, user_profile_name)"
    )
    domain = ResourceRef("domain", "d-1", "lab", "1", "eu-west-1", domain_id="d-1")
    told = Cautions(con).of_settings([Step(path, action, value)], domain)
    named = ", ".join(f"JupyterLab of {one}" for one in first)
    assert told.startswith(f"AWS refuses the change while {whose} runs; delete first: {named}." if whose else "")
    assert ("AWS refuses" in told) == bool(whose)


def _values(rule: str, columns: Mapping[str, str], **parameters: int) -> dict[str, Any]:
    """What a rule's remediation works out for a row with these columns, as SQL."""
    values = RULES[rule].remediation.values
    asked = ", ".join(f'({substitute(sql, parameters)}) as "{name}"' for name, sql in values.items() if name in _IDLE)
    given = ", ".join(f"{value} as {key}" for key, value in columns.items())
    found = duckdb.sql(f"select {asked} from (select {given})")
    return dict(zip(found.columns, found.fetchall()[0], strict=True))


#: What the commands that turn idle shutdown on set: rule, its column of the switch, its values.
_TURNED_ON = [
    ("STU704", "jupyterlab_idle", "jupyterlab_"),
    ("STU704", "code_editor_idle", "code_editor_"),
    ("STU711", "space_default_jupyterlab_idle", ""),
]
_IDLE = {f"{app}{name}" for _, _, app in _TURNED_ON for name in ("minutes", "least", "greatest")}
#: Both app types off, and nothing else set: columns of a rule that a test doesn't set.
_OFF = {
    f"{app}_{name}": value
    for app in ("jupyterlab", "code_editor")
    for name, value in {
        "usable": "true", "idle_shutdown": "'DISABLED'", "idle_timeout": "0", "idle_timeout_min": "0",
        "idle_timeout_max": "0",
    }.items()
}  # fmt: skip


@pytest.mark.parametrize("limit", [60, 100, 120, 180, 500, 525_600])
@pytest.mark.parametrize(("rule", "column", "app"), _TURNED_ON)
def test_idle_shutdown_is_turned_on_within_its_bounds_and_the_limit(
    rule: str, column: str, app: str, limit: int
) -> None:
    """API_IdleSettings: a least and a greatest timeout around the one that is set. And so that the rules on timeouts
    (STU705 and STU706, STU715 for shared spaces), which ask for one and for a greatest one of at most the limit, have
    nothing to report afterwards."""
    minutes = (0, 60, 90, 150, 424, 525_600)
    for least, timeout, most in product(minutes, repeat=3):
        if not least <= (timeout or least) <= (most or 525_600) or least > (most or 525_600):
            continue  # AWS takes no such settings
        columns = _OFF | {f"{column}_shutdown": "'DISABLED'", f"{column}_timeout": str(timeout),
                          f"{column}_timeout_min": str(least), f"{column}_timeout_max": str(most)}  # fmt: skip
        values = _values(rule, columns, max_minutes=limit)
        found = {name: values[f"{app}{name}"] for name in ("minutes", "least", "greatest")}
        after = {"min": least if found["least"] is None else found["least"],
                 "max": most if found["greatest"] is None else found["greatest"]}  # fmt: skip
        assert 60 <= max(after["min"], 60) <= found["minutes"] <= after["max"] <= limit, (least, timeout, most)
        assert found["minutes"] == timeout or not 0 < timeout <= limit


@pytest.mark.parametrize(
    ("least", "most", "minutes"), [(0, 0, 120), (170, 0, 170), (60, 90, 90), (60, 300, 120), (424, 0, 180)]
)
def test_where_there_is_room_it_is_two_hours(least: int, most: int, minutes: int) -> None:
    columns = _OFF | {"jupyterlab_idle_timeout_min": str(least), "jupyterlab_idle_timeout_max": str(most)}
    assert _values("STU704", columns, max_minutes=180)["jupyterlab_minutes"] == minutes


def test_what_a_setting_that_is_on_says_stays() -> None:
    column = "space_default_jupyterlab_idle"
    columns = {f"{column}_shutdown": "'ENABLED'", f"{column}_timeout": "0", f"{column}_timeout_min": "424",
               f"{column}_timeout_max": "0"}  # fmt: skip
    assert set(_values("STU711", columns, max_minutes=180).values()) == {None}
