"""Estates: what a simulated account holds, as YAML files or generated.

An estate file holds ``account``, ``region`` (the default one), ``vpcs``, ``roles``, ``domains`` (CreateDomain's members
plus ``id``, ``created``, ``status``, ``region``, ``tags``, and their ``profiles``, ``spaces`` and ``apps``),
``partner_apps``, ``mlflow``, ``mlflow_apps`` and ``image_versions`` (CreateImageVersion's members).
Its Regions are all of one partition: aws, aws-cn or aws-us-gov, in which its ARNs then are.
An app's ``age_days`` counts back from midnight (UTC) of the day of the simulation, where other times are dates: so an
app can stay young, and an estate is the same all day.
``$NAME`` in a domain stands for a VPC, subnet or security group of ``vpcs``, ``role:NAME`` for a role's ARN,
``lifecycle:NAME`` for that of a lifecycle configuration. ``lifecycle_configs``: ``{name, app_type, region, script}``.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from auditor.errors import ConfigError
from auditor.regular_files import NotReadError, read_regular
from auditor.simulator import account_facts, simulated_networks, surroundings
from auditor.simulator.estate_form import KEYS, form_problem
from auditor.simulator.state import StudioBackend, studio_backends
from auditor.simulator.wire import DAY, ApiError, operation_model, service_model, today, validate
from auditor.studio.partitions import partition_of

#: Bytes of a file with an estate.
_LARGEST = 64 * 1024 * 1024
_ESTATES = Path(__file__).parent / "estates"
CREATED = "2025-02-03"


@dataclass(frozen=True, slots=True)
class Estate:
    """What to populate. ``data`` is the file's content, ``name`` where it came from."""

    name: str
    account: str
    region: str
    data: Mapping[str, Any]

    @property
    def partition(self) -> str:
        """The partition that the account is in, with all its Regions."""
        return partition_of(self.region)

    @property
    def regions(self) -> tuple[str, ...]:
        """Every region that holds a domain, the default one first."""
        return tuple(dict.fromkeys((self.region, *(d.get("region", self.region) for d in self.data["domains"]))))


def names() -> tuple[str, ...]:
    """Embedded estates."""
    return tuple(sorted(p.stem for p in _ESTATES.glob("*.yaml") if ".expected" not in p.name))


def load_estate(name: str) -> Estate:
    """An embedded estate, ``generated:2x5000``, or a file. Raises ConfigError naming file and line."""
    if name.startswith("generated:"):
        domains, _, profiles = name.removeprefix("generated:").partition("x")
        if not (domains.isdecimal() and profiles.isdecimal()):
            raise ConfigError(f"{name}: expected generated:DOMAINSxPROFILES", hint="Example: generated:2x5000")
        return generate(int(domains), int(profiles))
    path = _ESTATES / f"{name}.yaml" if name in names() else Path(name)
    try:
        text = read_regular(path, _LARGEST).decode()
        data = yaml.safe_load(text)
    except NotReadError as error:
        if path.exists() and not path.is_dir():
            raise ConfigError(f"{path}: {error.reason}") from error
        known = ", ".join(names())
        raise ConfigError(f"there is no estate {name!r}", hint=f"Known: {known}, generated:2x50, or a file.") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError.at(path, line, f"not valid YAML: {error.problem}") from error
    except UnicodeDecodeError as error:
        raise ConfigError.at(path, error.object.count(b"\n", 0, error.start) + 1, "not UTF-8 text") from error
    except yaml.reader.ReaderError as error:
        raise ConfigError.at(
            path, text.count("\n", 0, error.position) + 1, f"not valid YAML: {error.reason}"
        ) from error
    if not isinstance(data, dict) or not {"region", "domains"} <= set(data):
        raise ConfigError.at(path, 1, "an estate holds at least region and domains")
    unknown = set(data) - KEYS
    if unknown:
        raise ConfigError.at(
            path, 1, f"unknown: {', '.join(sorted(unknown))}", hint=f"Known: {', '.join(sorted(KEYS))}"
        )
    problem = form_problem(data)
    if problem:
        raise ConfigError.at(path, 1, problem)
    return Estate(str(path), str(data.get("account", "123456789012")), data["region"], data)


