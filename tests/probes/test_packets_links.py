"""A link overheard: who offers something is read strictly, remembered briefly, and asked about gently."""

import asyncio
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.dhcp6 import DHCP6_Solicit
from scapy.layers.inet import IP
from scapy.layers.inet6 import ICMPv6ND_RS, IPv6
from scapy.layers.l2 import Ether

from probes.observation import GapReason
from probes.wire import NotLooked
from probes.wire.link import Overheard, Role, Speaker
from probes.wire.packets import links as module
from probes.wire.packets.link_bodies import MEMORY, PREFIX_LIMIT, SPEAKER_LIMIT
from probes.wire.packets.link_reading import read
from probes.wire.packets.links import PAUSE, Links
from probes.wire.packets.messages import Declined, Overhear, Reply, Told
from probes.wire.packets.pace import Pace
from probes.wire.packets.protocol import LENGTH, ProtocolError, decode, encode
from tests.probes.link_frames import ROGUE, ROGUE_MAC, advertisement, dhcpv4, dhcpv6

OUR_MAC, OUR = "02:00:00:00:00:99", IPv6Address("fe80::99")
SPEAKER = Speaker(Role.ROUTER, ROGUE_MAC, IPv6Address(ROGUE), (), 1800, 0.0)


# --- reading


def test_a_router_is_named_by_hardware_address_and_what_it_offers() -> None:
    said = read(advertisement("2001:db8:bad::/64", "fd00:bad::/64"))
    assert said == Speaker(
        Role.ROUTER,
        ROGUE_MAC,
        IPv6Address(ROGUE),
        (ip_network("2001:db8:bad::/64"), ip_network("fd00:bad::/64")),
        1800,
        0.0,
    )


def test_an_advertisement_hidden_behind_a_header_is_read_as_hosts_read_it() -> None:
    assert read(advertisement("2001:db8:bad::/64", hidden=True)) == read(advertisement("2001:db8:bad::/64"))


def test_a_dhcpv6_server_is_named_with_what_it_leases() -> None:
    said = read(dhcpv6())
    assert said is not None
    assert (said.role, said.mac, str(said.address)) == (Role.DHCPV6, ROGUE_MAC, ROGUE)
    assert {str(prefix) for prefix in said.prefixes} == {"2001:db8:bad::77/128", "2001:db8:bad:100::/56"}


@pytest.mark.parametrize("kind", ["offer", "ack"])
def test_a_dhcp_server_is_named_with_its_network(kind: str) -> None:
    said = read(dhcpv4(kind))
    assert said == Speaker(Role.DHCPV4, ROGUE_MAC, IPv4Address("198.18.66.6"), (ip_network("198.18.66.0/24"),), 0, 0.0)


def _broken(frame: bytes, place: int) -> bytes:
    return frame[:place] + bytes([frame[place] ^ 1]) + frame[place + 1 :]


