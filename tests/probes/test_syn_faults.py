"""Silence is somebody's own only when nothing of ours explains it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_network
from itertools import count
from typing import cast

import pytest

from probes.observation import GapReason
from probes.target import Address, Family
from probes.wire import NotLooked
from probes.wire.packets.messages import Scan, Scanned, Seen, Unseen
from probes.wire.packets.pace import Pace
from probes.wire.packets.syn.paths import Paths, Trust
from probes.wire.packets.syn.routes import Hop, Knowledge, Routes, Way
from probes.wire.packets.syn.scanner import Scanner
from probes.wire.scope import Scope
from tests.probes.syn_tap import Tap, Told

HOSTS = tuple(ip_address(f"2001:db8::{place}") for place in range(1, 5))
ROUTER = ip_address("2001:db8:f::2")
SCAN = Scan(7, HOSTS, (80, 443), 1, 0.0, 1e6, 1e6)
SCOPE = Scope((ip_network("2001:db8::/32"),))


async def scanned(tap: Tap, lost: Callable[[Family], int]) -> tuple[object, list[Seen | Unseen]]:
    told: list[Seen | Unseen] = []
    scanner = Scanner(SCOPE, Pace(1e6, 1e6), {Family.IPV6: tap}, lost, cast(Routes, Told()))
    tap.hear = scanner.received
    return await scanner.run(SCAN, told.append), told


async def test_an_answer_lost_on_this_machine_leaves_all_silence_open() -> None:
    losses = count()
    outcome, told = await scanned(Tap(Family.IPV6), lambda _: next(losses))
    assert isinstance(outcome, Scanned)
    assert {each.reason for each in told if isinstance(each, Unseen)} == {GapReason.OVERLOADED}
    assert len(told) == len(HOSTS)


async def test_a_kernel_without_room_delays_packets_and_loses_none() -> None:
    tap = Tap(Family.IPV6, room=3)
    tap.answering = frozenset(HOSTS[:1])
    outcome, told = await scanned(tap, lambda _: 0)
    assert isinstance(outcome, Scanned)
    assert outcome.packets == len(tap.left)
    assert {host: tap.left.count(host) for host in HOSTS[1:]} == dict.fromkeys(HOSTS[1:], len(SCAN.ports) * 2)
    assert tap.left.count(HOSTS[0]) == len(SCAN.ports) + 2  # and once a round as a witness
    assert all(isinstance(each, Seen) for each in told)
    assert len(told) == len(HOSTS)


def paths(routes: Told) -> Paths:
    return Paths(cast(Routes, routes), HOSTS)


@pytest.mark.parametrize(
    ("knowledge", "heard", "expected"),
    [
        (Knowledge.KNOWN, [], Trust()),
        (Knowledge.DOUBTED, [3], Trust()),
        (Knowledge.DOUBTED, [], Trust(pending=[0, 1])),
        (Knowledge.SOUGHT, [3], Trust(pending=[0, 1])),
    ],
)
def test_silence_behind_a_router_counts_as_much_as_the_router_is_known(
    knowledge: Knowledge, heard: list[int], expected: Trust
) -> None:
    ways = paths(Told(ROUTER, has_neighbours=True, known={ROUTER: knowledge}))
    assert ways.trust([0, 1], heard) == expected


def gaps(trust: Trust) -> Iterator[tuple[int, GapReason, str]]:
    return ((place, gap.reason, gap.detail) for place, gap in trust.gaps.items())


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"known": {}}, "next hop 2001:db8:f::2%1 unresolved"),
        ({"carries": False}, "link 1 was down"),
        ({"changes": 2}, "link 1 was down"),
        ({"router": ip_address("2001:db8:f::3")}, "the route has changed"),
    ],
)
def test_a_way_that_is_not_what_it_was_leaves_gaps(change: dict[str, object], detail: str) -> None:
    routes = Told(ROUTER, has_neighbours=True, known={ROUTER: Knowledge.KNOWN})
    ways = paths(routes)
    for name, value in change.items():
        setattr(routes, name, value)
    assert set(gaps(ways.trust([0, 1], [2]))) == {(place, GapReason.VANTAGE_BLIND_IPV6, detail) for place in (0, 1)}


def test_a_router_lost_in_the_last_round_leaves_gaps_though_it_is_back() -> None:
    ways = paths(Told(ROUTER, has_neighbours=True, known={ROUTER: Knowledge.KNOWN}))
    ways.lose([Hop(1, ROUTER)])
    assert set(ways.trust([0], [1]).gaps) == {0}
    ways.begin()
    assert ways.trust([0], [1]) == Trust()


def test_a_neighbour_the_kernel_has_forgotten_is_nobody_who_did_not_answer() -> None:
    ways = paths(Told(has_neighbours=True, known=dict.fromkeys(HOSTS, Knowledge.ABSENT)))
    trust = ways.trust([0, 1], [])
    assert trust.nobody == []
    assert set(trust.gaps) == {0, 1}


def test_where_no_neighbour_answers_nobody_is_and_elsewhere_silence_is_silence() -> None:
    routes = Told(has_neighbours=True, known=dict.fromkeys(HOSTS[1:], Knowledge.KNOWN))
    assert paths(routes).trust([0, 1], []) == Trust(nobody=[0])
    assert paths(replace(routes, has_neighbours=False)).trust([0, 1], []) == Trust()


def test_a_host_there_is_no_way_to_any_more_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    ways = paths(Told(ROUTER))

    def gone(_: Told, host: Address) -> Way:
        raise NotLooked(GapReason.DENIED, f"{host} is prohibited")

    monkeypatch.setattr(Told, "way", gone)
    assert list(gaps(ways.trust([0], []))) == [(0, GapReason.DENIED, "2001:db8::1 is prohibited")]
