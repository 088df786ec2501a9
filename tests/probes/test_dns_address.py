"""The addresses of targets as facts."""

from ipaddress import IPv6Network, ip_address, ip_network
from pathlib import Path

import pytest

from probes.addressing import AddressClass
from probes.dns_address import ADDRESS_LIMIT, DnsAddress, dns_address
from probes.observation import Failure, GapReason
from probes.target import Family, Target
from probes.wire import Presence, Source
from probes.wire.recording import ReplayWire
from tests.probes.dns_world import RESOLVER, World, parse, said

RECORDINGS = Path(__file__).parents[1] / "fixtures" / "dns_address"
LAB = (ip_network("198.18.0.0/15"), ip_network("2001:db8::/32"))


async def look(world, host):
    """Return the outcome by family."""
    sightings = [sighting async for sighting in dns_address(Target(host, "gov"), world)]
    assert [sighting.subject.family for sighting in sightings] == list(Family)
    return {sighting.subject.family: sighting.outcome for sighting in sightings}


def world_with(*addresses):
    world = World(surroundings_extra={"native": LAB})
    world.records += parse("\n".join(f"odd.gov.test AAAA {address}" for address in addresses))
    return world


async def test_a_dual_stack_name_has_facts_in_both_families():
    found = await look(World(surroundings_extra={"native": LAB}), "alias.gov.test")
    assert found[Family.IPV6] == DnsAddress(
        presence=Presence.PRESENT,
        addresses=(ip_address("2001:db8:18:20::10"),),
        count=1,
        chain=("www.gov.test",),
        ttl=60,
        source=Source.RECURSIVE,
        unusable=(),
        contradicted=False,
    )
    assert found[Family.IPV4].addresses == (ip_address("198.18.20.10"),)


async def test_no_aaaa_is_a_fact_about_ipv6_alone():
    found = await look(World(), "old.gov.test")
    assert found[Family.IPV4].presence is Presence.PRESENT
    assert found[Family.IPV6].presence is Presence.NODATA
    assert found[Family.IPV6].addresses == ()
    assert not found[Family.IPV6].contradicted


async def test_nxdomain_for_one_family_of_a_name_that_exists_is_a_contradiction():
    world = World()
    world.spoiled[None, "old.gov.test", "AAAA"] = said("NXDOMAIN")
    found = await look(world, "old.gov.test")
    assert found[Family.IPV6].presence is Presence.NXDOMAIN
    assert found[Family.IPV6].contradicted
    assert not found[Family.IPV4].contradicted


async def test_nxdomain_for_both_is_none():
    found = await look(World(), "nothing.gov.test")
    assert not found[Family.IPV6].contradicted


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("::ffff:198.18.20.10", AddressClass.MAPPED),
        ("::1", AddressClass.LOOPBACK),
        ("fe80::1", AddressClass.LINK_LOCAL),
        ("2002:c612:140a::1", AddressClass.SIX_TO_FOUR),
        ("fd00:18::1", AddressClass.ULA),
        ("ff02::1", AddressClass.MULTICAST),
        ("::", AddressClass.UNSPECIFIED),
        ("64:ff9b::c612:140a", AddressClass.DNS64),
    ],
)
async def test_addresses_nobody_can_use_are_named(address, kind):
    found = await look(world_with("2001:db8::1", address), "odd.gov.test")
    [unusable] = found[Family.IPV6].unusable
    assert (unusable.address, unusable.kind) == (ip_address(address), kind)
    assert found[Family.IPV6].count == 2


async def test_documentation_addresses_are_usable_only_where_they_are_native():
    world = world_with("2001:db8::1")
    assert (await look(world, "odd.gov.test"))[Family.IPV6].unusable == ()
    world.surroundings_extra = {}
    [unusable] = (await look(world, "odd.gov.test"))[Family.IPV6].unusable
    assert unusable.kind is AddressClass.DOCUMENTATION


async def test_what_a_translator_made_up_is_told_by_its_prefix():
    world = world_with("2001:db8:64::c612:140a")
    world.spoiled[RESOLVER, "ipv4only.arpa", "AAAA"] = said(
        "NOERROR", parse("ipv4only.arpa AAAA 2001:db8:64::192.0.0.170")
    )
    [unusable] = (await look(world, "odd.gov.test"))[Family.IPV6].unusable
    assert unusable.kind is AddressClass.DNS64
    await look(world, "www.gov.test")
    assert world.count("ipv4only.arpa", "AAAA") == 1
    assert ip_address("2001:db8:64::c612:140a") in IPv6Network("2001:db8:64::/96")


