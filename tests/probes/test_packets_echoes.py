"""Echo requests under way: only true answers count, and nothing leaves that may not."""

import asyncio
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP
from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6EchoReply, IPv6

from probes.observation import Failure, GapReason
from probes.target import Address, Family
from probes.wire import NotLooked
from probes.wire.packets.echoes import Echoes
from probes.wire.packets.messages import Declined, Echo, Echoed, Missed, Reply
from probes.wire.packets.pace import Pace
from probes.wire.scope import Scope

HOST4, HOST6, ROUTER6 = ip_address("192.0.2.9"), ip_address("2001:db8::9"), ip_address("2001:db8:f::f")
SCOPE = Scope(allow=(ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")), deny=(ip_network("192.0.2.66"),))
Answer = Callable[[Address, bytes], list[tuple[Address, bytes]]]


class Network:
    """An outlet for both families that answers each packet as told, soon after it was sent."""

    def __init__(self, answer: Answer, scope: Scope = SCOPE, refusing: NotLooked | None = None) -> None:
        self.sent: list[tuple[Address, bytes]] = []
        self.dropped = 0
        self._answer, self._refusing = answer, refusing
        self.echoes = Echoes(scope, Pace(1e6, 1e6), dict.fromkeys(Family, self))

    def send(self, address: Address, message: bytes) -> None:
        if self._refusing is not None:
            raise self._refusing
        self.sent.append((address, message))
        for source, packet in self._answer(address, message):
            asyncio.get_running_loop().call_soon(self.echoes.received, source, packet)

    async def ask(self, address: Address = HOST6, count: int = 3, timeout: float = 0.5) -> Reply:
        return await self.echoes.run(Echo(7, address, count, timeout))


def reply(source: Address, message: bytes, payload: bytes | None = None) -> bytes:
    """What *source* answers to the echo request *message*, as a raw socket hands it over."""
    identifier, sequence = int.from_bytes(message[4:6]), int.from_bytes(message[6:8])
    body = message[8:] if payload is None else payload
    if source.version == 4:
        return bytes(IP(src=str(source), dst="192.0.2.1") / ICMP(type=0, id=identifier, seq=sequence) / body)
    return bytes(IPv6(src=str(source)) / ICMPv6EchoReply(id=identifier, seq=sequence, data=body))[40:]


def echo(address: Address, message: bytes) -> list[tuple[Address, bytes]]:
    return [(address, reply(address, message))]


def silence(address: Address, message: bytes) -> list[tuple[Address, bytes]]:
    return []


@pytest.mark.parametrize("address", [HOST4, HOST6])
async def test_every_answer_is_timed(address: Address) -> None:
    network = Network(echo)
    answer = await network.ask(address)
    assert isinstance(answer, Echoed)
    assert answer.token == 7
    assert len(answer.seconds) == 3
    assert all(0 <= seconds < 0.5 for seconds in answer.seconds)
    assert network.echoes.sent == 3


async def test_silence_is_a_timeout_and_not_before_its_time() -> None:
    began = asyncio.get_running_loop().time()
    answer = await Network(silence).ask(timeout=0.1)
    assert isinstance(answer, Missed)
    assert answer.failure is Failure.ECHO_TIMEOUT
    assert asyncio.get_running_loop().time() - began >= 0.1


async def test_silence_says_nothing_while_answers_are_lost_on_this_machine() -> None:
    network = Network(silence)
    asyncio.get_running_loop().call_later(0.02, setattr, network, "dropped", 1)
    assert await network.ask(timeout=0.1) == Declined(7, GapReason.OVERLOADED, "answers were lost on this machine")
    assert isinstance(await network.ask(timeout=0.05), Missed)


async def test_an_answer_that_was_not_lost_counts() -> None:
    network = Network(lambda address, message: [] if network.dropped else echo(address, message))
    asyncio.get_running_loop().call_soon(setattr, network, "dropped", 1)
    assert isinstance(await network.ask(timeout=0.05), Echoed)


async def test_a_lost_packet_leaves_the_others_counted() -> None:
    seen: list[bytes] = []

    def second_lost(address: Address, message: bytes) -> list[tuple[Address, bytes]]:
        seen.append(message)
        return [] if len(seen) == 2 else echo(address, message)

    answer = await Network(second_lost).ask()
    assert isinstance(answer, Echoed)
    assert len(answer.seconds) == 2


@pytest.mark.parametrize(
    "forge",
    [
        lambda address, message: [(address, reply(address, message, b"x" * 16))],
        lambda address, message: [(address, reply(address, message, message[8:-1]))],
        lambda address, message: [(address, reply(address, message, b""))],
        lambda address, message: [(address, reply(address, message[:4] + b"\0\0\0\0" + message[8:]))],
        lambda address, message: [(ROUTER6, reply(ROUTER6, message))],
    ],
    ids=["other cookie", "short cookie", "no cookie", "other sequence", "other host"],
)
async def test_a_forged_answer_is_none(forge: Answer) -> None:
    answer = await Network(forge).ask(timeout=0.05)
    assert isinstance(answer, Missed)
    assert answer.failure is Failure.ECHO_TIMEOUT


async def test_an_answer_told_twice_counts_once() -> None:
    answer = await Network(lambda address, message: 2 * echo(address, message)).ask(count=1)
    assert isinstance(answer, Echoed)
    assert len(answer.seconds) == 1


async def test_a_late_answer_counts_for_nothing_and_never_for_the_next_question() -> None:
    network = Network(silence)
    assert isinstance(await network.ask(count=1, timeout=0.02), Missed)
    ((address, late),) = network.sent
    asking = asyncio.create_task(network.ask(count=1, timeout=0.05))
    await asyncio.sleep(0.01)
    network.echoes.received(address, reply(address, late))
    assert isinstance(await asking, Missed)


async def test_an_answer_beyond_its_own_time_is_none_though_others_are_still_awaited() -> None:
    network = Network(silence)
    network.echoes = Echoes(SCOPE, Pace(1e6, 10.0), dict.fromkeys(Family, network))
    asking = asyncio.create_task(network.ask(count=2, timeout=0.05))
    while len(network.sent) < 2:
        await asyncio.sleep(0.01)
    address, first = network.sent[0]
    network.echoes.received(address, reply(address, first))
    assert isinstance(await asking, Missed)


async def test_time_spent_in_our_own_queue_is_not_the_targets() -> None:
    network = Network(silence)
    asking = asyncio.create_task(network.ask(count=1, timeout=1.0))
    await asyncio.sleep(0.05)
    ((address, message),) = network.sent
    network.echoes.received(address, reply(address, message), age=0.04)
    answer = await asking
    assert isinstance(answer, Echoed)
    assert answer.seconds[0] < 0.04


def unreachable(code: int, quoted: int) -> Answer:
    def answer(address: Address, message: bytes) -> list[tuple[Address, bytes]]:
        whole = bytes(IPv6(src="2001:db8::1", dst=str(address), nh=58) / message)
        return [(ROUTER6, bytes(IPv6(src=str(ROUTER6)) / ICMPv6DestUnreach(code=code) / whole[:quoted])[40:])]

    return answer


async def test_an_error_from_the_way_ends_the_matter_at_once() -> None:
    began = asyncio.get_running_loop().time()
    answer = await Network(unreachable(1, 64)).ask(timeout=5.0)
    assert isinstance(answer, Missed)
    assert answer.failure is Failure.ADMIN_PROHIBITED
    assert answer.detail == f"ICMP 1/1 from {ROUTER6}: communication administratively prohibited"
    assert asyncio.get_running_loop().time() - began < 1.0


async def test_an_error_that_quotes_little_is_believed_and_one_that_quotes_another_cookie_is_not() -> None:
    assert (await Network(unreachable(3, 48)).ask()) == Missed(
        7, Failure.HOST_UNREACHABLE, f"ICMP 1/3 from {ROUTER6}: address unreachable"
    )

    def forged(address: Address, message: bytes) -> list[tuple[Address, bytes]]:
        return unreachable(3, 64)(address, message[:8] + b"guess" + message[13:])

    answer = await Network(forged).ask(timeout=0.05)
    assert isinstance(answer, Missed)
    assert answer.failure is Failure.ECHO_TIMEOUT


async def test_one_answer_outweighs_any_error() -> None:
    errors = unreachable(0, 64)
    seen: list[bytes] = []

    def both(address: Address, message: bytes) -> list[tuple[Address, bytes]]:
        seen.append(message)
        return echo(address, message) if len(seen) == 3 else errors(address, message)

    answer = await Network(both).ask()
    assert isinstance(answer, Echoed)
    assert len(answer.seconds) == 1


@settings(max_examples=200, deadline=None)
@given(st.ip_addresses())
def test_nothing_ever_leaves_for_an_address_out_of_scope(address: Address) -> None:
    network = Network(silence)
    answer = asyncio.run(network.ask(address, 1, 0.001))
    for to, _ in network.sent:
        assert SCOPE.refusal(to) is None
    if SCOPE.refusal(address) is not None:
        assert isinstance(answer, Declined)
        assert answer.reason is SCOPE.refusal(address)
        assert network.sent == []


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("192.0.2.66", GapReason.DENIED),
        ("198.51.100.1", GapReason.OUT_OF_SCOPE),
        ("::ffff:192.0.2.66", GapReason.DENIED),
        ("::ffff:192.0.2.9", GapReason.ADDRESS_UNKNOWN),
    ],
)
async def test_a_refusal_is_named(address: str, reason: GapReason) -> None:
    network = Network(echo)
    answer = await network.ask(ip_address(address))
    assert isinstance(answer, Declined)
    assert answer.reason is reason
    assert network.sent == []


