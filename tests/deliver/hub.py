"""A Security Hub for tests, after the documented behaviour of its operations; each answer held to botocore's model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from functools import cache
from typing import Any

import botocore.session
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from auditor.deliver.security_hub import Document

#: What BatchImportFindings never changes on a finding that exists (API reference).
CUSTOMERS = ("Note", "UserDefinedFields", "VerificationState", "Workflow")


@cache
def _input(operation: str) -> Any:
    return botocore.session.Session().get_service_model("securityhub").operation_model(operation).input_shape


def denied(operation: str) -> ClientError:
    error = {"Error": {"Code": "AccessDeniedException", "Message": f"not authorized to perform {operation}"},
             "ResponseMetadata": {"HTTPStatusCode": 403}}  # fmt: skip
    return ClientError(error, operation)


def not_subscribed(operation: str) -> ClientError:
    text = "Account 123456789012 is not subscribed to AWS Security Hub"
    return ClientError({"Error": {"Code": "InvalidAccessException", "Message": text}}, operation)


class FakeHub:
    """Security Hub of one account and region. ``refuse``: error code by id; ``raises``: error by operation."""

    def __init__(self, account: str = "123456789012", region: str = "eu-west-1") -> None:
        self.account, self.region = account, region
        self.findings: dict[str, Document] = {}
        self.calls: list[tuple[str, int]] = []
        self.refuse: dict[str, str] = {}
        self.raises: dict[str, Exception] = {}

    def _called(self, operation: str, request: Any, size: int) -> None:
        problem = ParamValidator().validate(request, _input(operation)).generate_report()
        assert not problem, problem
        self.calls.append((operation, size))
        if operation in self.raises:
            raise self.raises[operation]

    def batch_import_findings(self, *, Findings: Sequence[Document]) -> Any:  # noqa: N803
        self._called("BatchImportFindings", {"Findings": list(Findings)}, len(Findings))
        failed = []
        for finding in Findings:
            code = self.refuse.get(finding["Id"])
            if finding["AwsAccountId"] != self.account or f":{self.region}:" not in finding["ProductArn"]:
                code = "InvalidAccess"
            if code:
                failed.append({"Id": finding["Id"], "ErrorCode": code, "ErrorMessage": "no"})
                continue
            stored = self.findings.get(finding["Id"])
            if stored is None:
                self.findings[finding["Id"]] = {"Workflow": {"Status": "NEW"}} | deepcopy(finding)
            elif finding["UpdatedAt"] > stored["UpdatedAt"]:
                stored |= {k: v for k, v in deepcopy(finding).items() if k not in CUSTOMERS}
        return {"FailedCount": len(failed), "SuccessCount": len(Findings) - len(failed), "FailedFindings": failed}

    def batch_update_findings(self, **members: Any) -> Any:
        self._called("BatchUpdateFindings", members, len(members["FindingIdentifiers"]))
        assert len(members["FindingIdentifiers"]) <= 100
        missed = []
        for identifier in members["FindingIdentifiers"]:
            stored = self.findings.get(identifier["Id"])
            if stored is None or stored["ProductArn"] != identifier["ProductArn"]:
                missed.append({"FindingIdentifier": identifier, "ErrorCode": "FindingNotFound", "ErrorMessage": "none"})
                continue
            stored["Workflow"] = members["Workflow"]
            stored["Note"] = members["Note"] | {"UpdatedAt": "2026-11-24T00:00:00Z"}
        return {"ProcessedFindings": [], "UnprocessedFindings": missed}

    def get_paginator(self, operation_name: str, /) -> Any:
        assert operation_name == "get_findings"
        return self

    def paginate(self, **request: Any) -> Iterator[Any]:
        config = request.pop("PaginationConfig")
        self._called("GetFindings", request | {"MaxResults": config["PageSize"]}, 1)
        # As heedless of filters as moto is.
        found = list(self.findings.values())
        for start in range(0, max(1, len(found)), 7):
            yield {"Findings": deepcopy(found[start : start + 7])}
