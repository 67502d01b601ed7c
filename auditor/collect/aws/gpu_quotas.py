"""How many Studio apps on GPU instance types an account may run at a time in a Region: its applied quotas.

SageMaker has some thousand quotas and Service Quotas gives 100 a page, with no filter by name. Names are such as
"Studio JupyterLab Apps running on ml.g5.xlarge instances". A quota that has no applied value is not in the list
(API_ListServiceQuotas), so a list without a single quota of such apps says nothing about them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.collect.aws.answers import text
from auditor.collect.aws.call_errors import OddAnswerError
from auditor.collect.aws.evidence_request import EvidenceRequest
from auditor.collect.aws.run import Run
from auditor.studio.quota_names import gpu_app

_OPERATION = "ListServiceQuotas"
#: The record's id: there is one a Region.
APPS = "studio-gpu-apps"
#: DuckDB's INTEGER. Nobody has a quota above it that means something else than no limit.
_MOST = 2**31 - 1


def collect(run: Run, request: EvidenceRequest) -> None:
    for region in request.regions:
        run.tasks.submit(_quotas, run, region)


def _quotas(run: Run, region: str) -> None:
    named, applied = 0, list[Mapping[str, Any]]()
    asked = {"ServiceCode": "sagemaker", "MaxResults": 100}
    with run.reading([region], "quota", _OPERATION):
        for page in run.pages("service-quotas", region, _OPERATION, asked, "Quotas"):
            for quota in page["Quotas"]:
                with run.reading([region], "quota", _OPERATION):
                    name = text(quota["QuotaName"])
                    if gpu_app(name) is None:
                        continue
                    value = _value(name, quota.get("Value"))
                    named += 1
                    # Most are 0, which exceeds nothing.
                    if value > 0:
                        applied.append({"QuotaName": name, "Value": value})
    if named or not run.is_unlisted(region, "quota"):
        applied.sort(key=lambda quota: str(quota["QuotaName"]))
        run.keep(region, "quota", APPS, {"Named": named, "Applied": applied})


def _value(name: str, value: object) -> int:
    """A quota that Service Quotas could not read comes with a reason instead of a value (API_ServiceQuota)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise OddAnswerError(f"{_OPERATION} gave no value for {name!r}")
    return min(int(value), _MOST)
