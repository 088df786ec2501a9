"""What the vantage says of itself."""

from ipaddress import ip_address
from pathlib import Path

import pytest

from probes.observation import Failure, GapReason
from probes.target import Family, Kind, Target
from probes.vantage_self import Proof, VantageSelf, vantage_self
from probes.wire import Contact
from probes.wire.recording import ReplayWire
from tests.probes.dns_world import RESOLVER, World

RECORDINGS = Path(__file__).parents[1] / "fixtures" / "vantage_self"
CONTROL4, CONTROL6 = ip_address("198.18.20.10"), ip_address("2001:db8:18:20::10")
OTHER4 = ip_address("198.18.30.10")
OTHER6 = ip_address("2001:db8:18:30::10")
RESOLVER6 = ip_address("2001:db8:18:5::53")
CONTROLS = {Family.IPV4: (Contact(CONTROL4, 443),), Family.IPV6: (Contact(CONTROL6, 443), Contact(OTHER6, 443))}


def controlled(**kwargs):
    return World(resolvers=(RESOLVER, RESOLVER6), surroundings_extra={"controls": CONTROLS}, **kwargs)


async def look(world):
    """Return the outcome by subject."""
    target = Target("lookout", "", Kind.NETWORK_DEVICE)
    return {str(sighting.subject): sighting.outcome async for sighting in vantage_self(target, world)}


async def test_a_family_lives_when_one_of_its_controls_answers():
    found = await look(controlled(ports={(CONTROL4, 443): 0.010, (OTHER6, 443): 0.020}))
    assert found["ipv4"] == VantageSelf(
        True, Proof.CONTROLS, ("tcp/443/198.18.20.10",), ("tcp/443/198.18.20.10",), 0.01
    )
    assert found["ipv6"].alive
    assert found["ipv6"].answered == ("tcp/443/2001:db8:18:30::10",)
    assert len(found["ipv6"].tried) == 2


def ports_of(*answers):
    """A vantage with two controls on each of two ports; those of *answers* answer, and what they are not asked for."""
    contacts = tuple(Contact(address, port) for port in (443, 80) for address in (CONTROL4, OTHER4))
    told = {(contact.address, contact.port): Failure.CONNECTION_TIMEOUT for contact in contacts}
    surroundings = {"controls": {Family.IPV4: contacts}}
    return World(surroundings_extra=surroundings, ports=told | dict.fromkeys(answers, 0.01))


@pytest.mark.parametrize(
    ("answers", "silent"),
    [
        ([(CONTROL4, 443), (OTHER4, 80)], ()),
        ([(CONTROL4, 443), (CONTROL4, 80)], ()),
        ([(CONTROL4, 80), (OTHER4, 80)], (443,)),
        ([(CONTROL4, 443), (OTHER4, 443)], (80,)),
        ([], (80, 443)),
    ],
)
async def test_a_family_lives_only_when_every_port_with_controls_is_answered(answers, silent):
    found = await look(ports_of(*answers))
    assert found["ipv4"].alive is not bool(silent)
    assert found["ipv4"].silent_ports == silent
    assert len(found["ipv4"].answered) == len(answers)


@pytest.mark.parametrize(
    ("one", "other", "outcome"),
    [
        (GapReason.DENIED, GapReason.DENIED, GapReason.DENIED),
        (GapReason.STOPPED, GapReason.STOPPED, GapReason.STOPPED),
        (GapReason.DENIED, Failure.CONNECTION_TIMEOUT, False),
        (GapReason.DENIED, 0.01, True),
    ],
)
async def test_a_port_none_of_whose_controls_could_be_asked_leaves_the_family_open(one, other, outcome):
    world = ports_of((CONTROL4, 80))
    world.ports |= {(CONTROL4, 443): one, (OTHER4, 443): other}
    said = (await look(world))["ipv4"]
    assert (said if isinstance(said, GapReason) else said.alive) is outcome


@pytest.mark.parametrize(
    ("pings", "alive"),
    [
        ({CONTROL6: 0.03, OTHER6: 0.02}, True),
        ({CONTROL6: Failure.ECHO_TIMEOUT, OTHER6: 0.02}, True),
        ({CONTROL6: GapReason.OUT_OF_SCOPE, OTHER6: Failure.ECHO_TIMEOUT}, False),
        ({CONTROL6: Failure.ECHO_TIMEOUT, OTHER6: Failure.ADMIN_PROHIBITED}, False),
        ({}, GapReason.NO_RAW_SOCKET),
    ],
)
async def test_whether_controls_answer_ping_is_told_beside_the_family(pings, alive):
    lively = dict.fromkeys([(CONTROL4, 443), (CONTROL6, 443)], 0.01)
    found = await look(controlled(ports=lively, pings=pings))
    said = found["icmp/ipv6"]
    assert (said if isinstance(said, GapReason) else said.alive) is alive
    assert found["ipv6"].alive is True
    assert found["icmp/ipv4"] is GapReason.NO_RAW_SOCKET


