"""Estimated cost of what findings are about: intervals in USD a month, no single number and no savings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PriceSource:
    """Where prices were read, and which day they are of, or were read (YYYY-MM-DD)."""

    prices: str
    date: str
    origin: str


@dataclass(frozen=True, slots=True)
class CostSum:
    """What the resources behind some findings cost, from ``low`` to ``high`` USD a month, each resource once.

    ``priced`` resources have a price, ``unknown`` ones have none: their type, size or Region is not known or not in the
    price table. ``widened`` of those priced lie in Regions of which the table has no price.
    """

    low: float
    high: float
    priced: int
    unknown: int
    widened: int


@dataclass(frozen=True, slots=True)
class CauseCost:
    """The sum of a root cause's findings, by its id."""

    cause: str
    rule_id: str
    cost: CostSum


@dataclass(frozen=True, slots=True)
class OwnerCost:
    """The sum of what an owner's findings are about; the owner is empty where nobody is known."""

    owner: str
    cost: CostSum


@dataclass(frozen=True, slots=True)
class DomainCost:
    """The sum of a domain's findings."""

    account: str
    region: str
    domain_id: str
    domain_name: str
    cost: CostSum


@dataclass(frozen=True, slots=True)
class Costs:
    """Sums over findings that are about money, waived ones aside: apps that run and volumes that are kept. The greatest
    come first. ``findings`` counts them, ``idle`` those of which nothing runs and nothing is kept now. ``incomplete``:
    a list of apps or spaces was not read whole, so that there may be more."""

    sources: tuple[PriceSource, ...]
    hours: tuple[int, int]
    findings: int
    idle: int
    incomplete: bool
    total: CostSum
    by_cause: tuple[CauseCost, ...]
    by_owner: tuple[OwnerCost, ...]
    by_domain: tuple[DomainCost, ...]
