"""Many names asked at once: the same outcomes as one by one, from the server asked only, and no faster than allowed."""

from __future__ import annotations

import asyncio
import socket
import time
from dataclasses import replace
from ipaddress import ip_address, ip_network
from math import inf

import dns.message
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probes.observation import GapReason
from probes.target import Family
from probes.wire import Presence, Surroundings
from probes.wire.account import Account
from probes.wire.dns import Asker
from probes.wire.dns_bulk import ROWS, Manner, ask
from probes.wire.dns_columns import Names
from probes.wire.foresight import WINDOW, Foresight, _manner
from probes.wire.guard import Guard
from probes.wire.ledger import What
from probes.wire.memo import Memo
from probes.wire.recursion import DEAD_FOR
from probes.wire.resolve import Resolver
from probes.wire.scope import Limits, Scope
from probes.wire.tcp import Dialer
from tests.probes.name_server import serving
from tests.probes.wire_world import FREE
from tests.probes.zone_server import WAYS, ZONE, Entry, answer

IPV4, IPV6 = Family.IPV4, Family.IPV6


class Vantage:
    """A vantage whose resolver is the test's server, and which knows how to look ahead or does not."""

    def __init__(self, server, limits=FREE, scope=None):
        own = Surroundings(resolvers=(ip_address(server.host),), resolver_port=server.port, control_name=ZONE)
        self.guard = Guard(scope or Scope(), limits, own)
        self.resolver = Resolver(own, Memo())
        self.foresight = Foresight(self.guard, self.resolver)
        self.asked = 0
        self._places = asyncio.Semaphore(16)

    async def resolve(self, name):
        return await self.resolver.resolve(name, self._ask)

    async def _ask(self, query):
        self.asked += 1
        query = replace(query, timeout=0.6)
        async with self._places:
            return await Asker(Dialer()).ask(query, lambda a, p: self.guard.admit(a, p, What.DNS, Account("t")))


def outcomes(resolution):
    """Return what is told of a name, times left out."""
    return {
        family: replace(found, seconds=0.0, addresses=tuple(sorted(found.addresses)))
        for family, found in resolution.items()
    }


SLOW = ("cut then silent", "no question")
"""Ways that are waited out."""
LABELS = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
ENTRIES = st.builds(
    Entry,
    addresses=st.fixed_dictionaries(
        {},
        optional={
            "A": st.lists(st.ip_addresses(v=4).map(str), min_size=1, max_size=3, unique=True).map(tuple),
            "AAAA": st.lists(st.ip_addresses(v=6).map(str), min_size=1, max_size=3, unique=True).map(tuple),
        },
    ),
    chain=st.lists(LABELS.map(lambda label: f"{label}.{ZONE}"), max_size=3).map(tuple),
    way=st.sampled_from([way for way in WAYS if way not in SLOW]),
    exists=st.booleans(),
)
ZONES = st.dictionaries(LABELS.map(lambda label: f"{label}.{ZONE}"), ENTRIES, min_size=1, max_size=8)


async def _both_ways(entries, host="127.0.0.1"):
    """Return what is found with foresight, what without, and how many questions each left to be put one by one."""
    async with serving(lambda query, udp: answer(query, udp, entries), host) as server:
        ahead, plain = Vantage(server), Vantage(server)
        await ahead.foresight.resolve_all(entries)
        found = []
        for vantage in (ahead, plain):
            resolved = await asyncio.gather(*map(vantage.resolve, entries))
            found.append(dict(zip(entries, map(outcomes, resolved), strict=True)))
    return *found, ahead.asked, plain.asked


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_every_way_of_answering_is_told_the_same_with_and_without(host):
    entries = {f"{way.replace(' ', '-')}.{ZONE}": Entry({"A": ("198.18.0.9",)}, way=way) for way in WAYS}
    entries |= {f"c-{name}": Entry({"AAAA": ("::9",)}, (f"x.{ZONE}",), entry.way) for name, entry in entries.items()}
    entries |= {f"n-{name}": Entry(way=entry.way, exists=False) for name, entry in entries.items()}
    ahead, plain, _, _ = await _both_ways(entries, host)
    assert ahead == plain


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ZONES)
def test_any_zone_resolves_the_same_with_and_without(entries):
    ahead, plain, _, _ = asyncio.run(_both_ways(entries))
    assert ahead == plain


