"""The interfaces of a network device: up or down, how full, and how much of it is IPv6."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from probes.device import UPTIME, sends, walking
from probes.endpoint import addresses
from probes.framework import refused
from probes.link import Counters, Flow, counters, flow
from probes.observation import SAMPLE, Facts, Sighting, Subject
from probes.registry import probe
from probes.target import Address, Family, Kind, SnmpAccess, Target
from probes.text import clean
from probes.wire import NotLooked, Unreached, Wire

APART = 30.0
"""Seconds between the two readings: agents bring their counters up to date every few seconds only."""
MOST = 512
"""Interfaces told of one device."""
_DESCRIBING = (
    "1.3.6.1.2.1.31.1.1.1.1",  # ifName
    "1.3.6.1.2.1.2.2.1.7",  # ifAdminStatus
    "1.3.6.1.2.1.2.2.1.8",  # ifOperStatus
    "1.3.6.1.2.1.31.1.1.1.15",  # ifHighSpeed, in millions of bits a second
)
_COUNTING = (
    UPTIME,
    "1.3.6.1.2.1.31.1.1.1.6",  # ifHCInOctets
    "1.3.6.1.2.1.31.1.1.1.10",  # ifHCOutOctets
    "1.3.6.1.2.1.31.1.1.1.19",  # ifCounterDiscontinuityTime
)
_BY_VERSION = (
    "1.3.6.1.2.1.4.31.3.1.6",  # ipIfStatsHCInOctets
    "1.3.6.1.2.1.4.31.3.1.33",  # ipIfStatsHCOutOctets
)
_UP = 1


@dataclass(frozen=True, slots=True)
class SnmpInterfaces(Facts):
    """One interface. *uplink*: the inventory says that it is one; *wanted*: it is switched on; *up*: it works.

    *up* and *wanted* are None for an uplink that the device does not have. *speed* is in bits a second, None where the
    agent does not say. *load* is the share of it that the busier direction takes. *ipv6_share* is the part of all IP
    octets that is IPv6's, None where the device does not count both versions. Flows are those between two readings, and
    None where a restart or a missing counter leaves them unknown.
    """

    uplink: bool
    wanted: bool | None
    up: bool | None
    speed: float | None
    in_bits: float | None = field(metadata=SAMPLE)
    out_bits: float | None = field(metadata=SAMPLE)
    load: float | None = field(metadata=SAMPLE)
    ipv6_share: float | None = field(metadata=SAMPLE)


_WORDS = {
    "uplink": ("上联口", "uplink"),
    "wanted": ("已启用", "switched on"),
    "up": ("连通", "up"),
    "speed": ("速率（比特/秒）", "speed (bit/s)"),
}


@dataclass(frozen=True, slots=True)
class _Interface:
    number: int
    name: str
    wanted: bool | None
    up: bool | None
    speed: float | None


@probe(
    facts=SnmpInterfaces,
    words=_WORDS,
    doing=("读取网络设备的接口", "reading interfaces of network devices"),
    every=300.0,
    deadline=240.0,
    kinds=frozenset({Kind.NETWORK_DEVICE}),
    sends=sends(usual=12, most=600),
)
async def snmp_interfaces(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """Which interfaces of the device are up, how full are they, and how much of what they carry is IPv6?

    The counters are 64 bits wide and read twice; the device's own clock tells how long that was. They are the device's,
    whichever address it is asked at: the first that answers is enough.

    Source: RFC 2863 (ifTable, ifXTable); RFC 4293 (ipIfStatsTable).
    """
    if target.snmp is None:
        return
    failures: list[Sighting] = []
    async for address in addresses(target, wire):
        if isinstance(address, Sighting):
            failures.append(address)
            continue
        try:
            found = await _device(target.snmp, address, wire)
        except (Unreached, NotLooked) as refusal:
            failures.append(refused(Subject(family=Family.of(address), address=address), refusal))
            continue
        for sighting in found:
            yield sighting
        return
    for failure in failures:
        yield failure


async def _device(access: SnmpAccess, address: Address, wire: Wire) -> list[Sighting]:
    known = await _interfaces(access, address, wire)
    before = await _read(access, address, wire)
    await asyncio.sleep(APART)
    after = await _read(access, address, wire)
    return list(_told(access, known, before, after))


async def _interfaces(access: SnmpAccess, address: Address, wire: Wire) -> list[_Interface]:
    table = await wire.walk(walking(access, _DESCRIBING, address))
    found: list[_Interface] = []
    taken: set[str] = set()
    for index, row in table.rows().items():
        if len(index) != 1 or 0 not in row or len(found) == MOST:
            continue
        name = clean(row[0].octets, 64) or str(index[0])
        name = f"{name}#{index[0]}" if name in taken else name
        taken.add(name)
        megabits = row[3].number if 3 in row else None
        wanted, up = (row[column].number == _UP if column in row else None for column in (1, 2))
        found.append(_Interface(index[0], name, wanted, up, megabits * 1e6 if megabits else None))
    return found


async def _read(access: SnmpAccess, address: Address, wire: Wire) -> Counters:
    interfaces = await wire.walk(walking(access, _COUNTING, address))
    return counters(interfaces, await wire.walk(walking(access, _BY_VERSION, address)))


def _told(access: SnmpAccess, known: list[_Interface], before: Counters, after: Counters) -> Iterator[Sighting]:
    for each in known:
        facts = _facts(each, flow(before, after, each.number), uplink=each.name in access.uplinks)
        yield Sighting(Subject(path=f"/{each.name}"), facts)
    for name in sorted(set(access.uplinks) - {each.name for each in known}):
        yield Sighting(Subject(path=f"/{name}"), SnmpInterfaces(True, None, None, None, None, None, None, None))


def _facts(each: _Interface, met: Flow, *, uplink: bool) -> SnmpInterfaces:
    load = None
    if met.in_bits is not None and met.out_bits is not None and each.speed:
        load = max(met.in_bits, met.out_bits) / each.speed
    return SnmpInterfaces(uplink, each.wanted, each.up, each.speed, met.in_bits, met.out_bits, load, met.ipv6_share)
