"""Nothing leaves for an address out of scope, whatever is asked and whenever it is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import cast

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.observation import GapReason
from probes.target import Address, Family
from probes.wire.packets.messages import Declined, Scan, Scanned, Seen, Unseen
from probes.wire.packets.pace import Pace
from probes.wire.packets.syn.frames import FRAME, NAME, Rows
from probes.wire.packets.syn.outlet import Outlet
from probes.wire.packets.syn.routes import Hop, Link, Routes, Way
from probes.wire.packets.syn.scanner import Scanner
from probes.wire.scope import Scope

Network = IPv4Network | IPv6Network
BASE = {4: ip_address("192.0.2.0"), 6: ip_address("2001:db8::")}
OURS = {4: ip_address("198.51.100.1"), 6: ip_address("2001:db8:f::1")}


class Tap(Outlet):
    """An outlet that keeps where packets go, as frame and kernel are told, and sends none."""

    def __init__(self, family: Family, stopping: Callable[[int], None]) -> None:
        self.family, self.left, self._stopping = family, list[Address](), stopping

    async def send(self, write: Callable[[Rows, Rows], None], count: int) -> int:
        frames, names = np.zeros(count, FRAME[self.family]), np.zeros(count, NAME[self.family])
        write(frames, names)
        self.left += [ip_address(bytes(frame["destination"])) for frame in frames]
        assert [ip_address(bytes(name["address"])) for name in names] == self.left[-count:]
        self._stopping(len(self.left))
        await asyncio.sleep(0)
        return count

    async def rest(self) -> None:
        pass


class NoNeighbours:
    """Routes over a link that needs none."""

    def way(self, host: Address) -> Way:
        return Way(OURS[host.version], Hop(1, host))

    def link(self, interface: int) -> Link:
        return Link(carries=True, has_neighbours=False, changes=0)


def networks(version: int) -> st.SearchStrategy[Network]:
    bits = BASE[version].max_prefixlen
    return st.builds(
        lambda host, length: ip_network((int(BASE[version]) + host, bits - length), strict=False),
        st.integers(0, 63),
        st.integers(0, 5),
    )


@st.composite
def scans(draw: st.DrawFn) -> tuple[Scan, Scope]:
    version = draw(st.sampled_from((4, 6)))
    places = draw(st.lists(st.integers(0, 63), min_size=1, max_size=6, unique=True))
    ports = draw(st.lists(st.integers(1, 65535), min_size=1, max_size=4, unique=True))
    scope = Scope(
        tuple(draw(st.lists(networks(version), max_size=3))), tuple(draw(st.lists(networks(version), max_size=2)))
    )
    retries = draw(st.integers(0, 2))
    return Scan(1, tuple(BASE[version] + place for place in places), tuple(ports), retries, 0.0, 1e6, 1e6), scope


@settings(max_examples=200, deadline=None)
@given(scans(), st.integers(1, 60))
def test_every_packet_goes_to_an_address_that_was_asked_and_is_in_scope(
    asked: tuple[Scan, Scope], stop_at: int
) -> None:
    request, scope = asked
    stops: list[asyncio.Task[None]] = []
    told: list[Seen | Unseen] = []

    def stopping(left: int) -> None:
        if left >= stop_at and not stops:
            stops.append(asyncio.create_task(scanner.stop()))

    tap = Tap(Family.of(request.addresses[0]), stopping)
    scanner = Scanner(scope, Pace(1e6, 1e6), {tap.family: tap}, lambda _: 0, cast(Routes, NoNeighbours()))
    outcome = asyncio.run(scanner.run(request, told.append))
    inside = all(scope.refusal(address) is None for address in request.addresses)
    assert set(tap.left) <= (set(request.addresses) if inside else set())
    if inside and not stops:
        assert isinstance(outcome, Scanned)
        assert len(told) == len(request.addresses)
        assert outcome.packets == len(tap.left) == len(request.addresses) * len(request.ports) * (request.retries + 1)
    else:
        assert isinstance(outcome, Declined)
        assert (outcome.reason is GapReason.STOPPED) == inside
        # What was handed over when the stop came has gone; nothing after it.
        assert len(tap.left) < stop_at + len(request.addresses)
