"""Whose the KMS keys of domains are, whether they can be used, and whether AWS KMS rotates them.

``DescribeKey`` takes whatever a domain names a key by: a key's id or ARN, or an alias's name or ARN, and answers with
``KeyManager`` (AWS for an AWS managed key, CUSTOMER for a customer managed one) and ``KeyState`` (API_KeyMetadata). A
key of another account can be asked about by its ARN; its policy may refuse. Aliases below ``alias/aws/`` are reserved
for AWS managed keys, which are always enabled and rotated; nobody is asked about them.

``GetKeyRotationStatus`` wants the key's own ARN, and answers for symmetric keys with material of AWS KMS's own. Others
have no automatic rotation (API_GetKeyRotationStatus).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.collect.aws.answers import text
from auditor.collect.aws.call_errors import CALL_FAILED, OddAnswerError, understood
from auditor.collect.aws.domain_networks import texts
from auditor.collect.aws.evidence_request import EvidenceRequest
from auditor.collect.aws.run import Run
from auditor.studio.kms_keys import is_aws_alias


def collect(run: Run, request: EvidenceRequest) -> None:
    for region in request.regions:
        named = {key for d in run.found("domain", region) for key in texts([d.document.get("KmsKeyId")])}
        for key in sorted(key for key in named if key and not is_aws_alias(key)):
            run.tasks.submit(_key, run, region, key)


def _key(run: Run, region: str, key: str) -> None:
    """Keep what is known of a key, under the name that domains have for it."""
    with run.reading([region], "kms_key", "DescribeKey"):
        known = run.call("kms", region, "DescribeKey", {"KeyId": key}, ("KeyMetadata",))["KeyMetadata"]
        document: dict[str, Any] = {"KeyManager": text(known["KeyManager"])}
        gaps: tuple[str, ...] = ()
        if "KeyState" in known:
            document["KeyState"] = text(known["KeyState"])
        if known["KeyManager"] == "CUSTOMER":
            operation = "DescribeKey"
            try:
                automatic, operation = _can_be_rotated(known), "GetKeyRotationStatus"
                document["KeyRotationEnabled"] = automatic and _rotated(run, region, known)
            except CALL_FAILED as error:
                gaps = ("KeyRotationEnabled",)
                run.ledger.gap(region, "kms_key", key, operation, error)
        run.keep(region, "kms_key", key, document, gaps)


def _can_be_rotated(known: Mapping[str, Any]) -> bool:
    with understood("DescribeKey"):
        return (text(known["KeySpec"]), text(known["Origin"])) == ("SYMMETRIC_DEFAULT", "AWS_KMS")


def _rotated(run: Run, region: str, known: Mapping[str, Any]) -> bool:
    answer = run.call("kms", region, "GetKeyRotationStatus", {"KeyId": text(known["Arn"])}, ("KeyRotationEnabled",))
    if not isinstance(answer["KeyRotationEnabled"], bool):
        raise OddAnswerError("GetKeyRotationStatus does not say whether the key is rotated")
    return answer["KeyRotationEnabled"]
