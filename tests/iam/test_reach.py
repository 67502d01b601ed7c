"""Whether a role may do an action on anything at all: names that only policies give count, other kinds do not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from auditor.iam.capabilities import Ask, Environment
from auditor.iam.documents import parse
from auditor.iam.evaluation import Permissions
from auditor.iam.managed import managed
from auditor.iam.reach import may_do
from auditor.studio.tool_requests import TOOL_REQUESTS
from auditor.studio.tools import CREATE_APP, app_action

from .test_evaluation import ACCOUNT, FROM_HOME, ROLE, allow, deny, policy, without

PLACES = Environment(ROLE, (ACCOUNT,), ("eu-west-1",))
TRAIN = "sagemaker:CreateTrainingJob"
APPS = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:app"
OWN = {"ArnLike": {"sagemaker:OwnerUserProfileArn":
       "arn:aws:sagemaker:*:*:user-profile/${sagemaker:DomainId}/${sagemaker:UserProfileName}"}}  # fmt: skip


def job(name: str, region: str = "*") -> str:
    return f"arn:aws:sagemaker:{region}:*:training-job/{name}"


@pytest.mark.parametrize(
    ("statements", "held"),
    [
        ([], False),
        ([allow(TRAIN)], True),
        ([allow(TRAIN, job("*"))], True),
        # Some jobs are jobs.
        ([allow(TRAIN, job("team-*"))], True),
        ([allow(TRAIN, job("team-?"))], True),
        ([allow(TRAIN, f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:training-job/nightly")], True),
        ([allow(TRAIN, job("team-*", "us-east-1"))], False),
        ([allow(TRAIN, "arn:aws:sagemaker:*:*:processing-job/*")], False),
        ([allow(TRAIN), deny(TRAIN)], False),
        ([allow(TRAIN, job("team-*")), deny(TRAIN, job("team-*"))], False),
        ([allow(TRAIN), without(deny(TRAIN), "Resource", NotResource=job("team-*"))], True),
        ([allow(TRAIN, job("team-*"), Condition=FROM_HOME)], None),
        ([allow(TRAIN, 7)], None),
    ],
)
def test_training(statements: list[Any], held: bool | None) -> None:
    permissions = Permissions((policy(*statements),))
    assert may_do(TOOL_REQUESTS[TRAIN], permissions, PLACES) is held


@pytest.mark.parametrize(
    ("resource", "condition", "canvas", "lab"),
    [
        ("*", None, True, True),
        (f"{APPS}/*", None, True, True),
        (f"{APPS}/*/*/canvas/*", None, True, False),
        (f"{APPS}/d-0123/*", None, True, True),
        (f"{APPS}/d-0123/ana/jupyterlab/default", None, False, True),
        # What AmazonSageMakerFullAccess says: apps of a profile itself, or in private spaces of one's own.
        ("*", {"Null": {"sagemaker:OwnerUserProfileArn": "true"}}, True, False),
        ("*", {**OWN, "StringEquals": {"sagemaker:SpaceSharingType": ["Private"]}}, False, True),
    ],
)
def test_apps_are_told_apart(resource: str, condition: Any, canvas: bool, lab: bool) -> None:
    more = {} if condition is None else {"Condition": condition}
    permissions = Permissions((policy(allow(CREATE_APP, resource, **more)),))
    found = [may_do(TOOL_REQUESTS[app_action(app)], permissions, PLACES) for app in ("Canvas", "JupyterLab")]
    assert found == [canvas, lab]


def test_a_boundary_s_names_are_tried_as_well() -> None:
    bounded = Permissions((policy(allow(TRAIN)),), policy(allow(TRAIN, job("team-*"))))
    assert may_do(TOOL_REQUESTS[TRAIN], bounded, PLACES) is True
    assert may_do(TOOL_REQUESTS[TRAIN], Permissions((policy(allow(TRAIN)),), policy()), PLACES) is False


def test_an_action_on_no_resource_of_its_own() -> None:
    asks = (Ask("elasticmapreduce:ListClusters", "*"),)
    assert may_do(asks, Permissions((policy(allow("elasticmapreduce:List*")),)), PLACES) is True
    assert may_do(asks, Permissions((policy(allow(TRAIN, job("*"))),)), PLACES) is False


def test_aws_s_own_policies_answer_as_their_documents_do() -> None:
    """Where the document allows a tool for some names only, the table says that it may."""
    documents = json.loads(aws_managed_policies_data)
    names = [n for i, n in enumerate(sorted(documents)) if i % 60 == 0 or n.startswith("AmazonSageMaker")]
    for name in names:
        whole = Permissions((parse(documents[name]["Document"], name),))
        for asks in TOOL_REQUESTS.values():
            by_document = may_do(asks, whole, PLACES)
            by_table = may_do(asks, Permissions((managed(name),)), PLACES)
            assert by_table is by_document or by_table is None, (name, asks)
