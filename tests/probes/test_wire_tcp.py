"""A connection attempt ends as the network says, and what our own machine says is never held against the target."""

from __future__ import annotations

import asyncio
import errno
import resource
import socket
import struct
import time
from contextlib import suppress
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from probes.observation import Failure, GapReason
from probes.target import Address
from probes.wire import NotLooked, Unreached
from probes.wire.errors import of_talking
from probes.wire.ledger import What
from probes.wire.scope import Scope
from probes.wire.tcp import Dialer, TcpConnector
from tests.probes.wire_world import ACCOUNT, V4, V6, guard, serving

BOTH = pytest.mark.parametrize("address", [V4, V6], ids=str)


def _family(address: Address) -> int:
    return socket.AF_INET6 if address.version == 6 else socket.AF_INET


def connector(dialer: Dialer | None = None, scope: Scope | None = None) -> TcpConnector:
    return TcpConnector(guard(scope) if scope else guard(), dialer or Dialer())


async def attempt(dialer: Dialer | None = None, address: Address = V4, port: int = 1, timeout: float = 2.0) -> str:
    """Return the failure's or the gap's word, or "open"."""
    try:
        await connector(dialer).connect(address, port, timeout, ACCOUNT)
    except Unreached as refusal:
        return str(refusal.failure)
    except NotLooked as refusal:
        return f"gap {refusal.reason}"
    return "open"


async def quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


@BOTH
async def test_a_listening_port_is_open_and_the_time_is_told(address: Address) -> None:
    async with serving(quiet, address) as port:
        seconds = await connector().connect(address, port, 2.0, ACCOUNT)
    assert 0 < seconds < 1


@BOTH
async def test_a_closed_port_refuses(address: Address) -> None:
    with socket.socket(_family(address)) as taken:
        taken.bind((str(address), 0))
        assert await attempt(address=address, port=taken.getsockname()[1]) == "connection_refused"


