"""Single DNS questions, put to servers that answer well, badly or not at all."""

import asyncio
import socket
import time
from ipaddress import ip_address, ip_network
from math import inf

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.observation import Failure, GapReason
from probes.wire import DnsAnswer, DnsQuery, NotLooked, Unreached
from probes.wire.account import Account, Budget
from probes.wire.dns import Asker
from probes.wire.dns_codec import PAYLOAD, RECORDS, Oddity, read, write
from probes.wire.guard import Guard
from probes.wire.ledger import What
from probes.wire.scope import Limits, Scope
from probes.wire.tcp import Dialer
from tests.probes.name_server import reply, serving

NAME = "www.kp.gov.test"
LOOPBACK = Scope(allow=(ip_network("127.0.0.0/8"), ip_network("::1/128")))


class Admissions:
    """A gate on loopback that remembers what it let through."""

    def __init__(self):
        self.guard = Guard(LOOPBACK, Limits(overall=inf, per_host=inf, per_agency=inf))
        self.account = Account(NAME)
        self.admitted = []

    def __call__(self, address, port):
        self.admitted.append((address, port))
        return self.guard.admit(address, port, What.DNS, self.account)


def asking(query, gate=None):
    return Asker(Dialer()).ask(query, gate or Admissions())


async def ask(server, *, gate=None, timeout=0.6, name=NAME, rdtype="AAAA", **kwargs):
    query = DnsQuery(ip_address(server.host), name, rdtype, port=server.port, timeout=timeout, **kwargs)
    return await asking(query, gate)


async def failure_of(server, **kwargs):
    with pytest.raises(Unreached) as refusal:
        await ask(server, **kwargs)
    return refusal.value.failure


def good(query, udp):
    return reply(query, (f"{NAME}.", "AAAA", "2001:db8::1")).to_wire()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("tcp", [False, True])
async def test_an_answer_is_told_as_it_came(host, tcp):
    async with serving(good, host) as server:
        answer = await ask(server, tcp=tcp)
    assert (answer.rcode, answer.authoritative, answer.over_tcp) == ("NOERROR", True, tcp)
    [record] = answer.answer
    assert (record.owner, record.rdtype, record.ttl, record.value) == (NAME, "AAAA", 60, "2001:db8::1")
    assert answer.seconds > 0


@pytest.mark.parametrize("rcode", ["NXDOMAIN", "SERVFAIL", "REFUSED", "NOTIMP"])
async def test_every_rcode_is_an_answer(rcode):
    async with serving(lambda query, udp: reply(query, rcode=dns.rcode.from_text(rcode)).to_wire()) as server:
        assert (await ask(server)).rcode == rcode
        assert len(server.queries) == 1


async def test_an_unassigned_rcode_has_a_name_too():
    async with serving(lambda query, udp: reply(query, rcode=12).to_wire()) as server:
        assert (await ask(server)).rcode == "RCODE12"


async def test_recursion_and_checking_are_asked_for_as_told():
    async with serving(good) as server:
        await ask(server, recursive=False)
        await ask(server, recursive=True, checking_disabled=True)
    first, second = (query.flags for query, _ in server.queries)
    assert not first & (dns.flags.RD | dns.flags.CD)
    assert second & dns.flags.RD
    assert second & dns.flags.CD


async def test_a_silent_server_is_asked_three_times_and_then_timed_out():
    gate = Admissions()
    async with serving(lambda query, udp: None) as server:
        begun = time.monotonic()
        assert await failure_of(server, gate=gate) is Failure.DNS_TIMEOUT
        assert 0.55 < time.monotonic() - begun < 1.5
    assert len(server.queries) == len(gate.admitted) == 3


async def test_every_try_has_an_id_and_a_source_port_of_its_own():
    ports = []

    class Spy(asyncio.DatagramProtocol):
        def datagram_received(self, data, addr):
            ports.append((int.from_bytes(data[:2]), addr[1]))

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Spy, local_addr=("127.0.0.1", 0))
    try:
        query = DnsQuery(ip_address("127.0.0.1"), NAME, "A", port=transport.get_extra_info("sockname")[1], timeout=0.3)
        with pytest.raises(Unreached):
            await asking(query)
    finally:
        transport.close()
    assert len({ident for ident, _ in ports}) == len({port for _, port in ports}) == 3


