"""The plan as runbooks of AWS Systems Manager Automation: the looks, comparisons and calls of the scripts, made by a
role in the account.

Source: Systems Manager User Guide, "Data elements and parameters" (schema 0.3) and "aws:executeScript".
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.fixplan.plan_script import DIGEST, PAUSE, Block, apply_blocks, back_blocks, digest
from auditor.fixplan.plan_steps import Step
from auditor.inert_text import one_line
from auditor.masking import mask_text

SCHEMA_VERSION = "0.3"
#: Bytes of a document (Systems Manager quotas): "up to 64 KB".
LIMIT = 64 * 1024
#: A brace before another one: two of them begin a parameter.
_BRACES = re.compile(r"\{(?=\{)")
#: Looks at a resource that AWS changes: aws:executeScript ends after ten minutes, and a step waits twice.
LOOKS = 50
#: Runs in Systems Manager, which has boto3; a step stops the runbook by raising.
SCRIPT = (
    """\
import base64, datetime, hashlib, json, time, zlib
import boto3, jmespath
from botocore.exceptions import ClientError

GONE = ("ResourceNotFound", "NoSuchEntity", "does not exist")

DIGEST

def call(request, region):
    client = boto3.client(request["service"], region_name=region)
    return getattr(client, request["operation"].replace("-", "_"))(**request["input"])

def state(step):
    for _ in range(LOOKS):
        try:
            answer = call(step["look"], step["region"])
        except ClientError as error:
            if any(word in str(error) for word in GONE):
                return "gone", ""
            raise
        status = str(answer.get("Status", "")) if step["settles"] else ""
        if status not in ("Pending", "Updating", "Deleting"):
            break
        time.sleep(PAUSE)
    else:
        raise Exception("stopped: " + step["what"] + ": still " + status)
    said = status + ": " + str(answer.get("FailureReason", ""))
    return digest(json.loads(json.dumps(jmespath.search(step["query"], answer), default=str))), said

def handler(events, context):
    step = json.loads(zlib.decompress(base64.b64decode(events["step"])))
    now, _ = state(step)
    if now in step["after"]:
        return {"said": "done already: " + step["what"]}
    if now not in (*step["before"], *step["between"]):
        raise Exception("stopped: " + step["what"] + ": it is not as it was when it was audited. Audit again.")
    if str(events["check"]).lower() == "true":
        return {"said": "would change: " + step["what"]}
    for request in step["requests"]:
        call(request, step["region"])
    _, said = state(step)
    if "failed" in said.partition(":")[0].lower():
        raise Exception("stopped: " + step["what"] + ": AWS says: " + said)
    return {"said": step["what"]}
""".replace("DIGEST", DIGEST)
    .replace("LOOKS", str(LOOKS))
    .replace("PAUSE", str(PAUSE))
)


@dataclass(frozen=True, slots=True)
class Runbook:
    """One document. ``name`` of its file, without its ending."""

    name: str
    text: str


def apply_runbooks(account: str, blocks: Sequence[Block]) -> list[Runbook]:
    """Runbooks that make the changes, in the plan's order: as many as their size makes necessary."""
    return _runbooks("apply", f"Makes the changes of plan.md in account {account}.", account, blocks)


def back_runbooks(account: str, blocks: Sequence[Block]) -> list[Runbook]:
    """Runbooks that undo what can be undone, the last change first."""
    return _runbooks("back", f"Undoes the changes of plan.md in account {account}.", account, blocks)


def _runbooks(name: str, described: str, account: str, blocks: Sequence[Block]) -> list[Runbook]:
    parts: list[list[Mapping[str, Any]]] = [[]]
    for number, block in enumerate(blocks, 1):
        step = _step(number, block)
        if parts[-1] and len(_text(described, account, [*parts[-1], step])) > LIMIT:
            parts.append([])
        parts[-1].append(step)
    texts = [_text(described, account, steps) for steps in parts if steps]
    return [Runbook(f"{name}-{number}", text) for number, text in enumerate(texts, 1)]


def _text(described: str, account: str, steps: Sequence[Mapping[str, Any]]) -> str:
    document = {
        "schemaVersion": SCHEMA_VERSION,
        "description": f"{described} Each step stops the runbook where its resource is not as the audit saw it.",
        "assumeRole": "{{ AutomationAssumeRole }}",
        "parameters": {
            "AutomationAssumeRole": {
                "type": "AWS::IAM::Role::Arn",
                "description": "Role that Systems Manager assumes; it needs the calls of plan.md.",
            },
            "Account": {
                "type": "String",
                "description": "The account that was audited; another one is refused.",
                "default": account,
                "allowedValues": [account],
            },
            "CheckOnly": {
                "type": "Boolean", "description": "Look at every resource and change nothing.", "default": False,
            },
        },
        "mainSteps": [_ACCOUNT_STEP, *steps],
    }  # fmt: skip
    return json.dumps(document, indent=1) + "\n"


#: Before anything else: these are the audited account's credentials.
_ACCOUNT_STEP: Mapping[str, Any] = {
    "name": "Account",
    "action": "aws:assertAwsResourceProperty",
    "onFailure": "Abort",
    "inputs": {
        "Service": "sts",
        "Api": "GetCallerIdentity",
        "PropertySelector": "$.Account",
        "DesiredValues": ["{{ Account }}"],
    },
}


def _step(number: int, block: Block) -> Mapping[str, Any]:
    look = block.step.look
    told = {
        "what": one_line(block.what),
        "region": block.region,
        "look": {"service": look.request.service, "operation": look.request.operation, "input": look.request.input},
        "query": block.query,
        "settles": look.settles,
        "before": block.digests(block.before),
        "between": [digest(one) for one in block.between],
        "after": block.digests(block.after),
        "requests": [{"service": r.service, "operation": r.operation, "input": r.input} for r in block.requests],
    }
    # What stands in braces twice is a parameter to Systems Manager, so that no setting may stand there as it is. A
    # domain's lists of custom images alone may be longer than a document.
    encoded = base64.b64encode(zlib.compress(json.dumps(told).encode(), 9)).decode()
    return {
        "name": f"Step{number:04}",
        "action": "aws:executeScript",
        "description": _BRACES.sub("{ ", mask_text(one_line(block.what)))[:500],
        "onFailure": "Abort",
        "isCritical": True,
        "inputs": {
            "Runtime": "python3.11",
            "Handler": "handler",
            "InputPayload": {"step": encoded, "check": "{{ CheckOnly }}"},
            "Script": SCRIPT,
        },
    }


def runbook_files(account: str, steps: Sequence[Step]) -> dict[str, str]:
    """File → text of every runbook of a plan, there and back."""
    made = (*apply_runbooks(account, apply_blocks(steps)), *back_runbooks(account, back_blocks(steps)))
    return {f"automation/{runbook.name}.json": runbook.text for runbook in made}
