"""Crafted packets under way: built as asked, matched to what is genuinely said of them, and fenced like all else."""

import asyncio
from collections.abc import Callable, Iterable
from ipaddress import IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6PacketTooBig,
    ICMPv6ParamProblem,
    ICMPv6TimeExceeded,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    defragment6,
)
from scapy.packet import Packet

from probes.observation import Failure, GapReason
from probes.target import Address, Family
from probes.wire import NotLooked
from probes.wire.packets.craft import frames
from probes.wire.packets.messages import Declined, Reply, Returned, Sound
from probes.wire.packets.pace import Pace
from probes.wire.packets.sounding_answers import Key, read
from probes.wire.packets.soundings import Soundings
from probes.wire.scope import Scope
from probes.wire.sounding import Carrier, Dressing, Sounded, Sounding, Word

OUR4, OUR6 = ip_address("192.0.2.1"), ip_address("2001:db8::1")
HOST4, HOST6 = ip_address("192.0.2.9"), ip_address("2001:db8::9")
ROUTER4, ROUTER6 = ip_address("198.51.100.1"), ip_address("2001:db8:f::f")
SCOPE = Scope(allow=(ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")), deny=(ip_network("192.0.2.66"),))
COOKIE = b"0123456789abcd"
Answer = Callable[[Address, bytes], Iterable[tuple[Address, bytes]]]


class Path:
    """An exit for both families and the network behind it, which answers each packet as told."""

    def __init__(self, answer: Answer = lambda address, packet: (), width: int = 65535) -> None:
        self.sent: list[bytes] = []
        self.lost, self._answer, self._width = 0, answer, width
        self.soundings = Soundings(SCOPE, Pace(1e6, 1e6), dict.fromkeys(Family, self), lambda _: self.lost)

    def source(self, address: Address) -> Address:
        return OUR4 if address.version == 4 else OUR6

    def send(self, address: Address, packet: bytes) -> bool:
        if len(packet) > self._width:
            return False
        self.sent.append(packet)
        for source, said in self._answer(address, packet):
            asyncio.get_running_loop().call_soon(self.soundings.received, source, said)
        return True

    async def ask(self, asked: Sounding, address: Address = HOST6) -> Reply:
        return await self.soundings.run(Sound(7, address, asked))

    async def word(self, asked: Sounding, address: Address = HOST6) -> Sounded:
        reply = await self.ask(asked, address)
        assert isinstance(reply, Returned)
        assert reply.token == 7
        return reply.sounded


def icmp6(source: Address, message: Packet) -> tuple[Address, bytes]:
    """What a raw ICMPv6 socket hands over of *message* from *source*."""
    return source, bytes(IPv6(src=str(source), dst=str(OUR6)) / message)[40:]


def icmp4(source: Address, message: Packet) -> tuple[Address, bytes]:
    return source, bytes(IP(src=str(source), dst=str(OUR4)) / message)


def replying(address: Address, packet: bytes) -> list[tuple[Address, bytes]]:
    """The host's echo reply."""
    if address.version == 4:
        request = IP(packet)[ICMP]
        return [icmp4(address, ICMP(type=0, id=request.id, seq=request.seq) / bytes(request.payload))]
    asked = IPv6(packet)[ICMPv6EchoRequest]
    return [icmp6(address, ICMPv6EchoReply(id=asked.id, seq=asked.seq, data=asked.data))]


def complaining(make: Callable[[], Packet], source: Address = ROUTER6, cut: int = 1232) -> Answer:
    """A router's error, quoting the first *cut* octets."""
    return lambda address, packet: [icmp6(source, make() / packet[:cut])]


@pytest.mark.parametrize("address", [HOST4, HOST6])
@pytest.mark.parametrize("size", [64, 576, 1280, 1500])
async def test_an_echo_has_the_size_asked_for_and_may_not_be_cut(address: Address, size: int) -> None:
    path = Path(replying)
    said = await path.word(Sounding(size), address)
    assert (said.word, said.source) == (Word.ANSWERED, address)
    (packet,) = path.sent
    assert len(packet) == size
    if address.version == 4:
        assert IP(packet).flags == "DF"


@pytest.mark.parametrize("address", [HOST4, HOST6])
def test_packets_of_one_flow_look_alike_to_routers(address: Address) -> None:
    source = OUR4 if address.version == 4 else OUR6
    kind = ICMP if address.version == 4 else ICMPv6EchoRequest
    made = [
        (IP if address.version == 4 else IPv6)(
            frames(source, Sounding(hop_limit=hop, flow=99), Key(address, Carrier.ECHO, 99, hop * 7), COOKIE)[0]
        )
        for hop in range(1, 9)
    ]
    sums = {packet[kind].chksum if address.version == 4 else packet[kind].cksum for packet in made}
    assert len(sums) == 1
    assert {packet[kind].id for packet in made} == {99}
    assert len({packet[kind].seq for packet in made}) == 8


@pytest.mark.parametrize(
    ("dressing", "header"),
    [(Dressing.DESTINATION_OPTIONS, IPv6ExtHdrDestOpt), (Dressing.HOP_BY_HOP_OPTIONS, IPv6ExtHdrHopByHop)],
)
def test_a_dressed_echo_bears_its_header_and_the_right_checksum(dressing: Dressing, header: type[Packet]) -> None:
    (raw,) = frames(OUR6, Sounding(200, dressing=dressing), Key(HOST6, Carrier.ECHO, 1, 2), COOKIE)
    packet = IPv6(raw)
    assert len(raw) == 200
    assert header in packet
    told = packet[ICMPv6EchoRequest].cksum
    del packet[ICMPv6EchoRequest].cksum
    assert IPv6(bytes(packet))[ICMPv6EchoRequest].cksum == told


@pytest.mark.parametrize("carrier", sorted(Carrier))
def test_two_fragments_make_the_whole(carrier: Carrier) -> None:
    key = Key(HOST6, carrier, 50000, 33434)
    (whole,) = frames(OUR6, Sounding(1280, carrier), key, COOKIE)
    parts = frames(OUR6, Sounding(1280, carrier, Dressing.FRAGMENTED), key, COOKIE)
    assert len(parts) == 2
    assert all(IPv6ExtHdrFragment in IPv6(part) for part in parts)
    assert bytes(defragment6([IPv6(part) for part in parts]))[40:] == whole[40:]
    first, second = frames(OUR4, Sounding(576, carrier, Dressing.FRAGMENTED), Key(HOST4, carrier, 1, 2), COOKIE)
    assert IP(first).flags == "MF"
    assert IP(second).frag * 8 == len(first) - 20


async def test_too_big_tells_who_and_how_much() -> None:
    path = Path(complaining(lambda: ICMPv6PacketTooBig(mtu=1400)))
    said = await path.word(Sounding(1500, Carrier.DATAGRAM))
    assert (said.word, said.source, said.mtu) == (Word.TOO_BIG, ROUTER6, 1400)


async def test_our_own_link_may_be_too_narrow() -> None:
    path = Path(width=1492)
    assert await path.word(Sounding(1500)) == Sounded(Word.TOO_BIG)
    assert path.sent == []


@pytest.mark.parametrize("mtu", [0, 1279, 1500, 9000])
async def test_a_size_that_makes_no_sense_is_not_believed(mtu: int) -> None:
    path = Path(complaining(lambda: ICMPv6PacketTooBig(mtu=mtu)))
    assert (await path.word(Sounding(1500, timeout=0.02))).word is Word.SILENT


async def test_over_ipv4_a_router_quotes_little_and_may_not_tell_the_size() -> None:
    def narrow(address: Address, packet: bytes) -> list[tuple[Address, bytes]]:
        return [icmp4(ROUTER4, ICMP(type=3, code=4, nexthopmtu=0) / packet[:28])]

    said = await Path(narrow).word(Sounding(1500), HOST4)
    assert (said.word, said.source, said.mtu) == (Word.TOO_BIG, ROUTER4, 0)


@pytest.mark.parametrize(
    ("make", "source", "carrier", "word", "failure"),
    [
        (ICMPv6TimeExceeded, ROUTER6, Carrier.ECHO, Word.EXPIRED, None),
        (ICMPv6ParamProblem, HOST6, Carrier.ECHO, Word.REFUSED, None),
        (lambda: ICMPv6DestUnreach(code=0), ROUTER6, Carrier.ECHO, Word.UNREACHABLE, Failure.NETWORK_UNREACHABLE),
        (lambda: ICMPv6DestUnreach(code=1), ROUTER6, Carrier.ECHO, Word.UNREACHABLE, Failure.ADMIN_PROHIBITED),
        (lambda: ICMPv6DestUnreach(code=4), HOST6, Carrier.DATAGRAM, Word.ANSWERED, None),
        (lambda: ICMPv6DestUnreach(code=4), ROUTER6, Carrier.DATAGRAM, Word.UNREACHABLE, Failure.ADMIN_PROHIBITED),
    ],
)
async def test_each_error_has_its_word(
    make: Callable[[], Packet], source: Address, carrier: Carrier, word: Word, failure: Failure | None
) -> None:
    said = await Path(complaining(make, source)).word(Sounding(200, carrier))
    assert (said.word, said.source, said.failure) == (word, source, failure)


@pytest.mark.parametrize("dressing", [Dressing.DESTINATION_OPTIONS, Dressing.HOP_BY_HOP_OPTIONS])
async def test_an_error_about_a_dressed_packet_is_recognised(dressing: Dressing) -> None:
    path = Path(complaining(ICMPv6ParamProblem))
    assert (await path.word(Sounding(200, dressing=dressing))).word is Word.REFUSED


@pytest.mark.parametrize(
    "answer",
    [
        lambda address, packet: [icmp6(ROUTER6, ICMPv6EchoReply(id=0, seq=1, data=bytes(40)))],
        lambda address, packet: [(ROUTER6, said) for _, said in replying(address, packet)],
        lambda address, packet: [icmp6(ROUTER6, ICMPv6TimeExceeded() / (packet[:48] + bytes(100)))],
        lambda address, packet: [icmp6(ROUTER6, ICMPv6TimeExceeded() / packet[:55])],
        lambda address, packet: [icmp6(ROUTER6, ICMPv6TimeExceeded() / packet[:20])],
    ],
    ids=["nobody's", "from elsewhere", "another cookie", "half a cookie", "half a header"],
)
async def test_what_is_not_genuine_is_nothing(answer: Answer) -> None:
    assert await Path(answer).word(Sounding(200, timeout=0.02)) == Sounded(Word.SILENT)


async def test_silence_says_nothing_while_answers_are_lost_on_this_machine() -> None:
    path = Path()
    asyncio.get_running_loop().call_later(0.01, setattr, path, "lost", 1)
    assert await path.ask(Sounding(timeout=0.03)) == Declined(
        7, GapReason.OVERLOADED, "answers were lost on this machine"
    )


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("203.0.113.9", GapReason.OUT_OF_SCOPE),
        ("192.0.2.66", GapReason.DENIED),
        ("ff02::1", GapReason.OUT_OF_SCOPE),
        ("::ffff:192.0.2.9", GapReason.ADDRESS_UNKNOWN),
        ("::ffff:192.0.2.66", GapReason.DENIED),
    ],
)
async def test_nothing_leaves_for_anyone_outside(address: str, reason: GapReason) -> None:
    path = Path(replying)
    reply = await path.ask(Sounding(), ip_address(address))
    assert isinstance(reply, Declined)
    assert reply.reason is reason
    assert path.sent == []


