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