def generate(domains: int, profiles: int, seed: int = 7) -> Estate:
    """``domains`` domains with ``profiles`` profiles each; the same seed gives the same estate."""
    rng = random.Random(seed)  # noqa: S311 — reproducible sample data
    people = ("aiko", "maria", "olu", "grace", "jan", "li-wei", "fatima", "noah", "priya", "tomas")
    made: list[dict[str, Any]] = [
        {
            "DomainName": f"domain-{d}",
            "AuthMode": "IAM",
            "vpc": "main",
            "DefaultUserSettings": {"ExecutionRole": f"role:studio-{d}", "DefaultLandingUri": "studio::"},
            "profiles": [
                {
                    "UserProfileName": f"{rng.choice(people)}-{d}-{p}",
                    **(
                        {"UserSettings": {"AutoMountHomeEFS": rng.choice(["Enabled", "Disabled"])}}
                        if p % 5 == 0
                        else {}
                    ),
                }
                for p in range(profiles)
            ],
        }
        for d in range(domains)
    ]
    data = {
        "region": "eu-west-1",
        "vpcs": {"main": {}},
        "roles": [f"studio-{d}" for d in range(domains)],
        "domains": made,
    }
    return Estate(f"generated:{domains}x{profiles}", "123456789012", "eu-west-1", data)


def _epoch(value: object) -> float:
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
    else:
        moment = datetime.fromisoformat(str(value)).replace(tzinfo=UTC)
    return moment.timestamp()


