"""Which TCP ports answer, on every address of both families."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from probes.endpoint import addresses
from probes.framework import refused
from probes.observation import Facts, GapReason, Sighting, Subject
from probes.outlook import Outlook, Sending, connecting, remembering
from probes.registry import probe
from probes.target import Address, Family, Target, Transport
from probes.wire import NotLooked, PortState, Surroundings, Wire
from probes.wire.ledger import What

DEADLINE = 600.0
PATIENCE = 540.0
"""Seconds for all addresses together. A silent one may take minutes, as silence slows us down; what many of them leave
no time for is a gap, and has its turn at another look."""


@dataclass(frozen=True, slots=True)
class TcpPorts(Facts):
    """The state of every port looked at on one address, each list in ascending order.

    *closed* answered with a reset, *filtered* stayed silent, *unreachable* drew an ICMP error. *answered* is whether
    any port was open or closed; None where none was: a silent address, an absent one and a broken path look alike.
    """

    open: tuple[int, ...]
    closed: tuple[int, ...]
    filtered: tuple[int, ...]
    unreachable: tuple[int, ...]
    answered: bool | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "answered", True if self.open or self.closed else None)


_WORDS = {
    "open": ("开放", "open"),
    "closed": ("关闭", "closed"),
    "filtered": ("无应答的端口", "filtered"),
    "unreachable": ("不可达的端口", "unreachable"),
    "answered": ("有应答", "answered"),
}


def _ports(target: Target, surroundings: Surroundings) -> list[int]:
    declared = {service.port for service in target.declared if service.transport is Transport.TCP}
    return sorted(declared | set(surroundings.scan_ports))


def _sends(outlook: Outlook) -> Iterator[Sending]:
    looked_at = len(_ports(outlook.target, outlook.surroundings)) * outlook.places
    yield remembering()
    yield connecting(What.SYN if outlook.syn else What.TCP_CONNECT, looked_at)


@probe(
    facts=TcpPorts,
    words=_WORDS,
    doing=("探测端口", "looking at ports"),
    every=6 * 3600.0,
    deadline=DEADLINE,
    sends=_sends,
)
async def tcp_ports(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """Which TCP ports of the target are open, closed or filtered, on each address of each family?

    Ports looked at are those the target declares in either family, so that the families can be compared, and the
    policy's list of ports that should not be exposed. An address is told whole or not at all. Who is first changes by
    the hour, so that no address is always the one there is no time for.

    Source: GB/T 22239-2019 8.1.4.4 (close ports not needed); RFC 7381 3.2 (congruent policy for both families).
    """
    ports = _ports(target, wire.surroundings)
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE
    places: list[Address] = []
    async for found in addresses(target, wire):
        if isinstance(found, Sighting):
            yield found
        else:
            places.append(found)
    for address in _in_turn(places, wire.now()):
        try:
            async with asyncio.timeout_at(end):
                sighting = await _address(address, ports, wire)
        except TimeoutError:
            sighting = Sighting(Subject(family=Family.of(address), address=address), GapReason.BUDGET_SPENT)
        yield sighting


def _in_turn(places: list[Address], now: dt.datetime) -> list[Address]:
    """Return *places* from another one on every hour, drawn by lot, so that no interval of looks keeps one waiting."""
    first = int(random.Random(int(now.timestamp()) // 3600).random() * len(places))
    return places[first:] + places[:first]


async def _address(address: Address, ports: list[int], wire: Wire) -> Sighting:
    subject = Subject(family=Family.of(address), address=address)
    try:
        looks = await wire.scan(address, ports)
    except NotLooked as refusal:
        return refused(subject, refusal)
    by_state: dict[str, list[int]] = {state: [] for state in PortState}
    for look in looks:
        by_state[look.state].append(look.port)
    times = sorted(look.seconds for look in looks if look.state is PortState.OPEN)
    median = times[len(times) // 2] if times else 0.0
    return Sighting(subject, TcpPorts(**{state: tuple(of) for state, of in by_state.items()}), median)