@pytest.mark.parametrize("told", [Failure.DNS_TIMEOUT, GapReason.VANTAGE_BLIND_IPV6, "SERVFAIL"])
async def test_a_translator_that_cannot_be_asked_about_spoils_nothing(told):
    world = world_with("2001:db8::1")
    world.spoiled[RESOLVER, "ipv4only.arpa", "AAAA"] = told
    assert (await look(world, "odd.gov.test"))[Family.IPV6].unusable == ()


async def test_many_addresses_are_counted_sorted_and_capped():
    world = world_with(*(f"2001:db8::{number:x}" for number in range(300, 0, -1)))
    facts = (await look(world, "odd.gov.test"))[Family.IPV6]
    assert facts.count == 300
    assert len(facts.addresses) == ADDRESS_LIMIT
    assert facts.addresses[:2] == (ip_address("2001:db8::1"), ip_address("2001:db8::2"))


async def test_the_order_in_which_a_server_shuffles_is_no_change():
    one, other = world_with("2001:db8::1", "2001:db8::2"), world_with("2001:db8::2", "2001:db8::1")
    assert await look(one, "odd.gov.test") == await look(other, "odd.gov.test")


async def test_a_failing_server_is_a_failure_of_that_family_and_not_an_absence():
    world = World()
    world.spoiled[None, "old.gov.test", "AAAA"] = "SERVFAIL"
    found = await look(world, "old.gov.test")
    assert found[Family.IPV6] is Failure.DNS_SERVFAIL
    assert isinstance(found[Family.IPV4], DnsAddress)


async def test_a_silent_resolver_leaves_the_question_open():
    world = World()
    world.spoiled[RESOLVER, "*", "*"] = Failure.DNS_TIMEOUT
    assert await look(world, "www.gov.test") == dict.fromkeys(Family, GapReason.RESOLVER_FAILED)


async def test_a_target_named_by_address_has_that_address():
    found = await look(World(surroundings_extra={"native": LAB}), "198.18.20.10")
    assert found[Family.IPV4].source is Source.LITERAL
    assert found[Family.IPV6].presence is Presence.NODATA


async def replayed(situation, host):
    """Return the outcomes by family as recorded in the demo city, everything recorded having been asked for."""
    wire = ReplayWire(RECORDINGS / f"{situation}.json")
    found = await look(wire, f"{host}.kaiping.gov.test")
    assert wire.unasked == ()
    return found


@pytest.mark.parametrize(
    ("situation", "host", "ipv4", "ipv6"),
    [
        ("dual_stack", "www", Presence.PRESENT, Presence.PRESENT),
        ("ipv4_only", "www.edu", Presence.PRESENT, Presence.NODATA),
        ("alias_without_aaaa", "cname-noaaaa.odd", Presence.PRESENT, Presence.NODATA),
        ("nxdomain_for_aaaa", "nxdomain-aaaa.odd", Presence.PRESENT, Presence.NXDOMAIN),
        ("mapped", "mapped.odd", Presence.PRESENT, Presence.PRESENT),
    ],
)
async def test_what_was_recorded_is_told_by_presence(situation, host, ipv4, ipv6):
    found = await replayed(situation, host)
    assert (found[Family.IPV4].presence, found[Family.IPV6].presence) == (ipv4, ipv6)
    assert found[Family.IPV6].contradicted is (ipv6 is Presence.NXDOMAIN)
    kinds = [unusable.kind for unusable in found[Family.IPV6].unusable]
    assert kinds == ([AddressClass.MAPPED] if situation == "mapped" else [])


@pytest.mark.parametrize(
    ("situation", "host", "outcome"),
    [
        ("aaaa_dropped", "drop-aaaa.odd", Failure.DNS_TIMEOUT),
        ("every_server_lame", "www.water", Failure.DNS_SERVFAIL),
        ("resolver_refuses", "www", GapReason.RESOLVER_FAILED),
    ],
)
async def test_what_was_recorded_as_open_stays_open(situation, host, outcome):
    assert (await replayed(situation, host))[Family.IPV6] is outcome
