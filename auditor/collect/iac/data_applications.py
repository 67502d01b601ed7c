"""MLflow tracking servers, MLflow Apps and partner AI apps of a root."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.collect.iac.scope import Scope, split
from auditor.model.snapshot import Kind, Record
from auditor.studio.resource_types import BY_KIND

#: What a template says is what will be: the member that tells it, and its value.
_STATUS: Mapping[Kind, tuple[str, str]] = {
    "partner_app": ("Status", "Available"),
    "mlflow_server": ("TrackingServerStatus", "Created"),
    "mlflow_app": ("Status", "Created"),
}


def records(scope: Scope) -> list[Record]:
    """One record for each that exists for certain."""
    found = []
    for kind, (member, status) in _STATUS.items():
        for resource in scope.certain(kind):
            doc = scope.read(resource)
            doc.members, doc.gaps = split(doc.members)
            scope.side_roles(resource, doc)
            members = {**doc.members, BY_KIND[kind].arn_member: resource.address, member: status}
            found.append(scope.record(kind, resource, resource.address, members, doc.gaps, doc.lines))
    return found