async def test_an_empty_scope_sends_nothing() -> None:
    network = Network(echo, Scope())
    assert isinstance(await network.ask(), Declined)
    assert network.sent == []


async def test_a_family_without_socket_is_a_gap() -> None:
    blind = NotLooked(GapReason.NO_RAW_SOCKET, "no CAP_NET_RAW")
    echoes = Echoes(SCOPE, Pace(1e6, 1e6), dict.fromkeys(Family, blind))
    assert await echoes.run(Echo(7, HOST6, 3, 0.05)) == Declined(7, GapReason.NO_RAW_SOCKET, "no CAP_NET_RAW")


async def test_a_packet_that_cannot_leave_says_nothing_of_the_target() -> None:
    network = Network(echo, refusing=NotLooked(GapReason.OVERLOADED, "No buffer space available"))
    assert await network.ask() == Declined(7, GapReason.OVERLOADED, "No buffer space available")
    assert network.echoes.sent == 0


async def test_a_stop_ends_what_is_under_way_and_refuses_what_comes_until_resumed() -> None:
    network = Network(silence)
    asking = asyncio.create_task(network.ask(timeout=30.0))
    await asyncio.sleep(0.01)
    network.echoes.stop()
    assert (await asyncio.wait_for(asking, 1.0)) == Declined(7, GapReason.STOPPED)
    before = len(network.sent)
    assert (await network.ask()) == Declined(7, GapReason.STOPPED)
    assert len(network.sent) == before
    network.echoes.resume()
    assert isinstance(await network.ask(timeout=0.02), Missed)


async def test_what_waits_for_its_turn_is_not_sent_after_a_stop() -> None:
    network = Network(silence)
    network.echoes = Echoes(SCOPE, Pace(1e6, 50.0), dict.fromkeys(Family, network))
    asking = asyncio.create_task(network.ask(count=16, timeout=1.0))
    await asyncio.sleep(0.03)
    network.echoes.stop()
    network.echoes.resume()
    before = len(network.sent)
    assert before < 16
    assert (await asking) == Declined(7, GapReason.STOPPED)
    assert len(network.sent) == before


async def test_nothing_is_kept_of_a_question_that_is_over() -> None:
    network = Network(silence)
    await network.ask(timeout=0.02)
    asking = asyncio.create_task(network.ask(IPv6Address("2001:db8::1"), timeout=9.0))
    await asyncio.sleep(0.01)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert (network.echoes._waiting, network.echoes._flights) == ({}, set())
