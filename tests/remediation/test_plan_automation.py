"""The plan as runbooks of Systems Manager Automation: their form, their size, and what their script does."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import time
import zlib
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ClientError

from auditor.fixplan.plan_automation import LIMIT, LOOKS, SCRIPT, runbook_files
from auditor.fixplan.plan_script import PAUSE, digest
from auditor.fixplan.plan_steps import Look, Request, Step

ACCOUNT = "111122223333"
LOOK = Request("sagemaker", "describe-domain", {"DomainId": "d-1"})


def _step(value: str = "VpcOnly", number: int = 1) -> Step:
    before, after = ({"Access": one} for one in ("PublicInternetOnly", value))
    return Step(
        (ACCOUNT, "eu-west-1", "domain", f"d-{number}"),
        f"domain d-{number}: AppNetworkAccessType",
        Look(LOOK, "{Access: AppNetworkAccessType}", before, after, before),
        Request("sagemaker", "update-domain", {"DomainId": "d-1", "AppNetworkAccessType": value}),
        (Request("sagemaker", "update-domain", {"DomainId": "d-1", "AppNetworkAccessType": "PublicInternetOnly"}),),
        "",
        ("STU603 1a2b",),
    )


def _documents(*steps: Step) -> dict[str, Any]:
    return {name: json.loads(text) for name, text in runbook_files(ACCOUNT, steps).items()}


def _told(document: Any, number: int = 1) -> Any:
    told = document["mainSteps"][number]["inputs"]["InputPayload"]["step"]
    return json.loads(zlib.decompress(base64.b64decode(told)))


class Account:
    """What boto3 gives the script: one domain, and the calls that were made of it."""

    def __init__(self, access: str | None) -> None:
        self.access, self.calls = access, list[dict[str, Any]]()

    def client(self, service: str, region_name: str) -> Account:
        assert (service, region_name) == ("sagemaker", "eu-west-1")
        return self

    def describe_domain(self, **request: Any) -> dict[str, Any]:
        assert request == {"DomainId": "d-1"}
        if self.access is None:
            raise ClientError({"Error": {"Code": "ResourceNotFound", "Message": "no"}}, "DescribeDomain")
        return {"AppNetworkAccessType": self.access}

    def update_domain(self, **request: Any) -> None:
        self.calls.append(request)
        self.access = request["AppNetworkAccessType"]


def _run(monkeypatch: pytest.MonkeyPatch, account: Account, step: str, *, check: object = False) -> str:
    boto3 = ModuleType("boto3")
    boto3.client = account.client  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "boto3", boto3)
    names: dict[str, Any] = {}
    exec(SCRIPT, names)
    said: str = names["handler"]({"step": step, "check": check}, None)["said"]
    return said


def _payload(document: Any) -> str:
    payload: str = document["mainSteps"][1]["inputs"]["InputPayload"]["step"]
    return payload


def test_a_step_looks_changes_once_and_can_be_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    made = _documents(_step())
    there, back = _payload(made["automation/apply-1.json"]), _payload(made["automation/back-1.json"])
    account = Account("PublicInternetOnly")
    assert _run(monkeypatch, account, there, check="true").startswith("would change: domain d-1")
    assert account.calls == []
    assert _run(monkeypatch, account, there, check="false") == "domain d-1: AppNetworkAccessType"
    assert account.access == "VpcOnly"
    assert _run(monkeypatch, account, there).startswith("done already: ")
    assert len(account.calls) == 1
    assert _run(monkeypatch, account, back).startswith("back: domain d-1")
    assert account.access == "PublicInternetOnly"


@pytest.mark.parametrize("access", ["Other", None])
def test_a_resource_that_is_not_as_it_was_audited_stops(monkeypatch: pytest.MonkeyPatch, access: str | None) -> None:
    account = Account(access)
    with pytest.raises(Exception, match="stopped: domain d-1"):
        _run(monkeypatch, account, _payload(_documents(_step())["automation/apply-1.json"]))
    assert account.calls == []


class Slow(Account):
    """The same, where an update takes a while and ends as ``end`` says."""

    def __init__(self, end: dict[str, Any]) -> None:
        super().__init__("PublicInternetOnly")
        self.end, self.looks = end, 0

    def describe_domain(self, **request: Any) -> dict[str, Any]:
        self.looks -= 1
        status = {"Status": "Updating"} if self.looks > 0 else {"Status": "InService"} if self.looks < 0 else self.end
        return {**super().describe_domain(**request), **status}

    def update_domain(self, **request: Any) -> None:
        super().update_domain(**request)
        self.looks = 4


def test_a_step_waits_for_the_end_of_its_update(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    payload = _payload(_documents(_step())["automation/apply-1.json"])
    assert _run(monkeypatch, Slow({"Status": "InService"}), payload) == "domain d-1: AppNetworkAccessType"
    assert len(waits) == 3
    failed = Slow({"Status": "Update_Failed", "FailureReason": "no such subnet"})
    with pytest.raises(Exception, match=r"stopped: domain d-1: .*: AWS says: Update_Failed: no such subnet"):
        _run(monkeypatch, failed, payload)
    # aws:executeScript: "each script can run for 600 seconds" (Systems Manager User Guide).
    assert 2 * LOOKS * PAUSE < 600


def test_a_domain_with_as_many_images_as_aws_takes_fits_into_a_document() -> None:
    """200 custom images for each app type (botocore: CustomImages)."""
    images = [
        {
            "AppImageConfigName": f"{'of-a-team-' * 4}{n}",
            "ImageName": f"{'survival-' * 6}{n}",
            "ImageVersionNumber": n,
        }
        for n in range(200)
    ]
    apps = {f"{app}AppSettings": {"CustomImages": images} for app in ("KernelGateway", "JupyterLab", "CodeEditor")}
    sent = {"DefaultUserSettings": apps, "DefaultSpaceSettings": apps}
    step = replace(_step(), request=Request("sagemaker", "update-domain", {"DomainId": "d-1", **sent}))
    assert len(json.dumps(sent)) > 2 * LIMIT
    assert all(len(text.encode()) <= LIMIT for text in runbook_files(ACCOUNT, [step]).values())


def test_a_step_that_deletes_is_done_where_nothing_is_left() -> None:
    step = _step()
    gone = replace(step, removes=True, back=(), look=replace(step.look, after=None))
    (document,) = _documents(gone).values()
    assert _told(document)["after"] == ["gone"]
    assert _told(_documents(step)["automation/apply-1.json"])["after"] == [digest({"Access": "VpcOnly"})]


def _letters(number: int) -> str:
    """Text that can't be packed much."""
    return "".join(sha256(f"{number} {part}".encode()).hexdigest() for part in range(32))


