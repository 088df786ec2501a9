"""Finding the addresses of names, with resolvers and name servers that work, lie, or fail."""

import asyncio
from ipaddress import ip_address

import pytest

from probes.observation import Failure, GapReason
from probes.target import Family
from probes.wire import Presence, Source
from probes.wire.resolve import CHAIN
from probes.wire.zone import SERVERS
from tests.probes.dns_world import LAME, NS1, NS1_IPV6, NS2, RESOLVER, World, parse, said

IPV4, IPV6 = Family.IPV4, Family.IPV6
SECOND = ip_address("2001:db8:18:5::53")


async def test_each_family_has_its_own_addresses():
    found = await World().resolve("www.gov.test")
    assert found[IPV4].addresses == (ip_address("198.18.20.10"),)
    assert found[IPV6].addresses == (ip_address("2001:db8:18:20::10"),)
    assert found[IPV6].presence is Presence.PRESENT
    assert found[IPV6].source is Source.RECURSIVE
    assert found[IPV6].ttl == 60


async def test_a_name_without_ipv6_is_nodata_and_one_that_is_not_there_nxdomain():
    world = World()
    assert (await world.resolve("old.gov.test"))[IPV6].presence is Presence.NODATA
    assert (await world.resolve("nothing.gov.test"))[IPV6].presence is Presence.NXDOMAIN


async def test_aliases_are_followed_and_told():
    world = World()
    found = await world.resolve("alias.gov.test")
    assert found[IPV6].chain == ("www.gov.test",)
    assert found[IPV6].presence is Presence.PRESENT
    assert (await world.resolve("oldalias.gov.test"))[IPV6].presence is Presence.NODATA
    assert (await world.resolve("dangling.gov.test"))[IPV6].presence is Presence.NXDOMAIN


async def test_an_answer_that_ends_at_an_alias_is_followed_further():
    world = World()
    world.spoiled[RESOLVER, "alias.gov.test", "AAAA"] = said("NOERROR", parse("alias.gov.test CNAME www.gov.test."))
    found = (await world.resolve("alias.gov.test"))[IPV6]
    assert found.presence is Presence.PRESENT
    assert found.chain == ("www.gov.test",)
    assert world.count("www.gov.test", "AAAA") == 1


async def test_a_circle_of_aliases_is_named():
    found = await World().resolve("loop.gov.test")
    assert {found[family].failure for family in Family} == {Failure.DNS_CNAME_LOOP}


async def test_a_circle_within_one_answer_is_named():
    world = World()
    circle = parse("loop.gov.test CNAME pool.gov.test.\npool.gov.test CNAME loop.gov.test.")
    world.spoiled[RESOLVER, "loop.gov.test", "AAAA"] = said("NOERROR", circle)
    assert (await world.resolve("loop.gov.test"))[IPV6].failure is Failure.DNS_CNAME_LOOP


@pytest.mark.parametrize(("aliases", "presence"), [(CHAIN, Presence.PRESENT), (CHAIN + 1, None)])
async def test_a_chain_has_an_end(aliases, presence):
    world = World()
    world.records += parse("\n".join(f"c{i}.gov.test CNAME c{i + 1}.gov.test." for i in range(aliases)))
    world.records += parse(f"c{aliases}.gov.test AAAA 2001:db8::1")
    found = (await world.resolve("c0.gov.test"))[IPV6]
    assert found.presence is presence
    assert found.failure is (None if presence else Failure.DNS_CNAME_LOOP)


@pytest.mark.parametrize(
    ("told", "failure"),
    [
        ("SERVFAIL", Failure.DNS_SERVFAIL),
        ("REFUSED", Failure.DNS_REFUSED),
        ("NOTIMP", Failure.DNS_NOTIMP),
        (Failure.DNS_TIMEOUT, Failure.DNS_TIMEOUT),
        (Failure.DNS_MALFORMED, Failure.DNS_MALFORMED),
        (Failure.DNS_MISMATCH, Failure.DNS_MISMATCH),
        (Failure.DNS_TRUNCATED, Failure.DNS_TRUNCATED),
    ],
)
@pytest.mark.parametrize("resolver_says", ["SERVFAIL", Failure.DNS_TIMEOUT])
async def test_what_the_zones_own_servers_do_is_the_outcome_when_the_resolver_fails(told, failure, resolver_says):
    world = World()
    world.spoiled[None, "old.gov.test", "AAAA"] = told
    world.spoiled[RESOLVER, "old.gov.test", "AAAA"] = resolver_says
    found = await world.resolve("old.gov.test")
    assert found[IPV6].failure is failure
    assert found[IPV6].source is Source.AUTHORITATIVE
    assert found[IPV6].presence is None
    assert found[IPV4].presence is Presence.PRESENT, "the other family is not touched by it"


