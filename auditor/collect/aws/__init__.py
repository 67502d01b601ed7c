"""The live account, through boto3. The only part of collection that imports it."""

from auditor.collect.aws.collector import CollectOptions, collect, collecting
from auditor.collect.aws.specs import permissions

__all__ = ["CollectOptions", "collect", "collecting", "permissions"]