async def test_a_lost_datagram_is_made_good_by_the_next():
    lost = [True, False]
    async with serving(lambda query, udp: None if lost.pop(0) else good(query, udp)) as server:
        assert (await ask(server)).rcode == "NOERROR"


async def test_a_late_answer_to_the_first_try_is_taken():
    loop = asyncio.get_running_loop()
    inbox = []

    class Slow(asyncio.DatagramProtocol):
        def connection_made(self, transport):
            self.transport = transport

        def datagram_received(self, data, addr):
            inbox.append(None)
            if len(inbox) == 1:
                query = dns.message.from_wire(data)
                loop.call_later(0.5, self.transport.sendto, good(query, True), addr)

    transport, _ = await loop.create_datagram_endpoint(Slow, local_addr=("127.0.0.1", 0))
    try:
        query = DnsQuery(
            ip_address("127.0.0.1"), NAME, "AAAA", port=transport.get_extra_info("sockname")[1], timeout=0.6
        )
        answer = await asking(query)
    finally:
        transport.close()
    assert answer.seconds >= 0.5
    assert len(inbox) == 3


async def test_a_forged_id_is_as_good_as_silence():
    def manner(query, udp):
        wire = good(query, udp)
        return (query.id ^ 1).to_bytes(2) + wire[2:]

    async with serving(manner) as server:
        assert await failure_of(server) is Failure.DNS_TIMEOUT


async def test_the_true_answer_is_taken_from_among_forged_ones():
    def manner(query, udp):
        wire = good(query, udp)
        return [(query.id ^ 1).to_bytes(2) + wire[2:], wire]

    async with serving(manner) as server:
        assert (await ask(server)).answer[0].value == "2001:db8::1"


async def test_answers_to_another_question_alone_are_a_mismatch():
    def manner(query, udp):
        other = dns.message.make_query("elsewhere.kp.gov.test.", "AAAA", id=query.id)
        return reply(other, ("elsewhere.kp.gov.test.", "AAAA", "2001:db8::2")).to_wire()

    async with serving(manner) as server:
        assert await failure_of(server) is Failure.DNS_MISMATCH
        assert await failure_of(server, tcp=True) is Failure.DNS_MISMATCH


async def test_a_flood_of_other_answers_ends_the_listening():
    def manner(query, udp):
        return [(query.id ^ 1).to_bytes(2) + good(query, udp)[2:]] * 150

    async with serving(manner) as server:
        begun = time.monotonic()
        assert await failure_of(server, timeout=30.0) is Failure.DNS_MISMATCH
        assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "spoil",
    [
        lambda wire: wire[:2] + b"\x99" * 40,
        lambda wire: wire[:7],
        lambda wire: wire[:-3],
        lambda wire: wire[:2] + bytes([wire[2] & 0x7F]) + wire[3:],  # a query in reply to a query
    ],
    ids=["rubbish", "short", "cut record", "not a response"],
)
async def test_what_cannot_be_read_is_malformed_and_soon_given_up(spoil):
    async with serving(lambda query, udp: spoil(good(query, udp))) as server:
        begun = time.monotonic()
        assert await failure_of(server, timeout=30.0) is Failure.DNS_MALFORMED
        assert time.monotonic() - begun < 2
        assert len(server.queries) == 3


async def test_a_name_that_points_to_itself_is_malformed():
    def manner(query, udp):
        wire = dns.message.make_response(query).to_wire()
        end = 12 + len(query.question[0].name.to_wire()) + 4
        head = wire[:6] + b"\0\1\0\0\0\0"
        return head + wire[12:end] + (0xC000 | end).to_bytes(2) + b"\0\x1c\0\1\0\0\0\x3c\0\x10" + bytes(16)

    async with serving(manner) as server:
        assert await failure_of(server) is Failure.DNS_MALFORMED


async def test_one_malformed_answer_does_not_settle_it():
    spoiled = [True, False]
    async with serving(lambda query, udp: good(query, udp)[: -3 if spoiled.pop(0) else None]) as server:
        assert (await ask(server)).rcode == "NOERROR"


async def test_trailing_rubbish_is_let_pass():
    async with serving(lambda query, udp: good(query, udp) + b"\0" * 300) as server:
        assert (await ask(server)).answer[0].value == "2001:db8::1"


