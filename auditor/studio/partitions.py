"""AWS's partitions: which a region is in, and where in each the first call goes.

botocore's partitions.json says so by patterns of region names; a test holds this table against it. It stands here
because reports and tables need it without loading the SDK.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

#: Partition by the beginning of a region's name; all others are in ``aws``.
_BY_PREFIX: Mapping[str, str] = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
    "eusc-": "aws-eusc",
}
#: A region of each partition that no account has to enable (botocore's implicitGlobalRegion).
HOME_REGIONS: Mapping[str, str] = {
    "aws": "us-east-1",
    "aws-cn": "cn-northwest-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-iso": "us-iso-east-1",
    "aws-iso-b": "us-isob-east-1",
    "aws-iso-e": "eu-isoe-west-1",
    "aws-iso-f": "us-isof-south-1",
    "aws-eusc": "eusc-de-east-1",
}
#: The form of a Region's name: a part of the world, where in it, a number.
_REGION = re.compile(r"[a-z]{2,5}(-[a-z]+)+-[0-9]{1,2}")
_ALL = "all"


def region_problem(regions: Sequence[str], number: int, *, or_all: bool = False) -> str:
    """What is wrong with one of the Regions that somebody wrote; empty where nothing shows. ``or_all``: ``all`` may
    stand there alone. Which Regions there are, only the SDK knows."""
    name = regions[number]
    if name == _ALL and or_all:
        return "" if set(regions) == {_ALL} else "'all' stands alone; leave the other Regions out"
    return "" if _REGION.fullmatch(name) else f"{name!r} is not the name of an AWS Region"


def home_region(arn: str) -> str:
    """Where the first call goes in the partition that an ARN names; in ``aws`` where it names none that is known."""
    parts = arn.split(":", 2)
    return HOME_REGIONS.get(parts[1] if len(parts) > 2 else "", HOME_REGIONS["aws"])


def partition_of(region: str) -> str:
    """The partition that a region is in; ``aws`` for a name that fits no other."""
    return next((name for prefix, name in _BY_PREFIX.items() if region.startswith(prefix)), "aws")


def arn_sql(alias: str, path: str) -> str:
    """SQL of the ARN of a resource of SageMaker in a row's account and Region; ``path`` is SQL of what it ends with."""
    place = f"{alias}.region || ':' || {alias}.account || ':'"
    return f"'arn:' || {partition_sql(f'{alias}.region')} || ':sagemaker:' || {place} || {path}"


def partition_sql(region: str) -> str:
    """SQL of the partition of a column with regions."""
    branches = " ".join(f"when {region} like '{prefix}%' then '{name}'" for prefix, name in _BY_PREFIX.items())
    return f"case {branches} else 'aws' end"
