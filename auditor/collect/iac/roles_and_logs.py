"""Records of what Studio resources hang on: roles with their policies, networks, trails, log groups.

Templates spread a role over several resources (its policies, their attachments); the records are composed as AWS would
answer. What may change a verdict and is unknown stays a gap.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from auditor.collect.iac import data_applications, keys_and_images, lifecycle_scripts, network_guards, networks
from auditor.collect.iac.interface import Resource, Unknown, unknowns
from auditor.collect.iac.policy_text import known_text, policy_document
from auditor.collect.iac.scope import Scope, plain, split
from auditor.iam.roles import UNNAMED
from auditor.model.snapshot import GLOBAL, Record
from auditor.studio.template_names import rows

#: An AWS managed policy, whatever the partition: ``arn:${AWS::Partition}:iam::aws:policy/AmazonSageMakerFullAccess``.
_AWS_POLICY = re.compile(r"^arn:[^:]*(?:\$\{[^}]*\})?[^:]*:iam::aws:policy/((?:[\w+=,.@-]+/)*)([\w+=,.@-]+)$")


#: By a role's address, policies or their ARNs, each with the resource that puts it on the role.
_ByRole = dict[str, list[tuple[Any, Resource]]]


class RolesAndLogs:
    """Composes the records of one root. ``scope.note`` is told of each gap."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def records(self) -> list[Record]:
        """Roles, networks and what guards them, trails, log groups, and other services' inventory."""
        networked = networks.records(self._scope, network_guards.told(self._scope))
        found = [*self._roles(), *networked, *network_guards.records(self._scope)]
        return [
            *found, *lifecycle_scripts.records(self._scope), *self._account(), *keys_and_images.records(self._scope),
            *data_applications.records(self._scope),
        ]  # fmt: skip

    # Roles

    def _roles(self) -> list[Record]:
        inline, attached, everywhere = self._policies()
        found = []
        for role in self._scope.certain("role"):
            doc = self._scope.read(role)
            gaps: dict[str, Unknown] = {}
            arn = self._scope.role_arn(role)
            policies = [_inline(p) for p in _known_list(doc.members.get("Policies"), gaps, "RolePolicyList")]
            sources = [self._within(role, doc.lines, "Policies", p["PolicyName"] or UNNAMED) for p in policies]
            policies += [policy for policy, _ in inline[role.address]]
            sources += [_source(resource, policy["PolicyName"] or UNNAMED) for policy, resource in inline[role.address]]
            own = _known_list(doc.members.get("ManagedPolicyArns"), gaps, "AttachedManagedPolicies")
            sources += [self._within(role, doc.lines, "ManagedPolicyArns", self._policy_name(arn)) for arn in own]
            sources += [_source(resource, self._policy_name(arn)) for arn, resource in attached[role.address]]
            arns = [*own, *(arn for arn, _ in attached[role.address])]
            sources += self._documents(arns)
            if "RoleName" in doc.members or self._scope.info(role).language != "cloudformation":
                # A policy that is attached to a name from elsewhere may be attached to this one. In Terraform what is
                # not known may be a reference as well.
                policies += everywhere
            members: dict[str, Any] = {"Arn": arn}
            if self._scope.named(role):
                members["RoleName"] = arn.rpartition("/")[2]
            listed, local = self._attached(arns, gaps)
            members["AttachedManagedPolicies"], members["LocalPolicyDocuments"] = listed, local
            members["PolicySources"] = sources
            boundary = self._boundary(doc.members.get("PermissionsBoundary"), gaps, local)
            if boundary is not None:
                members["PermissionsBoundary"] = boundary
            members["RolePolicyList"] = [
                {**p, "PolicyDocument": policy_document(p["PolicyDocument"], self._scope)} for p in policies
            ]
            trust = doc.members.get("AssumeRolePolicyDocument")
            unknown = next(unknowns(trust), None)
            if unknown is not None:
                gaps["AssumeRolePolicyDocument"] = unknown
            if isinstance(trust, Mapping):
                members["AssumeRolePolicyDocument"] = policy_document(trust, self._scope)
            lines = {
                {"Policies": "RolePolicyList", "ManagedPolicyArns": "AttachedManagedPolicies"}.get(path, path): line
                for path, line in doc.lines.items()
            }
            found.append(self._scope.record("role", role, arn, members, gaps, lines, GLOBAL))
        return found

    def _policies(self) -> tuple[_ByRole, _ByRole, list[Any]]:
        """Inline policies by role and attached policies' ARNs by role, each with the resource that puts it there, and
        policies of which the role is not known."""
        inline: _ByRole = defaultdict(list)
        attached: _ByRole = defaultdict(list)
        everywhere: list[Any] = []
        for resource in self._scope.of("role_policy"):
            doc = self._scope.read(resource)
            policy = {**_inline(doc.members), "PolicyDocument": _doubtful(resource, doc.members.get("PolicyDocument"))}
            for role in self._targets(resource):
                if role is None:
                    everywhere.append(policy)
                else:
                    inline[role].append((policy, resource))
        for resource in self._scope.of("managed_policy"):
            for role in self._targets(resource):
                if role is None:
                    everywhere.append({"PolicyName": "", "PolicyDocument": None})
                else:
                    attached[role].append((resource.unsure or self._scope.policy_arn(resource), resource))
        for resource in (*self._scope.of("policy_attachment"), *self._scope.of("policy_attachments")):
            members = self._scope.read(resource).members
            several = members.get("PolicyArns")
            arns = [members.get("PolicyArn"), *(several if isinstance(several, list | tuple) else [several])]
            for role in self._targets(resource):
                if role is None:
                    everywhere.append({"PolicyName": "", "PolicyDocument": None})
                else:
                    attached[role] += [(resource.unsure or arn, resource) for arn in arns if arn is not None]
        return inline, attached, everywhere

    def _within(self, role: Resource, lines: Mapping[str, int], member: str, policy: str) -> dict[str, Any]:
        """The place of a policy that stands in the role itself."""
        kind, language = self._scope.info(role)
        form = next(row.names[language] for row in rows(kind) if row.path == member)
        return _source(role, policy) | {"Form": form or "", "Line": lines.get(member, role.line)}

    def _policy_name(self, arn: Any) -> str:
        text = self._policy_arn(arn)
        return "" if isinstance(text, Unknown) else text.rpartition("/")[2]

    def _documents(self, arns: list[Any]) -> list[dict[str, Any]]:
        """The places of the root's own policies that are attached."""
        wanted = {arn for arn in arns if isinstance(arn, str)}
        own = [p for p in self._scope.of("managed_policy") if self._scope.policy_arn(p) in wanted]
        return [_source(policy, self._scope.policy_arn(policy).rpartition("/")[2]) for policy in own]

    def _targets(self, resource: Resource) -> list[str | None]:
        """Addresses of the roles that a policy is put on; None for one that cannot be told."""
        raw = self._scope.raw(resource, "Roles") or []
        names = [*(raw if isinstance(raw, list | tuple) else [raw]), self._scope.raw(resource, "RoleName")]
        found: list[str | None] = []
        for name in names:
            if isinstance(name, Unknown):
                found.append(None)
            elif name is not None:
                role = self._scope.role_named(name)
                if role is not None:
                    found.append(role.address)
        return found

    def _attached(self, arns: list[Any], gaps: dict[str, Unknown]) -> tuple[list[dict[str, str]], dict[str, Any]]:
        """Attached policies as AWS lists them, and the documents of the root's own."""
        listed: list[dict[str, str]] = []
        local: dict[str, Any] = {}
        for arn in arns:
            text = self._policy_arn(arn)
            if isinstance(text, Unknown):
                gaps.setdefault("AttachedManagedPolicies", text)
            elif all(one["PolicyArn"] != text for one in listed):
                # Two resources may attach the same.
                listed.append({"PolicyName": text.rpartition("/")[2], "PolicyArn": text})
                local |= self._local(text)
        return listed, local

    def _boundary(self, arn: Any, gaps: dict[str, Unknown], local: dict[str, Any]) -> dict[str, str] | None:
        if arn is None:
            return None
        text = self._policy_arn(arn)
        if isinstance(text, Unknown):
            known = known_text(text, self._scope)
            if known is None:
                gaps["PermissionsBoundary"] = text
                return None
            text = known
        local |= self._local(text)
        return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": text}

    def _policy_arn(self, arn: Any) -> str | Unknown:
        """The ARN of a managed policy, that of AWS's own in whatever partition."""
        aws = _AWS_POLICY.match(arn.expression if isinstance(arn, Unknown) else str(arn))
        if aws:
            return f"arn:aws:iam::aws:policy/{aws[1]}{aws[2]}"
        return arn if isinstance(arn, Unknown) else str(arn)

    def _local(self, arn: str) -> dict[str, Any]:
        """The document of a policy of the root, by its ARN."""
        own = next((p for p in self._scope.of("managed_policy") if self._scope.policy_arn(p) == arn), None)
        if own is None:
            return {}
        return {arn: policy_document(self._scope.read(own).members.get("PolicyDocument"), self._scope)}

    # Trails and logs

    def _account(self) -> list[Record]:
        found = []
        for group in self._scope.certain("log_group"):
            members, gaps = split(self._scope.read(group).members)
            name = members.get("LogGroupName")
            if isinstance(name, str):
                # CloudWatch Logs writes its members so.
                renamed = {"LogGroupName": "logGroupName", "RetentionInDays": "retentionInDays"}
                document_ = {renamed[k]: v for k, v in members.items()}
                renamed_gaps = {renamed[k]: v for k, v in gaps.items()}
                found.append(self._scope.record("log_group", group, name, document_, renamed_gaps))
        for trail in self._scope.certain("trail"):
            doc = self._scope.read(trail).members
            gaps = {}
            members = {"TrailARN": trail.address}
            logging = doc.get("IsLogging", True)
            selectors = {k: doc[k] for k in ("EventSelectors", "AdvancedEventSelectors") if k in doc}
            unknown = next(unknowns([logging, selectors]), None)
            if unknown is not None:
                gaps["Status"] = unknown
            else:
                # A trail without selectors records every management event.
                selectors = selectors or {"EventSelectors": [{"IncludeManagementEvents": True, "ReadWriteType": "All"}]}
                members |= {"Status": {"IsLogging": logging}, "Selectors": _with_defaults(selectors)}
            # Neither flag is set unless somebody sets it (API_CreateTrail).
            asked = {"LogFileValidationEnabled": False, "IsMultiRegionTrail": False, "KmsKeyId": ""}
            for member, default in asked.items():
                value = doc.get(member, default)
                if isinstance(value, Unknown):
                    gaps[member] = value
                else:
                    members[member] = value
            found.append(self._scope.record("trail", trail, trail.address, members, gaps, {}))
        return found


