"""Whose the KMS keys of domains are, whether they can be used, and whether AWS KMS rotates them.

``DescribeKey`` takes whatever a domain names a key by: a key's id or ARN, or an alias's name or ARN, and answers with
``KeyManager`` (AWS for an AWS managed key, CUSTOMER for a customer managed one) and ``KeyState`` (API_KeyMetadata). A
key of another account can be asked about by its ARN; its policy may refuse. Aliases below ``alias/aws/`` are reserved
for AWS managed keys, which are always enabled and rotated; nobody is asked about them.

``GetKeyRotationStatus`` wants the key's own ARN, and answers for symmetric keys with material of AWS KMS's own. Others
have no automatic rotation (API_GetKeyRotationStatus).
"""

from __future__ import annotations

from typing import Any

from auditor.collect.aws.answers import text
from auditor.collect.aws.call_errors import CALL_FAILED
from auditor.collect.aws.evidence_request import EvidenceRequest
from auditor.collect.aws.run import Run
from auditor.studio.kms_keys import is_aws_alias


def collect(run: Run, request: EvidenceRequest) -> None:
    for region in request.regions:
        named = {d.document.get("KmsKeyId") for d in run.found("domain", region)}
        for key in sorted(key for key in named if isinstance(key, str) and key and not is_aws_alias(key)):
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
            try:
                document["KeyRotationEnabled"] = _rotated(run, region, known)
            except CALL_FAILED as error:
                gaps = ("KeyRotationEnabled",)
                run.ledger.gap(region, "kms_key", key, "GetKeyRotationStatus", error)
        run.keep(region, "kms_key", key, document, gaps)


def _rotated(run: Run, region: str, known: Any) -> bool:
    if known.get("KeySpec") != "SYMMETRIC_DEFAULT" or known.get("Origin") != "AWS_KMS":
        return False
    asked = {"KeyId": text(known["Arn"])}
    answer = run.call("kms", region, "GetKeyRotationStatus", asked, ("KeyRotationEnabled",))
    return answer["KeyRotationEnabled"] is True
