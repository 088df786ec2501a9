"""The daemon and the packet process over a real Unix socket: answers arrive, and a lost process is only a gap."""

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import cast

import pytest
from scapy.layers.inet6 import ICMPv6EchoReply, IPv6

from probes.observation import Failure, GapReason
from probes.target import Address, Family
from probes.wire import NotLooked, Unreached
from probes.wire.packets import client as client_module
from probes.wire.packets.client import PacketClient
from probes.wire.packets.echoes import Echoes
from probes.wire.packets.links import Links
from probes.wire.packets.messages import Declined, Done, Echo, Message, Resume, Stop
from probes.wire.packets.pace import Pace
from probes.wire.packets.protocol import encode, receive
from probes.wire.packets.server import CONNECTIONS, UNDER_WAY, Server
from probes.wire.packets.soundings import Soundings
from probes.wire.packets.syn.routes import Routes
from probes.wire.packets.syn.scanner import Scanner
from probes.wire.scope import Scope

AWAKE, ASLEEP = ip_address("2001:db8::a"), ip_address("2001:db8::dead")
SCOPE = Scope(allow=(ip_network("2001:db8::/64"),))


class Network:
    """Every host answers but the one asleep."""

    dropped = 0

    def __init__(self) -> None:
        self.echoes = Echoes(SCOPE, Pace(1e6, 1e6), dict.fromkeys(Family, self))

    def send(self, address: Address, message: bytes) -> None:
        if address == ASLEEP:
            return
        identifier, sequence = struct.unpack("!HH", message[4:8])
        answer = ICMPv6EchoReply(id=identifier, seq=sequence, data=message[8:])
        packet = bytes(IPv6(src=str(address)) / answer)[40:]
        asyncio.get_running_loop().call_soon(self.echoes.received, address, packet)


def blind() -> Scanner:
    """A scanner without raw sockets."""
    ways = dict.fromkeys(Family, NotLooked(GapReason.NO_RAW_SOCKET))
    return Scanner(SCOPE, Pace(1e6, 1e6), ways, lambda _: 0, cast(Routes, None))


def mute() -> Soundings:
    """Soundings without raw sockets."""
    return Soundings(SCOPE, Pace(1e6, 1e6), dict.fromkeys(Family, NotLooked(GapReason.NO_RAW_SOCKET)), lambda _: 0)


@pytest.fixture
async def path(tmp_path: Path) -> AsyncIterator[Path]:
    server = Server(Network().echoes, mute(), Links({}, Pace(1e6, 1e6)), blind(), frozenset({os.geteuid()}))
    listener = await asyncio.start_unix_server(server.converse, path=tmp_path / "socket")
    yield tmp_path / "socket"
    listener.close()
    await server.close()


@pytest.fixture
async def client(path: Path) -> AsyncIterator[PacketClient]:
    client = PacketClient(path)
    yield client
    await client.close()


async def gap(asking: Awaitable[object]) -> GapReason:
    with pytest.raises(NotLooked) as refusal:
        await asking
    return refusal.value.reason


async def test_an_answer_comes_back_as_round_trips(client: PacketClient) -> None:
    assert len(await client.echo(AWAKE, 3, 1.0)) == 3


async def test_silence_is_unreached(client: PacketClient) -> None:
    with pytest.raises(Unreached) as outcome:
        await client.echo(ASLEEP, 2, 0.05)
    assert outcome.value.failure is Failure.ECHO_TIMEOUT


async def test_a_refusal_is_a_gap(client: PacketClient) -> None:
    assert await gap(client.echo(ip_address("192.0.2.1"), 1, 1.0)) is GapReason.OUT_OF_SCOPE


async def test_many_questions_share_one_connection_and_get_their_own_answers(client: PacketClient) -> None:
    hosts = [AWAKE, ASLEEP] * 100
    outcomes = await asyncio.gather(*(client.echo(host, 1, 0.2) for host in hosts), return_exceptions=True)
    assert [isinstance(outcome, tuple) for outcome in outcomes] == [host == AWAKE for host in hosts]
    assert all(isinstance(outcome, Unreached) for outcome in outcomes[1::2])


async def test_stop_silences_and_resume_lets_speak(client: PacketClient) -> None:
    waiting = asyncio.create_task(client.echo(ASLEEP, 1, 20.0))
    await asyncio.sleep(0.02)
    await client.stop()
    assert await gap(waiting) is GapReason.STOPPED
    assert await gap(client.echo(AWAKE, 1, 1.0)) is GapReason.STOPPED
    await client.resume()
    assert await client.echo(AWAKE, 1, 1.0)


async def test_a_question_nobody_waits_for_any_more_sends_nothing_more(tmp_path: Path) -> None:
    network = Network()
    network.echoes = Echoes(SCOPE, Pace(1e6, 50.0), dict.fromkeys(Family, network))
    server = Server(network.echoes, mute(), Links({}, Pace(1e6, 1e6)), blind(), frozenset({os.geteuid()}))
    listener = await asyncio.start_unix_server(server.converse, path=tmp_path / "socket")
    client = PacketClient(tmp_path / "socket")
    asking = asyncio.create_task(client.echo(ASLEEP, 16, 20.0))
    await asyncio.sleep(0.1)
    asking.cancel()
    await asyncio.sleep(0.02)
    before = network.echoes.sent
    assert 0 < before < 16
    assert await client.echo(AWAKE, 1, 1.0)
    await asyncio.sleep(0.1)
    assert network.echoes.sent == before + 1
    await client.close()
    listener.close()
    await server.close()