class _Populator:
    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.data = estate.data
        self.places: dict[str, str] = {}
        self.roles: set[str] = set()
        self.created = self.epoch(self.data.get("created", CREATED))

    def backend(self, region: str) -> StudioBackend:
        found: StudioBackend = self.place(studio_backends, region)
        return found

    def epoch(self, value: object) -> float:
        try:
            return _epoch(value)
        except ValueError as error:
            raise ConfigError(f"{self.estate.name}: {value!r} is not a date", hint="Example: 2026-03-01") from error

    def place(self, backends: Any, region: object) -> Any:
        """A service's backend of the estate's account in a region."""
        try:
            return backends[self.estate.account][region]
        except KeyError as error:
            raise ConfigError(f"{self.estate.name}: there is no region {region!r}") from error

    def check(self, operation: str, request: Mapping[str, Any]) -> None:
        model = operation_model("sagemaker", operation)
        assert model is not None, operation  # a name of this module
        try:
            validate(model, request)
        except ApiError as error:
            raise ConfigError(f"{self.estate.name}: {operation}: {error.message}") from error

    def put_status(self, document: dict[str, Any], shape: str, status: str | None) -> None:
        """Another status than the one that a new resource has."""
        if status is None:
            return
        allowed = getattr(service_model("sagemaker").shape_for(shape), "enum", ())
        if status not in allowed:
            raise ConfigError(f"{self.estate.name}: status {status!r} is none of {', '.join(allowed)}")
        document["Status"] = status

    def resolve(self, value: Any) -> Any:
        """``$NAME``, ``lifecycle:NAME`` and ``role:NAME`` replaced, all the way down."""
        if isinstance(value, dict):
            return {k: self.resolve(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.resolve(v) for v in value]
        if isinstance(value, str) and value.startswith("$"):
            if value not in self.places:
                raise ConfigError(f"{self.estate.name}: there is no VPC {value!r}")
            return self.places[value]
        if isinstance(value, str) and value.startswith("lifecycle:"):
            name = value.removeprefix("lifecycle:")
            return self.backend(self.estate.region).arn("studio-lifecycle-config", name.lower())
        if isinstance(value, str) and value.startswith("role:"):
            name = value.removeprefix("role:")
            if name not in self.roles and name not in (self.data.get("missing_roles") or ()):
                self.roles.add(surroundings.make_role(self.estate.account, self.estate.partition, name))
            return f"arn:{self.estate.partition}:iam::{self.estate.account}:role/{name}"
        return value

    def network(self) -> None:
        import moto.backends as moto_backends
        from moto.moto_api._internal import mock_random

        mock_random.seed(42)
        simulated_networks.name_regions(self.estate.account, self.estate.partition)
        for number, (name, vpc) in enumerate((self.data.get("vpcs") or {}).items()):
            region = (vpc or {}).get("region", self.estate.region)
            ec2 = self.place(moto_backends.get_backend("ec2"), region)
            if (vpc or {}).get("default"):
                made = ec2.get_default_vpc()
                subnets = [s for zone in ec2.subnets.values() for s in zone.values() if s.vpc_id == made.id][:2]
            else:
                made = ec2.create_vpc(f"10.{number + 1}.0.0/16")
                zones = int((vpc or {}).get("zones", 2))
                subnets = [
                    ec2.create_subnet(
                        made.id, f"10.{number + 1}.{n}.0/24", availability_zone=f"{region}{'ab'[n % zones]}"
                    )
                    for n in range(2)
                ]
                for subnet in subnets:
                    # moto gives out public addresses in every subnet; AWS only in those of a default VPC.
                    subnet.map_public_ip_on_launch = False
            self.places[f"${name}"] = made.id
            for n, subnet in enumerate(subnets):
                self.places[f"${name}.{n}"] = subnet.id
            endpoints = (vpc or {}).get("endpoints", True)
            if endpoints:
                simulated_networks.make_endpoints(self.estate.account, region, made.id, opened=endpoints == "open")
            if (vpc or {}).get("public"):
                simulated_networks.make_public(self.estate.account, region, made.id, [s.id for s in subnets])
        for name, vpc in (self.data.get("vpcs") or {}).items():
            region = (vpc or {}).get("region", self.estate.region)
            ids = [self.places[place] for place in (f"${name}", f"${name}.0", f"${name}.1")]
            groups = simulated_networks.make_guards(self.estate.account, region, ids[0], ids[1:], vpc or {})
            self.places |= {f"${name}.{group}": id_ for group, id_ in groups.items()}
        self.roles = {
            surroundings.make_role(self.estate.account, self.estate.partition, role)
            for role in self.data.get("roles") or ()
        }

    def domain(self, given: Mapping[str, Any]) -> None:
        entry: dict[str, Any] = self.resolve(dict(given))
        region = entry.pop("region", self.estate.region)
        backend, created = self.backend(region), self.epoch(entry.pop("created", CREATED))
        vpc = entry.pop("vpc", None)
        if vpc:
            entry["VpcId"], *entry["SubnetIds"] = self.resolve([f"${vpc}", f"${vpc}.0", f"${vpc}.1"])
        inside = {name: entry.pop(name, None) or [] for name in ("profiles", "spaces", "apps", "sign_ins", "changes")}
        status, domain_id = entry.pop("status", None), entry.pop("id", "")
        efs = entry.pop("efs", True)
        entry.setdefault("DefaultUserSettings", {})
        self.check("CreateDomain", entry)
        document = backend.create_domain(entry, domain_id, created)
        self.put_status(document, "DomainStatus", status)
        if not efs:
            document.pop("HomeEfsFileSystemId", None)
        for profile in inside["profiles"]:
            profile = {"UserProfileName": profile} if isinstance(profile, str) else dict(profile)
            self.profile(backend, document, profile, created)
        for space in inside["spaces"]:
            self.space(backend, document, dict(space), created)
        for app in inside["apps"]:
            self.app(backend, document, dict(app), created)
        for sign_in in inside["sign_ins"]:
            backend.events += surroundings.events(self.estate.account, region, document["DomainId"], sign_in)
        for call in inside["changes"]:
            backend.events.append(surroundings.change(self.estate.account, region, document["DomainId"], call))

    def profile(self, backend: StudioBackend, domain: Mapping[str, Any], entry: dict[str, Any], created: float) -> None:
        request = {"DomainId": domain["DomainId"], **entry}
        user = request.pop("sso", None)
        if user:
            request |= {"SingleSignOnUserIdentifier": "UserName", "SingleSignOnUserValue": user}
        status, moment = request.pop("status", None), request.pop("created", None)
        role = request.pop("role", None)
        if role:
            request.setdefault("UserSettings", {})["ExecutionRole"] = self.resolve(f"role:{role}")
        self.check("CreateUserProfile", request)
        document = backend.create_profile(request, created if moment is None else self.epoch(moment))
        self.put_status(document, "UserProfileStatus", status)

    def space(self, backend: StudioBackend, domain: Mapping[str, Any], entry: dict[str, Any], created: float) -> None:
        request = {"DomainId": domain["DomainId"], **entry}
        gone = request.pop("owner_gone", False)
        owner, sharing = request.pop("owner", None), request.pop("sharing", "Private")
        app_type, status = request.pop("app_type", None), request.pop("status", None)
        if owner:
            request["OwnershipSettings"] = {"OwnerUserProfileName": owner}
            request["SpaceSharingSettings"] = {"SharingType": sharing}
        if app_type:
            request.setdefault("SpaceSettings", {})["AppType"] = app_type
        self.check("CreateSpace", request)
        document = backend.create_space(request, created, check_owner=not gone)
        self.put_status(document, "SpaceStatus", status)

    def app(self, backend: StudioBackend, domain: Mapping[str, Any], entry: dict[str, Any], created: float) -> None:
        request = {"DomainId": domain["DomainId"], "AppName": "default", **entry}
        status = request.pop("status", None)
        if "age_days" in request:
            created = today() - DAY * request.pop("age_days")
        for short, member in (("profile", "UserProfileName"), ("space", "SpaceName"), ("type", "AppType")):
            if short in request:
                request[member] = request.pop(short)
        instance = request.pop("instance", None)
        if instance:
            request["ResourceSpec"] = {"InstanceType": instance}
        self.check("CreateApp", request)
        # A deleted app stays in the list for a day, so it is given a creation time of its own but no age as deleted.
        document = backend.create_app(request, created)
        self.put_status(document, "AppStatus", status)

    def rest(self) -> None:
        for entry in self.data.get("partner_apps") or ():
            entry = dict(entry)
            region, status = entry.pop("region", self.estate.region), entry.pop("status", None)
            ends = entry.pop("end_of_life", None)
            request = {"ExecutionRoleArn": "role:partner", "Tier": "small", "AuthType": "IAM", **entry}
            request = self.resolve(request)
            self.check("CreatePartnerApp", request)
            document = self.backend(region).create_partner_app(request, self.created)
            document |= {"CurrentVersionEolDate": self.epoch(ends)} if ends else {}
            self.put_status(document, "PartnerAppStatus", status)
        for entry in self.data.get("lifecycle_configs") or ():
            request = {
                "StudioLifecycleConfigName": entry["name"],
                "StudioLifecycleConfigAppType": entry.get("app_type", "JupyterLab"),
                "StudioLifecycleConfigContent": base64.b64encode(entry["script"].encode()).decode(),
            }
            self.check("CreateStudioLifecycleConfig", request)
            self.backend(entry.get("region", self.estate.region)).create_lifecycle_config(request, self.created)
        for entry in self.data.get("image_versions") or ():
            self.backend(self.estate.region).create_image_version(entry, self.created)
        for key, call, make in (
            ("mlflow", "CreateMlflowTrackingServer", StudioBackend.create_mlflow),
            ("mlflow_apps", "CreateMlflowApp", StudioBackend.create_mlflow_app),
        ):
            for entry in map(self.resolve, map(dict, self.data.get(key) or ())):
                region = entry.pop("region", self.estate.region)
                self.check(call, entry)
                make(self.backend(region), entry, self.created)
        for name in self.estate.regions:
            self.backend(name).aws_managed_keys.update(self.data.get("aws_managed_keys") or ())
            self.backend(name).keys_without_rotation.update(self.data.get("keys_without_rotation") or ())
        account, region = self.estate.account, self.estate.region
        account_facts.make(self.data, self.estate.regions, self.backend)
        if self.data.get("identity_center"):
            account_facts.make_people(account, self.estate.regions, self.data["identity_center"], self.backend)
        for entry in self.data.get("trails") or ():
            surroundings.make_trail(account, region, entry)
        for entry in self.data.get("log_groups") or ():
            surroundings.make_log_group(account, region, entry, self.created)


def populate(estate: Estate) -> None:
    """Fill the backends. Raises ConfigError where AWS would refuse what the estate says."""
    populator = _Populator(estate)
    try:
        populator.network()
        for domain in estate.data["domains"]:
            populator.domain(domain)
        populator.rest()
    except ApiError as error:
        raise ConfigError(f"{estate.name}: {error.message}") from error
