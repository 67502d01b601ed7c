"""The flow logs that record the traffic of domains' networks: those of their VPCs, and those of their subnets."""

from __future__ import annotations

from auditor.collect.aws.answers import text
from auditor.collect.aws.domain_networks import filtered, texts
from auditor.collect.aws.evidence_request import EvidenceRequest
from auditor.collect.aws.run import Run

_OPERATION = "DescribeFlowLogs"
#: What is kept: where a log goes, and by which role, says more than an audit needs.
_KEPT = ("FlowLogId", "FlowLogStatus", "DeliverLogsStatus", "ResourceId", "TrafficType")


def collect(run: Run, request: EvidenceRequest) -> None:
    for region in request.regions:
        run.tasks.submit(_logs, run, region)


def _logs(run: Run, region: str) -> None:
    documents = [r.document for r in run.found("domain", region)]
    named = {id_ for d in documents for id_ in (*texts([d.get("VpcId")]), *texts(d.get("SubnetIds"))) if id_}
    # EC2 calls the parameter Filter here, and Filters elsewhere.
    for asked in filtered("resource-id", sorted(named), "Filter"):
        with run.reading([region], "flow_log", _OPERATION):
            for page in run.pages("ec2", region, _OPERATION, asked, "FlowLogs"):
                for log in page["FlowLogs"]:
                    with run.reading([region], "flow_log", _OPERATION):
                        kept = {name: log[name] for name in _KEPT if name in log}
                        run.keep(region, "flow_log", text(log["FlowLogId"]), kept)
