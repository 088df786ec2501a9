"""Delegations as facts."""

import asyncio
from ipaddress import ip_address
from pathlib import Path

import pytest

from probes.dns_delegation import SERVER_LIMIT, dns_delegation
from probes.nameserver import ADDRESS_LIMIT, Standing
from probes.observation import WHOLE, Failure, GapReason
from probes.target import Family, Target, Transport
from probes.wire import NotLooked
from probes.wire.recording import ReplayWire
from probes.wire.zone import Side
from tests.probes.dns_world import NS1, NS1_IPV6, NS2, RESOLVER, World, parse, said

RECORDINGS = Path(__file__).parents[1] / "fixtures" / "dns_delegation"


async def look(world, host="www.gov.test"):
    """Return the facts by subject."""
    sightings = [sighting async for sighting in dns_delegation(Target(host, "gov"), world)]
    return {str(sighting.subject): sighting.outcome for sighting in sightings}


async def test_a_zone_is_told_with_its_servers_and_what_each_can_do():
    found = await look(World())
    assert list(found) == [str(WHOLE), "server/ns1.gov.test", "server/ns2.gov.test"]
    whole = found[""]
    assert (whole.zone, whole.side, whole.servers) == ("gov.test", Side.CHILD, ("ns1.gov.test", "ns2.gov.test"))
    assert (whole.count, whole.with_ipv4, whole.with_ipv6, whole.lame) == (2, 2, 1, 0)
    assert (whole.ipv4_udp, whole.ipv4_tcp, whole.ipv6_udp, whole.ipv6_tcp) == (2, 2, 1, 1)
    assert whole.serials == (7,)
    assert whole.serials_agree is True
    assert whole.ipv6_seconds == pytest.approx(0.01)


async def test_each_server_is_told_alone():
    found = await look(World())
    first, second = found["server/ns1.gov.test"], found["server/ns2.gov.test"]
    assert (first.count, first.with_ipv6, first.ipv6_udp) == (1, 1, 1)
    assert (second.count, second.with_ipv6, second.ipv6_udp, second.ipv4_tcp) == (1, 0, 0, 1)
    assert {(a.address, a.transport) for a in first.answers} == {(s, t) for s in (NS1, NS1_IPV6) for t in Transport}
    assert {a.standing for a in first.answers} == {Standing.AUTHORITATIVE}


@pytest.mark.parametrize(
    "told",
    [
        "REFUSED",
        "SERVFAIL",
        "NXDOMAIN",
        said("NOERROR", parse("gov.test SOA a. b. 1 2 3 4 5")),
        said(authoritative=True),
    ],
    ids=["refused", "servfail", "nxdomain", "not authoritative", "empty"],
)
async def test_a_server_that_answers_without_authority_is_lame(told):
    world = World()
    world.spoiled[NS2, "gov.test", "SOA"] = told
    found = await look(world)
    assert found["server/ns2.gov.test"].lame == 1
    assert found["server/ns2.gov.test"].ipv4_udp == 0
    assert found[""].lame == 1
    assert {answer.standing for answer in found["server/ns2.gov.test"].answers} == {Standing.LAME}


async def test_an_answer_of_another_owner_is_lame():
    world = World()
    other = said("NOERROR", parse("test SOA a. b. 1 2 3 4 5"), authoritative=True)
    world.spoiled[NS2, "gov.test", "SOA"] = other
    assert (await look(world))["server/ns2.gov.test"].lame == 1


async def test_a_zone_whose_servers_are_all_lame_is_known_from_its_parent():
    found = await look(World(), "www.water.gov.test")
    assert (found[""].zone, found[""].side, found[""].servers) == ("water.gov.test", Side.PARENT, ("lame.gov.test",))
    assert found[""].lame == 1
    assert [answer.rcode for answer in found[""].answers] == ["REFUSED", "REFUSED"]


async def test_half_up_is_not_up():
    world = World()
    world.records += parse("ns1.gov.test AAAA 2001:db8:18:2::54")
    whole = (await look(world))[""]
    assert whole.with_ipv6 == 1
    assert whole.ipv6_udp == 0
    dead = [answer for answer in whole.answers if answer.address == ip_address("2001:db8:18:2::54")]
    assert {answer.failure for answer in dead} == {Failure.DNS_TIMEOUT}


async def test_udp_and_tcp_are_told_apart():
    world = World()
    world.no_tcp = {NS1_IPV6}
    whole = (await look(world))[""]
    assert (whole.ipv6_udp, whole.ipv6_tcp) == (1, 0)


