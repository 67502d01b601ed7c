"""What roles may do, as IAM's own simulator says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from auditor.collect.aws import call_errors
from auditor.collect.aws.answers import text
from auditor.collect.aws.call_errors import CALL_FAILED
from auditor.collect.aws.evidence_request import EvidenceRequest
from auditor.collect.aws.roles_in_use import roles_in_use
from auditor.collect.aws.run import Run
from auditor.iam import simulation
from auditor.iam.named import named_resources
from auditor.iam.roles import role_of
from auditor.model.snapshot import GLOBAL, Kind
from auditor.studio.arns import account_of
from auditor.studio.structures import USER_ROOTS
from auditor.studio.tools import acts_on, resource_patterns, simulated_arns

#: Resources that a role's policies name, of one action, that IAM is asked about. Of more the answer stays open.
MOST_NAMED = 50


def collect(run: Run, request: EvidenceRequest) -> None:
    """IAM knows its own account's roles only, and answers of another's as of one that is gone."""
    own = run.ledger.account
    used = {
        region: {role for role in roles_in_use(run, USER_ROOTS, region) if account_of(role) == own}
        for region in request.regions
    }
    for role in sorted(set().union(*used.values())):
        run.tasks.submit(_permissions, run, tuple(r for r in request.regions if role in used[r]), role)


def _permissions(run: Run, regions: tuple[str, ...], role: str) -> None:
    """What IAM's own simulator says about the tools' actions: two calls a role and Region, with what is known of a call
    there, and one more for each action that is denied and of which the role's policies name resources."""
    answers: list[dict[str, Any]] = []
    operation = "SimulatePrincipalPolicy"
    try:
        with call_errors.understood(operation):
            for region in regions:
                wanted = _asked(run, role, region)
                arns = sorted({arn for each in wanted.values() for arn in each})
                found = _simulated(run, regions[0], role, region, {a: each for a, each in wanted.items() if each}, arns)
                found += _simulated(run, regions[0], role, region, {a: () for a, each in wanted.items() if not each})
                denied = {action for action, _, truth in simulation.answers(found) if truth is False}
                for action, names in _named(run, role, region, denied).items():
                    found += _simulated(run, regions[0], role, region, {action: names}, names)
                answers += found
    except CALL_FAILED as error:
        if call_errors.code(error) == "NoSuchEntity" and run.record("role", GLOBAL, role) is None:
            # The role is gone: nothing is allowed.
            answers = []
        else:
            run.ledger.gap(GLOBAL, "permission", role, operation, error)
            return
    run.keep(GLOBAL, "permission", role, {"RoleArn": role, "Results": answers})


def _simulated(
    run: Run, at: str, role: str, region: str, wanted: Mapping[str, Sequence[str]], arns: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """IAM's answers about actions, each on those of the ARNs that it acts on."""
    request = {
        "PolicySourceArn": role, "MaxItems": 1000, "ActionNames": list(wanted),
        "ContextEntries": simulation.context_entries(role, account_of(role), region),
        **({"ResourceArns": list(arns)} if arns else {}),
    }  # fmt: skip
    pages = run.pages("iam", at, "SimulatePrincipalPolicy", request, "EvaluationResults", "Marker")
    return [
        simulation.kept(r, wanted.get(text(r["EvalActionName"]), ()))
        for page in pages
        for r in page["EvaluationResults"]
    ]


def _named(run: Run, role: str, region: str, actions: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Of the actions those of which the role's own policies name resources → ARNs that fit what these name."""
    found = run.record("role", GLOBAL, role)
    if found is None:
        return {}
    patterns = resource_patterns(role.split(":")[1], account_of(role), region)
    wanted = {action: patterns[action] for action in sorted(set(actions) & patterns.keys())}
    names = named_resources(role_of(found.document, role), wanted)
    return {action: arns[:MOST_NAMED] for action, arns in names.items() if arns}


def _asked(run: Run, role: str, region: str) -> dict[str, tuple[str, ...]]:
    """Actions → ARNs to ask about: made-up ones, and of what exists in the Region the real ones."""
    found = dict(simulated_arns(role.split(":")[1], account_of(role), region))
    kinds: tuple[Kind, ...] = ("mlflow_server", "mlflow_app", "partner_app")
    existing = [record.id for kind in kinds for record in run.each(kind, region)]
    return {action: (*arns, *(e for e in existing if acts_on(action, e))) for action, arns in found.items()}