async def test_a_resolver_that_lost_faith_in_a_healthy_zone_is_passed_by():
    world = World()
    world.spoiled[RESOLVER, "www.gov.test", "AAAA"] = "SERVFAIL"
    found = (await world.resolve("www.gov.test"))[IPV6]
    assert found.addresses == (ip_address("2001:db8:18:20::10"),)
    assert found.source is Source.AUTHORITATIVE


async def test_one_server_that_answers_outweighs_those_that_are_silent():
    world = World()
    world.spoiled[RESOLVER, "www.gov.test", "AAAA"] = "SERVFAIL"
    world.spoiled[NS1, "*", "*"] = world.spoiled[NS1_IPV6, "*", "*"] = Failure.DNS_TIMEOUT
    assert (await world.resolve("www.gov.test"))[IPV6].presence is Presence.PRESENT
    world = World()
    world.spoiled[RESOLVER, "www.gov.test", "AAAA"] = "SERVFAIL"
    world.spoiled[NS1, "*", "*"] = world.spoiled[NS1_IPV6, "*", "*"] = Failure.DNS_TIMEOUT
    world.spoiled[NS2, "www.gov.test", "AAAA"] = "REFUSED"
    assert (await world.resolve("www.gov.test"))[IPV6].failure is Failure.DNS_REFUSED


async def test_servers_out_of_our_reach_leave_the_resolvers_word():
    world = World()
    world.spoiled[RESOLVER, "old.gov.test", "AAAA"] = "SERVFAIL"
    for server in (NS1, NS1_IPV6, NS2):
        world.spoiled[server, "*", "*"] = Failure.DNS_TIMEOUT
    found = (await world.resolve("old.gov.test"))[IPV6]
    assert found.failure is Failure.DNS_SERVFAIL
    assert found.source is Source.RECURSIVE


async def test_a_lame_server_has_no_say():
    found = await World().resolve("www.water.gov.test")
    assert {found[family].failure for family in Family} == {Failure.DNS_SERVFAIL}
    assert found[IPV6].source is Source.RECURSIVE


async def test_an_answer_without_authority_is_no_answer():
    world = World()
    world.spoiled[RESOLVER, "www.water.gov.test", "AAAA"] = "SERVFAIL"
    world.spoiled[LAME, "www.water.gov.test", "AAAA"] = said("NOERROR", parse("www.water.gov.test AAAA 2001:db8::bad"))
    assert (await world.resolve("www.water.gov.test"))[IPV6].failure is Failure.DNS_SERVFAIL


async def test_what_only_validation_keeps_back_is_bogus_and_told_unchecked():
    world = World()
    world.bogus = {"gov.test"}
    world.spoiled[RESOLVER, ".", "NS"] = said("NOERROR", parse(". NS root.test."))
    world.control_name = ""
    world.__post_init__()
    found = (await world.resolve("www.gov.test"))[IPV6]
    assert found.failure is Failure.DNS_BOGUS
    assert "2001:db8:18:20::10" in found.detail
    assert found.addresses == ()


async def test_better_luck_at_the_second_try_is_not_bogus():
    world = World()
    world.records = [record for record in world.records if record.rdtype != "DS"]
    ask = world.ask

    async def unlucky(query):
        if query.server == RESOLVER and query.rdtype == "AAAA" and not query.checking_disabled:
            world.asked.append(query)
            return said("SERVFAIL")
        return await ask(query)

    world.ask = unlucky
    found = (await world.resolve("www.gov.test"))[IPV6]
    assert found.failure is None
    assert found.source is Source.AUTHORITATIVE


@pytest.mark.parametrize("told", [Failure.DNS_TIMEOUT, Failure.CONNECTION_REFUSED, "SERVFAIL", "REFUSED"])
async def test_a_dead_resolver_says_nothing_of_the_name(told):
    world = World()
    world.spoiled[RESOLVER, "*", "*"] = told
    found = await world.resolve("www.gov.test")
    for family in Family:
        assert found[family].gap is GapReason.RESOLVER_FAILED
        assert found[family].presence is None
        assert found[family].failure is None


async def test_a_resolver_that_lives_on_its_memory_does_not_work():
    world = World()
    for address in (NS1, NS1_IPV6, NS2):
        world.spoiled[address, "*", "*"] = Failure.DNS_TIMEOUT
    ask = world.ask

    async def cut_off(query):
        if query.server == RESOLVER and query.name != world.control_name:
            world.asked.append(query)
            return said("SERVFAIL")
        return await ask(query)

    world.ask = cut_off
    assert (await world.resolve("old.gov.test"))[IPV6].gap is GapReason.RESOLVER_FAILED


