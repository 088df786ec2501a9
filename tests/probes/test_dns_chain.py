"""The way from the root by IPv6 alone, as facts."""

from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from probes.descent import STEPS, TRIES, Stop
from probes.dns_chain import DnsChain, dns_chain
from probes.observation import Failure, GapReason
from probes.target import Family, Target
from probes.wire import NotLooked, Presence
from probes.wire.recording import ReplayWire
from tests.probes.dns_world import NS1_IPV6, World, parse, said

RECORDINGS = Path(__file__).parents[1] / "fixtures" / "dns_chain"
ROOT = ip_address("2001:db8:18:1::53")
ELSEWHERE = ip_address("2001:db8:18:7::53")


class Six(World):
    """The small DNS with a root that has IPv6, and nothing but IPv6 to ask over."""

    def __init__(self, lines="", **changes):
        super().__init__(**changes)
        self.surroundings_extra = {"roots": (ROOT,)}
        self.serves = {ROOT: {".", "test"}, NS1_IPV6: {"gov.test"}}
        self.records += parse("root.test AAAA 2001:db8:18:1::53\n" + lines)

    async def ask(self, query):
        assert query.server.version == 6, query
        assert not query.recursive
        return await super().ask(query)


async def look(world, host="www.gov.test"):
    (sighting,) = [each async for each in dns_chain(Target(host, "gov"), world)]
    return sighting.outcome


async def test_a_name_is_found_through_every_zone_and_each_is_told():
    facts = await look(Six())
    assert (facts.resolves, facts.presence, facts.stop) == (True, Presence.PRESENT, None)
    assert [zone.zone for zone in facts.zones] == ["test", "gov.test"]
    assert (facts.zones[1].count, facts.zones[1].with_ipv6, facts.zones[1].answering) == (2, 1, 1)
    assert facts.single == ("test", "gov.test")
    assert facts.unserved == facts.sides_differ == facts.glue_differs == ()


@pytest.mark.parametrize(("host", "presence"), [("old.gov.test", Presence.NODATA), ("no.gov.test", Presence.NXDOMAIN)])
async def test_an_answer_is_an_answer_even_when_nothing_is_there(host, presence):
    facts = await look(Six(), host)
    assert (facts.resolves, facts.presence) == (True, presence)


async def test_a_zone_without_an_ipv6_server_ends_the_way():
    facts = await look(Six(), "www.edu.gov.test")
    assert (facts.resolves, facts.stop, facts.stopped_at) == (False, Stop.NO_IPV6_ADDRESS, "edu.gov.test")
    assert facts.unserved == ("edu.gov.test",)


@pytest.mark.parametrize(
    ("told", "stop", "met"),
    [
        ("REFUSED", Stop.LAME, Failure.DNS_REFUSED),
        ("SERVFAIL", Stop.LAME, Failure.DNS_SERVFAIL),
        (said(), Stop.LAME, None),
        (Failure.DNS_TIMEOUT, Stop.SILENT, Failure.DNS_TIMEOUT),
        (Failure.DNS_MALFORMED, Stop.SILENT, Failure.DNS_MALFORMED),
    ],
)
async def test_servers_that_do_not_answer_for_their_zone_end_the_way(told, stop, met):
    world = Six()
    world.spoiled[NS1_IPV6, "*", "*"] = told
    facts = await look(world)
    assert (facts.resolves, facts.stop, facts.stopped_at, facts.met) == (False, stop, "gov.test", met)


async def test_servers_that_fail_for_the_name_alone_end_the_way_there():
    world = Six()
    world.spoiled[NS1_IPV6, "www.gov.test", "AAAA"] = "SERVFAIL"
    facts = await look(world)
    assert (facts.stop, facts.stopped_at, facts.met) == (Stop.NO_ANSWER, "gov.test", Failure.DNS_SERVFAIL)
    assert facts.unserved == ()


async def test_the_way_goes_on_through_aliases_and_their_zones():
    facts = await look(Six("to.gov.test CNAME www.edu.gov.test."), "to.gov.test")
    assert (facts.aliases, facts.stopped_at) == (("www.edu.gov.test",), "edu.gov.test")
    assert (await look(Six(), "alias.gov.test")).presence is Presence.PRESENT


async def test_aliases_in_a_circle_and_endless_ones_are_told_apart():
    assert (await look(Six(), "loop.gov.test")).stop is Stop.ALIAS_LOOP
    endless = "\n".join(f"a{number}.gov.test CNAME a{number + 1}.gov.test." for number in range(40))
    facts = await look(Six(endless), "a0.gov.test")
    assert (facts.resolves, facts.stop) == (None, Stop.TOO_DEEP)


async def test_servers_of_another_zone_are_found_on_a_way_of_their_own():
    world = Six(
        "sea.gov.test NS ns.port.test.\nwww.sea.gov.test AAAA 2001:db8::1\n"
        "port.test NS ns.port.test.\nns.port.test AAAA 2001:db8:18:7::53"
    )
    world.serves[ELSEWHERE] = {"port.test", "sea.gov.test"}
    facts = await look(world, "www.sea.gov.test")
    assert facts.presence is Presence.PRESENT
    assert [zone.zone for zone in facts.zones] == ["test", "gov.test", "port.test", "sea.gov.test"]


