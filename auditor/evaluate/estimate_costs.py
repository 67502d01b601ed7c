"""What findings about money are about, and what that costs: apps that run, volumes that are kept.

Only what is there now is counted, each app and volume once, however many findings are about it. Nothing says what a
change would save: what runs is often needed, if not so long or on so large an instance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from auditor.evaluate.report_inventory import tag_owner
from auditor.model.cost import CauseCost, Costs, CostSum, DomainCost, OwnerCost
from auditor.model.finding import Finding
from auditor.model.report import Report
from auditor.studio.prices import HOURS, SOURCES, Price, canvas, running, volume

if TYPE_CHECKING:
    import duckdb

#: App types that idle shutdown is for, and those that cost what their instance costs.
_IDLE = frozenset({"JupyterLab", "CodeEditor"})
_INSTANCES = _IDLE | {"KernelGateway", "RSessionGateway"}


@dataclass(frozen=True, slots=True)
class Money:
    """What a rule's findings are about: apps that run, ``types`` only of these types and ``default`` only on the
    instance type that the finding names; volumes that are kept; a file system, whose size nobody asked for."""

    runs: bool = False
    keeps: bool = False
    files: bool = False
    types: frozenset[str] = frozenset()
    default: bool = False


_IDLES, _DEFAULT = Money(runs=True, types=_IDLE), Money(runs=True, default=True)
#: The rules about money.
RULES: Mapping[str, Money] = {
    "STU111": Money(keeps=True),
    "STU503": Money(files=True),
    "STU506": Money(keeps=True),
    "STU702": Money(runs=True, keeps=True),
    **dict.fromkeys(("STU704", "STU705", "STU706", "STU711", "STU712", "STU715", "STU719"), _IDLES),
    **dict.fromkeys(("STU707", "STU708", "STU718"), Money(runs=True)),
    **dict.fromkeys(("STU713", "STU716", "STU723"), _DEFAULT),
    "STU717": Money(runs=True, keeps=True),
}


#: Key of the space, and of the user profile, that an app belongs to; '' where it belongs to none.
_SPACE, _PROFILE = (
    f"case when {name} <> '' then account || '/' || region || '/{type_}/' || domain_id || '/' || {name} else '' end"
    for name, type_ in (("space_name", "space"), ("user_profile_name", "user_profile"))
)


@dataclass(frozen=True, slots=True)
class _Item:
    """An app or a volume; ``price`` None where there is none."""

    price: Price | None
    app_type: str = ""
    instance_type: str | None = None


@dataclass(slots=True)
class _Estate:
    """What runs and what is kept, by key, and which of it belongs to a resource; ``above``: whose a resource is."""

    items: dict[str, _Item] = field(default_factory=dict)
    apps: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    volumes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    above: dict[str, str] = field(default_factory=dict)


def costs(con: duckdb.DuckDBPyConnection, report: Report, owner_keys: Sequence[str]) -> Costs | None:
    """The sums over the findings of a report, waived ones aside; None where none is about money, and for templates.
    ``owner_keys``: tags that name an owner, where the report's findings have none."""
    found = [f for f in report.findings if f.stands and f.rule_id in RULES]
    if not found or report.of_templates:
        return None
    estate = _estate(con, keeps=any(RULES[f.rule_id].keeps for f in found))
    # Of most findings about a setting nothing runs: the rest is done for what is left.
    priced = [(finding, about) for finding in found if (about := _about(finding, estate))]
    owners = _owners(con, [finding for finding, _ in priced], estate, owner_keys)
    causes: dict[str, set[str]] = defaultdict(set)
    rules: dict[str, str] = {}
    by_owner: dict[str, set[str]] = defaultdict(set)
    domains: dict[tuple[str, str, str, str], set[str]] = defaultdict(set)
    for finding, about in priced:
        resource = finding.resource
        causes[finding.root_cause].update(about)
        rules[finding.root_cause] = finding.rule_id
        by_owner[finding.owner if finding.owner is not None else owners.get(resource.key, "")].update(about)
        domains[resource.account, resource.region, resource.domain_id, resource.domain_name].update(about)
    items = estate.items
    return Costs(
        SOURCES, HOURS, len(found), len(found) - len(priced),
        any(g.resource_type in ("app", "space") and g.resource_id == "*" for g in report.gaps),
        _sum(set().union(*causes.values()), items),
        tuple(sorted((CauseCost(c, rules[c], _sum(about, items)) for c, about in causes.items()),
                     key=lambda c: (*_order(c.cost), c.rule_id, c.cause))),
        tuple(sorted((OwnerCost(o, _sum(about, items)) for o, about in by_owner.items()),
                     key=lambda o: (*_order(o.cost), o.owner))),
        tuple(sorted((DomainCost(*place, _sum(about, items)) for place, about in domains.items()),
                     key=lambda d: (*_order(d.cost), d.account, d.region, d.domain_id))),
    )  # fmt: skip


