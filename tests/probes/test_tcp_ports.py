"""Ports as facts: each address of each family apart, and four states that are never taken for one another."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

import pytest

from probes.observation import Failure, GapReason, Sighting
from probes.target import Address, Family, Kind, Service, Target, Transport
from probes.tcp_ports import TcpPorts, tcp_ports
from probes.wire import PortLook, Surroundings
from tests.probes.replays import replayed, server, website
from tests.probes.scripted_wire import AT, ScriptedWire, addressed

V4, V6, OTHER_V6 = ip_address("192.0.2.1"), ip_address("2001:db8::1"), ip_address("2001:db8::2")
WATCHED = (22, 23, 445, 3306, 6379, 8080)


def facts(sighting: Sighting) -> TcpPorts:
    assert isinstance(sighting.outcome, TcpPorts)
    return sighting.outcome


async def told(situation: str, target: Target) -> dict[str, Sighting]:
    """Return what a recording says, IPv4 first, whichever address was looked at first."""
    return dict(sorted((await replayed("tcp_ports", situation, target)).items()))


async def look(wire: ScriptedWire, target: Target) -> dict[str, Sighting]:
    return {str(sighting.subject): sighting async for sighting in tcp_ports(target, wire)}


async def test_both_families_are_told_alike_where_they_are() -> None:
    found = await told("both_families_alike", website("www.police"))
    assert list(found) == ["ipv4/198.18.31.10", "ipv6/2001:db8:18:31::10"]
    for sighting in found.values():
        assert facts(sighting) == TcpPorts(open=(80, 443), closed=WATCHED, filtered=(), unreachable=())
        assert 0 < sighting.seconds < 0.1


async def test_a_firewall_with_rules_for_ipv4_alone_is_seen_through() -> None:
    found = await told("dangerous_ports_over_ipv6_alone", website("db.data"))
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
    found = await told(situation, website(host))
    four, other = found.values()
    assert facts(four).open == (80, 443)
    assert facts(other) == six
    assert other.seconds == 0.0


async def test_a_dead_second_address_is_not_hidden_by_the_first() -> None:
    found = await told("second_address_dead", website("half.health"))
    assert facts(found["ipv6/2001:db8:18:22::13"]).open == (80, 443)
    assert facts(found["ipv6/2001:db8:18:22::99"]).unreachable == (22, 23, 80, 443, 445, 3306, 6379, 8080)


async def test_a_family_that_is_surely_not_there_is_not_looked_at() -> None:
    assert list(await told("no_ipv6", server("www.edu", 80))) == ["ipv4/198.18.21.10"]
    assert list(await told("ipv6_only", website("six.police"))) == ["ipv6/2001:db8:18:31::11"]


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
    found = await told(situation, website(host))
    assert found[subject].outcome is reason
    assert [facts(each).open for each in found.values() if each.subject.family is Family.IPV4] == [(80, 443)]


async def test_addresses_nobody_could_tell_are_a_gap_in_each_family() -> None:
    found = await told("every_server_lame", website("www.water"))
    assert {name: sighting.outcome for name, sighting in found.items()} == dict.fromkeys(
        ("ipv4", "ipv6"), GapReason.ADDRESS_UNKNOWN
    )
    assert {sighting.detail for sighting in found.values()} == {"dns_servfail"}


async def test_what_one_family_declares_is_looked_at_in_both() -> None:
    wire = ScriptedWire({"www": addressed(V4, V6)}, surroundings=Surroundings(scan_ports=(22,)))
    declared = frozenset({Service(Family.IPV4, Transport.TCP, 443), Service(Family.IPV6, Transport.UDP, 53)})
    await look(wire, Target("www", "a", Kind.SERVER, declared=declared))
    assert sorted(wire.connected, key=str) == [(V4, 22), (V4, 443), (V6, 22), (V6, 443)]


@pytest.mark.parametrize(
    ("told", "state", "answered"),
    [
        (Failure.CONNECTION_REFUSED, "closed", True),
        (Failure.CONNECTION_RESET, "closed", True),
        (Failure.CONNECTION_TIMEOUT, "filtered", None),
        (Failure.ADMIN_PROHIBITED, "unreachable", None),
        (Failure.HOST_UNREACHABLE, "unreachable", None),
        (Failure.NETWORK_UNREACHABLE, "unreachable", None),
    ],
)
async def test_every_refusal_has_its_state_and_only_the_host_s_own_proves_that_somebody_is_there(
    told: Failure, state: str, answered: bool | None
) -> None:
    wire = ScriptedWire({"www": addressed(V4)}, {(V4, 25): told}, surroundings=Surroundings(scan_ports=(25,)))
    (seen,) = (await look(wire, Target("www", "a"))).values()
    expected = {name: (25,) if name == state else () for name in ("open", "closed", "filtered", "unreachable")}
    assert facts(seen) == TcpPorts(**expected)
    assert facts(seen).answered is answered


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


@dataclass
class _Dated(ScriptedWire):
    """A wire whose time is told; scans of *silent* addresses hang."""

    moment: dt.datetime = AT
    silent: frozenset[Address] = frozenset()

    def now(self) -> dt.datetime:
        return self.moment

    async def scan(self, address: Address, ports: Sequence[int]) -> tuple[PortLook, ...]:
        if address in self.silent:
            await asyncio.sleep(60)
        return await ScriptedWire.scan(self, address, ports)


MANY = tuple(ip_address(f"192.0.2.{last}") for last in range(1, 17))


async def test_what_there_is_no_time_for_is_a_gap_and_the_rest_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probes.tcp_ports.PATIENCE", 0.2)
    wire = _Dated({"www": addressed(*MANY[:4])}, surroundings=Surroundings(scan_ports=(25,)))
    first, *others = [address for address, _ in await _order(wire)]
    wire.silent = frozenset(others)
    found = await look(wire, Target("www", "a"))
    assert facts(found[f"ipv4/{first}"]).closed == (25,)
    assert {found[f"ipv4/{address}"].outcome for address in others} == {GapReason.BUDGET_SPENT}


@pytest.mark.parametrize("hours", [1, 2, 6, 8, 16, 24, 25])
async def test_every_address_is_the_first_at_some_look_whatever_lies_between_two(hours: int) -> None:
    wire = _Dated({"www": addressed(*MANY)}, surroundings=Surroundings(scan_ports=(25,)))
    first = set()
    for number in range(200):
        wire.moment = AT + dt.timedelta(hours=hours * number)
        order = await _order(wire)
        assert sorted(order) == [(address, 25) for address in MANY]
        first.add(order[0])
    assert len(first) == len(MANY)


async def _order(wire: ScriptedWire) -> list[tuple[Address, int]]:
    """Return what a look connects to, in order."""
    wire.connected.clear()
    await look(wire, Target("www", "a"))
    return list(wire.connected)
