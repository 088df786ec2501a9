"""Scans put together: one request for many, every answer to whom it belongs, and no one spoilt by another."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

import pytest

from probes.observation import GapReason
from probes.target import Address
from probes.wire import NotLooked, PortLook, PortState
from probes.wire.gathering import Gathering, Swath, Swept

HOSTS = tuple(ip_address(f"2001:db8::{place}") for place in range(1, 6))
FOUR = ip_address("192.0.2.1")


@dataclass
class Counting:
    """Port 80 of all is closed, and silent on those *silent*, whom it takes two packets more to know it of."""

    silent: frozenset[Address] = frozenset()
    outside: frozenset[Address] = frozenset()
    gaps: frozenset[Address] = frozenset()
    defect: bool = False
    slow: float = 0.0
    asked: list[tuple[Address, ...]] = field(default_factory=list)
    broken_off: int = 0

    async def can_scan(self) -> bool:
        return True

    async def scan(self, addresses: Sequence[Address], ports: Sequence[int], *, rate: float, per_host: float) -> Swept:
        self.asked.append(tuple(addresses))
        try:
            await asyncio.sleep(self.slow)
        except asyncio.CancelledError:
            self.broken_off += 1
            raise
        if self.outside & set(addresses):
            raise NotLooked(GapReason.OUT_OF_SCOPE)
        if self.defect:
            raise ZeroDivisionError
        gaps = {each: NotLooked(GapReason.OVERLOADED) for each in addresses if each in self.gaps}
        looks = {each: (PortLook(80, self.state(each)),) for each in addresses if each not in gaps}
        return Swept(looks, gaps, len(addresses) + 2 * len(self.silent & set(addresses)))

    def state(self, address: Address) -> PortState:
        return PortState.FILTERED if address in self.silent else PortState.CLOSED


async def all_of(gathering: Gathering, *addresses: Address) -> list[Swath]:
    looks = (gathering.scan(each, (80,), rate=1.0, per_host=1.0) for each in addresses)
    return await asyncio.wait_for(asyncio.gather(*looks), 5.0)


async def test_who_asks_about_the_same_ports_in_one_moment_is_asked_for_together_each_family_apart() -> None:
    sweeper = Counting(silent=frozenset({HOSTS[1]}))
    told = await all_of(Gathering(sweeper), *HOSTS, FOUR)
    assert sorted(sweeper.asked, key=len) == [(FOUR,), HOSTS]
    assert [each.looks for each in told] == [(PortLook(80, sweeper.state(each)),) for each in (*HOSTS, FOUR)]
    assert [each.again for each in told] == [0, 2, 0, 0, 0, 0]


async def test_an_address_asked_for_twice_is_scanned_twice() -> None:
    sweeper = Counting()
    assert len(await all_of(Gathering(sweeper), HOSTS[0], HOSTS[0])) == 2
    assert sweeper.asked == [(HOSTS[0],), (HOSTS[0],)]


async def test_one_that_may_not_be_looked_at_hides_no_other() -> None:
    told = await all_of(Gathering(Counting(outside=frozenset({HOSTS[2]}))), *HOSTS)
    reasons = [each.looks.reason if isinstance(each.looks, NotLooked) else None for each in told]
    assert reasons == [None, None, GapReason.OUT_OF_SCOPE, None, None]


async def test_a_gap_is_that_address_s_alone() -> None:
    told = await all_of(Gathering(Counting(gaps=frozenset({HOSTS[0]}))), *HOSTS)
    assert [isinstance(each.looks, NotLooked) for each in told] == [True, False, False, False, False]


async def test_a_defect_is_everybody_s_and_stays_one() -> None:
    with pytest.raises(ZeroDivisionError):
        await all_of(Gathering(Counting(defect=True)), *HOSTS)


async def test_a_scan_goes_on_while_anybody_waits_and_ends_with_the_last() -> None:
    sweeper = Counting(slow=60.0)
    gathering = Gathering(sweeper)
    looks = [asyncio.create_task(gathering.scan(each, (80,), rate=1.0, per_host=1.0)) for each in HOSTS]
    await asyncio.sleep(0.2)
    for number, look in enumerate(looks):
        assert sweeper.broken_off == 0
        look.cancel()
        await asyncio.sleep(0.01)
        assert look.cancelled(), number
    await asyncio.sleep(0.01)
    assert sweeper.broken_off == 1
    assert sweeper.asked == [HOSTS]