async def test_plain_names_leave_nothing_to_ask_one_by_one():
    entries = {f"h{n}.{ZONE}": Entry({"A": (f"198.18.1.{n}",), "AAAA": (f"2001:db8::{n:x}",)}) for n in range(60)}
    ahead, plain, left, alone = await _both_ways(entries)
    assert ahead == plain
    assert (left, alone) == (0, 120)


async def test_odd_names_are_asked_for_one_by_one():
    async with serving(lambda query, udp: answer(query, udp, {})) as server:
        vantage = Vantage(server)
        await vantage.foresight.resolve_all(["例子.test", "a\\.b.test", "192.0.2.1", "::1", "", "."])
        assert server.queries == []


async def test_names_are_asked_for_once_however_they_are_written():
    entries = {f"www.{ZONE}": Entry({"A": ("198.18.0.9",)})}
    async with serving(lambda query, udp: answer(query, udp, entries)) as server:
        vantage = Vantage(server)
        await vantage.foresight.resolve_all([f"www.{ZONE}", f"WWW.{ZONE}.", f"Www.{ZONE}"])
        await vantage.foresight.resolve_all([f"www.{ZONE}"])
        assert len(server.queries) == 2
        assert (await vantage.resolve(f"WWW.{ZONE}."))[IPV4].presence is Presence.PRESENT
        assert vantage.asked == 0


def free(packets):
    guard = Guard(Scope(), FREE, Surroundings(resolvers=(ip_address("127.0.0.1"),)))
    return guard.admit(ip_address("127.0.0.1"), 53, What.DNS, Account("t"), packets=packets)


async def _harvest(server, names, turn=free, **manner):
    manner = Manner(**{"patience": 0.15, **manner})
    return await ask(ip_address(server.host), server.port, Names.of(names), turn, manner)


async def test_lost_datagrams_are_made_good_by_the_next_ones():
    entries = {f"h{n}.{ZONE}": Entry({"A": ("198.18.0.1",)}) for n in range(30)}
    seen: dict[str, int] = {}

    def lossy(query, udp):
        asked = query.question[0].to_text()
        seen[asked] = seen.get(asked, 0) + 1
        return answer(query, udp, entries) if seen[asked] > sum(map(ord, asked)) % 3 else None

    async with serving(lossy) as server:
        harvest = await _harvest(server, list(entries), patience=0.1)
    assert (harvest.presence > 0).all()
    assert set(seen.values()) == {1, 2, 3}


async def test_every_try_has_an_id_of_its_own_and_ports_vary():
    heard = []

    class Spy(asyncio.DatagramProtocol):
        def datagram_received(self, data, addr):
            heard.append((int.from_bytes(data[:2]), addr[1]))

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Spy, local_addr=("127.0.0.1", 0))
    try:
        names = Names.of([f"h{n}.{ZONE}" for n in range(100)])
        port = transport.get_extra_info("sockname")[1]
        await ask(ip_address("127.0.0.1"), port, names, free, Manner(burst=10, patience=0.1))
    finally:
        transport.close()
    assert len(heard) >= 400
    assert len(set(heard)) == len(heard)
    assert len({port for _, port in heard}) > 8


async def test_answers_from_elsewhere_do_not_count():
    forger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    forger.setblocking(False)
    entries = {f"www.{ZONE}": Entry({"A": ("198.18.6.6",)})}

    class Leaky(asyncio.DatagramProtocol):
        """Lets the forger know every port and ID."""

        def datagram_received(self, data, addr):
            forger.sendto(answer(dns.message.from_wire(data), True, entries), addr)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Leaky, local_addr=("127.0.0.1", 0))
    try:
        port = transport.get_extra_info("sockname")[1]
        harvest = await ask(ip_address("127.0.0.1"), port, Names.of(list(entries)), free, Manner(patience=0.05))
    finally:
        transport.close()
        forger.close()
    assert not harvest.presence.any()


async def test_a_late_answer_to_an_id_that_is_used_again_books_nothing_wrongly():
    """The server repeats every answer it ever gave under the ID of whatever is asked now."""
    entries = {f"h{n}.{ZONE}": Entry({"A": (f"198.18.1.{n}",)}) for n in range(60)}
    said: list[bytes] = []

    def haunted(query, udp):
        good = answer(query, udp, entries)
        old = [good[:2] + each[2:] for each in said[-20:]]
        said.append(good)
        return [*old, good]

    async with serving(haunted) as server:
        harvest = await _harvest(server, list(entries), window=40)
    assert (harvest.presence > 0).all()
    for number, resolution in harvest.resolutions():
        assert resolution[IPV4].addresses == (ip_address(f"198.18.1.{number}"),)
        assert resolution[IPV6].presence is Presence.NODATA