async def test_a_vantage_without_ipv6_does_not_know_of_it():
    world = World()
    world.spoiled[NS1_IPV6, "*", "*"] = GapReason.VANTAGE_BLIND_IPV6
    whole = (await look(world))[""]
    assert whole.with_ipv6 == 1, "the AAAA was found over IPv4"
    assert whole.ipv6_udp is None
    assert whole.ipv6_tcp is None
    assert whole.ipv4_udp == 2
    assert {answer.gap for answer in whole.answers if answer.family is Family.IPV6} == {GapReason.VANTAGE_BLIND_IPV6}


async def test_a_server_whose_addresses_cannot_be_found_is_neither_with_nor_without_ipv6():
    world = World()
    world.spoiled[None, "ns2.gov.test", "AAAA"] = "SERVFAIL"
    found = await look(world)
    assert found["server/ns2.gov.test"].with_ipv6 is None
    assert found[""].ipv6_udp is None
    assert found[""].ipv4_udp == 2


async def test_a_silent_server_is_not_called_lame():
    world = World()
    world.spoiled[NS2, "gov.test", "SOA"] = Failure.DNS_TIMEOUT
    found = await look(world)
    assert found["server/ns2.gov.test"].lame == 0
    assert found["server/ns2.gov.test"].ipv4_udp == 0


async def test_of_a_server_that_could_not_be_asked_it_is_not_known_whether_it_is_lame():
    world = World()
    world.spoiled[NS2, "gov.test", "SOA"] = GapReason.OUT_OF_SCOPE
    found = await look(world)
    assert found["server/ns2.gov.test"].lame is None
    assert found[""].lame is None


async def test_silence_over_a_family_we_turn_out_to_lack_is_nobody_s():
    world = World()
    world.spoiled[NS1_IPV6, "*", "*"] = Failure.DNS_TIMEOUT
    for facts in ((found := await look(world))[""], found["server/ns1.gov.test"]):
        assert (facts.ipv6_udp, facts.ipv6_tcp) == (0, 0)
        deaf = facts.unheard({Family.IPV6})
        assert (deaf.ipv6_udp, deaf.ipv6_tcp) == (None, None)
        assert (deaf.with_ipv6, deaf.ipv4_udp, deaf.ipv4_tcp, deaf.lame) == (1, facts.count, facts.count, 0)
        assert {answer.gap for answer in deaf.answers} == {None, GapReason.VANTAGE_BLIND_IPV6}
        assert facts.unheard({Family.IPV4}) is facts
    assert found["server/ns2.gov.test"].unheard(Family) is found["server/ns2.gov.test"]


async def test_what_answered_before_a_family_was_lost_has_answered_and_what_was_unknown_stays_so():
    world = World()
    world.spoiled[NS1_IPV6, "*", "*"] = "REFUSED"
    world.spoiled[NS2, "gov.test", "SOA"] = Failure.DNS_TIMEOUT
    world.spoiled[None, "ns2.gov.test", "AAAA"] = "SERVFAIL"
    found = await look(world)
    lame, deaf = found["server/ns1.gov.test"], found[""].unheard(Family)
    assert lame.unheard(Family) is lame
    assert lame.lame == 1
    assert (found[""].ipv4_udp, found[""].ipv6_udp, found[""].lame) == (1, None, None)
    assert (deaf.ipv4_udp, deaf.ipv6_udp, deaf.lame) == (None, None, None)
    assert Standing.LAME in {answer.standing for answer in deaf.answers}


async def test_servers_that_are_silent_to_us_alone_are_not_known():
    world = World()
    for server in (NS1, NS1_IPV6, NS2):
        world.spoiled[server, "*", "*"] = Failure.DNS_TIMEOUT
    whole = (await look(world))[""]
    assert (whole.with_ipv6, whole.ipv4_udp, whole.ipv6_tcp, whole.lame) == (1, None, None, None)
    assert {answer.gap for answer in whole.answers} == {GapReason.VANTAGE_BLIND_IPV4, GapReason.VANTAGE_BLIND_IPV6}


async def test_servers_that_are_silent_to_our_resolver_too_are_silent():
    world = World()
    for server in (NS1, NS1_IPV6, NS2):
        world.spoiled[server, "*", "*"] = Failure.DNS_TIMEOUT
    world.spoiled[RESOLVER, "202611220900.gov.test", "A"] = "SERVFAIL"
    whole = (await look(world))[""]
    assert (whole.ipv4_udp, whole.ipv6_tcp, whole.lame) == (0, 0, 0)
    assert {answer.standing for answer in whole.answers} == {Standing.SILENT}