async def test_a_silent_port_is_a_timeout_at_the_deadline() -> None:
    with socket.socket() as deaf:
        # Nobody accepts: once the queue is full, the kernel drops what comes.
        deaf.bind((str(V4), 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        with socket.create_connection((str(V4), port)):
            began = time.monotonic()
            with pytest.raises(Unreached) as refusal:
                await connector().connect(V4, port, 0.3, ACCOUNT)
    assert refusal.value.failure is Failure.CONNECTION_TIMEOUT
    assert 0.25 < refusal.value.seconds <= time.monotonic() - began < 1.5


async def test_what_the_kernel_sends_again_counts_as_sent() -> None:
    door = guard()
    with socket.socket() as deaf:
        deaf.bind((str(V4), 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        with socket.create_connection((str(V4), port)), pytest.raises(Unreached):
            await TcpConnector(door, Dialer()).connect(V4, port, 1.6, ACCOUNT)
    assert [line.exchanges for line in door.ledger] == [1]
    assert door.ledger.counts[What.TCP_CONNECT] > 1


class Losing:
    """Makes sockets, the first of which connect to nowhere: there somebody listens and never answers."""

    def __init__(self, address: Address, lost: int) -> None:
        self.lost, self.made = lost, list[socket.socket]()
        self._deaf = socket.create_server((str(address), 0), family=_family(address), backlog=0)
        self.nowhere = self._deaf.getsockname()
        self._only = socket.create_connection(self.nowhere[:2])

    def __call__(self, family: int, kind: int) -> socket.socket:
        losing = len(self.made) < self.lost

        class Lossy(socket.socket):
            def connect_ex(me, there: Any) -> int:
                return super().connect_ex(self.nowhere if losing else there)

        self.made.append(Lossy(family, kind))
        return self.made[-1]

    def __enter__(self) -> Losing:
        return self

    def __exit__(self, *_: object) -> None:
        self._deaf.close()
        self._only.close()


@BOTH
@pytest.mark.parametrize("lost", [0, 1, 3])
async def test_the_impatient_ask_again_and_a_lost_packet_is_no_silence(address: Address, lost: int) -> None:
    door = guard()
    with Losing(address, lost) as make:
        async with serving(quiet, address) as port:
            connector = TcpConnector(door, Dialer(make=make, patience=0.1))
            seconds = await connector.connect(address, port, 0.9, ACCOUNT)
            await asyncio.sleep(0.05)
    assert seconds >= 0.1 * lost
    assert door.ledger.counts[What.TCP_CONNECT] == len(make.made) == 1 + lost
    assert {each.fileno() for each in make.made} == {-1}


async def test_who_stays_silent_is_asked_four_times_and_no_socket_stays_behind() -> None:
    door = guard()
    with Losing(V4, 99) as make, pytest.raises(Unreached) as refusal:
        await TcpConnector(door, Dialer(make=make, patience=0.1)).connect(V4, 1, 0.9, ACCOUNT)
    await asyncio.sleep(0.05)
    assert refusal.value.failure is Failure.CONNECTION_TIMEOUT
    assert door.ledger.counts[What.TCP_CONNECT] == 4
    assert [each.fileno() for each in make.made] == [-1] * 4


async def test_probing_ends_with_a_reset_and_leaves_no_state() -> None:
    ends: list[BaseException | bytes] = []
    ended = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            ends.append(await reader.read())
        except OSError as end:
            ends.append(end)
        ended.set()

    async with serving(listen) as port:
        await connector().connect(V4, port, 2.0, ACCOUNT)
        await asyncio.wait_for(ended.wait(), 2)
    assert isinstance(ends[0], ConnectionResetError)


async def test_connections_come_from_the_ports_we_are_known_by() -> None:
    seen: list[int] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(writer.get_extra_info("peername")[1])

    dialer = Dialer((21000, 21004))
    async with serving(note) as port:
        for _ in range(12):
            assert await attempt(dialer, port=port) == "open"
        await asyncio.sleep(0.05)
    assert len(seen) == 12
    assert set(seen) == set(range(21000, 21005))


async def test_taken_source_ports_are_passed_over_and_none_left_is_a_gap() -> None:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("", 21010))
        async with serving(quiet) as port:
            assert await attempt(Dialer((21010, 21011)), port=port) == "open"
            second.bind(("", 21011))
            assert await attempt(Dialer((21010, 21011)), port=port) == "gap overloaded"


async def test_running_out_of_descriptors_is_a_gap_and_no_failure_of_the_target() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    hoard: list[socket.socket] = []
    async with serving(quiet) as port:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        try:
            with suppress(OSError):
                while True:
                    hoard.append(socket.socket())
            assert await attempt(port=port) == "gap overloaded"
        finally:
            for each in hoard:
                each.close()
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert await attempt(port=port) == "open"


async def test_an_ipv4_mapped_address_is_not_reached_over_ipv6() -> None:
    async with serving(quiet) as port:
        assert await attempt(address=ip_address("::ffff:127.0.0.1"), port=port) == "network_unreachable"


def icmp(origin: int, kind: int, code: int) -> list[tuple[int, int, bytes]]:
    level = (socket.IPPROTO_IP, 11) if origin == 2 else (socket.IPPROTO_IPV6, 25)
    return [(*level, struct.pack("=IBBBBII", 113, origin, kind, code, 0, 0, 0) + bytes(28))]


class Scripted:
    """A socket whose connecting ends with an errno, at once or later, and perhaps with an ICMP message."""

    def __init__(self, code: int, ancillary: list[tuple[int, int, bytes]] | None, *, later: bool) -> None:
        self.code, self.ancillary, self.later = code, ancillary, later
        self.pair = socket.socketpair()

    def __call__(self, family: int, kind: int) -> Scripted:
        self.family, self.kind = family, kind
        return self

    def fileno(self) -> int:
        return self.pair[0].fileno()

    def connect_ex(self, there: object) -> int:
        if self.kind & socket.SOCK_DGRAM:
            return self.code
        return errno.EINPROGRESS if self.later else self.code

    def getsockopt(self, level: int, option: int, size: int = 0) -> int | bytes:
        return bytes(size) if size else self.code

    def recvmsg(self, *_: int) -> tuple[bytes, list[tuple[int, int, bytes]]]:
        if self.ancillary is None:
            raise BlockingIOError
        return b"", self.ancillary

    def setsockopt(self, *_: object) -> None:
        pass

    def close(self) -> None:
        for each in self.pair:
            each.close()

    def __enter__(self) -> Scripted:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(
    ("code", "ancillary", "later", "word"),
    [
        # what our own routing table and rules say, before anything is sent
        (errno.ENETUNREACH, None, False, "gap vantage_blind_ipv4"),
        (errno.EHOSTUNREACH, None, False, "gap vantage_blind_ipv4"),
        (errno.EADDRNOTAVAIL, None, False, "gap vantage_blind_ipv4"),
        (errno.EACCES, None, False, "gap denied"),
        (errno.EPERM, None, False, "gap denied"),
        (errno.EINVAL, None, False, "gap out_of_scope"),
        (errno.ENOBUFS, None, False, "gap overloaded"),
        (errno.ENOMEM, None, True, "gap overloaded"),
        # what others say
        (errno.ECONNREFUSED, None, False, "connection_refused"),
        (errno.ECONNREFUSED, None, True, "connection_refused"),
        (errno.ECONNRESET, None, True, "connection_reset"),
        (errno.ETIMEDOUT, None, True, "connection_timeout"),
        (errno.EHOSTUNREACH, None, True, "host_unreachable"),
        (errno.ENETUNREACH, None, True, "network_unreachable"),
        (errno.EACCES, None, True, "admin_prohibited"),
        (errno.ENETUNREACH, icmp(2, 3, 0), False, "network_unreachable"),
        (errno.EHOSTUNREACH, icmp(2, 3, 1), True, "host_unreachable"),
        (errno.ECONNREFUSED, icmp(2, 3, 3), True, "admin_prohibited"),
        (errno.EHOSTUNREACH, icmp(2, 3, 10), True, "admin_prohibited"),
        (errno.EHOSTUNREACH, icmp(2, 3, 13), False, "admin_prohibited"),
        (errno.EHOSTUNREACH, icmp(2, 11, 0), True, "network_unreachable"),
        (errno.ENETUNREACH, icmp(3, 1, 0), True, "network_unreachable"),
        (errno.EACCES, icmp(3, 1, 1), True, "admin_prohibited"),
        (errno.EHOSTUNREACH, icmp(3, 1, 3), True, "host_unreachable"),
        (errno.ECONNREFUSED, icmp(3, 1, 4), True, "admin_prohibited"),
        (errno.EHOSTUNREACH, icmp(3, 3, 0), True, "network_unreachable"),
        (errno.EHOSTUNREACH, icmp(1, 0, 0), True, "host_unreachable"),
    ],
)
async def test_every_ending_has_its_word(code: int, ancillary: object, later: bool, word: str) -> None:
    assert await attempt(Dialer(make=Scripted(code, ancillary, later=later))) == word  # type: ignore[arg-type]


async def test_exhausted_ephemeral_ports_are_ours() -> None:
    class Exhausted(Scripted):
        def connect_ex(self, there: object) -> int:
            # There is a source address to be had, so it is the ports that are not.
            return 0 if self.kind & socket.SOCK_DGRAM else self.code

    assert await attempt(Dialer(make=Exhausted(errno.EADDRNOTAVAIL, None, later=False))) == "gap overloaded"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "word"),
    [
        (errno.EMFILE, "gap overloaded"),
        (errno.ENOBUFS, "gap overloaded"),
        (errno.EAFNOSUPPORT, "gap vantage_blind_ipv6"),
    ],
)
async def test_no_socket_is_a_gap(code: int, word: str) -> None:
    def make(family: int, kind: int) -> socket.socket:
        raise OSError(code, "scripted")

    assert await attempt(Dialer(make=make), V6) == word


def test_trouble_on_an_open_connection_has_its_word_too() -> None:
    def failure(code: int) -> Failure:
        told = of_talking(OSError(code, ""))
        assert isinstance(told, Unreached)
        return told.failure

    assert failure(errno.ECONNRESET) is Failure.CONNECTION_RESET
    assert failure(errno.EPIPE) is Failure.CONNECTION_RESET
    assert failure(errno.ETIMEDOUT) is Failure.CONNECTION_TIMEOUT
    assert failure(errno.EHOSTUNREACH) is Failure.HOST_UNREACHABLE
    ours = of_talking(OSError(errno.ENOBUFS, ""))
    assert isinstance(ours, NotLooked)
    assert ours.reason is GapReason.OVERLOADED


async def test_stopping_frees_a_connection_attempt_under_way() -> None:
    door = guard(Scope(allow=(ip_network("127.0.0.0/8"),)))
    with socket.socket() as deaf:
        deaf.bind((str(V4), 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        with socket.create_connection((str(V4), port)):
            task = asyncio.create_task(TcpConnector(door, Dialer()).connect(V4, port, 30.0, ACCOUNT))
            await asyncio.sleep(0.05)
            door.stop()
            with pytest.raises(NotLooked, match="stopped"):
                await asyncio.wait_for(task, 1.0)
