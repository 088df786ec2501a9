"""The packet process's protocol: every message survives the way, and nothing else is a message."""

import asyncio
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from probes.observation import Failure, GapReason
from probes.wire import PortState
from probes.wire.packets.messages import (
    Abandon,
    CanScan,
    Declined,
    Done,
    Echo,
    Echoed,
    Message,
    Missed,
    Resume,
    Returned,
    Scan,
    Scanned,
    Seen,
    Sound,
    Stop,
    Unseen,
)
from probes.wire.packets.protocol import (
    BODY_LIMIT,
    COUNT_LIMIT,
    DETAIL_LIMIT,
    LENGTH,
    TIMEOUT_LIMIT,
    VERSION,
    ProtocolError,
    decode,
    encode,
    receive,
)
from probes.wire.packets.scan_bodies import ADDRESS_LIMIT, PORT_LIMIT, RATE_LIMIT, RETRY_LIMIT
from probes.wire.packets.sounding_bodies import SIZE_LIMIT, SMALLEST, SMALLEST_DRESSED
from probes.wire.sounding import Carrier, Dressing, Sounded, Sounding, Word

tokens = st.integers(0, 2**32 - 1)
seconds = st.floats(0, TIMEOUT_LIMIT)
details = st.text(max_size=DETAIL_LIMIT // 4)
failures = st.sampled_from(
    [Failure.ECHO_TIMEOUT, Failure.NETWORK_UNREACHABLE, Failure.HOST_UNREACHABLE, Failure.ADMIN_PROHIBITED]
)
gaps = st.sampled_from([GapReason.OUT_OF_SCOPE, GapReason.STOPPED, GapReason.NO_RAW_SOCKET, GapReason.DEFECT])
rates = st.floats(1 / RATE_LIMIT, RATE_LIMIT)
scans = st.builds(
    Scan,
    tokens,
    st.one_of(
        st.lists(st.ip_addresses(v=version), min_size=1, max_size=20, unique=True).map(tuple) for version in (4, 6)
    ),
    st.lists(st.integers(1, 65535), min_size=1, max_size=20, unique=True).map(tuple),
    st.integers(0, RETRY_LIMIT),
    seconds,
    rates,
    rates,
)
seens = st.lists(
    st.one_of(st.sampled_from([PortState.CLOSED, PortState.FILTERED]), st.floats(0, 100, width=32)), min_size=1
).flatmap(
    lambda looks: st.builds(
        Seen,
        tokens,
        st.integers(0, ADDRESS_LIMIT - 1),
        st.just(tuple(PortState.OPEN if isinstance(look, float) else look for look in looks)),
        st.just(tuple(look for look in looks if isinstance(look, float))),
    )
)
soundings = st.tuples(st.sampled_from(list(Dressing)), st.ip_addresses(v=6) | st.ip_addresses(v=4)).flatmap(
    lambda drawn: st.builds(
        Sound,
        tokens,
        st.just(drawn[1]),
        st.builds(
            Sounding,
            st.integers(SMALLEST_DRESSED, SIZE_LIMIT),
            st.sampled_from(list(Carrier)),
            st.just(Dressing.PLAIN if drawn[1].version == 4 and "options" in drawn[0] else drawn[0]),
            st.integers(1, 255),
            st.integers(0, 0xFFFF),
            seconds,
        ),
    )
)
unreachable = st.builds(
    Sounded,
    st.just(Word.UNREACHABLE),
    st.ip_addresses(),
    seconds,
    failure=st.sampled_from([Failure.NETWORK_UNREACHABLE, Failure.HOST_UNREACHABLE, Failure.ADMIN_PROHIBITED]),
)
sayings = st.one_of(
    st.just(Sounded(Word.SILENT)),
    st.builds(Sounded, st.sampled_from([Word.ANSWERED, Word.EXPIRED, Word.REFUSED]), st.ip_addresses(), seconds),
    st.builds(Sounded, st.just(Word.TOO_BIG), st.none() | st.ip_addresses(), seconds, st.integers(0, 0xFFFF)),
    unreachable,
)
messages = st.one_of(
    soundings,
    st.builds(Returned, tokens, sayings),
    st.builds(Echo, tokens, st.ip_addresses(), st.integers(1, COUNT_LIMIT), seconds),
    st.builds(Abandon, tokens),
    st.builds(Stop, tokens),
    st.builds(Resume, tokens),
    st.builds(Done, tokens),
    st.builds(Echoed, tokens, st.lists(seconds, min_size=1, max_size=COUNT_LIMIT).map(tuple)),
    st.builds(Missed, tokens, failures, details),
    st.builds(Declined, tokens, gaps, details),
    st.builds(CanScan, tokens),
    st.builds(Unseen, tokens, st.integers(0, ADDRESS_LIMIT - 1), gaps, details),
    st.builds(Scanned, tokens, st.integers(0, 2**64 - 1)),
    scans,
    seens,
)


THERE = IPv6Address("2001:db8::1")


def scan(**changed: object) -> Scan:
    given: dict[str, object] = {"ports": (22,), "retries": 0, "timeout": 1.0, "rate": 1.0, "per_host": 1.0}
    return Scan(1, **{"addresses": (THERE,), **given, **changed})  # type: ignore[arg-type]


def sound(**changed: object) -> Sound:
    return Sound(1, THERE, Sounding(**changed))  # type: ignore[arg-type]


def test_the_largest_scan_fits_into_a_frame() -> None:
    addresses = tuple(THERE + place for place in range(ADDRESS_LIMIT))
    largest = scan(addresses=addresses, ports=tuple(range(1, PORT_LIMIT + 1)))
    assert decode(encode(largest)[LENGTH.size :]) == largest


def heard(octets: bytes) -> Message:
    async def read() -> Message:
        reader = asyncio.StreamReader()
        reader.feed_data(octets)
        reader.feed_eof()
        return await receive(reader)

    return asyncio.run(read())


@settings(deadline=None)
@given(messages)
def test_every_message_arrives_as_it_was_sent(message: Message) -> None:
    frame = encode(message)
    assert len(frame) <= LENGTH.size + BODY_LIMIT
    assert decode(frame[LENGTH.size :]) == message


@settings(deadline=None)
@given(st.binary(max_size=BODY_LIMIT + 8))
@example(b"")
@example(b"\x03\x01\x00\x00\x00\x00\x03\x7f\xf8\x00\x00\x00\x00\x00\x00\x7f\x00\x00\x01")  # a timeout that is no number
def test_whatever_comes_is_a_message_in_its_only_spelling_or_refused(octets: bytes) -> None:
    try:
        message = decode(octets)
    except ProtocolError:
        return
    assert encode(message) == LENGTH.pack(len(octets)) + octets


@settings(deadline=None)
@given(messages, st.data())
def test_a_damaged_message_never_breaks_the_reader(message: Message, data: st.DataObject) -> None:
    rest = bytearray(encode(message)[LENGTH.size :])
    place = data.draw(st.integers(0, len(rest) - 1))
    rest[place] ^= data.draw(st.integers(1, 255))
    try:
        damaged = decode(bytes(rest))
    except ProtocolError:
        return
    assert encode(damaged)[LENGTH.size :] == rest


@pytest.mark.parametrize(
    "message", [Stop(7), Echo(7, IPv4Address("192.0.2.1"), 3, 2.0), Missed(7, Failure.ECHO_TIMEOUT)]
)
def test_nothing_may_be_cut_off_or_follow(message: Message) -> None:
    rest = encode(message)[LENGTH.size :]
    with pytest.raises(ProtocolError):
        decode(rest[:-1] if not isinstance(message, Missed) else rest[:6])
    if not isinstance(message, Missed):
        with pytest.raises(ProtocolError):
            decode(rest + b"\0")


def test_another_version_is_refused() -> None:
    rest = encode(Stop(1))[LENGTH.size :]
    with pytest.raises(ProtocolError, match=f"version {VERSION + 1}"):
        decode(bytes([VERSION + 1]) + rest[1:])


@pytest.mark.parametrize(
    "message",
    [
        Echo(1, IPv6Address("2001:db8::1"), 0, 1.0),
        Echo(1, IPv6Address("2001:db8::1"), COUNT_LIMIT + 1, 1.0),
        Echo(1, IPv6Address("2001:db8::1"), 1, TIMEOUT_LIMIT + 1),
        Echo(1, IPv6Address("2001:db8::1"), 1, float("nan")),
        Echo(2**32, IPv6Address("2001:db8::1"), 1, 1.0),
        Echoed(1, ()),
        Missed(1, Failure.TLS_ALERT),
        Declined(1, GapReason.QUIET_HOURS),
        Declined(1, GapReason.DEFECT, "字" * DETAIL_LIMIT),
        scan(addresses=()),
        scan(addresses=(THERE, THERE)),
        scan(addresses=(THERE, IPv4Address("192.0.2.1"))),
        scan(addresses=tuple(THERE + place for place in range(ADDRESS_LIMIT + 1))),
        scan(ports=()),
        scan(ports=(0,)),
        scan(ports=(22, 22)),
        scan(ports=tuple(range(1, PORT_LIMIT + 2))),
        scan(retries=RETRY_LIMIT + 1),
        scan(timeout=float("nan")),
        scan(rate=0.0),
        scan(per_host=float("inf")),
        Seen(1, 0, (), ()),
        Seen(1, ADDRESS_LIMIT, (PortState.CLOSED,), ()),
        Seen(1, 0, (PortState.OPEN,), ()),
        Seen(1, 0, (PortState.OPEN,), (-1.0,)),
        Unseen(1, ADDRESS_LIMIT, GapReason.OVERLOADED),
        Scanned(1, -1),
        sound(size=SMALLEST - 1),
        sound(size=SIZE_LIMIT + 1),
        sound(size=SMALLEST_DRESSED - 1, dressing=Dressing.FRAGMENTED),
        sound(hop_limit=0),
        sound(hop_limit=256),
        sound(flow=0x10000),
        sound(timeout=float("nan")),
        Sound(1, IPv4Address("192.0.2.1"), Sounding(200, dressing=Dressing.DESTINATION_OPTIONS)),
        Returned(1, Sounded(Word.ANSWERED)),
        Returned(1, Sounded(Word.SILENT, THERE)),
        Returned(1, Sounded(Word.ANSWERED, THERE, mtu=1280)),
        Returned(1, Sounded(Word.UNREACHABLE, THERE)),
        Returned(1, Sounded(Word.EXPIRED, THERE, failure=Failure.HOST_UNREACHABLE)),
        Returned(1, Sounded(Word.EXPIRED, THERE, -1.0)),
        Returned(1, Sounded(Word.UNREACHABLE, THERE, failure=Failure.TLS_ALERT)),
    ],
)
def test_what_the_protocol_cannot_say_is_not_sent(message: Message) -> None:
    with pytest.raises(ProtocolError):
        encode(message)


def test_an_announced_length_beyond_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(ProtocolError, match="frame of 65535 bytes"):
        heard(b"\xff\xff")


def test_frames_are_read_one_by_one() -> None:
    assert heard(encode(Stop(1)) + encode(Resume(2))) == Stop(1)


def test_a_connection_cut_inside_a_frame_is_no_message() -> None:
    with pytest.raises(asyncio.IncompleteReadError):
        heard(encode(Stop(1))[:-1])
