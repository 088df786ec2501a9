"""HTTP/2 is fetched within the same bounds as HTTP/1.1, whatever the server makes of its frames."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import time
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.observation import Failure
from probes.wire import HttpExchange, HttpRequest, Unreached
from probes.wire.http import Fetcher
from probes.wire.http2_frames import FRAME_LIMIT, Frames
from probes.wire.tcp import Dialer
from probes.wire.tls import TlsClient
from tests.probes import http2_server as server
from tests.probes.wire_world import ACCOUNT, V4, Handler, guard, saying, serving

TLS = TlsClient()
MIB = 1024 * 1024
ATTACKS = server.attacks()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return server.secured(tmp_path_factory.mktemp("pki"), "h2", "http/1.1")


async def fetch(handler: Handler, tls: ssl.SSLContext, http2: bool = True, **more: float) -> HttpExchange:
    async with serving(handler, V4, tls) as port:
        request = HttpRequest("https", V4, port, "www.example", "/a?b", http2=http2, **more)  # type: ignore[arg-type]
        return await Fetcher(guard(), Dialer(), TLS, "Diaolou").fetch(request, ACCOUNT)


async def test_a_page_comes_over_http2_with_its_headers_and_phases(both: ssl.SSLContext) -> None:
    asked: server.Fields = []
    exchange = await fetch(server.honest(server.PAGE, "开平".encode(), asked), both)
    assert (exchange.status, exchange.body.decode(), exchange.protocol) == (200, "开平", "h2")
    assert exchange.headers == (("content-type", "text/html"), ("server", "x"))
    assert not exchange.truncated
    assert min(exchange.phases.connect, exchange.phases.tls, exchange.phases.first_byte) > 0
    said = dict(asked)
    assert (said[":method"], said[":scheme"], said[":path"]) == ("GET", "https", "/a?b")
    assert said[":authority"].startswith("www.example:")
    assert said["user-agent"] == "Diaolou"
    assert "connection" not in said


async def test_http2_is_neither_offered_unasked_nor_forced_on_a_server_without_it(
    both: ssl.SSLContext, tmp_path: Path
) -> None:
    page = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
    assert (await fetch(page, both, http2=False)).protocol == "http/1.1"
    assert (await fetch(page, server.secured(tmp_path, "http/1.1"))).protocol == "http/1.1"
    old = saying(b"HTTP/1.0 200 OK\r\n\r\nhi")
    assert (await fetch(old, both, http2=False)).protocol == "http/1.0"


async def test_a_body_larger_than_the_first_window_comes_whole(both: ssl.SSLContext) -> None:
    exchange = await fetch(server.honest(server.PAGE, b"a" * 500_000), both)
    assert (len(exchange.body), exchange.truncated) == (500_000, False)


async def test_a_body_over_the_cap_is_cut_there_and_one_as_large_as_it_is_not(both: ssl.SSLContext) -> None:
    page = server.honest(server.PAGE, b"a" * 100_000)
    cut = await fetch(page, both, body_limit=99_999)
    assert (len(cut.body), cut.truncated) == (99_999, True)
    whole = await fetch(page, both, body_limit=100_000)
    assert (len(whole.body), whole.truncated) == (100_000, False)


async def test_a_packed_body_is_unpacked(both: ssl.SSLContext) -> None:
    fields = [*server.PAGE, ("content-encoding", "gzip")]
    exchange = await fetch(server.honest(fields, gzip.compress(b"a" * 50_000)), both)
    assert exchange.body == b"a" * 50_000
    bomb = await fetch(server.honest(fields, gzip.compress(bytes(20 * MIB))), both)
    assert (len(bomb.body), bomb.truncated) == (8 * MIB, True)


async def test_a_response_without_a_body_is_one(both: ssl.SSLContext) -> None:
    exchange = await fetch(server.honest([(":status", "204")], b""), both)
    assert (exchange.status, exchange.body) == (204, b"")


async def test_a_server_that_leaves_in_peace_is_heard_to_the_end(both: ssl.SSLContext) -> None:
    farewell = server.GoAwayFrame(0, last_stream_id=1, error_code=0).serialize()
    script = server.once(server.settings(), farewell, server.headers(), server.data(b"hello", "END_STREAM"))
    assert (await fetch(server.scripted(script), both)).body == b"hello"


async def test_a_server_that_wants_http1_is_asked_so(both: ssl.SSLContext) -> None:
    met: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(await reader.read(4096))
        if met[-1].startswith(b"PRI * HTTP/2.0"):
            writer.write(server.settings() + server.RstStreamFrame(1, error_code=13).serialize())
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        await writer.drain()
        await reader.read(4096)

    exchange = await fetch(handler=handle, tls=both)
    assert (exchange.body, exchange.protocol, len(met)) == (b"hi", "http/1.1", 2)


@pytest.mark.parametrize("name", sorted(ATTACKS))
async def test_every_attack_by_frames_is_survived_and_named(name: str, both: ssl.SSLContext) -> None:
    script, expected = ATTACKS[name]
    timeout = 0.4 if expected == ("http_timeout",) else 8.0
    began = time.monotonic()
    try:
        exchange = await fetch(server.scripted(script), both, timeout=timeout)
    except Unreached as refusal:
        outcome = str(refusal.failure)
    else:
        outcome = "clipped" if exchange.truncated else "ok"
    assert outcome in expected
    assert time.monotonic() - began < timeout + 4


@pytest.mark.parametrize("name", ["endless-body", "hpack-bomb", "settings-flood", "empty-data-flood"])
async def test_no_flood_of_frames_costs_much_memory(name: str, both: ssl.SSLContext) -> None:
    tracemalloc.start()
    try:
        (outcome,) = await asyncio.gather(fetch(server.scripted(ATTACKS[name][0]), both), return_exceptions=True)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(outcome, HttpExchange | Unreached)
    assert peak < 64 * MIB


async def test_a_flood_of_frames_leaves_the_loop_its_turns(both: ssl.SSLContext) -> None:
    turns = []

    async def turn() -> None:
        while True:
            turns.append(time.monotonic())
            await asyncio.sleep(0.005)

    turning = asyncio.ensure_future(turn())
    with pytest.raises(Unreached):
        await fetch(server.scripted(ATTACKS["ping-flood"][0]), both)
    turning.cancel()
    assert max(b - a for a, b in pairwise(turns)) < 0.5


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", server.settings(), server.settings() + server.headers()]))
def test_any_frames_from_a_server_end_in_a_word(both: ssl.SSLContext, said: bytes, before: bytes) -> None:
    async def run() -> None:
        handler = server.scripted(server.once(before + said))
        (outcome,) = await asyncio.gather(fetch(handler, both, timeout=3.0), return_exceptions=True)
        assert isinstance(outcome, HttpExchange | Unreached), outcome

    asyncio.run(run())


@given(st.lists(st.tuples(st.integers(0, 9), st.binary(max_size=40)), max_size=30), st.integers(1, 60))
def test_frames_come_out_as_they_went_in_however_they_are_cut(parts: list[tuple[int, bytes]], step: int) -> None:
    framed = [len(said).to_bytes(3) + bytes([kind, 0, 0, 0, 0, 1]) + said for kind, said in [(4, b""), *parts]]
    stream, frames = b"".join(framed), Frames(MIB)
    out = [frame for start in range(0, len(stream), step) for frame in frames.cut(stream[start : start + step])]
    assert out == [(frame[3], frame) for frame in framed]


def test_frames_without_end_are_too_many() -> None:
    empty = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    with pytest.raises(Unreached) as refusal:
        list(Frames(100 * MIB).cut(empty * (FRAME_LIMIT + 1)))
    assert refusal.value.failure is Failure.HTTP_OVERSIZED
