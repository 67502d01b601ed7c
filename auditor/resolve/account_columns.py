"""What the documented table of accounts and Regions says about records, logs, the bill and quotas."""

from __future__ import annotations

from auditor.resolve.table_model import Column

ACCOUNT_COLUMNS = (
    Column("trail_weaknesses", "VARCHAR[]", "What the trail lacks that records management events: log file validation,"
           " all Regions, a KMS key; of several trails the one that lacks least; [] where none records",
           kinds=("trail",)),
    Column("studio_log_group", "BOOLEAN", "Whether Studio's log group /aws/sagemaker/studio exists",
           kinds=("log_group",)),
    Column("studio_log_retention_days", "INTEGER", "How long Studio's log group keeps events; 0: for ever, or there is"
           " no such group", "days", kinds=("log_group",)),
    Column("job_log_days", "VARCHAR[]", "Log groups of jobs and endpoints that don't keep events for ever, those that"
           " are known, with their days, as in /aws/sagemaker/TrainingJobs: 30", kinds=("log_group",)),
    Column("job_log_days_complete", "BOOLEAN", "true where every such log group and its retention is known; NULL"
           " otherwise", kinds=("log_group",)),
    Column("alerted_calls", "VARCHAR[]", "Of UpdateDomain and CreatePresignedDomainUrl, the calls that an enabled"
           " EventBridge rule passes on to a target, whoever makes them and with whatever parameters",
           kinds=("event_rule",)),
    Column("unalerted_calls", "VARCHAR[]", "Those that no EventBridge rule passes on, and no metric filter of a trail's"
           " log group counts; a call that is in neither list is not known",
           kinds=("event_rule", "metric_filter")),
    Column("alerts_known", "BOOLEAN", "true where each of them is in one of the two lists; NULL otherwise",
           kinds=("event_rule", "metric_filter")),
    Column("first_region", "BOOLEAN", "Whether the Region is the first by name of those of the account that have"
           " domains, or where no domain is known the first of all: rules about the account as a whole apply there"
           " only. Never NULL"),
    Column("active_cost_tags", "VARCHAR[]", "Keys of the account's active cost allocation tags; NULL where they could"
           " not be listed, as in a member account of an organization", kinds=("cost_tag",)),
    Column("gpu_app_quotas", "VARCHAR[]", "Applied quotas above 0 on Studio apps on GPU instance types, those that are"
           " known, as in KernelGateway on ml.g5.xlarge: 2", kinds=("quota",)),
    Column("gpu_app_quotas_complete", "BOOLEAN", "true where every such quota is known; NULL otherwise",
           kinds=("quota",)),
)  # fmt: skip
