"""Ports as facts: each address of each family apart, and four states that are never taken for one another."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from probes.observation import GapReason, Sighting
from probes.target import Address, Family, Kind, Service, Target, Transport
from probes.tcp_ports import TcpPorts, tcp_ports
from probes.wire import Surroundings
from tests.probes.replays import replayed, server, website
from tests.probes.scripted_wire import ScriptedWire, addressed

V4, V6, OTHER_V6 = ip_address("192.0.2.1"), ip_address("2001:db8::1"), ip_address("2001:db8::2")
WATCHED = (22, 23, 445, 3306, 6379, 8080)


def facts(sighting: Sighting) -> TcpPorts:
    assert isinstance(sighting.outcome, TcpPorts)
    return sighting.outcome


async def look(wire: ScriptedWire, target: Target) -> dict[str, Sighting]:
    return {str(sighting.subject): sighting async for sighting in tcp_ports(target, wire)}


async def test_both_families_are_told_alike_where_they_are() -> None:
    found = await replayed("tcp_ports", "both_families_alike", website("www.police"))
    assert list(found) == ["ipv4/198.18.31.10", "ipv6/2001:db8:18:31::10"]
    for sighting in found.values():
        assert facts(sighting) == TcpPorts(open=(80, 443), closed=WATCHED, filtered=(), unreachable=())
        assert 0 < sighting.seconds < 0.1


async def test_a_firewall_with_rules_for_ipv4_alone_is_seen_through() -> None:
    found = await replayed("tcp_ports", "dangerous_ports_over_ipv6_alone", website("db.data"))
    four, six = map(facts, found.values())
    assert (four.open, four.filtered, four.closed) == ((80, 443), (23, 445, 3306, 6379), (22, 8080))
    assert (six.open, six.filtered, six.closed) == ((23, 80, 443, 445, 3306, 6379), (), (22, 8080))


@pytest.mark.parametrize(
    ("situation", "host", "six"),
    [
        ("refused_over_ipv6", "api.health", TcpPorts((), (22, 23, 80, 443, 445, 3306, 6379, 8080), (), ())),
        ("dropped_over_ipv6", "www.health", TcpPorts((), WATCHED, (80, 443), ())),
        ("nobody_at_the_ipv6_address", "ghost.health", TcpPorts((), (), (), (22, 23, 80, 443, 445, 3306, 6379, 8080))),
    ],
)
async def test_refused_silent_and_unreachable_are_three_things(situation: str, host: str, six: TcpPorts) -> None:
    found = await replayed("tcp_ports", situation, website(host))
    four, other = found.values()
    assert facts(four).open == (80, 443)
    assert facts(other) == six
    assert other.seconds == 0.0


async def test_a_dead_second_address_is_not_hidden_by_the_first() -> None:
    found = await replayed("tcp_ports", "second_address_dead", website("half.health"))
    assert facts(found["ipv6/2001:db8:18:22::13"]).open == (80, 443)
    assert facts(found["ipv6/2001:db8:18:22::99"]).unreachable == (22, 23, 80, 443, 445, 3306, 6379, 8080)


async def test_a_family_that_is_surely_not_there_is_not_looked_at() -> None:
    assert list(await replayed("tcp_ports", "no_ipv6", server("www.edu", 80))) == ["ipv4/198.18.21.10"]
    assert list(await replayed("tcp_ports", "ipv6_only", website("six.police"))) == ["ipv6/2001:db8:18:31::11"]


@pytest.mark.parametrize(
    ("situation", "host", "subject", "reason"),
    [
        ("loopback_out_of_scope", "loopback.culture", "ipv6/::1", GapReason.OUT_OF_SCOPE),
        ("vantage_without_ipv6", "www.police", "ipv6/2001:db8:18:31::10", GapReason.VANTAGE_BLIND_IPV6),
    ],
)
async def test_what_may_not_or_cannot_be_looked_at_is_a_gap(
    situation: str, host: str, subject: str, reason: GapReason
) -> None:
    found = await replayed("tcp_ports", situation, website(host))
    assert found[subject].outcome is reason
    assert [facts(each).open for each in found.values() if each.subject.family is Family.IPV4] == [(80, 443)]


async def test_addresses_nobody_could_tell_are_a_gap_in_each_family() -> None:
    found = await replayed("tcp_ports", "every_server_lame", website("www.water"))
    assert {name: sighting.outcome for name, sighting in found.items()} == dict.fromkeys(
        ("ipv4", "ipv6"), GapReason.ADDRESS_UNKNOWN
    )
    assert {sighting.detail for sighting in found.values()} == {"dns_servfail"}


async def test_what_one_family_declares_is_looked_at_in_both() -> None:
    wire = ScriptedWire({"www": addressed(V4, V6)}, surroundings=Surroundings(scan_ports=(22,)))
    declared = frozenset({Service(Family.IPV4, Transport.TCP, 443), Service(Family.IPV6, Transport.UDP, 53)})
    await look(wire, Target("www", "a", Kind.SERVER, declared=declared))
    assert sorted(wire.connected, key=str) == [(V4, 22), (V4, 443), (V6, 22), (V6, 443)]


async def test_an_address_is_told_whole_or_not_at_all() -> None:
    ports: dict[tuple[Address, int], float | GapReason] = {
        (V6, 22): 0.1,
        (V6, 80): GapReason.OVERLOADED,
        (OTHER_V6, 22): 0.2,
        (OTHER_V6, 80): 0.4,
    }
    wire = ScriptedWire({"www": addressed(V6, OTHER_V6)}, ports, surroundings=Surroundings(scan_ports=(22, 80)))
    found = await look(wire, Target("www", "a"))
    assert found[f"ipv6/{V6}"].outcome is GapReason.OVERLOADED
    assert found[f"ipv6/{V6}"].detail == "as told"
    assert facts(found[f"ipv6/{OTHER_V6}"]).open == (22, 80)
    assert found[f"ipv6/{OTHER_V6}"].seconds == 0.4
