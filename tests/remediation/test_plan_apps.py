"""Scripts and runbooks that delete apps: never another one than the audited."""

from __future__ import annotations

import json
from pathlib import Path

import jmespath
import pytest

from auditor.fixplan.plan_automation import runbook_files
from auditor.fixplan.plan_script import digest
from auditor.fixplan.plan_steps import steps_of

from .plan_scripts import ACCOUNT, scripts_of, told_by


def test_an_app_that_was_started_anew_is_not_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most apps are called default: whoever moved to a smaller instance type since the audit has another app."""
    app = {"DomainId": "d-1", "SpaceName": "lab", "AppType": "JupyterLab", "AppName": "default"}
    large, small = (
        {"Status": "InService", "ResourceSpec": {"InstanceType": t}} for t in ("ml.g5.8xlarge", "ml.t3.medium")
    )
    line, made = ({"kind": "app", "app": {**app, **large, "Status": status}} for status in ("InService", "Deleted"))
    (step,) = steps_of((ACCOUNT, "eu-west-1", "app", "d-1/lab"), line, made, ["STU708 1a2b"], lambda *_: None)
    scripts = scripts_of(tmp_path, [step], monkeypatch, app=small)
    done = scripts.run("apply.sh")
    assert (done.returncode, scripts.calls) == (3, [])
    assert "it is not as it was when it was audited" in done.stderr
    (tmp_path / "state.json").write_text(json.dumps({**scripts.state, "app": large}), encoding="utf-8")
    assert scripts.run("apply.sh", "--check").stdout == "would change: app d-1/lab: deleted\n"


#: As the AWS CLI prints a time: cli_timestamp_format iso8601, the default of version 2, and wire, that of version 1.
_AS_MADE = ("2026-11-23T10:00:00.250000+00:00", "2026-11-23T12:00:00.250000+02:00", "2026-11-23T10:00:00Z",
            1795428000.25)  # fmt: skip


@pytest.mark.parametrize("told", _AS_MADE)
def test_an_app_that_was_made_later_is_not_the_audited_one(
    told: str | float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """API_DescribeApp, CreationTime: an app that is started more than 24 hours after one of its name was shut down is a
    new application."""
    app = {"DomainId": "d-1", "SpaceName": "lab", "AppType": "JupyterLab", "AppName": "default",
           "ResourceSpec": {"InstanceType": "ml.t3.medium"}, "CreationTime": "2026-11-23T10:00:00.250000Z"}  # fmt: skip
    line, made = ({"kind": "app", "app": {**app, "Status": status}} for status in ("InService", "Deleted"))
    (step,) = steps_of((ACCOUNT, "eu-west-1", "app", "d-1/lab"), line, made, ["STU708 1a2b"], lambda *_: None)
    seen = {"Status": "InService", "ResourceSpec": app["ResourceSpec"], "CreationTime": told}
    scripts = scripts_of(tmp_path, [step], monkeypatch, app=seen)
    assert scripts.run("apply.sh", "--check").stdout == "would change: app d-1/lab: deleted\n"
    runbook = told_by(json.loads(runbook_files(ACCOUNT, [step])["automation/apply-1.json"]))
    assert digest(jmespath.search(runbook["query"], seen)) in runbook["before"]
    later = {**seen, "CreationTime": told + 86_401 if isinstance(told, float) else told.replace("23T", "24T")}
    (tmp_path / "state.json").write_text(json.dumps({**scripts.state, "app": later}), encoding="utf-8")
    done = scripts.run("apply.sh")
    assert (done.returncode, scripts.calls) == (3, [])
    # Whichever app the way back started.
    assert scripts.run("back.sh").stdout.startswith("done already: ")