def _order(cost: CostSum) -> tuple[float, float, int]:
    return -cost.high, -cost.low, -cost.unknown


def _sum(keys: Collection[str], items: Mapping[str, _Item]) -> CostSum:
    prices = [items[key].price for key in sorted(keys)]
    known = [price for price in prices if price is not None]
    return CostSum(
        round(sum(p.low for p in known), 2), round(sum(p.high for p in known), 2), len(known),
        len(prices) - len(known), sum(p.widened for p in known),
    )  # fmt: skip


def _about(finding: Finding, estate: _Estate) -> list[str]:
    """Keys of the items that a finding is about."""
    money, key, found = RULES[finding.rule_id], finding.resource.key, []
    if money.runs:
        named = {e.value for e in finding.evidence if e.setting.endswith("instance_type")} if money.default else set()
        found += [
            app
            for app in ([key] if finding.resource.type == "app" else estate.apps.get(key, ()))
            if (item := estate.items.get(app)) is not None
            and (not money.types or item.app_type in money.types)
            and (not money.default or item.instance_type in named)
        ]
    if money.keeps:
        found += estate.volumes.get(key, ())
    if money.files:
        # How much an EFS holds is not collected.
        estate.items[f"{key}#efs"] = _Item(None)
        found.append(f"{key}#efs")
    return found


def _estate(con: duckdb.DuckDBPyConnection, *, keeps: bool) -> _Estate:
    """What runs; with ``keeps`` the volumes as well."""
    estate = _Estate()
    spaces: dict[str, str] = {}
    for key, region, domain, owner, sharing, gib in con.execute(
        "select key, region, domain_key, coalesce(owner_key, ''), sharing_type, ebs_volume_gb from space"
        + ("" if keeps else f" where key in (select {_SPACE} from app where status = 'InService')")
    ).fetchall():
        spaces[key] = domain if sharing == "Shared" else owner
        estate.above[key] = owner
        if keeps and gib != 0:
            estate.items[f"{key}#volume"] = _Item(volume(gib, region))
            _belongs(estate.volumes, f"{key}#volume", (key, spaces[key]))
    for key, region, space, profile, type_, instance in con.execute(
        f"select key, region, {_SPACE}, {_PROFILE}, app_type, instance_type from app where status = 'InService'"
    ).fetchall():
        price = canvas(region) if type_ == "Canvas" else running(instance, region) if type_ in _INSTANCES else None
        estate.items[key] = _Item(price, type_ or "", instance)
        estate.above[key] = space or profile
        _belongs(estate.apps, key, (space, spaces.get(space, ""), profile))
    return estate


def _belongs(index: dict[str, list[str]], item: str, to: Iterable[str]) -> None:
    for key in dict.fromkeys(to):
        if key:
            index[key].append(item)


def _owners(
    con: duckdb.DuckDBPyConnection, found: Sequence[Finding], estate: _Estate, owner_keys: Sequence[str]
) -> dict[str, str]:
    """Who owns what the findings are on, by its own tags, else by those of what it belongs to. Nobody is looked for
    where auditor.yaml says who owns what."""
    chains = {f.resource.key: _chain(f.resource.key, estate.above) for f in found if f.owner is None}
    if not chains or not owner_keys:
        return {}
    wanted = sorted({key for chain in chains.values() for key in chain})
    tagged: dict[str, str] = {}
    for table in ("domain", "user_profile", "space", "app"):
        rows = con.execute(
            f"select key, tags from {table} where tags is not null and key in (select unnest($1::varchar[]))", [wanted]
        ).fetchall()
        tagged |= {key: tag_owner(tags, owner_keys) for key, tags in rows if tags}
    return {key: next((tagged[k] for k in chain if tagged.get(k)), "") for key, chain in chains.items()}


def _chain(key: str, above: Mapping[str, str]) -> list[str]:
    """A resource and what it belongs to: an app its space, a space its owner."""
    chain = [key]
    while (key := above.get(key, "")) and key not in chain:
        chain.append(key)
    return chain
