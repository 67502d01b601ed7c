"""Estates: what the simulated account holds, and what is refused with a sentence that names the file."""

from __future__ import annotations

import socket
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.errors import ConfigError, ExitCode
from auditor.simulator import Simulator
from auditor.simulator.estate import load_estate, names

from .clients import client

Start = Callable[..., Simulator]
DOMAIN: dict[str, Any] = {"DomainName": "lab", "AuthMode": "IAM", "vpc": "main"}
BASE: dict[str, Any] = {"region": "eu-west-1", "vpcs": {"main": {}}, "domains": [DOMAIN]}
SSO = {"UserProfileName": "ana", "sso": "ana@example.com"}


def _write(folder: Path, content: dict[str, Any] | str | bytes) -> Path:
    path = folder / "estate.yaml"
    if isinstance(content, dict):
        # Without aliases, as a person would write it.
        content = yaml.safe_dump(deepcopy(content), sort_keys=False)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _refused(estate: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught, Simulator(estate):
        pass
    assert caught.value.exit_code is ExitCode.USAGE
    return caught.value


def test_the_embedded_ones_are_known_by_name() -> None:
    assert set(names()) == {"acme", "clean"}
    assert load_estate("clean").region == "eu-west-1"


@pytest.mark.parametrize("name", names())
def test_an_embedded_one_holds_what_its_file_says(simulated: Start, name: str) -> None:
    simulator = simulated(name)
    for region in simulator.estate.regions:
        found = {d["DomainName"]: d["Status"] for d in client(simulator, region=region).list_domains()["Domains"]}
        domains = simulator.estate.data["domains"]
        expected = {d["DomainName"] for d in domains if d.get("region", simulator.estate.region) == region}
        assert found == dict.fromkeys(expected, "InService")


@pytest.mark.parametrize("name", ["nobody", ".", "acme.expected"])
def test_an_unknown_one_is_refused_and_the_known_ones_are_named(name: str) -> None:
    error = _refused(name)
    assert repr(name) in error.message
    assert "acme" in error.hint
    assert "clean" in error.hint


def test_generated_has_the_size_that_was_asked_for(simulated: Start) -> None:
    studio = client(simulated("generated:2x5"))
    domains = [d["DomainId"] for d in studio.list_domains()["Domains"]]
    assert len(domains) == 2
    for domain_id in domains:
        assert len(studio.list_user_profiles(DomainIdEquals=domain_id)["UserProfiles"]) == 5


def test_generated_with_nothing_is_an_empty_account(simulated: Start) -> None:
    assert client(simulated("generated:0x0")).list_domains()["Domains"] == []


def test_generated_is_the_same_every_time() -> None:
    assert load_estate("generated:2x30").data == load_estate("generated:2x30").data


@pytest.mark.parametrize("name", ["generated:", "generated:2", "generated:2y5", "generated:-1x5", "generated:ax5"])
def test_generated_with_a_wrong_size_is_refused(name: str) -> None:
    assert name in _refused(name).message


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("region: eu-west-1\ndomains:\n  - DomainName: [lab\n", 4),
        ("region: eu-west-1\n\tdomains: []\n", 2),
        ("region: eu-west-1\ndomains: []\nabout: \x01\n", 3),
        (b"region: eu-west-1\n# \xff\ndomains: []\n", 2),
        ("- region\n- domains\n", 1),
        ("", 1),
        ("region: eu-west-1\n", 1),
    ],
)
def test_a_broken_file_is_named_with_the_line(tmp_path: Path, content: str | bytes, line: int) -> None:
    path = _write(tmp_path, content)
    assert _refused(str(path)).message.startswith(f"{path}:{line}: ")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"roels": []}, "roels"),
        ({"account": "12"}, "account"),
        ({"region": "mars-north-1"}, "mars-north-1"),
        ({"region": 5}, "region"),
        ({"roles": "studio"}, "roles"),
        ({"vpcs": ["main"]}, "vpcs"),
        ({"vpcs": {"main": {"region": "mars-north-1"}}}, "mars-north-1"),
        ({"region": "us-iso-east-1"}, "region us-iso-east-1 is in aws-iso"),
        ({"domains": [{**DOMAIN, "region": "us-isob-east-1"}]}, "region us-isob-east-1 is in aws-iso-b"),
        # An account is in one partition.
        ({"domains": [{**DOMAIN, "region": "cn-north-1"}]}, "eu-west-1 and cn-north-1 are in two partitions"),
        ({"domains": None}, "domains"),
        ({"domains": ["lab"]}, "domains"),
        ({"domains": [DOMAIN, DOMAIN]}, "lab"),
        ({"partner_apps": [{"Name": "x", "Type": "minesweeper"}]}, "minesweeper"),
        ({"partner_apps": [{"Name": "x-y", "Type": "comet"}]}, "x-y"),
        ({"partner_apps": [{"Name": "x", "Type": "comet", "status": "Asleep"}]}, "Asleep"),
        ({"mlflow": [{"TrackingServerName": "x"}]}, "ArtifactStoreUri"),
    ],
)
def test_an_estate_that_cannot_be_is_refused(tmp_path: Path, change: dict[str, Any], word: str) -> None:
    path = _write(tmp_path, BASE | change)
    error = _refused(str(path))
    assert error.message.startswith(str(path))
    assert word in error.message.removeprefix(str(path))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"AuthMode": "LDAP"}, "LDAP"),
        ({"AuthMode": None}, "AuthMode"),
        ({"Nope": 1}, "Nope"),
        ({"vpc": "nowhere"}, "nowhere"),
        ({"VpcId": "$nowhere"}, "nowhere"),
        ({"created": "yesterday"}, "yesterday"),
        ({"region": "mars-north-1"}, "mars-north-1"),
        ({"status": "Asleep"}, "Asleep"),
        ({"DefaultUserSettings": "none"}, "DefaultUserSettings"),
        ({"DefaultUserSettings": {"DefaultLandingUri": "studio::", "StudioWebPortal": "DISABLED"}}, "StudioWebPortal"),
        ({"profiles": "ana"}, "profiles"),
        ({"profiles": [5]}, "profiles"),
        ({"profiles": ["ana", "Ana"]}, "Ana"),
        ({"profiles": ["ana maria"]}, "ana maria"),
        ({"profiles": [SSO]}, "SingleSignOnUserValue"),
        ({"AuthMode": "SSO", "profiles": ["ana"]}, "SingleSignOnUserValue"),
        ({"profiles": [{"UserProfileName": "ana", "status": "Asleep"}]}, "Asleep"),
        ({"profiles": [{"UserProfileName": "ana", "UserSettings": {"StudioWebPortal": "MAYBE"}}]}, "MAYBE"),
        ({"spaces": [{"SpaceName": "lab", "owner": "nobody"}]}, "nobody"),
        ({"spaces": [{"SpaceName": "lab", "app_type": "Minesweeper"}]}, "Minesweeper"),
        ({"spaces": ["lab"]}, "spaces"),
        ({"apps": [{"profile": "nobody", "type": "Canvas"}]}, "nobody"),
        ({"apps": [{"space": "nowhere", "type": "Canvas"}]}, "nowhere"),
        ({"apps": [{"type": "Canvas"}]}, "SpaceName"),
        ({"profiles": ["ana"], "apps": [{"profile": "ana", "type": "Canvas", "status": "Asleep"}]}, "Asleep"),
    ],
)
def test_a_domain_that_cannot_be_is_refused(tmp_path: Path, change: dict[str, Any], word: str) -> None:
    domain = {k: v for k, v in (DOMAIN | change).items() if v is not None}
    path = _write(tmp_path, BASE | {"domains": [domain]})
    error = _refused(str(path))
    assert error.message.startswith(str(path))
    assert word in error.message.removeprefix(str(path))


