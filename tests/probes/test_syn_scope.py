"""Nothing leaves for an address out of scope, whatever is asked and whenever it is stopped."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from probes.observation import GapReason
from probes.target import Family
from probes.wire.packets.messages import Declined, Scan, Scanned, Seen, Unseen
from probes.wire.packets.pace import Pace
from probes.wire.packets.syn.routes import Routes
from probes.wire.packets.syn.scanner import Scanner
from probes.wire.scope import Scope
from tests.probes.syn_tap import Tap, Told

Network = IPv4Network | IPv6Network
BASE = {4: ip_address("192.0.2.0"), 6: ip_address("2001:db8::")}


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
    scanner = Scanner(scope, Pace(1e6, 1e6), {tap.family: tap}, lambda _: 0, cast(Routes, Told()))
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