async def test_a_silent_server_is_left_alone_early():
    async with serving(lambda query, udp: None) as server:
        begun = time.monotonic()
        harvest = await _harvest(server, [f"h{n}.{ZONE}" for n in range(2000)], patience=0.1, window=50, burst=50)
        assert time.monotonic() - begun < 1.0
        assert len(server.queries) <= 150
    assert not harvest.presence.any()


async def test_a_closed_port_ends_it_at_once_and_the_resolver_is_found_dead():
    async with serving(lambda query, udp: None) as server:
        pass
    vantage = Vantage(server)
    begun = time.monotonic()
    await vantage.foresight.resolve_all([f"h{n}.{ZONE}" for n in range(50)])
    assert time.monotonic() - begun < 1.0
    assert (await vantage.resolve(f"h1.{ZONE}"))[IPV4].gap is GapReason.RESOLVER_FAILED
    assert vantage.resolver.recursion.first() is None, f"for {DEAD_FOR} seconds"
    await vantage.foresight.resolve_all([f"h{n}.{ZONE}" for n in range(50)])


async def test_the_time_for_a_batch_has_an_end():
    entries = {f"h{n}.{ZONE}": Entry() for n in range(400)}
    async with serving(lambda query, udp: answer(query, udp, entries)) as server:
        limits = Limits(overall=200, concurrent=100)
        vantage = Vantage(server, limits)
        begun = time.monotonic()
        gate = lambda packets: vantage.guard.admit(  # noqa: E731
            ip_address(server.host), server.port, What.DNS, Account("t"), packets=packets
        )
        harvest = await _harvest(server, list(entries), gate, burst=2, deadline=0.5)
        assert time.monotonic() - begun < 0.8
    assert 0 < (harvest.presence > 0).sum() < 130


async def test_datagrams_keep_to_the_overall_pace_and_are_written_down():
    entries = {f"h{n}.{ZONE}": Entry({"A": ("198.18.0.1",)}) for n in range(75)}
    async with serving(lambda query, udp: answer(query, udp, entries)) as server:
        vantage = Vantage(server, Limits(overall=300, concurrent=100))
        begun = time.monotonic()
        await vantage.foresight.resolve_all(entries)
        assert time.monotonic() - begun > 0.45
        assert len(server.queries) == vantage.guard.ledger.counts[What.DNS] == 150
    lines = list(vantage.guard.ledger)
    assert {(line.address, line.ports) for line in lines} == {(ip_address(server.host), str(server.port))}
    assert sum(line.sent for line in lines) == sum(len(query.to_wire()) for query, _ in server.queries)


async def test_the_stop_switch_silences_a_batch():
    entries = {f"h{n}.{ZONE}": Entry() for n in range(500)}
    async with serving(lambda query, udp: answer(query, udp, entries)) as server:
        vantage = Vantage(server, Limits(overall=200, concurrent=100))
        asyncio.get_running_loop().call_later(0.2, vantage.guard.stop)
        await asyncio.wait_for(vantage.foresight.resolve_all(entries), 1.0)
        asked = len(server.queries)
        await asyncio.sleep(0.1)
        assert len(server.queries) == asked < 100
        assert (await vantage.resolve(f"h499.{ZONE}"))[IPV4].gap is GapReason.STOPPED


async def test_what_may_not_be_sent_is_not_sent():
    async with serving(lambda query, udp: answer(query, udp, {})) as server:
        vantage = Vantage(server, scope=Scope(deny=(ip_network("127.0.0.0/8"),)))
        await vantage.foresight.resolve_all([f"www.{ZONE}"])
        await asyncio.sleep(0.05)
        assert server.queries == []


async def test_failures_are_looked_into_again_and_never_kept():
    bad = [way for way in WAYS if way in ("servfail", "refused", "formerr", "cut", "malformed")]
    entries = {f"{way}.{ZONE}": Entry(way=way) for way in bad}
    async with serving(lambda query, udp: answer(query, udp, entries)) as server:
        vantage = Vantage(server)
        await vantage.foresight.resolve_all(entries)
        assert not any(vantage.resolver.knows(name) for name in entries)


def test_infinite_pace_is_still_in_bursts():
    fast = _manner(Limits(overall=inf, concurrent=100_000))
    assert (fast.burst, fast.window) == (ROWS, WINDOW)
    gentle = _manner(Limits())
    assert (gentle.burst, gentle.window) == (1, 128)
