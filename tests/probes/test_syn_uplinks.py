"""Silence is told only of addresses behind a link that is seen to carry, in every round and after it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import cast

import pytest

from probes.observation import GapReason
from probes.target import Address, Family
from probes.wire import Contact, PortState
from probes.wire.packets.messages import Declined, Scan, Scanned, Seen, Unseen
from probes.wire.packets.pace import Pace
from probes.wire.packets.syn import scanner
from probes.wire.packets.syn.ring import OWN_PORTS
from probes.wire.packets.syn.routes import Routes
from probes.wire.packets.syn.scanner import Scanner
from probes.wire.scope import Scope
from tests.probes.syn_tap import Tap, Told

HOSTS = tuple(ip_address(f"192.0.2.{place}") for place in range(1, 7))
CONTROL = Contact(ip_address("198.51.100.80"), 443)
SCOPE = Scope((ip_network("192.0.2.0/24"),))
PORTS = (22, 80, 443)
SCAN = Scan(7, HOSTS, PORTS, 1, 0.1, 1e6, 1e6)
BLIND: set[str] = {GapReason.VANTAGE_BLIND_IPV4}


class World:
    """A scanner whose packets go nowhere; *answering* are those whose ports are all closed."""

    def __init__(
        self,
        *answering: Address,
        controls: tuple[Contact, ...] = (),
        scope: Scope = SCOPE,
        ports: tuple[int, int] = OWN_PORTS,
    ) -> None:
        self.tap, self.routes, self.told = Tap(Family.IPV4, self.sent), Told(), dict[Address, set[str]]()
        self.tap.answering, self.mute_from, self.mute_until = frozenset(answering), 1 << 30, 0
        pace, outlets = Pace(1e6, 1e6), {Family.IPV4: self.tap}
        self.scanner = Scanner(scope, pace, outlets, lambda _: 0, cast(Routes, self.routes), controls, ports)
        self.tap.hear = self.scanner.received

    def sent(self, packets: int) -> None:
        self.tap.mute = self.mute_from < packets <= self.mute_until

    async def scan(self, request: Scan = SCAN) -> dict[Address, set[str]]:
        """Return what is told of each address: the states of its ports, or the reason of a gap."""
        told: list[Seen | Unseen] = []
        assert isinstance(await self.scanner.run(request, told.append), Scanned)
        return {
            request.addresses[each.place]: {each.reason} if isinstance(each, Unseen) else set(each.states)
            for each in told
        }


def all_are(told: set[str]) -> dict[Address, set[str]]:
    return dict.fromkeys(HOSTS, told)


async def test_beside_one_that_answers_silence_is_silence() -> None:
    told = await World(HOSTS[2]).scan()
    assert told == all_are({PortState.FILTERED}) | {HOSTS[2]: {PortState.CLOSED}}


async def test_where_nobody_answers_all_are_gaps_and_each_port_was_asked_all_the_same() -> None:
    world = World()
    assert await world.scan() == all_are(BLIND)
    assert len(world.tap.left) == len(HOSTS) * len(PORTS) * (SCAN.retries + 1)


async def test_a_control_that_answers_proves_the_link_once_for_each_round() -> None:
    world = World(CONTROL.address, controls=(CONTROL,))
    assert await world.scan() == all_are({PortState.FILTERED})
    assert world.tap.left.count(CONTROL.address) == SCAN.retries + 1


async def test_a_control_is_not_asked_where_somebody_of_the_scan_answers() -> None:
    world = World(HOSTS[0], CONTROL.address, controls=(CONTROL,))
    await world.scan()
    assert CONTROL.address not in world.tap.left


async def test_a_control_that_is_denied_is_never_asked() -> None:
    denied = replace(SCOPE, deny=(ip_network(CONTROL.address),))
    world = World(CONTROL.address, controls=(CONTROL,), scope=denied)
    assert await world.scan() == all_are(BLIND)
    assert CONTROL.address not in world.tap.left


async def test_an_answer_by_one_link_proves_nothing_of_another() -> None:
    world = World(HOSTS[0], CONTROL.address, controls=(CONTROL,))
    world.routes.links = dict.fromkeys(HOSTS[3:], 2)
    told = await world.scan()
    assert [told[host] for host in HOSTS[:3]] == [{PortState.CLOSED}, {PortState.FILTERED}, {PortState.FILTERED}]
    assert [told[host] for host in HOSTS[3:]] == [BLIND] * 3
    assert CONTROL.address not in world.tap.left  # which is not reached by that link either


@pytest.mark.parametrize("first", [0, 4, 12, 20])
async def test_a_link_that_falls_silent_in_the_middle_leaves_gaps_for_who_had_not_answered(first: int) -> None:
    world = World(*HOSTS[:3], CONTROL.address, controls=(CONTROL,))
    world.mute_from, world.mute_until = first, 1 << 30
    told = await world.scan()
    assert all(state in ({PortState.CLOSED}, BLIND) for state in told.values())
    assert [told[host] for host in HOSTS[3:]] == [BLIND] * 3


async def test_a_round_in_which_the_link_was_silent_is_asked_once_more() -> None:
    world = World(CONTROL.address, *HOSTS[:1], controls=(CONTROL,))
    first = len(HOSTS) * len(PORTS)
    world.mute_from, world.mute_until = 0, first + 2  # the first round, and the controls asked after it
    assert await world.scan() == all_are({PortState.FILTERED}) | {HOSTS[0]: {PortState.CLOSED}}
    assert world.tap.left.count(HOSTS[5]) == len(PORTS) * (SCAN.retries + 2)


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
async def test_a_clock_that_is_set_in_the_middle_changes_nothing(monkeypatch: pytest.MonkeyPatch, jump: float) -> None:
    world, true = World(HOSTS[0]), time.time
    tell = world.sent

    def setting(packets: int) -> None:
        tell(packets)
        monkeypatch.setattr(time, "time", lambda: true() + (jump if packets > 5 else 0.0))

    monkeypatch.setattr(world.tap, "_tell", setting)
    assert await world.scan() == all_are({PortState.FILTERED}) | {HOSTS[0]: {PortState.CLOSED}}


async def test_scans_without_ports_of_ours_wait_for_those_before_them() -> None:
    world = World(HOSTS[0], CONTROL.address, controls=(CONTROL,), ports=(40000, 40071))
    told = await asyncio.gather(*(world.scan() for _ in range(4)))
    assert told == [all_are({PortState.FILTERED}) | {HOSTS[0]: {PortState.CLOSED}}] * 4


async def test_more_than_is_scanned_at_once_waits_for_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner, "_PAIRS", 2 * len(PORTS))
    world = World(*HOSTS)
    parts = [replace(SCAN, addresses=HOSTS[at : at + 2]) for at in (0, 2, 4)]
    told = await asyncio.gather(*map(world.scan, parts))
    assert told == [{host: {PortState.CLOSED} for host in part.addresses} for part in parts]
    turns = [HOSTS.index(host) // 2 for host in world.tap.left]
    assert turns == sorted(turns)


async def test_a_scan_that_waits_for_ports_is_stopped_like_any_other() -> None:
    world = World(HOSTS[0], ports=(40000, 40010))
    waiting = asyncio.create_task(world.scanner.run(SCAN, lambda _: None))
    await asyncio.sleep(0.05)
    await world.scanner.stop()
    assert await asyncio.wait_for(waiting, 1.0) == Declined(SCAN.token, GapReason.STOPPED)
    assert world.tap.left == []