async def test_what_does_not_fit_a_datagram_is_fetched_over_tcp():
    gate = Admissions()

    def manner(query, udp):
        if udp:
            return reply(query, flags=dns.flags.AA | dns.flags.TC).to_wire()
        return reply(query, (f"{NAME}.", "AAAA", *[f"2001:db8::{i:x}" for i in range(1, 201)])).to_wire(max_size=65535)

    async with serving(manner) as server:
        answer = await ask(server, gate=gate)
    assert answer.over_tcp
    assert len(answer.answer) == 200
    assert len(gate.admitted) == 2


@pytest.mark.parametrize("tcp", [False, True], ids=["no TCP", "TCP that says nothing"])
async def test_an_answer_cut_short_and_not_to_be_had_is_truncated(tcp):
    def manner(query, udp):
        return reply(query, flags=dns.flags.TC).to_wire() if udp else None

    async with serving(manner, tcp=tcp) as server:
        assert await failure_of(server) is Failure.DNS_TRUNCATED


async def test_a_cut_message_that_ends_inside_a_record_is_still_cut():
    def manner(query, udp):
        wire = good(query, udp)
        return wire[:2] + bytes([wire[2] | 0x02]) + wire[3:-5] if udp else wire

    async with serving(manner) as server:
        assert (await ask(server)).over_tcp


async def test_a_datagram_longer_than_asked_for_is_fetched_over_tcp():
    async with serving(lambda query, udp: good(query, udp) + b"\0" * 5000) as server:
        assert (await ask(server)).over_tcp


async def test_a_server_without_edns_is_asked_without_it():
    def manner(query, udp):
        return reply(query, rcode=dns.rcode.FORMERR).to_wire() if query.edns >= 0 else good(query, udp)

    async with serving(manner) as server:
        assert (await ask(server)).rcode == "NOERROR"
    assert [query.edns for query, _ in server.queries] == [0, -1]


async def test_formerr_to_everything_is_an_answer():
    def manner(query, udp):
        return query.id.to_bytes(2) + b"\x80\x01" + bytes(8)

    async with serving(manner) as server:
        assert (await ask(server)).rcode == "FORMERR"


async def test_a_success_without_its_question_is_a_mismatch():
    async with serving(lambda query, udp: query.id.to_bytes(2) + b"\x80\x00" + bytes(8)) as server:
        assert await failure_of(server) is Failure.DNS_MISMATCH


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("tcp", [False, True])
async def test_a_closed_port_refuses(host, tcp):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind((host, 0))
        port = free.getsockname()[1]
    begun = time.monotonic()
    with pytest.raises(Unreached) as refusal:
        await asking(DnsQuery(ip_address(host), NAME, "A", port=port, tcp=tcp))
    assert refusal.value.failure is Failure.CONNECTION_REFUSED
    assert time.monotonic() - begun < 1


async def test_a_connection_that_says_nothing_times_out():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        query = DnsQuery(ip_address("127.0.0.1"), NAME, "A", port=listener.getsockname()[1], tcp=True, timeout=0.2)
        with pytest.raises(Unreached) as refusal:
            await asking(query)
    assert refusal.value.failure is Failure.DNS_TIMEOUT


async def test_what_the_gate_refuses_is_not_sent():
    gate = Admissions()
    gate.guard = Guard(Scope(), Limits())
    async with serving(good) as server:
        with pytest.raises(NotLooked) as refusal:
            await ask(server, gate=gate)
    assert refusal.value.reason is GapReason.OUT_OF_SCOPE
    assert not server.queries


async def test_what_is_read_is_charged_to_the_look():
    gate = Admissions()
    gate.account = Account(NAME, budget=Budget(octets=60))
    async with serving(good) as server:
        with pytest.raises(NotLooked) as refusal:
            await ask(server, gate=gate)
    assert refusal.value.reason is GapReason.BUDGET_SPENT


async def test_the_stop_switch_breaks_off_a_question_under_way():
    gate = Admissions()
    async with serving(lambda query, udp: gate.guard.stop()) as server:
        with pytest.raises(NotLooked) as refusal:
            await ask(server, gate=gate, timeout=30.0)
        assert refusal.value.reason is GapReason.STOPPED
        assert len(server.queries) == 1


@pytest.mark.parametrize("name", ["a" * 64, "a..b", ".".join(["abcdefgh"] * 40)])
async def test_a_name_that_cannot_exist_is_not_asked_for(name):
    with pytest.raises(NotLooked) as refusal:
        await asking(DnsQuery(ip_address("127.0.0.1"), name, "A", port=9))
    assert refusal.value.reason is GapReason.ADDRESS_UNKNOWN


