"""Who speaks on a link, held against whom we were told of."""

from dataclasses import replace
from ipaddress import IPv6Address, ip_network

from probes.link_speakers import LinkSpeakers, link_speakers
from probes.observation import GapReason, Sighting
from probes.registry import load
from probes.target import Kind, Target
from probes.wire import NotLooked, Surroundings
from probes.wire.link import Link, Overheard, Role, Router, Speaker
from probes.wire.recording import ReplayWire
from tests.probes.link_frames import ROGUE, ROGUE_MAC
from tests.probes.replays import FIXTURES

OFFICE = Target("office.lan.kaiping.gov.test", "town", Kind.LINK)
GOOD = "02:00:00:00:00:01"
LINK = Link("eth1", (Router(GOOD, (ip_network("2001:db8:1::/48"),)),), (GOOD,))


class OneLink:
    """A wire whose one link has *speakers* on it."""

    def __init__(self, *speakers: Speaker, link: Link | None = LINK, refusal: NotLooked | None = None) -> None:
        self.surroundings = Surroundings(links={} if link is None else {"office.lan.kaiping.gov.test": link})
        self._speakers, self._refusal = speakers, refusal

    async def overhear(self, interface: str) -> Overheard:
        assert interface == "eth1"
        if self._refusal is not None:
            raise self._refusal
        return Overheard(self._speakers, 2)


async def seen(wire: OneLink) -> list[Sighting]:
    return [sighting async for sighting in link_speakers(OFFICE, wire)]  # type: ignore[arg-type]


def router(mac: str, *prefixes: str) -> Speaker:
    return Speaker(Role.ROUTER, mac, IPv6Address("fe80::1"), tuple(map(ip_network, prefixes)), 1800, 0.5)


async def declared(speaker: Speaker) -> bool:
    (sighting,) = await seen(OneLink(speaker))
    assert isinstance(sighting.outcome, LinkSpeakers)
    return sighting.outcome.declared


async def test_a_router_we_were_told_of_is_declared_with_its_prefixes_and_no_others() -> None:
    assert await declared(router(GOOD, "2001:db8:1:2::/64"))
    assert await declared(router(GOOD))
    assert not await declared(router(GOOD, "2001:db8:1:2::/64", "2001:db8:bad::/64"))
    assert not await declared(router(GOOD, "2001:db8::/32"))
    assert not await declared(router(ROGUE_MAC, "2001:db8:1:2::/64"))


async def test_a_server_is_declared_by_its_hardware_address() -> None:
    for role in (Role.DHCPV6, Role.DHCPV4):
        assert await declared(replace(router(GOOD, "2001:db8:bad::/64"), role=role))
        assert not await declared(replace(router(ROGUE_MAC), role=role))


async def test_a_quiet_link_has_nobody_on_it() -> None:
    assert await seen(OneLink()) == []


async def test_a_link_without_an_interface_and_one_that_cannot_be_heard_are_gaps() -> None:
    assert [sighting.outcome for sighting in await seen(OneLink(link=None))] == [GapReason.OUT_OF_SCOPE]
    deaf = OneLink(refusal=NotLooked(GapReason.NO_RAW_SOCKET))
    assert [sighting.outcome for sighting in await seen(deaf)] == [GapReason.NO_RAW_SOCKET]


async def test_only_what_is_made_for_links_looks_at_one() -> None:
    assert [probe.name for probe in load().values() if probe.suits(OFFICE)] == ["link_speakers"]
    assert not load()["link_speakers"].suits(Target("www.test", "a", Kind.WEBSITE))


async def test_a_rogue_heard_in_the_lab_is_named() -> None:
    wire = ReplayWire(FIXTURES / "link_speakers" / "a_rogue_router.json")
    found = {str(sighting.subject): sighting.outcome async for sighting in link_speakers(OFFICE, wire)}
    rogue = found[f"/router/{ROGUE_MAC}/{ROGUE}"]
    assert isinstance(rogue, LinkSpeakers)
    assert (rogue.prefixes, rogue.declared) == (("2001:db8:bad::/64",), False)
    assert wire.unasked == ()
