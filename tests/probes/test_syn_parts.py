"""The parts of the SYN engine: an order that misses nothing, sums that are right, answers that cannot be made up."""

from __future__ import annotations

from ipaddress import ip_address

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6DestUnreach, IPv6
from scapy.packet import Packet, Raw

from probes.observation import Failure
from probes.target import Address, Family
from probes.wire.packets.syn import departures
from probes.wire.packets.syn.answers import LONGEST, Answers, Unreachable, as_answers, read, read_error
from probes.wire.packets.syn.frames import Templates, octets
from probes.wire.packets.syn.order import LatinOrder
from probes.wire.packets.syn.register import Register
from probes.wire.packets.syn.schedule import Schedule
from probes.wire.packets.syn.sweep import CLOSED, OPEN, SILENT, UNREACHABLE, Sweep

hosts_of = {
    4: st.lists(st.ip_addresses(v=4), min_size=1, max_size=6, unique=True),
    6: st.lists(st.ip_addresses(v=6), min_size=1, max_size=6, unique=True),
}
some_hosts = st.one_of(hosts_of[4], hosts_of[6])
some_ports = st.lists(st.integers(1, 65535), min_size=1, max_size=8, unique=True)


@given(some_hosts, st.data())
def test_every_host_is_found_at_its_place_and_no_stranger(hosts: list[Address], data: st.DataObject) -> None:
    register = Register(hosts)
    asked = data.draw(st.lists(st.one_of(st.sampled_from(hosts), st.ip_addresses(v=hosts[0].version)), min_size=1))
    told = [hosts.index(each) if each in hosts else -1 for each in asked]
    assert register.places(octets(asked)).tolist() == told


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**64), st.integers(1, 50))
def test_every_pair_comes_once_and_every_host_once_a_pass(hosts: int, ports: int, seed: int, step: int) -> None:
    order = LatinOrder(hosts, ports, seed)
    pairs = np.concatenate([order.pairs(at, min(at + step, len(order))) for at in range(0, len(order), step)])
    assert sorted(pairs.tolist()) == list(range(hosts * ports))
    assert order.turns(pairs).tolist() == list(range(len(order)))
    for turn in range(ports):
        assert sorted((pairs[turn * hosts : (turn + 1) * hosts] // ports).tolist()) == list(range(hosts))


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 1700), st.integers(1, 2))
def test_a_departure_is_known_as_exactly_as_there_is_room(hosts: int, ports: int, cells: int, rounds: int) -> None:
    order = LatinOrder(hosts, ports, 7)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(departures, "_CELLS", cells)
        patched.setattr(departures, "_CELLS_AGAIN", cells)
        left = departures.Departures(order, rounds)
    for number in range(rounds):
        for turn in range(len(order)):
            left.note(number, order.pairs(turn, turn + 1), 1000.0 * number + turn + 1)
    share = -(-len(order) // cells)
    pairs = order.pairs(0, len(order))
    for number in range(rounds):
        late = left.of(np.full(len(pairs), number), pairs) - 1000.0 * number - 1 - np.arange(len(order))
        assert ((late >= 0) & (late < share)).all()


@given(st.lists(st.lists(st.integers(0, 99), max_size=9, unique=True), max_size=5))
def test_delays_are_found_by_their_pairs(batches: list[list[int]]) -> None:
    delays, expected = departures.Delays(), dict[int, float]()
    for batch in batches:
        new = [pair for pair in batch if pair not in expected]
        expected.update((pair, pair / 4) for pair in new)
        delays.add(np.array(new, np.int64), np.array(new) / 4)
        delays.gather()
    for first in range(0, 100, 10):
        told = delays.between(first, first + 10).tolist()
        assert told == [expected[pair] for pair in range(first, first + 10) if pair in expected]


def packet_of(frame: bytes, host: Address) -> Packet:
    return IP(frame) if host.version == 4 else IPv6(frame)


@settings(deadline=None)
@given(some_hosts, st.data())
def test_packets_are_what_scapy_would_have_sent(hosts: list[Address], data: st.DataObject) -> None:
    family = Family.of(hosts[0])
    sources = data.draw(st.lists(st.ip_addresses(v=hosts[0].version), min_size=len(hosts), max_size=len(hosts)))
    places = np.array(data.draw(st.lists(st.integers(0, len(hosts) - 1), min_size=1, max_size=9)))
    ports = np.array(data.draw(st.lists(st.integers(1, 65535), min_size=len(places), max_size=len(places))))
    sequences = np.array(data.draw(st.lists(st.integers(0, 2**32 - 1), min_size=len(places), max_size=len(places))))
    own_port = data.draw(st.integers(1, 65535))
    templates = Templates(family, hosts, sources)
    frames = np.zeros(len(places), templates.frames.dtype)
    templates.write(frames, places, own_port, ports, sequences)
    for frame, place, port, sequence in zip(frames, places.tolist(), ports.tolist(), sequences.tolist(), strict=True):
        network = (
            IP(src=str(sources[place]), dst=str(hosts[place]), id=0, flags="DF", chksum=0)
            if family is Family.IPV4
            else IPv6(src=str(sources[place]), dst=str(hosts[place]), hlim=64)
        )
        mss = [("MSS", 1460 if family is Family.IPV4 else 1440)]
        segment = TCP(sport=own_port, dport=port, seq=sequence, flags="S", window=64240, options=mss)
        assert frame.tobytes() == bytes(network / segment)


def answer(host: Address, port: int, own_port: int, acknowledged: int, flags: str = "SA") -> bytes:
    network = IP(src=str(host)) if host.version == 4 else IPv6(src=str(host), dst="2001:db8::f")
    return bytes(network / TCP(sport=port, dport=own_port, ack=acknowledged, flags=flags))


def taken(family: Family, *packets: bytes) -> Answers:
    longest = LONGEST[family]
    rows = np.array([list(packet[:longest].ljust(longest, b"\0")) for packet in packets], np.uint8)
    lengths = np.array([min(len(packet), longest) for packet in packets])
    return read(family, rows, lengths, np.full(len(packets), 12.5))


@settings(deadline=None)
@given(some_hosts, some_ports, st.integers(0, 1), st.data())
def test_a_true_answer_is_believed_once(
    hosts: list[Address], ports: list[int], number: int, data: st.DataObject
) -> None:
    sweep = Sweep(hosts, ports, (61000, 61001, 61002, 61003))
    sweep.begin(number)
    probes = sweep.next(100)
    assert probes is not None
    sequences = sweep.sequences(probes.pairs, probes.by).tolist()
    sweep.asking(probes, len(probes), 10.0)
    sweep.asked(probes, len(probes.pairs))
    chosen = data.draw(st.integers(0, len(probes.pairs) - 1))
    pair = int(probes.pairs[chosen])
    host, port = hosts[pair // len(ports)], ports[pair % len(ports)]
    true = answer(host, port, 61000 + number, (sequences[chosen] + 1) % 2**32)
    reset = answer(host, port, 61000 + number, (sequences[chosen] + 1) % 2**32, "RA")
    sweep.settle(taken(Family.of(host), true, reset, true))
    sweep.settle(taken(Family.of(host), reset))
    assert sweep.states.tolist() == [OPEN if each == pair else SILENT for each in range(len(hosts) * len(ports))]
    sweep.delays.gather()
    assert sweep.delays.between(pair, pair + 1).tolist() == [2.5]
    assert sweep.missing.sum() == len(hosts) * len(ports) - 1
    sweep.begin(1)
    again = sweep.next(100)
    assert pair not in ([] if again is None else again.pairs.tolist())


@settings(deadline=None)
@given(some_hosts, some_ports, st.data())
def test_a_made_up_answer_is_never_believed(hosts: list[Address], ports: list[int], data: st.DataObject) -> None:
    sweep, other = (Sweep(hosts, ports, (61000, 61001)) for _ in range(2))
    probes = sweep.next(1)
    assert probes is not None
    sweep.asking(probes, 1, 10.0)
    sweep.asked(probes, 1)
    pair, true = int(probes.pairs[0]), int(sweep.sequences(probes.pairs, probes.by)[0]) + 1
    host, port = hosts[pair // len(ports)], ports[pair % len(ports)]
    guesses = st.integers(0, 2**32 - 1).filter(lambda guess: guess != true % 2**32)
    forged = [
        answer(host, port, 61000, data.draw(guesses)),
        answer(host, port, 61000, (int(other.sequences(probes.pairs, probes.by)[0]) + 1) % 2**32),  # an earlier scan's
        answer(host, port % 65535 + 1, 61000, true % 2**32),
        answer(host + 1 if int(host) % 2 == 0 else host - 1, port, 61000, true % 2**32),
        answer(host, port, 61000, true % 2**32, "S"),
        answer(host, port, 61000, true % 2**32, "R"),
        answer(host, port, 61000, true % 2**32, "A"),
    ]
    sweep.settle(taken(Family.of(host), *forged))
    assert not sweep.states.any()


@settings(deadline=None)
@given(st.sampled_from(Family), st.lists(st.binary(max_size=90), min_size=1, max_size=5))
def test_whatever_a_stranger_sends_is_read_without_harm(family: Family, packets: list[bytes]) -> None:
    assert len(taken(family, *[packet or b"\0" for packet in packets])) <= len(packets)


def test_an_answer_with_ip_options_is_an_answer() -> None:
    packet = bytes(IP(src="192.0.2.1", options=b"\x01" * 8) / TCP(sport=80, dport=61000, ack=7, flags="SA"))
    answers = taken(Family.IPV4, packet)
    assert (answers.ports.tolist(), answers.acknowledged.tolist()) == ([80], [7])


ERRORS = [
    ("192.0.2.1", ICMP(type=3, code=13), Failure.ADMIN_PROHIBITED),
    ("192.0.2.1", ICMP(type=3, code=3), Failure.ADMIN_PROHIBITED),
    ("192.0.2.1", ICMP(type=3, code=1), Failure.HOST_UNREACHABLE),
    ("2001:db8::1", ICMPv6DestUnreach(code=1), Failure.ADMIN_PROHIBITED),
    ("2001:db8::1", ICMPv6DestUnreach(code=0), Failure.NETWORK_UNREACHABLE),
]


def quoting(router: str, error: Packet, inner: Packet) -> tuple[Address, bytes]:
    if ip_address(router).version == 4:
        return ip_address(router), bytes(IP(src=router, dst="192.0.2.9") / error / inner)
    return ip_address(router), bytes(IPv6(src=router, dst="2001:db8::9") / error / inner)[40:]


@pytest.mark.parametrize(("router", "error", "failure"), ERRORS)
def test_an_icmp_error_about_a_syn_makes_its_port_unreachable(router: str, error: Packet, failure: Failure) -> None:
    host = ip_address("198.51.100.7" if "." in router else "2001:db8:5::7")
    sweep = Sweep([host], [25], (61000, 61001))
    probes = sweep.next(1)
    assert probes is not None
    sequence = int(sweep.sequences(probes.pairs, probes.by)[0])
    network = IP(src="192.0.2.9", dst=str(host)) if host.version == 4 else IPv6(src="2001:db8::9", dst=str(host))
    source, packet = quoting(router, error, network / TCP(sport=61000, dport=25, seq=sequence, flags="S"))
    told = read_error(source, packet)
    assert told == Unreachable(host, 25, 61000, sequence, failure)
    wrong = Unreachable(host, 25, 61000, sequence ^ 1, failure)
    sweep.settle(as_answers(wrong, 1.0), UNREACHABLE)
    assert sweep.states.tolist() == [SILENT]
    sweep.settle(as_answers(told, 1.0), UNREACHABLE)
    assert sweep.states.tolist() == [UNREACHABLE]
    assert CLOSED not in sweep.states


@pytest.mark.parametrize("inner", [UDP(sport=61000, dport=25), Raw(b"\0" * 7)])
def test_an_icmp_error_about_something_else_is_nothing(inner: Packet) -> None:
    source, packet = quoting("192.0.2.1", ICMP(type=3, code=13), IP(dst="198.51.100.7") / inner)
    assert read_error(source, packet) is None


@given(st.floats(0.5, 1e6), st.lists(st.floats(0.0001, 0.04), min_size=1, max_size=50))
def test_a_schedule_keeps_its_rate_however_late_it_is_asked(rate: float, waits: list[float]) -> None:
    now, sent = 100.0, 0
    schedule = Schedule(rate, now)
    for wait in waits:
        due = schedule.due(now)
        schedule.sent(due)
        sent += due
        assert abs(sent - (now - 100.0) * rate) <= 1.001
        now += wait


def test_a_schedule_forgives_itself_what_it_cannot_make_good() -> None:
    schedule = Schedule(1000.0, 0.0)
    assert schedule.due(10.0) == 51
    schedule.sent(51)
    assert schedule.due(10.0) == 0
    assert schedule.next_at == pytest.approx(10.001)