async def test_a_control_with_many_ports_is_pinged_as_one():
    world = ports_of((CONTROL4, 443), (CONTROL4, 80))
    world.pings = {CONTROL4: 0.03, OTHER4: 0.02}
    told = (await look(world))["icmp/ipv4"]
    assert told.tried == ("icmp/198.18.20.10", "icmp/198.18.30.10")
    assert told.fastest == 0.02


@pytest.mark.parametrize("told", [Failure.CONNECTION_TIMEOUT, Failure.CONNECTION_REFUSED, GapReason.VANTAGE_BLIND_IPV6])
async def test_a_family_whose_controls_are_all_silent_is_blind_whatever_resolvers_say(told):
    found = await look(controlled(ports={(CONTROL4, 443): 0.010, (CONTROL6, 443): told, (OTHER6, 443): told}))
    assert found["ipv4"].alive is True
    assert found["ipv6"].alive is False
    assert found["ipv6"].fastest is None


@pytest.mark.parametrize("told", [GapReason.STOPPED, GapReason.OUT_OF_SCOPE])
async def test_controls_that_could_not_be_tried_leave_a_gap(told):
    found = await look(controlled(ports={(CONTROL4, 443): told, (CONTROL6, 443): told, (OTHER6, 443): told}))
    assert found["ipv4"] is told
    assert found["ipv6"] is told


async def test_without_controls_a_resolver_that_answers_proves_its_family():
    found = await look(World(resolvers=(RESOLVER, RESOLVER6)))
    for family in Family:
        assert found[family].alive is True
        assert found[family].proof is Proof.RESOLVERS


async def test_without_controls_a_silent_resolver_proves_nothing():
    world = World(resolvers=(RESOLVER, RESOLVER6))
    world.spoiled[RESOLVER6, "*", "*"] = Failure.DNS_TIMEOUT
    found = await look(world)
    assert found["ipv4"].alive is True
    assert found["ipv6"].alive is None
    assert found["ipv6"].proof is Proof.NOTHING


async def test_without_controls_having_no_way_to_any_resolver_is_blindness():
    world = World(resolvers=(RESOLVER, RESOLVER6))
    world.spoiled[RESOLVER6, "*", "*"] = GapReason.VANTAGE_BLIND_IPV6
    found = await look(world)
    assert found["ipv6"].alive is False
    assert found["server/2001:db8:18:5::53"] is GapReason.VANTAGE_BLIND_IPV6


async def test_with_nothing_to_go_by_nothing_is_claimed():
    found = await look(World(resolvers=()))
    assert {str(family): found[family].alive for family in Family} == {"ipv4": None, "ipv6": None}


@pytest.mark.parametrize(
    ("told", "alive"), [(Failure.DNS_TIMEOUT, False), ("REFUSED", False), ("NXDOMAIN", False), (None, True)]
)
async def test_each_resolver_is_told_apart(told, alive):
    world = controlled()
    if told:
        world.spoiled[RESOLVER, "*", "*"] = told
    found = await look(world)
    assert found["server/198.18.5.53"].alive is alive
    assert found["server/2001:db8:18:5::53"].alive is True


async def test_a_control_name_with_ipv6_alone_proves_a_resolver_too():
    world = World(control_name="only6.gov.test")
    world.records += [record for record in world.records if record.owner == "www.gov.test" and record.rdtype == "AAAA"]
    world.records[-1] = type(world.records[-1])("only6.gov.test", "AAAA", 60, "2001:db8::6")
    world.__post_init__()
    assert (await look(world))["server/198.18.5.53"].alive


BLIND6 = GapReason.VANTAGE_BLIND_IPV6


@pytest.mark.parametrize(
    ("situation", "families", "pings", "resolvers"),
    [
        ("both_families", [True, True], [True, True], [True, True]),
        ("no_ipv6", [True, False], [True, False], [True, BLIND6]),
        ("resolver_refuses", [True, True], [True, True], [False, False]),
        ("own_filter", [False, False], [False, False], [True, True]),
    ],
)
async def test_what_was_recorded_is_told(situation, families, pings, resolvers):
    wire = ReplayWire(RECORDINGS / f"{situation}.json")
    found = await look(wire)
    assert wire.unasked == ()

    def told(*subjects):
        return [getattr(found[subject], "alive", found[subject]) for subject in subjects]

    assert told("ipv4", "ipv6") == families
    assert told("icmp/ipv4", "icmp/ipv6") == pings
    assert told("server/198.18.5.53", "server/2001:db8:18:5::53") == resolvers