async def test_zones_that_need_each_other_are_a_circle():
    world = Six("one.test NS ns.two.test.\ntwo.test NS ns.one.test.")
    world.spoiled[ROOT, "one.test", "NS"] = said(authority=parse("one.test NS ns.two.test."))
    world.spoiled[ROOT, "two.test", "NS"] = said(authority=parse("two.test NS ns.one.test."))
    facts = await look(world, "www.one.test")
    assert (facts.resolves, facts.stop, facts.stopped_at) == (False, Stop.SERVER_LOOP, "one.test")


async def test_a_malicious_parent_cannot_keep_us_busy_for_good():
    world = Six()
    names = [f"ns{number}.gov.test" for number in range(400)]
    glue = [f"{name} AAAA 2001:db8:18:ff::{number:x}" for number, name in enumerate(names)]
    refers = said(authority=parse("\n".join(f"big.gov.test NS {n}." for n in names)), additional=parse("\n".join(glue)))
    world.spoiled[NS1_IPV6, "big.gov.test", "NS"] = refers
    assert await look(world, "www.big.gov.test") is GapReason.BUDGET_SPENT
    assert len(world.asked) < 40


async def test_where_we_did_not_ask_every_address_silence_proves_nothing():
    world = Six("\n".join(f"ns1.gov.test AAAA 2001:db8:18:3::{number:x}" for number in range(8)))
    world.spoiled[NS1_IPV6, "*", "*"] = Failure.DNS_TIMEOUT
    assert await look(world) is GapReason.BUDGET_SPENT


async def test_servers_that_need_ever_more_servers_leave_the_question_open():
    lines = [f"z{number}.test NS ns.z{number + 1}.test." for number in range(30)]
    world = Six("\n".join(lines))
    for number in range(30):
        world.spoiled[ROOT, f"z{number}.test", "NS"] = said(authority=parse(lines[number]))
    assert await look(world, "www.z0.test") is GapReason.BUDGET_SPENT


async def test_the_questions_of_one_walk_are_bounded():
    zones = range(20)
    lines = [f"z{n}.test NS {'a.' * 20}s{k}.z{(n + k) % 20}.test." for n in zones for k in range(1, 16)]
    world = Six("\n".join(lines))
    for number in zones:
        world.spoiled[ROOT, f"z{number}.test", "NS"] = said(authority=parse("\n".join(lines[number * 15 :][:15])))
    facts = await look(world, "www.z0.test")
    assert facts is GapReason.BUDGET_SPENT or not facts.resolves
    assert len(world.asked) <= STEPS * TRIES


async def test_a_server_we_may_not_ask_leaves_the_question_open():
    world = Six()
    world.spoiled[NS1_IPV6, "*", "*"] = GapReason.OUT_OF_SCOPE
    assert await look(world) is GapReason.OUT_OF_SCOPE


async def test_without_roots_nothing_is_sent():
    world = Six()
    world.surroundings_extra = {}
    with pytest.raises(NotLooked):
        await look(world)
    assert world.asked == []


async def test_a_parent_that_names_others_and_gives_other_addresses_is_told():
    world = Six()
    refers = parse("gov.test NS ns1.gov.test.\ngov.test NS gone.gov.test.")
    glue = parse("ns1.gov.test AAAA 2001:db8:18:2::53\nns1.gov.test AAAA 2001:db8:18:2::99")
    world.spoiled[ROOT, "gov.test", "NS"] = said(authority=refers, additional=glue)
    facts = await look(world)
    assert facts.resolves
    assert facts.sides_differ == facts.glue_differs == ("gov.test",)


async def test_what_many_names_share_is_asked_once():
    world = Six()
    await look(world)
    before = len(world.asked)
    await look(world, "old.gov.test")
    assert [query.name for query in world.asked[before:]] == ["old.gov.test", "old.gov.test"]


async def test_silence_is_ours_where_we_are_deaf():
    world = Six()
    world.spoiled[NS1_IPV6, "*", "*"] = Failure.DNS_TIMEOUT
    facts = await look(world)
    assert facts.unheard({Family.IPV4}) is facts
    left = facts.unheard({Family.IPV6})
    assert (left.resolves, left.stop, left.unserved, left.single) == (None, None, None, None)
    plain = await look(Six())
    assert plain.unheard({Family.IPV6}) == replace(plain)


@pytest.mark.parametrize(
    ("situation", "host", "stop", "single"),
    [
        ("resolves", "www.health", None, ("health.kaiping.gov.test",)),
        ("no_ipv6_address", "www.edu", Stop.NO_IPV6_ADDRESS, ()),
        ("lame", "www.water", Stop.LAME, ()),
    ],
)
async def test_the_city_as_recorded(situation, host, stop, single):
    wire = ReplayWire(RECORDINGS / f"{situation}.json")
    facts = await look(wire, f"{host}.kaiping.gov.test")
    assert isinstance(facts, DnsChain)
    assert (facts.stop, facts.single, facts.resolves) == (stop, single, stop is None)
    assert wire.unasked == ()


async def test_an_address_lies_in_no_zone():
    assert [each async for each in dns_chain(Target("192.0.2.1", "gov"), Six())] == []
