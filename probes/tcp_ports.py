"""Which TCP ports answer, on every address of both families."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from probes.endpoint import addresses
from probes.framework import refused
from probes.observation import Facts, Sighting, Subject
from probes.registry import probe
from probes.target import Address, Family, Target, Transport
from probes.wire import NotLooked, PortState, Wire


@dataclass(frozen=True, slots=True)
class TcpPorts(Facts):
    """The state of every port looked at on one address, each list in ascending order.

    *closed* answered with a reset, *filtered* stayed silent, *unreachable* drew an ICMP error.
    """

    open: tuple[int, ...]
    closed: tuple[int, ...]
    filtered: tuple[int, ...]
    unreachable: tuple[int, ...]


@probe(facts=TcpPorts, every=6 * 3600.0, deadline=600.0)
async def tcp_ports(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """Which TCP ports of the target are open, closed or filtered, on each address of each family?

    Ports looked at are those the target declares in either family, so that the families can be compared, and the
    policy's list of ports that should not be exposed. An address is told whole or not at all.

    Source: GB/T 22239-2019 8.1.4.4 (close ports not needed); RFC 7381 3.2 (congruent policy for both families).
    """
    declared = {service.port for service in target.declared if service.transport is Transport.TCP}
    ports = sorted(declared | set(wire.surroundings.scan_ports))
    async for address in addresses(target, wire):
        yield address if isinstance(address, Sighting) else await _address(address, ports, wire)


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
