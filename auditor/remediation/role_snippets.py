"""Snippets that change a role's policies where a template writes them: in the role, or in a resource of their own.

The provider aws deprecates ``managed_policy_arns`` and ``inline_policy`` of aws_iam_role: a snippet for a role that has
them proposes the resources that stand for them instead.
Source: the provider's documentation of aws_iam_role.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from auditor.model.finding import FindingRemediation
from auditor.model.resource import Culprit

_MODULES = re.compile(r"^(?:module\.[^.\[]+(?:\[[^\]]*\])?\.)+")
_NARROW = "name the actions and resources that its users need"
_DOCUMENT = """\
Version: "2012-10-17"
Statement:
  - Effect: Allow
    Action: [ACTION]
    Resource: [RESOURCE_ARN]"""
_JSON = """\
jsonencode({
  Version = "2012-10-17"
  Statement = [{
    Effect   = "Allow"
    Action   = ["ACTION"]
    Resource = ["RESOURCE_ARN"]
  }]
})"""


def fitted(remediation: FindingRemediation, culprits: Sequence[Culprit]) -> FindingRemediation:
    """The remediation with snippets for the resources that write the policies; unchanged where none of them does."""
    # Of a policy that is attached the document is what has to change, if the template holds it.
    held = {c.name for c in culprits if c.type in _HOLDERS}
    wanted = [c for c in culprits if c.type not in _ATTACHMENTS or c.name not in held]
    written = {}
    for language, prefix in (("cloudformation", "AWS::"), ("terraform", "aws")):
        lines = [_SNIPPETS[c.type, c.form](c) for c in wanted
                 if c.type.startswith(prefix) and (c.type, c.form) in _SNIPPETS]  # fmt: skip
        if lines:
            written[language] = "\n\n".join(dict.fromkeys(lines))
    return replace(remediation, **written) if written else remediation


def _address(culprit: Culprit) -> str:
    """How the file itself refers to the resource: without the modules that it lies in."""
    address = _MODULES.sub("", culprit.resource)
    return address if address.isprintable() else culprit.type


def _indented(text: str, by: int) -> str:
    return "\n".join(" " * by + line if line else line for line in text.splitlines())


def _policy(culprit: Culprit) -> str:
    return culprit.name if culprit.name.isprintable() else "this policy"


def _about(culprit: Culprit, what: str) -> str:
    return f"# {culprit.type}: {_address(culprit)}: {what}"


def _attachment(culprit: Culprit) -> str:
    return _about(culprit, f"a narrow policy instead of {_policy(culprit)}") + '\npolicy_arn = "POLICY_ARN"'


def _attachments(culprit: Culprit) -> str:
    return _about(culprit, f"a narrow policy instead of {_policy(culprit)}") + '\npolicy_arns = ["POLICY_ARN"]'


def _document(name: str) -> Callable[[Culprit], str]:
    return lambda culprit: _about(culprit, _NARROW) + f"\n{name} = {_JSON}"


def _yaml_document(culprit: Culprit) -> str:
    return _about(culprit, _NARROW) + f"\nPolicyDocument:\n{_indented(_DOCUMENT, 2)}"


def _yaml_arns(culprit: Culprit) -> str:
    return _about(culprit, f"without {_policy(culprit)}") + "\nManagedPolicyArns:\n  - POLICY_ARN"


def _yaml_inline(culprit: Culprit) -> str:
    name = f"  - PolicyName: {json.dumps(culprit.name)}\n    PolicyDocument:\n"
    return _about(culprit, _NARROW) + f"\nPolicies:\n{name}{_indented(_DOCUMENT, 6)}"


def _instead_of_arns(culprit: Culprit) -> str:
    what = "one for each narrow policy; take managed_policy_arns, which is deprecated, out of"
    role = _address(culprit)
    return (
        f"# aws_iam_role_policy_attachment: {what} {role}\n"
        f'role       = {role}.name\npolicy_arn = "POLICY_ARN"'
    )  # fmt: skip


def _instead_of_inline(culprit: Culprit) -> str:
    role = _address(culprit)
    what = f"{_NARROW}; take inline_policy, which is deprecated, out of"
    return f"# aws_iam_role_policy: {what} {role}\nrole   = {role}.id\npolicy = {_JSON}"


def _awscc_arns(culprit: Culprit) -> str:
    return _about(culprit, f"without {_policy(culprit)}") + '\nmanaged_policy_arns = ["POLICY_ARN"]'


def _awscc_inline(culprit: Culprit) -> str:
    members = f"policy_name     = {json.dumps(culprit.name)}\npolicy_document = {_JSON}"
    return _about(culprit, _NARROW) + f"\npolicies = [{{\n{_indented(members, 2)}\n}}]"


#: Types that hold a policy's document, apart from the role that it is attached to.
_HOLDERS = frozenset({"AWS::IAM::ManagedPolicy", "aws_iam_policy", "awscc_iam_managed_policy"})
_ATTACHMENTS = frozenset({
    "aws_iam_role_policy_attachment", "aws_iam_policy_attachment", "aws_iam_role_policy_attachments_exclusive",
})  # fmt: skip
#: Type of what writes the policy, and the property of a role that holds it → the snippet.
_SNIPPETS: Mapping[tuple[str, str], Callable[[Culprit], str]] = {
    ("AWS::IAM::Role", "ManagedPolicyArns"): _yaml_arns,
    ("AWS::IAM::Role", "Policies"): _yaml_inline,
    ("AWS::IAM::Policy", ""): _yaml_document,
    ("AWS::IAM::RolePolicy", ""): _yaml_document,
    ("AWS::IAM::ManagedPolicy", ""): _yaml_document,
    ("aws_iam_role", "managed_policy_arns"): _instead_of_arns,
    ("aws_iam_role", "inline_policy"): _instead_of_inline,
    ("aws_iam_role_policy_attachment", ""): _attachment,
    ("aws_iam_policy_attachment", ""): _attachment,
    ("aws_iam_role_policy_attachments_exclusive", ""): _attachments,
    ("aws_iam_role_policy", ""): _document("policy"),
    ("aws_iam_policy", ""): _document("policy"),
    ("awscc_iam_role", "managed_policy_arns"): _awscc_arns,
    ("awscc_iam_role", "policies"): _awscc_inline,
    ("awscc_iam_role_policy", ""): _document("policy_document"),
    ("awscc_iam_managed_policy", ""): _document("policy_document"),
}
