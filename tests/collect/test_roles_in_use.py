"""The roles that Studio uses: read in one call, and asked about in two each."""

from __future__ import annotations

import json
from typing import Any

from auditor.model.snapshot import GLOBAL
from auditor.simulator import Fault

from .conftest import ACCOUNT, HOME, Collect
from .rich import FAR, RICH, ROLE


def test_roles_in_use_are_read_in_one_call(collected: Collect) -> None:
    """Whatever the number of profiles; roles that nobody uses, of another account, or gone are not there."""
    found = collected(RICH)
    assert found.ids("role", GLOBAL) == {
        ROLE,
        *(f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("spaces", "partner")),
    }
    assert found.coverage("GetAccountAuthorizationDetails").calls == 1
    document: Any = found.record("role", ROLE, GLOBAL).document
    assert [p["PolicyName"] for p in document["RolePolicyList"]] == ["own"]
    assert sorted(p["PolicyName"] for p in document["AttachedManagedPolicies"]) == [
        "AmazonSageMakerFullAccess", "shared",
    ]  # fmt: skip
    (own,) = document["LocalPolicyDocuments"].values()
    assert own["Statement"][0]["Action"] == "*"
    trust = json.dumps(document["AssumeRolePolicyDocument"])
    assert "sagemaker.amazonaws.com" in trust


def test_permissions_are_asked_once_a_role(collected: Collect) -> None:
    """Two calls a role of a profile; a role that is gone permits nothing, another account's cannot be asked."""
    found = collected(RICH)
    gone = f"arn:aws:iam::{ACCOUNT}:role/gone"
    assert {ROLE, gone} <= found.ids("permission", GLOBAL)
    # Another account's role is not gone because IAM doesn't know it here.
    assert FAR not in found.ids("permission", GLOBAL)
    assert found.record("permission", gone, GLOBAL).document["Results"] == []
    assert found.simulator.calls["iam:SimulatePrincipalPolicy"] <= 2 * 3
    decided = {r["EvalActionName"]: r for r in found.record("permission", ROLE, GLOBAL).document["Results"]}
    ((one,),) = [r["ResourceSpecificResults"] for a, r in decided.items() if a == "sagemaker:CreateTrainingJob"]
    assert one["EvalResourceDecision"] == "allowed"
    assert one["EvalResourceName"].startswith(f"arn:aws:sagemaker:{HOME}:{ACCOUNT}:training-job/")
    assert one["MissingContextValues"] == []
    assert FAR not in {r.id for r in found.snapshot.records if r.kind == "role"}


def test_a_simulation_that_is_denied_is_a_gap_on_the_role(collected: Collect) -> None:
    found = collected(RICH, faults=[Fault("access_denied", "SimulatePrincipalPolicy")])
    assert {(g.resource_type, g.operation, g.reason, g.region) for g in found.gaps} == {
        ("permission", "SimulatePrincipalPolicy", "access_denied", GLOBAL)
    }
    assert ROLE in {g.resource_id for g in found.gaps}
    assert found.ids("permission", GLOBAL) == set()
