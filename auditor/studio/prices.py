"""What SageMaker Studio's resources cost, in USD on demand: public list prices, as data with their date and source.

Nothing here is asked of AWS when an audit runs. A type that is not in the table has no price; a Region that is not has
the prices of us-east-1 times the span that the Regions of the table show beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from auditor.model.cost import PriceSource
from auditor.studio.partitions import partition_of

SOURCES = (
    PriceSource(
        "instances, JupyterLab, USD an hour",
        "2026-09-24",
        "AWS Price List API, AmazonSageMaker, platoinstancetype Studio-JupyterLab; as published in"
        " github.com/cloud-architect-ky/av3.0-blueprint-lab, scripts/av30_instance_rates.py",
    ),
    PriceSource(
        "volumes of spaces, USD a GB and month",
        "2026-08-24",
        "AWS Price List API, USE1-Studio:VolumeUsage.gp3; up to that of gp2 in eu-west-1, by a bill in"
        " github.com/aws-samples/sagemaker-ssh-helper, Sample_Costs.md",
    ),
    PriceSource("Canvas, USD an hour logged in", "2026-11-27", "https://aws.amazon.com/sagemaker/canvas/pricing/"),
)
HOME = "us-east-1"
_HOME = {
    "ml.t3.medium": 0.05, "ml.t3.large": 0.1, "ml.t3.xlarge": 0.2, "ml.t3.2xlarge": 0.399,
    "ml.c5.large": 0.102, "ml.c5.xlarge": 0.204, "ml.c5.2xlarge": 0.408,
    "ml.m5.large": 0.115, "ml.m5.xlarge": 0.23, "ml.m5.2xlarge": 0.461, "ml.m5.4xlarge": 0.922,
    "ml.g4dn.xlarge": 0.7364, "ml.g4dn.2xlarge": 0.94,
    "ml.g5.xlarge": 1.41, "ml.g5.2xlarge": 1.52, "ml.g5.4xlarge": 2.03, "ml.g5.8xlarge": 3.06,
    "ml.g5.12xlarge": 7.09, "ml.g5.24xlarge": 10.18, "ml.g5.48xlarge": 20.36,
    "ml.g6.xlarge": 1.127, "ml.g6.2xlarge": 1.222, "ml.g6.4xlarge": 1.654, "ml.g6.12xlarge": 5.752,
    "ml.g6.24xlarge": 8.344, "ml.g6.48xlarge": 16.688,
    "ml.g7e.2xlarge": 4.2039, "ml.g7e.4xlarge": 4.9977, "ml.g7e.8xlarge": 6.5853, "ml.g7e.12xlarge": 10.3576,
    "ml.g7e.24xlarge": 20.7152, "ml.g7e.48xlarge": 41.4304,
    "ml.p4d.24xlarge": 25.2512883, "ml.p5.48xlarge": 63.296,
}  # fmt: skip
#: Region -> instance type -> USD an hour.
INSTANCES: Mapping[str, Mapping[str, float]] = {
    HOME: _HOME,
    "us-west-2": _HOME | {"ml.p4d.24xlarge": 25.251286},
    "eu-west-1": {
        "ml.t3.medium": 0.055, "ml.t3.large": 0.109, "ml.t3.xlarge": 0.219, "ml.t3.2xlarge": 0.438,
        "ml.c5.large": 0.115, "ml.c5.xlarge": 0.23, "ml.c5.2xlarge": 0.461,
        "ml.m5.large": 0.128, "ml.m5.xlarge": 0.257, "ml.m5.2xlarge": 0.514, "ml.m5.4xlarge": 1.027,
        "ml.g4dn.xlarge": 0.8218, "ml.g4dn.2xlarge": 1.047,
        "ml.g5.xlarge": 1.57, "ml.g5.2xlarge": 1.69, "ml.g5.4xlarge": 2.27, "ml.g5.8xlarge": 3.42,
        "ml.g5.12xlarge": 7.92, "ml.g5.24xlarge": 11.36, "ml.g5.48xlarge": 22.73,
        "ml.p4d.24xlarge": 27.2730435,
    },
    "ap-northeast-1": {
        "ml.t3.medium": 0.065, "ml.t3.large": 0.131, "ml.t3.xlarge": 0.261, "ml.t3.2xlarge": 0.522,
        "ml.c5.large": 0.128, "ml.c5.xlarge": 0.257, "ml.c5.2xlarge": 0.514,
        "ml.m5.large": 0.149, "ml.m5.xlarge": 0.298, "ml.m5.2xlarge": 0.595, "ml.m5.4xlarge": 1.19,
        "ml.g4dn.xlarge": 0.994, "ml.g4dn.2xlarge": 1.269,
        "ml.g5.xlarge": 2.04, "ml.g5.2xlarge": 2.2, "ml.g5.4xlarge": 2.94, "ml.g5.8xlarge": 4.44,
        "ml.g5.12xlarge": 10.28, "ml.g5.24xlarge": 14.76, "ml.g5.48xlarge": 29.53,
        "ml.g6.xlarge": 1.6341, "ml.g6.2xlarge": 1.7723, "ml.g6.4xlarge": 2.3988, "ml.g6.12xlarge": 8.3421,
        "ml.g6.24xlarge": 12.1012, "ml.g6.48xlarge": 24.2026,
        "ml.p4d.24xlarge": 34.612516, "ml.p5.48xlarge": 79.12,
    },
    "ap-northeast-2": {
        "ml.t3.medium": 0.062, "ml.t3.large": 0.125, "ml.t3.xlarge": 0.25, "ml.t3.2xlarge": 0.499,
        "ml.c5.large": 0.115, "ml.c5.xlarge": 0.23, "ml.c5.2xlarge": 0.461,
        "ml.m5.large": 0.142, "ml.m5.xlarge": 0.283, "ml.m5.2xlarge": 0.566, "ml.m5.4xlarge": 1.133,
        "ml.g4dn.xlarge": 0.906, "ml.g4dn.2xlarge": 1.156,
        "ml.g5.xlarge": 1.732, "ml.g5.2xlarge": 1.863, "ml.g5.4xlarge": 2.496, "ml.g5.8xlarge": 3.763,
        "ml.g5.12xlarge": 8.718, "ml.g5.24xlarge": 12.518, "ml.g5.48xlarge": 25.035,
        "ml.g6.xlarge": 1.3854, "ml.g6.2xlarge": 1.5026, "ml.g6.4xlarge": 2.0338, "ml.g6.12xlarge": 7.0728,
        "ml.g6.24xlarge": 10.26, "ml.g6.48xlarge": 20.52,
        "ml.p4d.24xlarge": 34.971822,
    },
}  # fmt: skip
#: A GB and month of a space's volume, gp3 and gp2, which no API of SageMaker tells apart; an hour of Canvas.
VOLUME, CANVAS = (0.112, 0.154), 1.9
#: Hours a month that an app runs: during working hours alone, and when it is never stopped.
HOURS = (160, 730)


@dataclass(frozen=True, slots=True)
class Price:
    """From ``low`` to ``high``, in USD a month; ``widened``: for a Region of which the table has no price."""

    low: float
    high: float
    widened: bool = False


@cache
def span() -> tuple[float, float]:
    """The least and the greatest price of the table's Regions beside that of us-east-1."""
    home = INSTANCES[HOME]
    ratios = [price / home[type_] for prices in INSTANCES.values() for type_, price in prices.items() if type_ in home]
    return min(ratios), max(ratios)


def running(instance_type: str | None, region: str) -> Price | None:
    """What an app on an instance type costs; None where there is no price."""
    prices = INSTANCES.get(region)
    if prices is not None:
        return _month(prices.get(instance_type or ""))
    return _elsewhere(_month(INSTANCES[HOME].get(instance_type or "")), region)


def canvas(region: str) -> Price | None:
    """What a Canvas app costs; None where there is no price."""
    return _elsewhere(_month(CANVAS), region)


def volume(gib: int | None, region: str) -> Price | None:
    """What a space's volume costs; None where its size or the price is not known."""
    return None if gib is None else _elsewhere(Price(gib * VOLUME[0], gib * VOLUME[1]), region)


def _month(hour: float | None) -> Price | None:
    return None if hour is None else Price(hour * HOURS[0], hour * HOURS[1])


def _elsewhere(price: Price | None, region: str) -> Price | None:
    """A price of us-east-1 in another Region. Partitions other than aws have price lists of their own."""
    if price is None or region == HOME:
        return price
    if partition_of(region) != "aws":
        return None
    low, high = span()
    return Price(price.low * low, price.high * high, widened=True)
