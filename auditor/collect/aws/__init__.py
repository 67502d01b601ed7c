"""The live account, through boto3. The only part of collection that imports it."""

from auditor.collect.aws.collector import CollectOptions, collect
from auditor.collect.aws.specs import permissions

__all__ = ["CollectOptions", "collect", "permissions"]
