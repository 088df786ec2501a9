"""What holds of the city's description before anything of it is built."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from monitor.configuration import read
from probes.target import Family
from tests.lab import city, hostile, scale
from tests.lab.config import write
from tests.lab.lifecycle import Lab, LabError
from tests.lab.network import nodes
from tests.lab.pki import Authority
from tests.lab.truth import bogus, truth

_OURS = tuple(ip_network(text) for text in ("198.18.0.0/15", "2001:db8::/32"))


def test_every_address_lies_where_nobody_lives() -> None:
    for node in nodes(scale=1):
        for address in node.addresses:
            assert any(address in network for network in _OURS), (node.name, address)


def test_no_two_hosts_share_an_address() -> None:
    owned = [address for node in nodes(scale=1) for address in node.addresses]
    assert len(owned) == len(set(owned))


def test_every_name_is_reserved_for_tests() -> None:
    told: dict[str, Any] = truth()
    names = [name for part in ("hosts", "zones", "hostile", "odd") for name in told[part]]
    assert all(name.endswith(".test") for name in names)


def test_interfaces_fit_their_names() -> None:
    assert all(len(f"to-{node.name}") <= 15 for node in nodes(scale=1))


def test_the_truth_is_json_and_the_same_each_time() -> None:
    assert json.dumps(truth(), ensure_ascii=False) == json.dumps(truth(), ensure_ascii=False)


def test_every_stage_of_the_ladder_has_hosts() -> None:
    told: dict[str, Any] = truth()
    stages = {host["ladder"] for host in told["hosts"].values()}
    assert stages == {"none", "published", "reachable", "equal", "deep", "ipv6_only", None}


def test_the_readme_tells_of_every_site_and_every_fault() -> None:
    text = Path(city.__file__).with_name("README.md").read_text()
    for site, host in city.hosts():
        assert site.zh in text
        for fault in (*site.faults, *host.faults):
            assert f"`{fault}`" in text, fault


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("::1", "loopback"),
        ("2002:c612::1", "six_to_four"),
        ("::ffff:198.18.0.1", "mapped"),
        ("2001:db8::1", ""),
        ("::", "unspecified"),
    ],
)
def test_addresses_without_a_place_in_public_dns_are_named(text: str, why: str) -> None:
    assert bogus(ip_address(text)) == why


def test_hostile_hosts_have_names_of_their_own() -> None:
    hosts = hostile.site().hosts
    assert len({host.name for host in hosts}) == len({host.number for host in hosts}) == len(hosts)


@pytest.mark.parametrize("count", [1, 16, 2000, 65536])
def test_the_crowd_owns_exactly_its_addresses(count: int) -> None:
    owned = [ip_network(line.split()[3]) for line in scale.routes(count) if " local " in line]
    for family, version in ((Family.IPV4, 4), (Family.IPV6, 6)):
        networks = [network for network in owned if network.version == version]
        assert sum(network.num_addresses for network in networks) == count
        assert any(scale.address(count - 1, family) in network for network in networks)


def test_a_folder_that_is_no_citys_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("precious")
    with pytest.raises(LabError, match="not empty"):
        Lab(tmp_path).down()
    assert (tmp_path / "letter").read_text() == "precious"


@pytest.mark.parametrize(("many", "with_hostile"), [(0, False), (100, True)])
def test_the_configuration_is_free_of_mistakes_and_keeps_to_the_city(
    tmp_path: Path, many: int, with_hostile: bool
) -> None:
    Authority.create(tmp_path)
    write(tmp_path / "config", tmp_path, many=many, with_hostile=with_hostile)
    config = read(tmp_path / "config").config
    told: dict[str, Any] = truth(many)
    names = {*told["hosts"], *(told["hostile"] | told["odd"] if with_hostile else ())}
    names |= {scale.name(index) for index in range(many)}
    assert config.targets.keys() >= names
    assert {target.agency for target in config.targets.values()} <= config.tree.agencies.keys()
    for host in told["hosts"].values():
        for text, about in host["addresses"].items():
            # An IPv4-mapped address is judged as the packet would travel: it is the host's own.
            within = about["bogus"] in ("", "mapped")
            assert (config.scope.refusal(ip_address(text)) is None) is within, text
    assert config.scope.refusal(ip_address("198.18.99.1")) is not None