async def test_a_stop_breaks_off_and_a_resume_lets_out_again() -> None:
    path = Path()
    asyncio.get_running_loop().call_later(0.01, path.soundings.stop)
    for timeout in (30.0, 0.01):
        reply = await path.ask(Sounding(timeout=timeout))
        assert isinstance(reply, Declined)
        assert reply.reason is GapReason.STOPPED
    assert len(path.sent) == 1
    path.soundings.resume()
    assert (await path.word(Sounding(timeout=0.01))).word is Word.SILENT


async def test_fragments_are_paced_as_the_packets_they_are() -> None:
    path = Path()
    path.soundings = Soundings(SCOPE, Pace(1e6, 20.0), dict.fromkeys(Family, path), lambda _: 0)
    began = asyncio.get_running_loop().time()
    await path.word(Sounding(200, dressing=Dressing.FRAGMENTED, timeout=0.0))
    assert asyncio.get_running_loop().time() - began >= 0.04
    assert len(path.sent) == 2


async def test_without_a_raw_socket_there_is_only_the_reason() -> None:
    gap = NotLooked(GapReason.NO_RAW_SOCKET, "no CAP_NET_RAW")
    deaf = Soundings(SCOPE, Pace(1e6, 1e6), dict.fromkeys(Family, gap), lambda _: 0)
    assert await deaf.run(Sound(1, HOST6, Sounding())) == Declined(1, GapReason.NO_RAW_SOCKET, "no CAP_NET_RAW")


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from([HOST4, HOST6]))
def test_no_packet_breaks_the_reader(packet: bytes, source: Address) -> None:
    assert read(source, packet) is None or isinstance(read(source, packet).key.address, Address)  # type: ignore[union-attr]


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_no_damaged_error_breaks_the_reader(data: st.DataObject) -> None:
    dressing = data.draw(st.sampled_from(list(Dressing)))
    packet = frames(OUR6, Sounding(200, dressing=dressing), Key(HOST6, Carrier.ECHO, 1, 2), COOKIE)[0]
    _, whole = icmp6(ROUTER6, ICMPv6TimeExceeded() / packet)
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 4)) if damaged else 0):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    said = read(ROUTER6, bytes(damaged))
    assert said is None or isinstance(said.key.address, IPv6Address)


def test_udp_checksums_are_right() -> None:
    (raw,) = frames(OUR6, Sounding(300, Carrier.DATAGRAM), Key(HOST6, Carrier.DATAGRAM, 50000, 33434), COOKIE)
    packet = IPv6(raw)
    told = packet[UDP].chksum
    del packet[UDP].chksum
    assert IPv6(bytes(packet))[UDP].chksum == told
