"""Write auditor/iam/managed.json: what each of AWS's managed policies answers to the requests of the capabilities.

The policies are those that moto carries, which come from AWS's own API. Run it after a new moto, or a new capability:
``PYTHONPATH=. python tools/aws_managed_policies.py``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data

from auditor.iam.capabilities import Ask, Environment, asks
from auditor.iam.documents import Policy, parse
from auditor.iam.evaluation import Permissions, contribution
from auditor.iam.logic import Truth
from auditor.iam.managed import TABLE
from auditor.iam.reach import requests
from auditor.studio.role_powers import PROBED, REACHED
from auditor.studio.tool_requests import TOOL_REQUESTS

#: A role like any other: no policy of AWS names its account.
ANYWHERE = Environment("arn:aws:iam::123456789012:role/studio", ("123456789012",), ("us-east-1",))


#: What shows that something can be used at all: a policy that allows it for some names may allow it.
_TOOLS = {ask.name: ask for each in (*TOOL_REQUESTS.values(), REACHED) for ask in each}


def _asked() -> tuple[Ask, ...]:
    """Every request of the table, each once."""
    return tuple({**{ask.name: ask for ask in (*asks(), *asks(PROBED))}, **_TOOLS}.values())


def _contribution(policy: Policy, ask: Ask) -> tuple[Truth, Truth]:
    """Whether the policy allows and denies the request. For a tool, None where only some names are allowed."""
    (request,) = ANYWHERE.requests(ask)
    allows, denies = contribution(policy, request)
    if ask.name in _TOOLS and allows is False:
        named = (contribution(policy, other)[0] for other in requests(ask, Permissions((policy,)), ANYWHERE))
        allows = None if any(truth is not False for truth in named) else False
    return allows, denies


def answers(document: object) -> dict[str, list[int]]:
    """By member of the table, the numbers of the requests."""
    policy = parse(document)
    found: dict[str, list[int]] = {}
    for number, ask in enumerate(_asked()):
        allows, denies = _contribution(policy, ask)
        for truth, certain, possible in ((allows, "allow", "may_allow"), (denies, "deny", "may_deny")):
            if truth is not False:
                found.setdefault(certain if truth else possible, []).append(number)
    return found


def table(policies: Mapping[str, Any]) -> dict[str, Any]:
    """The whole file."""
    found = {name: answers(policy["Document"]) for name, policy in sorted(policies.items())}
    dates = [str(p.get("UpdateDate") or p["CreateDate"])[:10] for p in policies.values()]
    return {
        "as_of": max(dates),
        "requests": [ask.name for ask in _asked()],
        "policies": sorted(policies),
        # Those that do not stand at the top.
        "paths": {name: path[1:] for name, p in sorted(policies.items()) if (path := str(p.get("Path") or "/")) != "/"},
        "answers": {name: members for name, members in found.items() if members},
    }


def main() -> int:
    made = table(json.loads(aws_managed_policies_data))
    text = ",\n".join(f'"{name}": {json.dumps(value, separators=(",", ":"))}' for name, value in made.items())
    TABLE.write_text(f"{{{text}}}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
