"""A Diaolou configuration of the city, as an operator who knows every host of it would write one."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import yaml

from probes.target import Family
from probes.wire import Contact
from tests.lab import city, ground, hostile, scale
from tests.lab.blame import UNTOLD
from tests.lab.lifecycle import PROJECT
from tests.lab.model import SUFFIX, Host, Name, Service, Site, ipv4, ipv6
from tests.lab.network import NAME_SERVERS, addresses_at, server_addresses
from tests.lab.odd import TRUTH as ODD
from tests.lab.zones import ODD_ZONE

Yaml = dict[str, object]

CITY = "kaiping"
_COPIED = ("schedule.yaml",)
"""Files that say nothing about a place: the project's samples serve as they are."""
_STEADY = (31, 32)
"""The sites police and land, whose www has no fault, and at which no fault that is injected aims."""
_CROWDS = 40
"""Agencies the many hosts are shared among, so that no agency's pace is the bench's."""


def write(folder: Path, state: Path, *, many: int = 0, with_hostile: bool = False, patience: float = 1.0) -> None:
    """Write the configuration to *folder*; *state* is the running city's folder, which holds its authority."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _COPIED:
        shutil.copyfile(PROJECT / "config" / name, folder / name)
    (folder / "policy.yaml").write_text("".join(_policy()), encoding="utf-8")
    sites = (*city.SITES, hostile.site()) if with_hostile else city.SITES
    _dump(folder / "agencies.yaml", {"agencies": list(_agencies(sites, many))})
    targets = [_target(site, host) for site in sites for host in site.hosts]
    if with_hostile:
        targets += [{"host": f"{name}.{ODD_ZONE}", "agency": hostile.site().key} for name in ODD]
    _dump(folder / "targets.yaml", {"targets": targets})
    _dump(folder / "diaolou.yaml", _daemon(folder.absolute(), state.absolute(), sites, many, patience))
    if many:
        _crowd(folder / "targets.csv", many)


def _policy() -> Iterator[str]:
    """Yield the lines of the sample policy, without the rules and ports that the city's truth says nothing of."""
    for line in (PROJECT / "config" / "policy.yaml").read_text(encoding="utf-8").splitlines(keepends=True):
        key, _, value = line.partition(":")
        if key == "watched_ports":
            yield f"{key}: {[port for port in yaml.safe_load(value) if port not in ground.UNTOLD_PORTS]}\n"
        elif key == "official_domains":
            yield f"{key}: [{SUFFIX}]\n"
        elif key.strip() not in UNTOLD.union(map(str, ground.UNTOLD_PORTS)):
            yield line


def _dump(path: Path, content: Yaml) -> None:
    path.write_text("# 演示数据 demo data\n" + yaml.safe_dump(content, allow_unicode=True, sort_keys=False))


def _agencies(sites: tuple[Site, ...], many: int) -> Iterator[Yaml]:
    yield {"code": "jiangmen", "name": {"zh": "江门市", "en": "Jiangmen City"}, "tier": "city"}
    yield {"code": CITY, "name": {"zh": "开平市", "en": "Kaiping City"}, "tier": "county", "parent": "jiangmen"}
    for site in sites:
        yield _agency(site.key, site.zh, site.en, site.tier)
    for channel in city.CHANNELS:
        yield _agency(channel.key, channel.zh, channel.en, "town")
    for number in range(_CROWDS if many else 0):
        yield _agency(f"crowd-{number:02d}", f"规模演示 {number:02d}", f"Crowd {number:02d}", "county")


def _agency(code: str, zh: str, en: str, tier: str) -> Yaml:
    contact = {"role": "technical", "name": "演示联系人", "mail": f"it@{code}.{SUFFIX}"}
    return {"code": code, "name": {"zh": zh, "en": en}, "tier": tier, "parent": CITY, "contacts": [contact]}


