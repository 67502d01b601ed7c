"""The plan as a page to review, and as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from auditor.counting import plural
from auditor.fixplan.plan_steps import Request, Step
from auditor.masking import mask_text
from auditor.model.finding import RootCause
from auditor.report.markdown.markdown_text import text
from auditor.whatif.consequences import NotTried

#: Of a plan it is not true: all that one resource needs is one call.
#: Letters of a sentence: nobody should review what was cut.
_LONG = 4000
_ALONE = re.compile(r"The command sends [^.]* whole, as the audit saw it[^.]*\.\s*")


def page(
    account: str, as_of: str, steps: Sequence[Step], left: Sequence[NotTried], causes: Mapping[str, RootCause]
) -> str:
    """The page of one account, as Markdown. ``causes`` by the origin that names them."""
    fixed = sum(causes[o].affects for o in dict.fromkeys(o for s in steps for o in s.origins) if o in causes)
    lines = [
        f"# Plan for account {account}",
        "",
        f"From the audit of {as_of}: {plural(len(steps), 'step')}, {plural(fixed, 'failure')} fixed,"
        f" {plural(len(left), 'root cause')} left to people.",
        "",
        "- `./apply.sh --check` looks at every resource and changes nothing.",
        "- `./apply.sh` makes the changes, in this order.",
        "- `./back.sh` undoes what can be undone, the last change first.",
        "- A resource that is not as the audit saw it stops the script. Audit again then, and make a new plan.",
        "",
        "## Steps",
        *(line for number, step in enumerate(steps, 1) for line in _step(number, step, causes)),
    ]
    if left:
        lines += ["", "## Not in the plan", ""]
        lines += [f"- {text(f'{n.rule_id} {n.cause}, {n.resource}')}: {text(n.reason)}" for n in left]
    return mask_text("\n".join([*lines, ""]))


def _step(number: int, step: Step, causes: Mapping[str, RootCause]) -> Iterator[str]:
    yield f"\n### {number}. {text(step.what)}\n"
    yield from (f"- {text(one)}" for one in step.details)
    yield f"- Call: `aws {step.request.service} {step.request.operation}`, {text(step.key[1])}"
    for origin in step.origins:
        cause = causes.get(origin)
        if cause is None:
            continue
        yield f"- Fixes {text(origin)}: {plural(cause.affects, 'failure')} of severity {cause.severity}"
        note = _ALONE.sub("", cause.remediation.note if cause.remediation else "").strip()
        if note:
            yield f"- Know first: {text(note, _LONG)}"
    if step.stack:
        yield (
            f"- Know first: the CloudFormation stack {text(step.stack)} made it. Change the template as well: the next"
            " update of the stack may undo this, and until then it has drifted."
        )
    back = ", then ".join(f"`aws {r.service} {r.operation}`" for r in step.back)
    yield f"- Way back: {back or 'none'}"
    if step.lasting:
        yield f"- Stays: {text(step.lasting, _LONG)}"


def as_json(account: str, as_of: str, steps: Sequence[Step], left: Sequence[NotTried]) -> str:
    """The same for programs."""

    def request(one: Request) -> dict[str, Any]:
        return {"service": one.service, "operation": one.operation, "input": one.input}

    document = {
        "account": account,
        "as_of": as_of,
        "steps": [
            {
                "resource": "/".join(s.key), "change": s.what, "causes": s.origins, "request": request(s.request),
                "back": [request(one) for one in s.back], "lasting": s.lasting,
                **({"stack": s.stack} if s.stack else {}),
            }
            for s in steps
        ],
        "not_planned": [
            {"rule": n.rule_id, "cause": n.cause, "resource": n.resource, "reason": n.reason} for n in left
        ],
    }  # fmt: skip
    return json.dumps(document, indent=2) + "\n"
