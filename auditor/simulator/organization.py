"""Organizations: what a simulated organization holds, as YAML files or generated.

A file holds ``management`` (the account whose credentials the simulator hands out), ``role`` and ``external_id`` that
lead into the others, ``session_seconds`` (how long a session lasts), ``region``, and ``accounts``. An account has
``id``, ``name``, ``ou`` (names of organizational units, joined by ``/``), and further

- ``estate``: the name of an estate, or an estate's content (``auditor.simulator.estate``); without it nothing is there
- ``regions``: those that are enabled in the account; by default the Regions of its estate
- ``state``: as AWS Organizations calls it, ACTIVE by default
- ``denied: true``: its role lets nobody in
- ``rate``: calls of SageMaker a second, above which it throttles; 0 throttles every one
- ``listed: false``: it is no account of the organization
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from auditor.errors import ConfigError
from auditor.regular_files import NotReadError, read_regular
from auditor.simulator.estate import Estate, generate, load_estate
from auditor.simulator.estate_form import KEYS, form_problem, is_list_of, region_problem

_LARGEST = 64 * 1024 * 1024
_ORGANIZATIONS = Path(__file__).parent / "organizations"
_KEYS = {"about", "accounts", "external_id", "management", "region", "role", "session_seconds"}
_ACCOUNT_KEYS = {"denied", "estate", "id", "listed", "name", "ou", "rate", "regions", "state"}
DEFAULT_ROLE = "StudioAuditor"
ROOT = "r-sim1"
#: Regions of a generated organization, in this order.
_REGIONS = (
    "eu-west-1", "us-east-1", "eu-central-1", "us-west-2", "ap-northeast-1", "ap-southeast-2", "eu-north-1",
    "us-east-2", "ap-south-1", "sa-east-1", "ca-central-1", "eu-west-3",
)  # fmt: skip
_UNITS = ("Workloads/Production", "Workloads/Development", "Sandbox", "Research")


@dataclass(frozen=True, slots=True)
class SimulatedAccount:
    """An account of the organization; the members are as in the file. ``rate`` None: it never throttles."""

    estate: Estate
    name: str
    ou: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    state: str = "ACTIVE"
    denied: bool = False
    rate: float | None = None
    listed: bool = True

    @property
    def id(self) -> str:
        """Twelve digits."""
        return self.estate.account


@dataclass(frozen=True, slots=True)
class SimulatedOrganization:
    """What to serve. ``accounts`` by id, the management account among them."""

    name: str
    management: str
    accounts: Mapping[str, SimulatedAccount]
    role: str = DEFAULT_ROLE
    external_id: str = ""
    session_seconds: int = 3600
    units: Mapping[str, tuple[str, ...]] = field(init=False)
    """Names of organizational units from the outermost on, by id."""

    def __post_init__(self) -> None:
        paths = {a.ou[:n] for a in self.accounts.values() for n in range(1, len(a.ou) + 1)}
        object.__setattr__(self, "units", {unit_id(path): path for path in sorted(paths)})

    @property
    def estate(self) -> Estate:
        """The management account's."""
        return self.accounts[self.management].estate


def unit_id(path: tuple[str, ...]) -> str:
    """The id of an organizational unit; the root's for no name at all."""
    return f"ou-sim1-{hashlib.sha256('/'.join(path).encode()).hexdigest()[:8]}" if path else ROOT


def organization_names() -> tuple[str, ...]:
    """Embedded organizations."""
    return tuple(sorted(path.stem for path in _ORGANIZATIONS.glob("*.yaml")))


