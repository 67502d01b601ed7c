"""The cost allocation tags that are active: what the bill, and Cost Explorer, can be grouped by.

They belong to whoever pays. In an organization that is the management account; a member account is refused whatever
its policies allow ("Linked account doesn't have access to cost allocation tags"), which is a gap. Cost Explorer has one
endpoint for all Regions, and AWS bills each request to it (Cost Explorer pricing), so that the active tags are asked
for once an account: 1,000 fit on a page, and an account may have 500 (Billing user guide, "Quotas").
"""

from __future__ import annotations

from auditor.collect.aws.answers import text
from auditor.collect.aws.evidence_request import EvidenceRequest
from auditor.collect.aws.run import Run
from auditor.model.snapshot import GLOBAL

_OPERATION = "ListCostAllocationTags"
#: The record's id: there is one.
ACTIVE = "active"


def collect(run: Run, request: EvidenceRequest) -> None:
    """One call where an account has a domain, or may have one; elsewhere nobody is asked, and it is unknown."""
    if any(run.holds("domain", region) or run.is_unlisted(region, "domain") for region in request.regions):
        run.tasks.submit(_tags, run, request.regions)
    else:
        for region in request.regions:
            run.unlisted(region, "cost_tag")


def _tags(run: Run, regions: tuple[str, ...]) -> None:
    asked = {"Status": "Active", "MaxResults": 1000}
    with run.reading(regions, "cost_tag", _OPERATION):
        pages = run.pages("ce", regions[0], _OPERATION, asked, "CostAllocationTags")
        keys = {text(tag["TagKey"]) for page in pages for tag in page["CostAllocationTags"]}
        run.keep(GLOBAL, "cost_tag", ACTIVE, {"TagKeys": sorted(keys)})