def test_the_file_that_the_refused_ones_are_made_of_is_good(tmp_path: Path, simulated: Start) -> None:
    studio = client(simulated(str(_write(tmp_path, BASE | {"domains": [DOMAIN | {"profiles": ["ana"]}]}))))
    assert [p["UserProfileName"] for p in studio.list_user_profiles()["UserProfiles"]] == ["ana"]


def test_the_account_is_the_file_s(tmp_path: Path, simulated: Start) -> None:
    simulator = simulated(str(_write(tmp_path, BASE | {"account": "210987654321"})))
    assert client(simulator, "sts").get_caller_identity()["Account"] == "210987654321"
    (domain,) = client(simulator).list_domains()["Domains"]
    assert domain["DomainArn"].split(":")[4] == "210987654321"
    vpc = client(simulator).describe_domain(DomainId=domain["DomainId"])["VpcId"]
    assert client(simulator, "ec2").describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["VpcId"] == vpc


def test_a_new_simulator_forgets_the_one_before(simulated: Start) -> None:
    simulated("generated:1x3")
    simulator = simulated("generated:0x0")
    assert client(simulator).list_user_profiles()["UserProfiles"] == []


def test_a_busy_port_is_refused_and_leaves_a_running_simulator_alone(
    simulated: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    running = simulated("generated:1x3")
    port = int(running.endpoint_url.rpartition(":")[2])
    with pytest.raises(ConfigError, match=str(port)) as caught:
        Simulator("clean", port=port).start()
    assert caught.value.exit_code is ExitCode.USAGE
    assert capfd.readouterr() == ("", "")
    assert len(client(running).list_user_profiles()["UserProfiles"]) == 3


def test_a_port_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="99999"):
        Simulator("generated:0x0", port=99999).start()


def test_the_port_is_free_again_afterwards() -> None:
    with Simulator("generated:0x0") as simulator:
        port = int(simulator.endpoint_url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        pass
    with Simulator("generated:0x0", port=port) as simulator:
        assert simulator.endpoint_url == f"http://127.0.0.1:{port}"