def load_organization(name: str) -> SimulatedOrganization:
    """An embedded organization, ``generated:ACCOUNTSxREGIONSxPROFILES``, or a file. Raises ConfigError."""
    if name.startswith("generated:"):
        numbers = name.removeprefix("generated:").split("x")
        if len(numbers) != 3 or not all(n.isdecimal() for n in numbers) or not 0 < int(numbers[1]) <= len(_REGIONS):
            raise ConfigError(
                f"{name}: expected generated:ACCOUNTSxREGIONSxPROFILES, with up to {len(_REGIONS)} Regions",
                hint="Example: generated:30x4x20",
            )
        return generate_organization(int(numbers[0]), int(numbers[1]), int(numbers[2]))
    path = _ORGANIZATIONS / f"{name}.yaml" if name in organization_names() else Path(name)
    try:
        data = yaml.safe_load(read_regular(path, _LARGEST).decode())
    except NotReadError as error:
        known = ", ".join(organization_names())
        raise ConfigError(
            f"there is no organization {name!r}", hint=f"Known: {known}, generated:30x4x20, or a file."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError.at(path, 1, f"not valid YAML: {error}") from error
    if not isinstance(data, dict) or not isinstance(data.get("accounts"), list) or set(data) - _KEYS:
        raise ConfigError.at(path, 1, "an organization holds accounts", hint=f"Known: {', '.join(sorted(_KEYS))}")
    accounts = [_account(path, entry, data.get("region", "eu-west-1")) for entry in data["accounts"]]
    found = {account.id: account for account in accounts}
    management = str(data.get("management", ""))
    if len(found) < len(accounts) or management not in found:
        raise ConfigError.at(path, 1, "each account has an id of its own, and management is one of them")
    seconds = data.get("session_seconds", 3600)
    if not isinstance(seconds, int):
        raise ConfigError.at(path, 1, "session_seconds: a whole number")
    return SimulatedOrganization(
        name, management, found, str(data.get("role", DEFAULT_ROLE)), str(data.get("external_id", "")), seconds
    )


def _account(path: Path, entry: Any, region: str) -> SimulatedAccount:
    if not isinstance(entry, dict) or set(entry) - _ACCOUNT_KEYS or "name" not in entry:
        raise ConfigError.at(path, 1, f"not an account: {entry}", hint=f"Known: {', '.join(sorted(_ACCOUNT_KEYS))}")
    given = entry.get("estate") or {}
    if isinstance(given, str):
        estate = load_estate(given)
        estate = replace(estate, account=str(entry.get("id", estate.account)))
    else:
        estate = _written_out(path, entry, given, region)
    regions, rate = entry.get("regions") or list(estate.regions), entry.get("rate")
    if not is_list_of(regions, str):
        raise ConfigError.at(path, 1, f"regions of {entry['name']}: a list of names")
    if rate is not None and not isinstance(rate, int | float):
        raise ConfigError.at(path, 1, f"rate of {entry['name']}: calls a second, a number")
    if problem := region_problem([{"region": name} for name in regions], ("aws",)):
        raise ConfigError.at(path, 1, f"{entry['name']}: {problem}")
    return SimulatedAccount(
        estate=estate,
        name=str(entry["name"]),
        ou=tuple(part for part in str(entry.get("ou", "")).split("/") if part),
        regions=tuple(regions),
        state=str(entry.get("state", "ACTIVE")),
        denied=bool(entry.get("denied")),
        rate=None if rate is None else float(rate),
        listed=bool(entry.get("listed", True)),
    )


def _written_out(path: Path, entry: Mapping[str, Any], given: Any, region: str) -> Estate:
    """The estate of an account that stands in the organization's file. Raises ConfigError."""
    if not isinstance(given, dict) or set(given) - KEYS:
        raise ConfigError.at(path, 1, f"estate of {entry['name']}: a name, or {', '.join(sorted(KEYS))}")
    account = str(entry.get("id", ""))
    data = {"region": region, "domains": [], **given, "account": account}
    if problem := form_problem(data):
        raise ConfigError.at(path, 1, f"estate of {entry['name']}: {problem}")
    return Estate(str(path), account, data["region"], data)


def generate_organization(accounts: int, regions: int, profiles: int) -> SimulatedOrganization:
    """``accounts`` accounts with one domain of ``profiles`` profiles in each of ``regions`` Regions, beside the
    management account, which holds none. The same numbers give the same organization."""
    used = _REGIONS[:regions]
    management = "200000000000"
    found = {management: SimulatedAccount(_empty(management, used[0]), "management", regions=used)}
    sample = generate(regions, profiles).data
    for number in range(1, accounts + 1):
        domains = [{**domain, "region": region} for domain, region in zip(sample["domains"], used, strict=True)]
        for domain in domains:
            domain.pop("vpc")
        account = f"{200000000000 + number}"
        data = {"region": used[0], "roles": sample["roles"], "domains": [_placed(d) for d in domains]}
        found[account] = SimulatedAccount(
            Estate(f"account {account}", account, used[0], data), f"team-{number:03}",
            tuple(_UNITS[number % len(_UNITS)].split("/")), used,
        )  # fmt: skip
    return SimulatedOrganization(f"generated:{accounts}x{regions}x{profiles}", management, found)


def _placed(domain: Mapping[str, Any]) -> dict[str, Any]:
    """A domain in a VPC that nobody made: a network an account would take too long for thousands of them."""
    return {**domain, "VpcId": "vpc-0a1b2c3d", "SubnetIds": ["subnet-0a1b2c3d"]}


def _empty(account: str, region: str) -> Estate:
    return Estate(f"account {account}", account, region, {"region": region, "domains": []})