@pytest.mark.parametrize("edns", [True, False])
def test_a_query_is_one_question_in_the_format_everybody_reads(edns):
    question = write(DnsQuery(ip_address("127.0.0.1"), NAME, "AAAA"), edns=edns)
    query = dns.message.from_wire(question.wire)
    assert (query.id, query.opcode()) == (question.ident, dns.opcode.QUERY)
    assert [str(asked) for asked in query.question] == [f"{NAME}. IN AAAA"]
    assert (query.edns, query.payload) == ((0, PAYLOAD) if edns else (-1, 0))
    assert not query.answer + query.authority + query.additional


def test_the_root_can_be_asked_about():
    assert (
        dns.message.from_wire(write(DnsQuery(ip_address("127.0.0.1"), ".", "NS")).wire).question[0].name.is_absolute()
    )


def test_remote_text_is_clean_and_records_are_capped():
    question = write(DnsQuery(ip_address("127.0.0.1"), NAME, "TXT"))
    query = dns.message.from_wire(question.wire)
    texts = [f'"{i} \\027]0;owned\\007 \\226\\128\\174"' for i in range(RECORDS + 7)]
    answer = read(reply(query, (f"{NAME}.", "TXT", *texts)).to_wire(max_size=65535), question, 0.1, over_tcp=True)
    assert isinstance(answer, DnsAnswer)
    assert len(answer.answer) == RECORDS
    assert all(record.value.isprintable() and record.value.isascii() for record in answer.answer)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_an_answer_or_an_oddity(rubbish, ours):
    question = write(DnsQuery(ip_address("127.0.0.1"), NAME, "AAAA"))
    data = question.ident.to_bytes(2) + rubbish if ours else rubbish
    assert isinstance(read(data, question, 0.0), (DnsAnswer, Oddity))


@given(st.data())
def test_any_spoiled_answer_is_an_answer_or_an_oddity(data):
    question = write(DnsQuery(ip_address("127.0.0.1"), NAME, "ANY"))
    query = dns.message.from_wire(question.wire)
    records = [
        (f"{NAME}.", "AAAA", "2001:db8::1"),
        (f"{NAME}.", "CNAME", "x.kp.gov.test."),
        (f"{NAME}.", "SOA", "ns1.kp.gov.test. h.kp.gov.test. 1 2 3 4 5"),
        (f"{NAME}.", "TXT", '"text"'),
        (f"{NAME}.", "SVCB", "1 . alpn=h2 ipv6hint=2001:db8::1"),
        (f"{NAME}.", "LOC", "22 22 0 N 112 40 0 E 10m"),
    ]
    wire = bytearray(reply(query, *records).to_wire())
    for _ in range(data.draw(st.integers(1, 4))):
        wire[data.draw(st.integers(2, len(wire) - 1))] = data.draw(st.integers(0, 255))
    assert isinstance(read(bytes(wire), question, 0.0), (DnsAnswer, Oddity))


class Silent(asyncio.DatagramProtocol):
    """A server that says nothing, and remembers from which ports it was asked."""

    def __init__(self):
        self.ports = []

    def datagram_received(self, data, addr):
        self.ports.append(addr[1])


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_other_peoples_servers_are_asked_from_our_ports_alone_and_our_resolvers_from_any(host):
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(Silent, local_addr=(host, 0))
    port, asker = transport.get_extra_info("sockname")[1], Asker(Dialer(), (20000, 21999))
    for recursive in (False, True):
        for _ in range(4):
            query = DnsQuery(ip_address(host), NAME, "A", port=port, recursive=recursive, timeout=0.09)
            with pytest.raises(Unreached):
                await asker.ask(query, Admissions())
    transport.close()
    known = [20000 <= each <= 21999 for each in server.ports]
    assert known == [True] * 12 + [False] * 12
    assert len(set(server.ports[:12])) > 6


async def test_no_source_port_left_is_a_gap_and_nothing_was_sent():
    gate = Admissions()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("", 0))
        port = taken.getsockname()[1]
        query = DnsQuery(ip_address("127.0.0.1"), NAME, "A", port=port, recursive=False, timeout=0.1)
        with pytest.raises(NotLooked, match="overloaded"):
            await Asker(Dialer(), (port, port)).ask(query, gate)
    assert gate.guard.ledger.counts == {}
