"""Reading ICMP off the wire: what scapy builds is understood, and what strangers send is nothing or true."""

import struct
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6PacketTooBig,
    ICMPv6TimeExceeded,
    IPv6,
    in6_chksum,
)

from probes.observation import Failure
from probes.target import Family
from probes.wire.packets.craft import echo_request
from probes.wire.packets.icmp import EchoError, EchoKey, EchoReply, checksum, read

US4, HOST4, ROUTER4 = "198.51.100.1", "192.0.2.9", "203.0.113.254"
US6, HOST6, ROUTER6 = "2001:db8::1", "2001:db8:9::9", "2001:db8:f::f"
COOKIE = bytes(range(16))
words = st.integers(0, 0xFFFF)


def request4(host: str = HOST4) -> IP:
    return IP(src=US4, dst=host) / ICMP(type=8, id=77, seq=3) / COOKIE


def request6(host: str = HOST6) -> IPv6:
    return IPv6(src=US6, dst=host) / ICMPv6EchoRequest(id=77, seq=3, data=COOKIE)


@settings(deadline=None)
@given(words, words, st.binary(max_size=64))
def test_our_echo_requests_are_those_scapy_would_send(identifier: int, sequence: int, payload: bytes) -> None:
    four = echo_request(Family.IPV4, identifier, sequence, payload)
    assert struct.unpack("!BBHHH", four[:8])[::3] == (8, identifier)
    assert (four[6:8], four[8:]) == (struct.pack("!H", sequence), payload)
    assert checksum(four) == 0
    six = echo_request(Family.IPV6, identifier, sequence, payload)
    assert six == struct.pack("!BBHHH", 128, 0, 0, identifier, sequence) + payload


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_the_checksum_is_scapys(message: bytes) -> None:
    from scapy.utils import checksum as theirs

    assert checksum(message) == theirs(message)


@settings(deadline=None)
@given(words, words, st.binary(max_size=64))
def test_a_reply_is_read_with_its_key_and_payload(identifier: int, sequence: int, payload: bytes) -> None:
    packet = bytes(IP(src=HOST4, dst=US4) / ICMP(type=0, id=identifier, seq=sequence) / payload)
    assert read(IPv4Address(HOST4), packet) == EchoReply(EchoKey(IPv4Address(HOST4), identifier, sequence), payload)
    body = bytes(IPv6(src=HOST6, dst=US6) / ICMPv6EchoReply(id=identifier, seq=sequence, data=payload))[40:]
    assert read(IPv6Address(HOST6), body) == EchoReply(EchoKey(IPv6Address(HOST6), identifier, sequence), payload)


def test_ip_options_do_not_hide_the_reply() -> None:
    packet = bytes(IP(src=HOST4, dst=US4, options=b"\x01\x01\x01\x00") / ICMP(type=0, id=1, seq=2) / COOKIE)
    assert read(IPv4Address(HOST4), packet) == EchoReply(EchoKey(IPv4Address(HOST4), 1, 2), COOKIE)


def test_an_ipv4_message_with_a_wrong_checksum_is_nothing() -> None:
    packet = bytearray(bytes(IP(src=HOST4, dst=US4) / ICMP(type=0, id=1, seq=2) / COOKIE))
    packet[-1] ^= 1
    assert read(IPv4Address(HOST4), bytes(packet)) is None


