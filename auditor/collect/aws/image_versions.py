"""What the account's own images, from which Studio's apps start, are made of, and whether they are still there.

One call an image version that something names: none where nobody attached an image.
"""

from __future__ import annotations

from auditor.collect.aws import call_errors
from auditor.collect.aws.call_errors import CALL_FAILED
from auditor.collect.aws.evidence_request import EvidenceRequest
from auditor.collect.aws.run import Run
from auditor.model.snapshot import Kind
from auditor.studio.images import CUSTOM_IMAGES, NOT_FOUND, STARTED_FROM, named_images, request_for

_KINDS: tuple[Kind, ...] = (*CUSTOM_IMAGES, *STARTED_FROM)
_OPERATION = "DescribeImageVersion"


def collect(run: Run, request: EvidenceRequest) -> None:
    for region in request.regions:
        run.tasks.submit(_region, run, region)


def _region(run: Run, region: str) -> None:
    account = run.ledger.account
    named = {
        image for kind in _KINDS for r in run.each(kind, region) for image in named_images(kind, r.document, account)
    }
    for image in sorted(named):
        run.tasks.submit(_version, run, region, image)


def _version(run: Run, region: str, image: str) -> None:
    with run.reading([region], "image_version", _OPERATION):
        try:
            document = run.call("sagemaker", region, _OPERATION, request_for(image), ("ImageVersionStatus",))
        except CALL_FAILED as error:
            if not call_errors.gone(error):
                raise
            document = {"ImageVersionStatus": NOT_FOUND}
        run.keep(region, "image_version", image, document)