async def test_without_a_process_we_could_not_look(tmp_path: Path) -> None:
    client = PacketClient(tmp_path / "nothing")
    assert await gap(client.echo(AWAKE, 1, 1.0)) is GapReason.NO_RAW_SOCKET
    assert await gap(client.stop()) is GapReason.NO_RAW_SOCKET


async def test_a_process_that_dies_mid_way_leaves_a_gap_and_its_successor_is_found(tmp_path: Path) -> None:
    path = tmp_path / "socket"

    async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await receive(reader)
        writer.close()

    async with serving(path, die) as client:
        asking = [asyncio.create_task(client.echo(AWAKE, 1, 5.0)) for _ in range(5)]
        for question in asking:
            assert await gap(question) is GapReason.NO_RAW_SOCKET
        path.unlink()
        server = Server(Network().echoes, mute(), Links({}, Pace(1e6, 1e6)), blind(), frozenset({os.geteuid()}))
        successor = await asyncio.start_unix_server(server.converse, path=path)
        assert await client.echo(AWAKE, 1, 1.0)
        successor.close()
        await server.close()


@pytest.mark.parametrize(
    "rubbish",
    [b"\xff\xff", b"\0\1x", b"HTTP/1.1 400 Bad Request\r\n\r\n", encode(Stop(1)), encode(Done(1))],
    ids=["too long", "too short", "http", "a request", "beside the question"],
)
async def test_a_process_that_talks_rubbish_is_a_gap(tmp_path: Path, rubbish: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await receive(reader)
        writer.write(rubbish)
        await writer.drain()

    async with serving(tmp_path / "socket", talk) as client:
        assert await gap(client.echo(AWAKE, 1, 1.0)) is GapReason.NO_RAW_SOCKET


async def test_a_process_that_hangs_is_a_gap_in_bounded_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "PATIENCE", 0.05)

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(tmp_path / "socket", hang) as client:
        async with asyncio.timeout(1.0):
            assert await gap(client.echo(AWAKE, 1, 0.05)) is GapReason.NO_RAW_SOCKET


async def test_too_many_questions_at_once_are_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "PENDING_LIMIT", 2)

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(tmp_path / "socket", hang) as client:
        waiting = [asyncio.create_task(client.echo(AWAKE, 1, 5.0)) for _ in range(2)]
        await asyncio.sleep(0.02)
        assert await gap(client.echo(AWAKE, 1, 5.0)) is GapReason.OVERLOADED
        await client.close()
        for question in waiting:
            assert await gap(question) is GapReason.NO_RAW_SOCKET


@contextlib.asynccontextmanager
async def serving(
    path: Path, talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
) -> AsyncIterator[PacketClient]:
    writers: list[asyncio.StreamWriter] = []

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await talk(reader, writer)

    listener = await asyncio.start_unix_server(converse, path=path)
    client = PacketClient(path)
    try:
        yield client
    finally:
        await client.close()
        listener.close()
        for writer in writers:
            await closed(writer)


# --- the process's side, seen from a client that is not ours -----------------------------------------------


async def test_a_stranger_who_speaks_no_protocol_is_hung_up_on_and_others_go_on(
    path: Path, client: PacketClient
) -> None:
    for opening in (b"GET / HTTP/1.1\r\n\r\n", encode(Done(1)), b"\0\7\1\2\0\0\0\1\0"):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(opening)
        assert await asyncio.wait_for(reader.read(), 1.0) == b""
        await closed(writer)
    assert await client.echo(AWAKE, 1, 1.0)


async def test_a_user_who_is_not_welcome_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    server = Server(Network().echoes, mute(), Links({}, Pace(1e6, 1e6)), blind(), frozenset({1000}))
    theirs = FakeConnection(uid=1001)
    await server.converse(theirs.reader(Resume(1)), theirs)  # type: ignore[arg-type]
    assert (theirs.said, theirs.closed) == (b"", True)
    assert "user 1001 is not welcome" in caplog.text
    for uid in (0, 1000):
        ours = FakeConnection(uid)
        await server.converse(ours.reader(Resume(1)), ours)  # type: ignore[arg-type]
        assert ours.said == encode(Done(1))


async def test_connections_are_few(path: Path) -> None:
    open_ones = [await asyncio.open_unix_connection(path) for _ in range(CONNECTIONS)]
    reader, writer = await asyncio.open_unix_connection(path)
    assert await asyncio.wait_for(reader.read(), 1.0) == b""
    for _, each in [*open_ones, (reader, writer)]:
        await closed(each)


async def test_requests_under_way_are_bounded(path: Path) -> None:
    reader, writer = await asyncio.open_unix_connection(path)
    for token in range(UNDER_WAY + 1):
        writer.write(encode(Echo(token, ASLEEP, 1, 20.0)))
    reply: Message = await asyncio.wait_for(receive(reader), 5.0)
    assert isinstance(reply, Declined)
    assert (reply.token, reply.reason) == (UNDER_WAY, GapReason.OVERLOADED)
    await closed(writer)


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


class FakeConnection:
    """A connection whose other side is whoever we say."""

    def __init__(self, uid: int) -> None:
        self.said, self.closed, self._uid = b"", False, uid

    def reader(self, message: Message) -> asyncio.StreamReader:
        reader = asyncio.StreamReader()
        reader.feed_data(encode(message))
        reader.feed_eof()
        return reader

    def get_extra_info(self, name: str) -> "FakeConnection":
        return self

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        assert (level, option) == (socket.SOL_SOCKET, socket.SO_PEERCRED)
        return struct.pack("iII", 4242, self._uid, self._uid)

    def is_closing(self) -> bool:
        return self.closed

    def write(self, octets: bytes) -> None:
        self.said += octets

    async def drain(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True
