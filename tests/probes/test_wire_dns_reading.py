"""Reading many answers at once says what dnspython says of each, or nothing."""

from __future__ import annotations

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.wire
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from probes.wire import DnsAnswer, DnsQuery, Presence
from probes.wire.dns_bulk import WIDTH
from probes.wire.dns_codec import Question, write
from probes.wire.dns_codec import read as read_one
from probes.wire.dns_columns import Names, Templates, plain
from probes.wire.dns_harvest import Harvest
from probes.wire.dns_names import Messages
from probes.wire.dns_reading import PRESENCES, read
from probes.wire.trail import Trail, follow
from tests.probes.wire_world import V4

LABELS = st.from_regex(r"[a-z0-9_-]{1,12}", fullmatch=True)
NAMES = st.lists(LABELS, min_size=1, max_size=5).map(".".join).filter(plain)
TYPES = ("A", "AAAA")


def question(name: str, rdtype: str) -> Question:
    return write(DnsQuery(V4, name, rdtype))


def rows(*messages: bytes):
    data = np.zeros((len(messages), WIDTH), np.uint8)
    for row, message in enumerate(messages):
        data[row, : len(message)] = np.frombuffer(message, np.uint8)
    return data, np.array([len(message) for message in messages], np.intp)


def columns(names: list[str], kinds: list[int], *messages: bytes) -> tuple[np.ndarray, list[Trail | None]]:
    """Return which messages answer their question, and what each says plainly of it."""
    numbers = 2 * np.arange(len(names)) + np.array(kinds)
    data, lengths = rows(*messages)
    known = Names.of(names)
    reading = read(data, lengths, known, numbers)
    harvest = Harvest.empty(2 * len(names))
    harvest.gather(numbers, reading, reading.asked.copy(), np.zeros(len(names)))
    owners, octets = harvest.addresses()
    trails: list[Trail | None] = []
    for number in numbers.tolist():
        presence = PRESENCES[harvest.presence[number]]
        made = harvest._resolution(number, octets.tobytes(), *np.searchsorted(owners, [number, number + 1]))
        ttl = int(harvest.ttl[number])
        told = Trail(made.chain, made.addresses, None if ttl < 0 else ttl, presence)
        trails.append(told if presence else None)
    return reading.asked, trails


def oracle(message: bytes, name: str, rdtype: str) -> Trail | None:
    asked = question(name, rdtype)
    answer = read_one(asked.wire[:2] + message[2:], asked, 0.0)
    return follow(answer, name, rdtype) if isinstance(answer, DnsAnswer) else None


Damage = list[tuple[float, int]]
"""Where octets are changed, as a part of the message, and to what; a change to 256 cuts the message there."""
Made = tuple[str, int, dns.message.Message, Damage]


def wire(made: Made) -> bytes:
    """Return the message as it comes in."""
    *_, message, damage = made
    octets = bytearray(message.to_wire(max_size=4096))
    for part, octet in damage:
        at = 2 + int(part * (len(octets) - 2))
        octets[at:] = bytes([octet]) + octets[at + 1 :] if octet < 256 else b""
    return bytes(octets[:WIDTH])


@st.composite
def messages(draw: st.DrawFn) -> Made:
    """A name, the number of a type, and an answer to them that is right, odd, or to be damaged."""
    name, kind = draw(NAMES), draw(st.integers(0, 1))
    query = dns.message.make_query(name, TYPES[kind], use_edns=draw(st.sampled_from([False, 0])))
    message = dns.message.make_response(query)
    message.flags |= draw(st.sampled_from([0, dns.flags.AA, dns.flags.RA, dns.flags.AD]))
    message.set_rcode(draw(st.sampled_from([0, 0, 0, 3, 2, 5])))
    here = name
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2, 5, 18]))):
        target = draw(st.one_of(NAMES, NAMES.map(lambda label: f"{label}.{name}"), st.just(name)))
        message.answer.append(rrset(here, draw(TTLS), "CNAME", f"{target}."))
        here = target
    for owner in draw(st.sampled_from([[], [here], [here], [here, here], [name], ["else.where"]])):
        texts = draw(st.lists(ADDRESSES[kind], min_size=1, max_size=4))
        message.answer.append(rrset(owner, draw(TTLS), TYPES[kind], *texts))
    zone = draw(st.sampled_from([here, here.partition(".")[2], name.partition(".")[2], "else.where"]))
    if draw(st.booleans()):
        soa = f"ns1.{zone or 'x'}. {draw(NAMES)}. 1 2 3 4 5"
        message.authority.append(rrset(zone, 60, "SOA", soa))
    if draw(st.sampled_from([False, False, True])):
        server = draw(NAMES)
        message.authority.append(rrset(zone, 60, "NS", f"{server}."))
        message.additional.append(rrset(server, 60, TYPES[kind], draw(ADDRESSES[kind])))
    damage = st.tuples(st.floats(0, 0.999), st.integers(0, 256))
    return name, kind, message, draw(st.one_of(st.just([]), st.lists(damage, max_size=2)))


TTLS = st.sampled_from([0, 1, 60, 2**31 - 1])
ADDRESSES = (st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str))


def rrset(owner: str, ttl: int, rdtype: str, *texts: str) -> dns.rrset.RRset:
    return dns.rrset.from_text(dns.name.from_text(owner), ttl, "IN", rdtype, *texts)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(messages(), min_size=1, max_size=4))