@pytest.mark.parametrize(
    "frame",
    [
        advertisement(hops=64),
        advertisement(source="2001:db8::1"),
        _broken(advertisement("2001:db8:bad::/64"), -1),
        advertisement()[:60],
        dhcpv4("nak"),
        dhcpv6()[:60],
        bytes(Ether() / IPv6(src=ROGUE) / ICMPv6ND_RS()),
        bytes(Ether() / IP()),
        b"",
    ],
    ids=["from afar", "not of the link", "checksum", "cut", "refusal", "cut offer", "solicitation", "other", "empty"],
)
def test_what_no_host_obeys_is_nobody(frame: bytes) -> None:
    assert read(frame) is None


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_no_frame_breaks_the_reader_nor_what_is_told_of_it(data: st.DataObject) -> None:
    frame = bytearray(data.draw(st.sampled_from([advertisement("2001:db8::/64"), dhcpv6(), dhcpv4()])))
    for _ in range(data.draw(st.integers(0, 5))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    said = read(bytes(frame[: data.draw(st.integers(0, len(frame)))]))
    if said is not None:
        assert len(said.prefixes) <= PREFIX_LIMIT
        told = Told(1, Overheard((said,), 0))
        assert decode(encode(told)[LENGTH.size :]) == told


# --- saying


ages = st.floats(0, MEMORY, width=32)
macs = st.binary(min_size=6, max_size=6).map(lambda octets: octets.hex(":"))
routers = st.builds(
    Speaker,
    st.sampled_from([Role.ROUTER, Role.DHCPV6]),
    macs,
    st.ip_addresses(v=6),
    st.lists(st.ip_addresses(v=6).map(ip_network), max_size=PREFIX_LIMIT).map(tuple),
    st.integers(0, 0xFFFF),
    ages,
)
told = st.builds(
    Told, st.integers(0, 2**32 - 1), st.builds(Overheard, st.lists(routers, max_size=5).map(tuple), st.integers(0, 2))
)


@settings(deadline=None)
@given(told | st.builds(Overhear, st.integers(0, 2**32 - 1), st.from_regex(r"[a-z0-9.]{1,15}", fullmatch=True)))
def test_every_message_arrives_as_it_was_sent(message: Told | Overhear) -> None:
    assert decode(encode(message)[LENGTH.size :]) == message


@settings(deadline=None)
@given(told, st.data())
def test_a_damaged_message_is_refused_or_has_its_only_spelling(message: Told, data: st.DataObject) -> None:
    rest = bytearray(encode(message)[LENGTH.size :])
    rest[data.draw(st.integers(0, len(rest) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        damaged = decode(bytes(rest))
    except ProtocolError:
        return
    assert encode(damaged)[LENGTH.size :] == rest


def test_the_most_that_can_be_told_fits_into_a_frame() -> None:
    many = tuple(ip_network(f"2001:db8:{number}::/64") for number in range(PREFIX_LIMIT))
    speaker = Speaker(Role.ROUTER, ROGUE_MAC, IPv6Address(ROGUE), many, 9000, 1.0)
    most = Told(1, Overheard((speaker,) * SPEAKER_LIMIT, 2))
    assert decode(encode(most)[LENGTH.size :]) == most


@pytest.mark.parametrize(
    "message",
    [
        Overhear(1, ""),
        Overhear(1, "../../proc/1"),
        Overhear(1, "an interface"),
        Overhear(1, "x" * 16),
        Told(1, Overheard((), 3)),
        Told(1, Overheard((SPEAKER,) * (SPEAKER_LIMIT + 1), 0)),
        Told(1, Overheard((Speaker(Role.DHCPV4, ROGUE_MAC, IPv6Address(ROGUE), (), 0, 0.0),), 0)),
        Told(1, Overheard((Speaker(Role.ROUTER, ROGUE_MAC, IPv6Address(ROGUE), (), 0, MEMORY + 1),), 0)),
    ],
)
def test_what_the_protocol_cannot_say_is_not_sent(message: Told | Overhear) -> None:
    with pytest.raises(ProtocolError):
        encode(message)


# --- listening


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class FakeEar:
    """An ear on a link nobody is on."""

    mac = OUR_MAC

    def __init__(self, own: IPv6Address | None = OUR) -> None:
        self._own, self.sent = own, list[bytes]()

    def own(self) -> IPv6Address | None:
        return self._own

    def send(self, frame: bytes) -> None:
        self.sent.append(frame)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWERING", 0.01)


def listening(ears: Mapping[str, FakeEar | NotLooked]) -> tuple[Links, Clock]:
    clock = Clock()
    return Links(ears, Pace(1e6, 1e6), clock), clock


async def heard(links: Links, interface: str = "eth1") -> Overheard:
    reply = await links.run(Overhear(7, interface))
    assert isinstance(reply, Told)
    return reply.overheard


async def test_the_link_is_asked_for_routers_and_servers_and_nothing_is_taken() -> None:
    ear = FakeEar()
    links, _ = listening({"eth1": ear})
    assert await heard(links) == Overheard((), 2)
    routers, servers = map(Ether, ear.sent)
    assert (routers[IPv6].dst, routers[IPv6].hlim, ICMPv6ND_RS in routers) == ("ff02::2", 255, True)
    assert (servers[IPv6].dst, servers[IPv6].hlim, DHCP6_Solicit in servers) == ("ff02::1:2", 1, True)
    assert {frame.src for frame in (routers, servers)} == {OUR_MAC}


async def test_a_link_is_not_asked_again_at_once() -> None:
    ear = FakeEar()
    links, clock = listening({"eth1": ear})
    assert [(await heard(links)).asked for _ in range(3)] == [2, 0, 0]
    clock.now = PAUSE
    assert (await heard(links)).asked == 2


async def test_without_an_address_on_the_link_we_only_listen() -> None:
    ear = FakeEar(own=None)
    links, _ = listening({"eth1": ear})
    links.received("eth1", SPEAKER)
    assert await heard(links) == Overheard((SPEAKER,), 0)
    assert ear.sent == []


async def test_whoever_falls_silent_is_forgotten() -> None:
    links, clock = listening({"eth1": FakeEar(None)})
    links.received("eth1", SPEAKER)
    clock.now = MEMORY
    assert [speaker.age for speaker in (await heard(links)).speakers] == [MEMORY]
    clock.now = MEMORY + 1
    assert (await heard(links)).speakers == ()


async def test_a_crowd_does_not_drive_out_those_who_are_known() -> None:
    links, _ = listening({"eth1": FakeEar(None)})
    links.received("eth1", SPEAKER)
    for number in range(1000):
        links.received(
            "eth1", Speaker(Role.ROUTER, f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}", OUR, (), 0, 0.0)
        )
    speakers = (await heard(links)).speakers
    assert len(speakers) == SPEAKER_LIMIT
    assert SPEAKER in speakers


@pytest.mark.parametrize(("interface", "reason"), [("eth0", GapReason.OUT_OF_SCOPE), ("eth2", GapReason.NO_RAW_SOCKET)])
async def test_no_link_is_listened_to_that_is_not_our_own(interface: str, reason: GapReason) -> None:
    links, _ = listening({"eth1": FakeEar(), "eth2": NotLooked(GapReason.NO_RAW_SOCKET)})
    reply: Reply = await links.run(Overhear(7, interface))
    assert isinstance(reply, Declined)
    assert reply.reason is reason


async def test_a_stop_silences_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWERING", 30.0)
    ear = FakeEar()
    links, _ = listening({"eth1": ear})
    asyncio.get_running_loop().call_later(0.01, links.stop)
    for _ in range(2):
        reply = await asyncio.wait_for(links.run(Overhear(7, "eth1")), 1.0)
        assert isinstance(reply, Declined)
        assert reply.reason is GapReason.STOPPED
    assert len(ear.sent) == 2
