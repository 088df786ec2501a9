"""Two engines, one answer: ports by SYNs where there is a packet process, by connections where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import cast

import pytest

from probes.observation import Failure, GapReason
from probes.target import Address
from probes.wire import NotLooked, PortLook, PortState, Unreached
from probes.wire.account import Account
from probes.wire.gathering import Swept
from probes.wire.ledger import What
from probes.wire.scan import PortScanner
from probes.wire.tcp import TcpConnector
from tests.probes.wire_world import FREE, V6, guard

ACCOUNT = Account("www")
FOURS = replace(FREE, per_host=4.0)
MAPPED = ip_address("::ffff:127.0.0.1")


@dataclass
class Engines:
    """Both engines, told beforehand what every port is."""

    told: dict[int, Failure | GapReason] = field(default_factory=dict)
    able: bool = False
    losing: bool = False
    swept: list[tuple[int, ...]] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)

    async def can_scan(self) -> bool:
        return self.able

    async def scan(self, addresses: Sequence[Address], ports: Sequence[int], *, rate: float, per_host: float) -> Swept:
        self.swept.append(tuple(ports))
        if gap := next((told for port in ports if isinstance(told := self.told.get(port), GapReason)), None):
            raise NotLooked(gap)
        looks = tuple(PortLook(port, PortState.CLOSED) for port in ports)
        unseen = {addresses[0]: NotLooked(GapReason.OVERLOADED)} if self.losing else {}
        return Swept({} if self.losing else {addresses[0]: looks}, unseen, len(ports) + 1)

    async def connect(self, address: Address, port: int, timeout: float, account: Account) -> float:
        await asyncio.sleep(0)
        match self.told.get(port):
            case Failure() as failure:
                raise Unreached(failure)
            case GapReason() as reason:
                raise NotLooked(reason)
        try:
            await asyncio.sleep(60 if port > 1000 else 0)
        finally:
            self.ended.append(port)
        return 0.25


def scanner(engines: Engines) -> PortScanner:
    return PortScanner(guard(limits=FOURS), engines, cast(TcpConnector, engines))


@pytest.mark.parametrize(
    ("told", "state"),
    [
        (Failure.CONNECTION_REFUSED, PortState.CLOSED),
        (Failure.CONNECTION_RESET, PortState.CLOSED),
        (Failure.CONNECTION_TIMEOUT, PortState.FILTERED),
        (Failure.ADMIN_PROHIBITED, PortState.UNREACHABLE),
        (Failure.HOST_UNREACHABLE, PortState.UNREACHABLE),
        (Failure.NETWORK_UNREACHABLE, PortState.UNREACHABLE),
    ],
)
async def test_every_refusal_of_a_connection_has_its_state(told: Failure, state: PortState) -> None:
    looks = await scanner(Engines({25: told})).scan(V6, (25, 80), ACCOUNT)
    assert looks == (PortLook(25, state), PortLook(80, PortState.OPEN, 0.25))


async def test_with_a_packet_process_nothing_is_connected_and_the_guard_is_asked_for_a_second_at_a_time() -> None:
    engines, door = Engines(able=True), guard(limits=FOURS)
    looks = await PortScanner(door, engines, cast(TcpConnector, engines)).scan(V6, range(1, 7), ACCOUNT)
    assert [look.port for look in looks] == [1, 2, 3, 4, 5, 6]
    assert sorted(engines.swept) == [(1, 2, 3, 4), (5, 6)]
    assert engines.ended == []
    assert door.ledger.counts == {What.SYN: 8}


async def test_a_mapped_address_is_never_put_on_the_wire_as_one_of_ipv6() -> None:
    engines = Engines({80: Failure.NETWORK_UNREACHABLE}, able=True)
    assert await scanner(engines).scan(MAPPED, (80,), ACCOUNT) == (PortLook(80, PortState.UNREACHABLE),)
    assert engines.swept == []


@pytest.mark.parametrize("able", [True, False])
async def test_one_port_that_cannot_be_looked_at_leaves_the_address_untold(able: bool) -> None:
    engines = Engines({1: GapReason.STOPPED}, able=able)
    with pytest.raises(NotLooked, match="stopped"):
        await asyncio.wait_for(scanner(engines).scan(V6, (1, 2001, 2002), ACCOUNT), 5.0)
    assert engines.ended == ([] if able else [2001, 2002])


async def test_an_address_not_seen_to_the_end_is_a_gap_and_its_packets_count() -> None:
    engines, door = Engines(able=True, losing=True), guard(limits=FOURS)
    with pytest.raises(NotLooked, match="overloaded"):
        await PortScanner(door, engines, cast(TcpConnector, engines)).scan(V6, (80,), ACCOUNT)
    assert door.ledger.counts == {What.SYN: 2}


async def test_a_look_that_is_cancelled_takes_its_connections_along() -> None:
    engines = Engines()
    running = asyncio.create_task(scanner(engines).scan(V6, (2001, 2002), ACCOUNT))
    await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert engines.ended == [2001, 2002]


async def test_out_of_scope_neither_engine_is_asked() -> None:
    engines = Engines(able=True)
    with pytest.raises(NotLooked, match="out_of_scope"):
        await scanner(engines).scan(ip_address("203.0.113.1"), (80,), ACCOUNT)
    assert engines.swept == []