def test_what_is_read_from_columns_is_what_dnspython_reads(batch):
    octets = [wire(made) for made in batch]
    _, trails = columns([name for name, *_ in batch], [kind for _, kind, *_ in batch], *octets)
    for (name, kind, *_), message, trail in zip(batch, octets, trails, strict=True):
        if trail is not None:
            assert trail == oracle(message, name, TYPES[kind])


@given(st.binary(max_size=200), NAMES, st.integers(0, 1))
def test_noise_after_the_question_is_read_as_dnspython_reads_it(noise, name, kind):
    asked = question(name, TYPES[kind]).wire[12:-11]
    for counts in (b"\0\1\0\0\0\0", b"\0\0\0\1\0\0", b"\0\1\0\1\0\1", b"\0\2\0\0\0\1"):
        message = b"\0\0\x81\x80\0\1" + counts + asked + noise
        _, [trail] = columns([name], [kind], message)
        assert trail is None or trail == oracle(message, name, TYPES[kind])


@pytest.mark.parametrize("kind", [0, 1])
def test_the_usual_answers_are_read_from_columns(kind):
    rdtype, address = TYPES[kind], ("198.18.0.1", "2001:db8::1")[kind]
    query = dns.message.make_query("www.kp.gov.test", rdtype, use_edns=0)
    soa = rrset("kp.gov.test", 60, "SOA", "ns1.kp.gov.test. hostmaster.example.net. 1 2 3 4 5")
    alias = rrset("www.kp.gov.test", 50, "CNAME", "a.cdn.test.")
    further = rrset("a.cdn.test", 40, "CNAME", "b.cdn.test.")
    made = []
    for rcode, answer, authority in [
        (0, [rrset("www.kp.gov.test", 60, rdtype, address)], []),
        (0, [alias, further, rrset("b.cdn.test", 30, rdtype, address, address[:-1] + "2")], []),
        (0, [], [soa]),
        (3, [], [soa]),
        (0, [alias], [rrset("cdn.test", 60, "SOA", "ns1.cdn.test. x.cdn.test. 1 2 3 4 5")]),
        (3, [alias, further], [soa]),
        (0, [rrset("www.kp.gov.test", 60, rdtype, address)], [rrset("kp.gov.test", 60, "NS", "a.test.", "b.c.test.")]),
    ]:
        message = dns.message.make_response(query)
        message.set_rcode(rcode)
        message.answer, message.authority = answer, authority
        message.additional = [rrset("a.test", 60, "A", "198.18.0.2"), rrset("a.test", 60, "AAAA", "2001:db8::2")]
        made.append(message.to_wire())
    asked, trails = columns(["www.kp.gov.test"] * 7, [kind] * 7, *made)
    assert asked.all()
    expected = [Presence.PRESENT, Presence.PRESENT, Presence.NODATA, Presence.NXDOMAIN]
    assert [trail.presence for trail in trails] == [*expected, Presence.NODATA, Presence.NXDOMAIN, Presence.PRESENT]
    assert trails == [oracle(message, "www.kp.gov.test", rdtype) for message in made]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(messages(), NAMES, st.integers(0, 1))
def test_only_the_answer_to_the_question_asked_is_one(made, name, kind):
    (other, other_kind, *_), message = made, wire(made)
    [asked], _ = columns([name], [kind], message)
    if (other, other_kind) != (name, kind):
        try:
            parsed = dns.message.from_wire(message, question_only=True).question
        except dns.exception.DNSException:
            parsed = []
        same = [dns.name.from_text(name)] == [each.name for each in parsed] and parsed[0].rdtype == (1, 28)[kind]
        assert not asked or same


@given(st.lists(NAMES, min_size=1, max_size=9, unique=True))
@example(["a" * 63 + "." + "b" * 63 + "." + "c" * 63 + "." + "d" * 61, "x"])
def test_questions_go_out_as_they_do_one_by_one(names):
    templates = Templates.of(Names.of(names))
    data = np.full((2 * len(names), templates.rows.shape[1]), 255, np.uint8)
    numbers = np.arange(2 * len(names))
    lengths = templates.fill(data, numbers, np.full(len(numbers), 0xABCD, np.uint16))
    for number in numbers.tolist():
        wire = question(names[number // 2], TYPES[number % 2]).wire
        assert data[number, : lengths[number]].tobytes() == b"\xab\xcd" + wire[2:]


@pytest.mark.parametrize(
    "name", ["", ".", "a..b", "192.0.2.1", "www.例子.test", "a\\.b.test", "a b", "x" * 64, "2001:db8::1"]
)
def test_names_that_are_not_plain_are_left_to_others(name):
    assert not plain(name)


@given(st.binary(min_size=1, max_size=80), st.integers(0, 79))
@example(b"\xc0\x00", 0)
@example(b"\x01a\xc0\x00", 2)
@example(b"\x01a\xc0\x00", 0)
def test_a_name_that_is_sound_ends_where_dnspython_ends_it(noise, start):
    data, lengths = rows(noise)
    messages = Messages(data, lengths, Names.of(["x"]), np.array([0]))
    [end], [sound] = messages.walk(np.array([0]), np.array([start]))
    if sound:
        parser = dns.wire.Parser(noise, start)
        parser.get_name()
        assert parser.current == end
