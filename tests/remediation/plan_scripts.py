"""The scripts of a plan in a folder, and what stands for the AWS CLI there."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from auditor.fixplan import plan_script
from auditor.fixplan.plan_script import apply_script, back_script
from auditor.fixplan.plan_steps import Step

ACCOUNT = "111122223333"
#: Stands for the AWS CLI: one domain and its tags in state.json, every call that changes something in calls.txt.
AWS = """\
import json, sys
from pathlib import Path
import jmespath

folder = Path(__file__).parent
words = sys.argv[1:]
options = dict(zip(words[2::2], words[3::2], strict=True))
operation = words[1]
path = folder / "state.json"
state = json.loads(path.read_text())

def end(answer):
    path.write_text(json.dumps(state))
    answer = jmespath.search(options.get("--query", "@"), answer)
    if options.get("--output") == "text":
        answer = answer if isinstance(answer, list) else [answer]
        print("\\t".join(str(one) for one in answer))
    else:
        print(json.dumps(answer))
    sys.exit()

def refuse(code, text):
    sys.exit(f"An error occurred ({code}) when calling the {operation} operation: {text}")

if operation == "get-caller-identity":
    end({"Account": "111122223333"})
given = json.loads(Path(options["--cli-input-json"].removeprefix("file://")).read_text())
domain = state["domain"]
if operation == "describe-domain":
    if domain["Status"] == "Updating":
        state["updating"] -= 1
        if not state["updating"]:
            domain |= state["then"]
    end(domain)
if operation == "describe-app":
    if state["app"] is None:
        refuse("ResourceNotFound", "no such app")
    end(state["app"])
if operation == "list-tags":
    end({"Tags": [{"Key": k, "Value": v} for k, v in state["tags"].items()]})
if state.get("cut") == operation:
    sys.exit("Could not connect to the endpoint URL")
with (folder / "calls.txt").open("a") as calls:
    calls.write(operation + "\\n")
if operation == "add-tags":
    state["tags"] |= {tag["Key"]: tag["Value"] for tag in given["Tags"]}
elif operation == "create-app":
    state["app"] = {"Status": "InService"}
elif operation == "delete-tags":
    state["tags"] = {k: v for k, v in state["tags"].items() if k not in given["TagKeys"]}
elif domain["Status"] == "Updating":
    refuse("ResourceInUse", "the domain is being updated")
else:
    domain |= {**{k: v for k, v in given.items() if k != "DomainId"}, "Status": "Updating"}
    state["updating"] = 3
end({})
"""


@dataclass(frozen=True)
class Scripts:
    """The scripts of some steps, and the account that they are run in."""

    folder: Path

    def run(self, name: str, *words: str, shell: str = "sh") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [shell, f"{self.folder}/{name}", *words], capture_output=True, text=True, check=False, timeout=60,
            env={"PATH": f"{self.folder}:/usr/bin:/bin", "CDPATH": "/"},
        )  # fmt: skip

    @property
    def calls(self) -> list[str]:
        path = self.folder / "calls.txt"
        return path.read_text(encoding="utf-8").split() if path.exists() else []

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
        return found


def scripts_of(folder: Path, steps: Sequence[Step], monkeypatch: pytest.MonkeyPatch, **state: Any) -> Scripts:
    monkeypatch.setattr(plan_script, "PAUSE", 0)
    for name, script in (("apply", apply_script(ACCOUNT, steps)), ("back", back_script(ACCOUNT, steps))):
        for file, text in {f"{name}.sh": script.text, **script.inputs}.items():
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text(text, encoding="utf-8")
    (folder / "aws").write_text(f'#!/bin/sh\nexec {sys.executable} {folder}/aws.py "$@"\n', encoding="utf-8")
    (folder / "aws").chmod(0o755)
    (folder / "aws.py").write_text(AWS, encoding="utf-8")
    given = {"domain": {"Status": "InService"}, "tags": {}, "then": {"Status": "InService"}, **state}
    (folder / "state.json").write_text(json.dumps(given), encoding="utf-8")
    return Scripts(folder)


def told_by(runbook: Any) -> Any:
    """What the first step of a runbook is told."""
    payload = runbook["mainSteps"][1]["inputs"]["InputPayload"]["step"]
    return json.loads(zlib.decompress(base64.b64decode(payload)))