@pytest.mark.parametrize(
    ("kind", "code", "failure"),
    [
        (3, 0, Failure.NETWORK_UNREACHABLE),
        (3, 1, Failure.HOST_UNREACHABLE),
        (3, 3, Failure.ADMIN_PROHIBITED),
        (3, 7, Failure.HOST_UNREACHABLE),
        (3, 9, Failure.ADMIN_PROHIBITED),
        (3, 10, Failure.ADMIN_PROHIBITED),
        (3, 13, Failure.ADMIN_PROHIBITED),
        (11, 0, Failure.HOST_UNREACHABLE),
    ],
)
def test_an_icmp_error_is_named_by_its_code(kind: int, code: int, failure: Failure) -> None:
    packet = bytes(IP(src=ROUTER4, dst=US4) / ICMP(type=kind, code=code) / bytes(request4())[: 20 + 8 + 16])
    word = read(IPv4Address(ROUTER4), packet)
    assert isinstance(word, EchoError)
    assert (word.key, word.payload, word.failure) == (EchoKey(IPv4Address(HOST4), 77, 3), COOKIE, failure)
    assert word.detail.startswith(f"ICMP {kind}/{code} from {ROUTER4}: ")


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (0, Failure.NETWORK_UNREACHABLE),
        (1, Failure.ADMIN_PROHIBITED),
        (2, Failure.NETWORK_UNREACHABLE),
        (3, Failure.HOST_UNREACHABLE),
        (4, Failure.ADMIN_PROHIBITED),
        (5, Failure.ADMIN_PROHIBITED),
        (6, Failure.ADMIN_PROHIBITED),
    ],
)
def test_an_icmpv6_error_is_named_by_its_code(code: int, failure: Failure) -> None:
    packet = bytes(IPv6(src=ROUTER6, dst=US6) / ICMPv6DestUnreach(code=code) / request6())[40:]
    word = read(IPv6Address(ROUTER6), packet)
    assert isinstance(word, EchoError)
    assert (word.key, word.payload, word.failure) == (EchoKey(IPv6Address(HOST6), 77, 3), COOKIE, failure)
    assert word.detail.startswith(f"ICMP 1/{code} from {ROUTER6}: ")


def test_a_loop_on_the_way_is_a_host_out_of_reach() -> None:
    word = read(IPv6Address(ROUTER6), bytes(IPv6(src=ROUTER6, dst=US6) / ICMPv6TimeExceeded() / request6())[40:])
    assert isinstance(word, EchoError)
    assert word.failure is Failure.HOST_UNREACHABLE


def test_a_router_that_quotes_only_eight_bytes_is_understood() -> None:
    packet = bytes(IP(src=ROUTER4, dst=US4) / ICMP(type=3, code=1) / bytes(request4())[:28])
    word = read(IPv4Address(ROUTER4), packet)
    assert isinstance(word, EchoError)
    assert word.payload == b""


@pytest.mark.parametrize(
    ("source", "packet"),
    [
        (ROUTER4, IP(src=ROUTER4, dst=US4) / ICMP(type=3, code=3) / (IP(src=US4, dst=HOST4) / UDP(dport=53) / COOKIE)),
        (ROUTER4, IP(src=ROUTER4, dst=US4) / ICMP(type=3, code=4) / request4()),
        (ROUTER4, IP(src=ROUTER4, dst=US4) / ICMP(type=5, code=1) / request4()),
        (HOST4, IP(src=HOST4, dst=US4) / ICMP(type=8, id=77, seq=3) / COOKIE),
        (HOST4, IP(src=HOST4, dst=US4) / ICMP(type=0, code=1, id=77, seq=3) / COOKIE),
    ],
)
def test_what_concerns_no_echo_of_ours_is_nothing(source: str, packet: IP) -> None:
    assert read(IPv4Address(source), bytes(packet)) is None


def test_packet_too_big_says_nothing_of_reachability() -> None:
    packet = bytes(IPv6(src=ROUTER6, dst=US6) / ICMPv6PacketTooBig(mtu=1280) / request6())[40:]
    assert read(IPv6Address(ROUTER6), packet) is None


@settings(deadline=None)
@given(st.sampled_from([HOST4, HOST6]), st.binary(max_size=160))
def test_random_bytes_are_never_more_than_they_say(source: str, packet: bytes) -> None:
    word = read(ip_address(source), packet)
    if isinstance(word, EchoReply):
        assert packet.endswith(word.payload)
        assert word.key.address == ip_address(source)


@settings(deadline=None)
@given(st.integers(0, 59), st.sampled_from([4, 6]))
def test_a_quotation_cut_anywhere_is_read_as_far_as_it_goes_or_not_at_all(length: int, version: int) -> None:
    if version == 4:
        quoted = bytes(request4())[:length]
        word = read(IPv4Address(ROUTER4), bytes(IP(src=ROUTER4, dst=US4) / ICMP(type=3, code=1) / quoted))
        enough = length >= 28
    else:
        quoted = bytes(request6())[:length]
        body = b"\x01\x03\0\0\0\0\0\0" + quoted
        body = body[:2] + struct.pack("!H", in6_chksum(58, IPv6(src=ROUTER6, dst=US6), body)) + body[4:]  # type: ignore[no-untyped-call]
        word = read(IPv6Address(ROUTER6), body)
        enough = length >= 48
    assert (word is not None) == enough