def _with_defaults(selectors: Any) -> dict[str, Any]:
    """A selector that does not say includes management events (API_EventSelector)."""
    found: dict[str, Any] = plain(selectors)
    for selector in found.get("EventSelectors", ()):
        selector.setdefault("IncludeManagementEvents", True)
    return found


def _source(resource: Resource, policy: str) -> dict[str, Any]:
    """Where a policy comes from, for whoever has to change it. ``Form``: the property of a role that holds it, empty
    where it is a resource of its own."""
    return {"Policy": policy, "Resource": resource.address, "Type": resource.type, "Form": "", "File": resource.file,
            "Line": resource.line}  # fmt: skip


def _inline(policy: Any) -> dict[str, Any]:
    """An inline policy; one that is not known says nothing."""
    given: Mapping[str, Any] = policy if isinstance(policy, Mapping) else {}
    return {"PolicyName": plain(given.get("PolicyName", "")), "PolicyDocument": given.get("PolicyDocument")}


def _known_list(value: Any, gaps: dict[str, Unknown], path: str) -> list[Any]:
    if isinstance(value, Unknown):
        gaps[path] = value
        return [{"PolicyName": "", "PolicyDocument": None}] if path == "RolePolicyList" else []
    return list(value or ())


def _doubtful(resource: Resource, policy: Any) -> Any:
    return resource.unsure or policy