async def test_addresses_nobody_can_reach_are_never_asked():
    world = World()
    world.records += parse("ns1.gov.test AAAA ::1\nns1.gov.test AAAA ::ffff:198.18.2.53\nns1.gov.test A 127.0.0.1")
    whole = (await look(world))[""]
    assert (whole.ipv4_udp, whole.ipv6_udp) == (1, 0)
    assert {str(query.server) for query in world.asked} <= {str(s) for s in (RESOLVER, NS1, NS1_IPV6, NS2)}


async def test_servers_that_disagree_on_the_serial_are_found_out():
    world = World()
    world.spoiled[NS2, "gov.test", "SOA"] = said("NOERROR", parse("gov.test SOA a. b. 8 1 1 1 1"), authoritative=True)
    whole = (await look(world))[""]
    assert whole.serials == (7, 8)
    assert whole.serials_agree is False


async def test_a_serial_lost_in_an_overlong_record_is_no_defect():
    world = World()
    world.spoiled[NS2, "gov.test", "SOA"] = said("NOERROR", parse("gov.test SOA aaaa…"), authoritative=True)
    assert (await look(world))["server/ns2.gov.test"].lame == 1


async def test_the_zone_is_found_above_a_deep_name_and_an_alias():
    world = World()
    assert (await look(world, "a.b.c.www.edu.gov.test"))[""].zone == "edu.gov.test"
    assert (await look(world, "alias.gov.test"))[""].zone == "gov.test"
    assert (await look(world, "gov.test"))[""].zone == "gov.test"


async def test_many_targets_of_a_zone_cost_one_measurement():
    world = World()
    await asyncio.gather(*(look(world, f"h{i}.gov.test") for i in range(50)))
    at_servers = [query for query in world.asked if query.server in (NS1, NS1_IPV6, NS2)]
    assert len(at_servers) == 3 * len(Transport)
    assert world.count("gov.test", "NS") == 1


async def test_a_dead_resolver_leaves_the_whole_question_open():
    world = World()
    world.spoiled[RESOLVER, "*", "*"] = Failure.DNS_TIMEOUT
    with pytest.raises(NotLooked) as refusal:
        await look(world)
    assert refusal.value.reason is GapReason.RESOLVER_FAILED


async def test_a_target_named_by_address_lies_in_no_zone():
    world = World()
    assert await look(world, "198.18.20.10") == {}
    assert not world.asked


async def test_there_is_an_end_to_servers_and_their_addresses():
    world = World()
    world.records += parse("\n".join(f"gov.test NS n{i}.gov.test.\nn{i}.gov.test A 198.18.3.53" for i in range(30)))
    world.records += parse("\n".join(f"n0.gov.test AAAA 2001:db8:18:3::{i:x}" for i in range(1, 41)))
    found = await look(world)
    assert found[""].count == SERVER_LIMIT
    one = found["server/n0.gov.test"]
    assert len({answer.address for answer in one.answers}) == 41
    asked = {answer.address for answer in one.answers if answer.standing is not Standing.NOT_ASKED}
    assert len(asked) == ADDRESS_LIMIT


@pytest.mark.parametrize(
    ("situation", "host", "expected"),
    [
        # servers, with IPv6, then answering over IPv4 UDP and TCP, IPv6 UDP and TCP, and lame
        ("both_families", "www.civil", (2, 2, 2, 2, 2, 2, 0)),
        ("one_server_lame", "www.emergency", (2, 2, 1, 1, 1, 1, 1)),
        ("every_server_lame", "www.water", (1, 1, 0, 0, 0, 0, 1)),
        ("one_server_deaf_over_ipv6", "www.hr", (2, 2, 2, 2, 1, 1, 0)),
        ("one_server_without_tcp", "www.data", (2, 2, 2, 1, 2, 1, 0)),
        ("sole_server_without_ipv6", "www.edu", (1, 0, 1, 1, 0, 0, 0)),
        ("vantage_without_ipv6", "www.civil", (2, 2, 2, 2, None, None, 0)),
    ],
)
async def test_what_was_recorded_is_counted_right(situation, host, expected):
    wire = ReplayWire(RECORDINGS / f"{situation}.json")
    whole = (await look(wire, f"{host}.kaiping.gov.test"))[""]
    assert wire.unasked == ()
    counts = (whole.ipv4_udp, whole.ipv4_tcp, whole.ipv6_udp, whole.ipv6_tcp)
    assert (whole.count, whole.with_ipv6, *counts, whole.lame) == expected