async def test_a_dead_resolver_is_left_alone_for_a_while():
    world = World()
    world.spoiled[RESOLVER, "*", "*"] = Failure.DNS_TIMEOUT
    await world.resolve("www.gov.test")
    asked = len(world.asked)
    assert (await world.resolve("old.gov.test"))[IPV6].gap is GapReason.RESOLVER_FAILED
    assert len(world.asked) == asked


async def test_what_our_resolver_kept_from_us_is_looked_for_again():
    world = World()
    world.spoiled[RESOLVER, "www.gov.test", "AAAA"] = GapReason.STOPPED
    assert (await world.resolve("www.gov.test"))[IPV6].gap is GapReason.STOPPED
    world.spoiled.clear()
    assert (await world.resolve("www.gov.test"))[IPV6].presence is Presence.PRESENT


@pytest.mark.parametrize("told", [Failure.DNS_TIMEOUT, "REFUSED", GapReason.VANTAGE_BLIND_IPV4])
async def test_the_second_resolver_steps_in(told):
    world = World(resolvers=(RESOLVER, SECOND))
    world.spoiled[RESOLVER, "*", "*"] = told
    found = await world.resolve("www.gov.test")
    assert found[IPV6].presence is Presence.PRESENT
    assert found[IPV6].source is Source.RECURSIVE


async def test_a_vantage_that_reaches_no_resolver_is_blind():
    world = World(resolvers=(SECOND,))
    world.spoiled[SECOND, "*", "*"] = GapReason.VANTAGE_BLIND_IPV6
    assert (await world.resolve("www.gov.test"))[IPV4].gap is GapReason.VANTAGE_BLIND_IPV6


async def test_without_a_resolver_nothing_is_claimed():
    found = await World(resolvers=()).resolve("www.gov.test")
    assert found[IPV6].gap is GapReason.RESOLVER_FAILED


async def test_without_a_control_name_the_root_is_the_proof():
    world = World(control_name="")
    world.spoiled[RESOLVER, "old.gov.test", "AAAA"] = "SERVFAIL"
    assert (await world.resolve("old.gov.test"))[IPV6].presence is Presence.NODATA
    assert world.count(".", "NS") >= 1


async def test_servers_out_of_scope_leave_the_resolvers_word():
    world = World()
    world.spoiled[RESOLVER, "old.gov.test", "AAAA"] = "SERVFAIL"
    for server in (NS1, NS1_IPV6, NS2):
        world.spoiled[server, "*", "*"] = GapReason.OUT_OF_SCOPE
    found = (await world.resolve("old.gov.test"))[IPV6]
    assert found.failure is Failure.DNS_SERVFAIL
    assert found.source is Source.RECURSIVE


async def test_the_stop_switch_leaves_a_gap_and_no_claim():
    world = World()
    world.spoiled[RESOLVER, "old.gov.test", "AAAA"] = "SERVFAIL"
    for server in (NS1, NS1_IPV6, NS2):
        world.spoiled[server, "*", "*"] = GapReason.STOPPED
    assert (await world.resolve("old.gov.test"))[IPV6].gap is GapReason.STOPPED


async def test_a_name_is_asked_for_once_however_many_want_it():
    world = World()
    await asyncio.gather(*(world.resolve(name) for name in ["www.gov.test", "WWW.gov.test."] * 20))
    assert world.count("www.gov.test", "AAAA") == 1


@pytest.mark.parametrize(("literal", "family"), [("198.18.0.1", IPV4), ("2001:db8::1", IPV6)])
async def test_an_address_is_its_own_resolution(literal, family):
    world = World()
    found = await world.resolve(literal)
    assert found[family].addresses == (ip_address(literal),)
    assert found[family.other].presence is Presence.NODATA
    assert {found[each].source for each in Family} == {Source.LITERAL}
    assert not world.asked


async def test_a_name_of_a_hundred_labels_in_a_dead_zone_does_not_cost_a_hundred_questions():
    world = World()
    deep = ".".join(["x"] * 100) + ".water.gov.test"
    assert (await world.resolve(deep))[IPV6].failure is Failure.DNS_SERVFAIL
    assert sum(query.rdtype == "SOA" for query in world.asked) < 15


async def test_both_families_of_a_name_share_the_search_for_its_zone():
    world = World()
    await world.resolve("www.water.gov.test")
    assert world.count("www.water.gov.test", "SOA") == 3, "the resolver, and a server above and below the cut"


async def test_a_zone_that_names_hundreds_of_servers_does_not_have_us_look_up_all_of_them():
    world = World()
    world.records += parse("\n".join(f"gov.test NS n{i}.elsewhere." for i in range(300)))
    world.spoiled[RESOLVER, "www.gov.test", "AAAA"] = "SERVFAIL"
    await world.resolve("www.gov.test")
    assert len({query.name for query in world.asked if query.name.endswith(".elsewhere")}) <= SERVERS
