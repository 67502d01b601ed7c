"""What roles may do, as IAM's own simulator says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.collect.aws import call_errors
from auditor.collect.aws.answers import text
from auditor.collect.aws.call_errors import CALL_FAILED
from auditor.collect.aws.evidence_request import EvidenceRequest
from auditor.collect.aws.roles_in_use import roles_in_use
from auditor.collect.aws.run import Run
from auditor.iam import simulation
from auditor.model.snapshot import GLOBAL, Kind
from auditor.studio.arns import account_of
from auditor.studio.structures import USER_ROOTS
from auditor.studio.tools import acts_on, simulated_arns


def collect(run: Run, request: EvidenceRequest) -> None:
    used = {region: set(roles_in_use(run, USER_ROOTS, region)) for region in request.regions}
    for role in sorted(set().union(*used.values())):
        run.tasks.submit(_permissions, run, tuple(r for r in request.regions if role in used[r]), role)


def _permissions(run: Run, regions: tuple[str, ...], role: str) -> None:
    """What IAM's own simulator says about the tools' actions: two calls a role and Region, with what is known of a call
    there."""
    answers: list[Mapping[str, Any]] = []
    operation = "SimulatePrincipalPolicy"
    try:
        with call_errors.understood(operation):
            for region in regions:
                wanted = _asked(run, role, region)
                for resources in (True, False):
                    arns = sorted({arn for each in wanted.values() for arn in each}) if resources else []
                    actions = [action for action, each in wanted.items() if bool(each) is resources]
                    request = {
                        "PolicySourceArn": role, "MaxItems": 1000, "ActionNames": actions,
                        "ContextEntries": simulation.context_entries(role, account_of(role), region),
                        **({"ResourceArns": arns} if arns else {}),
                    }  # fmt: skip
                    pages = run.pages("iam", regions[0], operation, request, "EvaluationResults", "Marker")
                    answers += [
                        simulation.kept(r, wanted.get(text(r["EvalActionName"]), ()))
                        for page in pages
                        for r in page["EvaluationResults"]
                    ]
    except CALL_FAILED as error:
        if call_errors.code(error) == "NoSuchEntity":
            # The role is gone: nothing is allowed, and other rules say so.
            answers = []
        else:
            run.ledger.gap(GLOBAL, "permission", role, operation, error)
            return
    run.keep(GLOBAL, "permission", role, {"RoleArn": role, "Results": answers})


def _asked(run: Run, role: str, region: str) -> dict[str, tuple[str, ...]]:
    """Actions → ARNs to ask about: made-up ones, and of what exists in the Region the real ones."""
    found = dict(simulated_arns(role.split(":")[1], account_of(role), region))
    kinds: tuple[Kind, ...] = ("mlflow_server", "mlflow_app", "partner_app")
    existing = [record.id for kind in kinds for record in run.found(kind, region)]
    return {action: (*arns, *(e for e in existing if acts_on(action, e))) for action, arns in found.items()}
