"""The words of a command, against the library that reads them as a shell does."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auditor.model.report import Report
from auditor.model.rule import Change, Remediation, Rule
from auditor.remediation.command_text import UnreadableError, may_be_run, read_call, shell_words


@given(st.text("ab'  \"\\\n\t\r#é\N{NO-BREAK SPACE}\N{LINE TABULATION};&=${}", max_size=16))
@example("")
@example("aws  sagemaker 'a''b'c --d ''")
@example('aws sagemaker --settings \'{"a": "\\\\ b"}\' --name "x y"')
def test_words_are_those_that_a_shell_reads(text: str) -> None:
    try:
        expected = shlex.split(text)
    except ValueError as error:
        with pytest.raises(ValueError, match=f"^{error}$"):
            shell_words(text)
    else:
        assert shell_words(text) == expected


@pytest.mark.parametrize(
    ("fix", "may"),
    [
        (Remediation(""), False),
        (Remediation("", aws={"any": "aws logs put-retention-policy --retention-in-days RETENTION_DAYS"}), False),
        (Remediation("", aws={"profile": "aws a b --c ROLE_ARN", "domain": "aws a b --c {name}"}), True),
        (Remediation("", changes=(Change("UserSettings.ExecutionRole", "set", "ROLE_ARN"),)), False),
        (Remediation("", changes=(Change("UserSettings.ExecutionRole", "set", "$role"),)), True),
        (Remediation("", changes=(Change("Tags", "add", ["owner"]),)), True),
        (Remediation("", changes=(Change("A.B", "set", "ROLE_ARN"), Change("A.C", "set", True))), True),
    ],
)
def test_whether_a_rule_may_have_a_command_that_can_be_run(fix: Remediation, may: bool) -> None:
    assert may_be_run(fix) == may


def test_no_failure_of_a_rule_that_may_have_none_has_one(
    estate_report: Callable[[str], Report], built_in_rules: Sequence[Rule]
) -> None:
    without = {rule.id for rule in built_in_rules if not may_be_run(rule.remediation)}
    assert {"STU110", "STU202", "STU801"} <= without
    causes = [cause for cause in estate_report("acme").root_causes if cause.rule_id in without]
    assert len(causes) > 20
    for cause in causes:
        with pytest.raises(UnreadableError):
            read_call(cause.remediation.aws if cause.remediation else "")
