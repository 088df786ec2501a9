"""What needs a family that the vantage lacks is not looked at, whatever the network would say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from ipaddress import ip_address

import pytest

from probes.observation import Failure, GapReason
from probes.target import Address, Family
from probes.wire import (
    DnsAnswer,
    DnsQuery,
    HttpRequest,
    NotLooked,
    PortLook,
    PortState,
    Surroundings,
    TlsRequest,
    Unreached,
    Wire,
)
from probes.wire.sighted import SightedWire
from tests.probes.scripted_wire import AT, ScriptedWire, addressed, response

V4, V6, MAPPED = ip_address("192.0.2.1"), ip_address("2001:db8::1"), ip_address("::ffff:192.0.2.1")

Asking = Callable[[Wire, Address], Awaitable[object]]


class _Talking(ScriptedWire):
    """Answers everything, and counts how often it was asked."""

    asked = 0

    async def ask(self, query: DnsQuery) -> DnsAnswer:
        self.asked += 1
        return DnsAnswer("NOERROR", False, False, (), (), (), 0.01)

    async def connect(self, address: Address, port: int, *, timeout: float = 4.0) -> float:
        self.asked += 1
        return timeout

    async def scan(self, address: Address, ports: Sequence[int]) -> tuple[PortLook, ...]:
        self.asked += 1
        return tuple(PortLook(port, PortState.FILTERED) for port in ports)

    async def fetch(self, request: HttpRequest):  # type: ignore[no-untyped-def]
        self.asked += 1
        return response()

    async def handshake(self, request: TlsRequest):  # type: ignore[no-untyped-def]
        self.asked += 1
        raise Unreached(Failure.TLS_ALERT)

    async def echo(self, address: Address, *, count: int = 3, timeout: float = 2.0) -> tuple[float, ...]:
        self.asked += 1
        return (timeout,) * count


async def _handshake(wire: Wire, address: Address) -> object:
    with pytest.raises(Unreached):
        await wire.handshake(TlsRequest(address, 443, "w"))
    return None


ASKING: dict[str, Asking] = {
    "ask": lambda wire, address: wire.ask(DnsQuery(address, "w", "A")),
    "connect": lambda wire, address: wire.connect(address, 80, timeout=7.0),
    "scan": lambda wire, address: wire.scan(address, (80, 443)),
    "fetch": lambda wire, address: wire.fetch(HttpRequest("http", address, 80, "w")),
    "handshake": _handshake,
    "echo": lambda wire, address: wire.echo(address, count=2, timeout=3.0),
}
each = pytest.mark.parametrize("asking", ASKING.values(), ids=ASKING)


def _unseen(sight: Collection[Family]) -> dict[Family, GapReason]:
    return {family: GapReason.blind(family) for family in Family if family not in sight}


@each
@pytest.mark.parametrize(
    ("sight", "address", "reason"),
    [
        ({Family.IPV4}, V6, GapReason.VANTAGE_BLIND_IPV6),
        ({Family.IPV4}, MAPPED, GapReason.VANTAGE_BLIND_IPV6),
        ({Family.IPV6}, V4, GapReason.VANTAGE_BLIND_IPV4),
        (set(), V4, GapReason.VANTAGE_BLIND_IPV4),
    ],
)
async def test_nothing_is_asked_over_a_family_out_of_sight(
    asking: Asking, sight: set[Family], address: Address, reason: GapReason
) -> None:
    wire = _Talking()
    with pytest.raises(NotLooked) as refusal:
        await asking(SightedWire(wire, _unseen(sight)), address)
    assert refusal.value.reason is reason
    assert wire.asked == 0


async def test_what_an_operator_stopped_is_not_told_as_blindness() -> None:
    wire = SightedWire(_Talking(), {Family.IPV6: GapReason.STOPPED})
    with pytest.raises(NotLooked) as refusal:
        await wire.connect(V6, 80)
    assert refusal.value.reason is GapReason.STOPPED


@each
@pytest.mark.parametrize(("family", "address"), [(Family.IPV4, V4), (Family.IPV6, V6)])
async def test_a_family_in_sight_is_asked_as_it_was_meant(asking: Asking, family: Family, address: Address) -> None:
    wire = _Talking()
    assert await asking(SightedWire(wire, _unseen({family})), address) == await asking(wire, address)
    assert wire.asked == 2


async def test_a_blind_vantage_still_resolves_both_families_and_knows_the_time() -> None:
    own = Surroundings(scan_ports=(22,))
    wire = SightedWire(ScriptedWire({"w": addressed(V4, V6)}, surroundings=own), _unseen(()))

    async def once() -> int:
        return 7

    assert (await wire.resolve("w"))[Family.IPV6].addresses == (V6,)
    assert (wire.now(), wire.surroundings, await wire.once(("k",), once)) == (AT, own, 7)
