"""Whose the KMS keys of domains are: only AWS KMS says what an id or an ARN stands for.

``DescribeKey`` takes a key's id or ARN, or an alias's name or ARN, and answers with ``KeyManager``: AWS for an AWS
managed key, CUSTOMER for a customer managed one (API_KeyMetadata). An alias says it by its name and is not asked about:
``alias/aws/`` is reserved for AWS managed keys, and CreateAlias takes customer managed keys only. A key of another
account can be asked about by its ARN; its policy may refuse.
"""

from __future__ import annotations

from auditor.collect.aws.answers import text
from auditor.collect.aws.evidence_request import EvidenceRequest
from auditor.collect.aws.run import Run
from auditor.studio.kms_keys import is_alias


def collect(run: Run, request: EvidenceRequest) -> None:
    for region in request.regions:
        named = {d.document.get("KmsKeyId") for d in run.found("domain", region)}
        for key in sorted(key for key in named if isinstance(key, str) and key and not is_alias(key)):
            run.tasks.submit(_key, run, region, key)


def _key(run: Run, region: str, key: str) -> None:
    """Keep who manages the key, under the name that domains have for it."""
    with run.reading([region], "kms_key", "DescribeKey"):
        answer = run.call("kms", region, "DescribeKey", {"KeyId": key}, ("KeyMetadata",))
        run.keep(region, "kms_key", key, {"KeyManager": text(answer["KeyMetadata"]["KeyManager"])})