def _target(site: Site, host: Host) -> Yaml:
    ports: Yaml = {"tcp": sorted(host.declared)}
    # A host without an IPv4 record never meant to offer anything over it; one without AAAA should.
    declared = ports if Family.IPV4 in host.records else {str(Family.IPV6): ports}
    website = host.ports.keys() & {80, 443} and Service.HOSTILE not in host.ports.values()
    return {
        "host": site.fqdn(host),
        "agency": site.key,
        "kind": "website" if website else "server",
        "value": host.value,
        "paths": ["/", *host.web.channels],
        "declared": declared,
    }


def controls() -> dict[Family, tuple[Contact, ...]]:
    """Return what proves a vantage of the city: for each port that most is offered on, two that answer."""
    servers = [server_addresses(name) for name in (Name.NS1, Name.NS3)]
    return {
        family: (
            *(Contact(own(site, 10), port) for port in (443, 80) for site in _STEADY),
            *(Contact(address, 53) for each in servers for address in each if Family.of(address) is family),
        )
        for family, own in ((Family.IPV4, ipv4), (Family.IPV6, ipv6))
    }


def _written(contact: Contact) -> str:
    host = str(contact.address) if contact.address.version == 4 else f"[{contact.address}]"
    return f"{host}:{contact.port}"


def _daemon(folder: Path, state: Path, sites: tuple[Site, ...], many: int, patience: float) -> Yaml:
    return {
        "city": CITY,
        "contact": f"https://www.{SUFFIX}/about-our-probes",
        "vantage": {"name": "lab", "zone": "internet", "families": ["ipv4", "ipv6"]},
        "surroundings": {
            "resolvers": [str(address) for address in addresses_at(city.RESOLVER)],
            "control_name": f"www.{SUFFIX}",
            "controls": {str(family): [*map(_written, contacts)] for family, contacts in controls().items()},
            "roots": roots(),
            "native": _native(),
        },
        "scope": {
            "allow": [*_prefixes(site.number for site in sites), *(_crowd_prefixes() if many else ())],
            "deny": [],
            "name_servers": list(_prefixes((city.ROOT, city.HOSTILE, *NAME_SERVERS.values()))),
        },
        "limits": {
            "overall": 5000,
            "per_host": 200,
            "per_agency": 1000,
            "concurrent": 512,
            "per_host_concurrent": 32,
            "patience": patience,
        },
        "authorities": [str(state / "ca.pem")],
        "store": {"url": f"sqlite:///{folder / 'diaolou.sqlite'}"},
        "metrics": {"listen": "127.0.0.1:9817"},
        "packets": {"socket": str(folder / "packets.sock")},
        "language": "zh",
        "time_zone": "Asia/Shanghai",
    }


def roots() -> list[str]:
    """Return the root's servers over IPv6; on loopback there are none that could be told apart."""
    return [] if ground.ON_LOOPBACK else [str(each) for each in addresses_at(city.ROOT) if each.version == 6]


def _prefixes(numbers: Iterator[int] | tuple[int, ...]) -> Iterator[str]:
    """Yield what each site owns, and nothing between: a redirect elsewhere leads out of scope."""
    for number in numbers:
        yield f"{ground.PREFIX4}.{number}.0/24"
        if not ground.ON_LOOPBACK:
            yield f"{ground.PREFIX6}:{number}::/64"
    if ground.ON_LOOPBACK:
        yield f"{ground.ONE_FOR_ALL}/128"


def _native() -> list[str]:
    return ["127.0.0.0/8", "::1/128", "2001:db8::/32"] if ground.ON_LOOPBACK else ["198.18.0.0/15", "2001:db8::/32"]


def _crowd_prefixes() -> tuple[str, str]:
    return f"{scale.BASE4}/16", f"{scale.BASE6}/112"


def _crowd(path: Path, many: int) -> None:
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["host", "agency", "kind"])
        table.writerows((scale.name(index), f"crowd-{index % _CROWDS:02d}", "website") for index in range(many))