def test_documents_are_as_small_as_systems_manager_takes_them_and_keep_the_order() -> None:
    steps = [_step(_letters(number), number) for number in range(60)]
    made = runbook_files(ACCOUNT, steps)
    assert all(len(text.encode()) <= LIMIT for text in made.values())
    applied = [json.loads(text) for name, text in made.items() if "apply" in name]
    assert len(applied) > 2
    order = [_told(d, n)["what"] for d in applied for n in range(1, len(d["mainSteps"]))]
    assert order == [step.what for step in steps]
    assert all(document["mainSteps"][0]["name"] == "Account" for document in applied)


def test_what_stands_in_braces_is_no_parameter() -> None:
    """Systems Manager replaces {{ … }} wherever it stands."""
    step = replace(_step("{{ AutomationAssumeRole }}"), what="domain {{ x }}, {{{ y }}}: a")
    for text in runbook_files(ACCOUNT, [step]).values():
        found = set(re.findall(r"\{\{ ?(\w+) ?\}\}", text))
        assert found <= {"AutomationAssumeRole", "Account", "CheckOnly"}
        assert all("{{" not in one.get("description", "") for one in json.loads(text)["mainSteps"])


def test_the_form_is_what_cloudformation_takes(tmp_path: Path) -> None:
    document = _documents(_step())["automation/apply-1.json"]
    assert (document["schemaVersion"], document["assumeRole"]) == ("0.3", "{{ AutomationAssumeRole }}")
    assert {one["action"] for one in document["mainSteps"]} == {"aws:assertAwsResourceProperty", "aws:executeScript"}
    names = [one["name"] for one in document["mainSteps"]]
    assert all(re.fullmatch(r"[a-zA-Z0-9_]{3,128}", name) for name in names)
    assert len(set(names)) == len(names)
    properties = {"DocumentType": "Automation", "DocumentFormat": "JSON", "Content": document}
    template = {"Resources": {"Runbook": {"Type": "AWS::SSM::Document", "Properties": properties}}}
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template), encoding="utf-8")
    lint = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run(
        [str(lint), "--regions", "eu-west-1", "--", str(path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_runbook_refuses_another_account() -> None:
    document = _documents(_step())["automation/apply-1.json"]
    first = document["mainSteps"][0]
    assert first["inputs"]["PropertySelector"] == "$.Account"
    assert document["parameters"]["Account"]["allowedValues"] == [ACCOUNT]
    assert first["onFailure"] == "Abort"
