"""The fetcher ends in time and within its caps whatever the server does, and says in one word what happened."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.observation import Failure
from probes.page import read_page
from probes.target import Address
from probes.wire import HttpExchange, HttpRequest, NotLooked, Unreached
from probes.wire.account import Account, Budget
from probes.wire.http import Fetcher
from probes.wire.http_body import FREE, PIECE_LIMIT, RATIO, Body
from probes.wire.http_reply import INTERIM_LIMIT, LOCATION_LIMIT
from probes.wire.tcp import Dialer
from probes.wire.tls import TlsClient
from tests.lab.hostile_http import Reset, http_cases, text_cases
from tests.lab.model import Cert
from tests.lab.pki import Authority, context
from tests.probes.wire_world import ACCOUNT, V4, V6, Handler, guard, playing, saying, serving

TLS = TlsClient()
MIB = 1024 * 1024


def fetcher() -> Fetcher:
    return Fetcher(guard(), Dialer(), TLS, "Diaolou (+https://example.invalid/)")


async def fetch(
    handler: Handler,
    address: Address = V4,
    tls: ssl.SSLContext | None = None,
    account: Account = ACCOUNT,
    host: str = "www.example",
    path: str = "/",
    **limits: float,
) -> HttpExchange:
    async with serving(handler, address, tls) as port:
        request = HttpRequest("https" if tls else "http", address, port, host, path, **limits)  # type: ignore[arg-type]
        return await fetcher().fetch(request, account)


async def failure(handler: Handler, **more: object) -> Failure:
    with pytest.raises(Unreached) as refusal:
        await fetch(handler, **more)  # type: ignore[arg-type]
    assert refusal.value.detail.isprintable()
    return refusal.value.failure


HOSTILE = http_cases()


@pytest.mark.parametrize("name", HOSTILE)
async def test_every_attack_is_survived_and_named(name: str) -> None:
    script, expected = HOSTILE[name]
    timeout = 0.4 if expected == ("http_timeout",) else 8.0
    began = time.monotonic()
    try:
        exchange = await fetch(playing(script), timeout=timeout)
    except Unreached as refusal:
        outcome = str(refusal.failure)
    else:
        # Where a redirect leads is for those who would follow it; the fetcher does not.
        outcome = expected[0] if exchange.status == 302 else "clipped" if exchange.truncated else "ok"
        assert len(exchange.body) <= 8 * MIB
        assert exchange.wire_bytes <= 2 * MIB + 192 * 1024
    assert outcome in expected
    assert time.monotonic() - began < timeout + 4


TEXTS = text_cases()


@pytest.mark.parametrize("name", TEXTS)
async def test_hostile_text_is_read_and_cleaned(name: str) -> None:
    script, title = TEXTS[name]
    exchange = await fetch(playing(script))
    assert read_page(exchange.body, exchange.header("content-type") or "").title == title
    for field in (field for header in exchange.headers for field in header):
        assert field.isprintable()
        assert len(field.encode()) <= 1024


@pytest.mark.parametrize("name", ["endless-body", "gzip-bomb", "endless-headers", "header-line-5mb", "endless-chunks"])
async def test_no_attack_costs_much_memory(name: str) -> None:
    script = HOSTILE[name][0]
    await anext(aiter(script()))  # what the server itself prepares is not ours
    tracemalloc.start()
    try:
        (outcome,) = await asyncio.gather(fetch(playing(script)), return_exceptions=True)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(outcome, HttpExchange | Unreached)
    assert peak < 64 * MIB


@pytest.mark.parametrize("address", [V4, V6], ids=str)
async def test_a_page_is_fetched_whole_with_its_phases(address: Address) -> None:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        await asyncio.sleep(0.05)
        writer.write(b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 6\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write("开平".encode())
        await writer.drain()

    exchange = await fetch(serve, address, path="/a b?q=开&x=%20#no")
    assert (exchange.status, exchange.body.decode(), exchange.truncated) == (200, "开平", False)
    assert exchange.headers == (("server", "x"), ("content-length", "6"))
    assert exchange.wire_bytes == 55
    assert exchange.phases.tls == 0.0
    assert exchange.phases.first_byte > 0.04
    assert exchange.phases.transfer > 0.04
    assert 0 < exchange.phases.connect < 0.04
    lines = asked[0].decode().split("\r\n")
    assert lines[0] == "GET /a%20b?q=%E5%BC%80&x=%20%23no HTTP/1.1"
    assert any(line.startswith("Host: www.example:") for line in lines)
    assert "User-Agent: Diaolou (+https://example.invalid/)" in lines


async def test_over_tls_the_host_is_in_the_handshake_whatever_the_address(tmp_path: Path) -> None:
    names: list[str | None] = []
    server = context(Authority.create(tmp_path).leaf(("www.example",), Cert.EXPIRED))
    server.sni_callback = lambda sock, name, ctx: names.append(name)
    exchange = await fetch(saying(b"HTTP/1.1 200 OK\r\n\r\nhello"), V6, server)
    assert (exchange.body, names) == (b"hello", ["www.example"])
    assert exchange.phases.tls > 0


@pytest.mark.parametrize("path", ["/\r\nX-Injected: a", "/\x00\x1b", "no-slash", "", "/" + "é" * 50, "/\ud800"])
async def test_no_path_leaves_its_line(path: str) -> None:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    assert (await fetch(serve, path=path)).status == 204
    lines = asked[0].split(b"\r\n")
    assert len(lines) == 1 + 6 + 2
    assert lines[0].startswith(b"GET /")
    assert lines[0].count(b" ") == 2


@pytest.mark.parametrize("host", ["", "a b", "a\r\nX: y", "a" * 254, "www.example/", "user@host", "开平.cn"])
async def test_what_is_no_host_is_not_asked_for(host: str) -> None:
    with pytest.raises(NotLooked, match="out_of_scope"):
        await fetch(saying(b""), host=host)


@pytest.mark.parametrize(("status", "slowdown"), [(200, 1.0), (404, 1.0), (500, 1.0), (429, 2.0), (503, 2.0)])
async def test_a_server_that_asks_for_patience_is_sent_to_at_half_the_pace(status: int, slowdown: float) -> None:
    door = guard()
    page = f"HTTP/1.1 {status} Said\r\nContent-Length: 0\r\n\r\n".encode()
    async with serving(saying(page)) as port:
        fetching = Fetcher(door, Dialer(), TLS, "Diaolou (+https://example.invalid/)")
        answer = await fetching.fetch(HttpRequest("http", V4, port, "www.example"), ACCOUNT)
    assert answer.status == status
    assert door._pacer._hosts[ACCOUNT.target].slowdown == slowdown


async def test_a_body_over_the_cap_is_cut_there() -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + b"a" * 300000
    cut = await fetch(saying(page), body_limit=100_000)
    assert (len(cut.body), cut.truncated) == (100_000, True)
    whole = await fetch(saying(page), body_limit=300_000)
    assert (len(whole.body), whole.truncated) == (300_000, False)


async def test_a_decoded_body_over_the_cap_is_cut_there() -> None:
    packed = gzip.compress(b"a" * 300_000)
    page = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed
    cut = await fetch(saying(page), decoded_limit=100_000)
    assert (len(cut.body), cut.truncated) == (100_000, True)
    whole = await fetch(saying(page), decoded_limit=300_000)
    assert (len(whole.body), whole.truncated) == (300_000, False)


async def test_where_a_redirect_leads_is_kept_whole_where_other_headers_are_clipped() -> None:
    there = "/login?state=" + "s" * 6000
    head = f"HTTP/1.1 302 Found\r\nLocation: {there}\r\nX-Long: {there}\r\nContent-Length: 0\r\n\r\n"
    exchange = await fetch(saying(head.encode()))
    assert exchange.header("location") == there
    assert len(exchange.header("x-long") or "") < 1100
    exchange = await fetch(saying(head.replace("state=", "state=" + "t" * LOCATION_LIMIT).encode()))
    assert len((exchange.header("location") or "").encode()) <= LOCATION_LIMIT


async def test_headers_over_the_cap_are_a_failure_and_under_it_are_not() -> None:
    page = b"HTTP/1.1 200 OK\r\nX: " + b"a" * 30_000 + b"\r\nContent-Length: 0\r\n\r\n"
    assert (await fetch(saying(page), header_limit=40_000)).status == 200
    assert await failure(saying(page[:20_000]), header_limit=10_000) is Failure.HTTP_OVERSIZED


async def test_a_few_interim_responses_are_read_over_and_many_are_too_many() -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    assert (await fetch(saying(interim * INTERIM_LIMIT + final))).status == 200
    assert await failure(saying(interim * (INTERIM_LIMIT + 1) + final)) is Failure.HTTP_OVERSIZED
    assert await failure(saying(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")) is Failure.HTTP_MALFORMED


async def test_a_body_in_crumbs_is_cut_early() -> None:
    page = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * (PIECE_LIMIT + 10) + b"0\r\n\r\n"
    cut = await fetch(saying(page))
    assert (len(cut.body), cut.truncated) == (PIECE_LIMIT, True)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"", Failure.CONNECTION_CLOSED),
        (b"HTTP/1.1 200 OK\r\nServer", Failure.HTTP_TRUNCATED),
        (b"HT", Failure.HTTP_TRUNCATED),
        (b"SSH-2.0-x\r\n", Failure.HTTP_MALFORMED),
        (b"\x15\x03\x01\x00\x02\x02\x28", Failure.HTTP_MALFORMED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\nhello", Failure.HTTP_MALFORMED),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", Failure.HTTP_TRUNCATED),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 30 + b"\r\n", Failure.HTTP_MALFORMED),
        (b"HTTP/1.1 99999 OK\r\n\r\n", Failure.HTTP_MALFORMED),
        (b"HTTP/1.1 200 OK\r\nBad Header: x\r\n\r\n", Failure.HTTP_MALFORMED),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: compress\r\n\r\nx", Failure.HTTP_BAD_ENCODING),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n<html>", Failure.HTTP_BAD_ENCODING),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nx", Failure.HTTP_TRUNCATED),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\n\r\n<html>", Failure.HTTP_BAD_ENCODING),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n\r\nx", Failure.HTTP_BAD_ENCODING),
    ],
)
async def test_every_broken_response_has_its_word(sent: bytes, expected: Failure) -> None:
    assert await failure(saying(sent)) is expected


async def test_a_plain_server_on_a_tls_port_is_told() -> None:
    async with serving(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        with pytest.raises(Unreached) as refusal:
            await fetcher().fetch(HttpRequest("https", V4, port, "www.example"), ACCOUNT)
    assert refusal.value.failure is Failure.TLS_NOT_TLS


async def test_a_reset_in_the_middle_of_a_body_is_a_reset() -> None:
    async def half() -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf"
        await asyncio.sleep(0.05)
        raise Reset

    assert await failure(playing(half)) is Failure.CONNECTION_RESET


async def test_a_spent_budget_ends_the_fetch_as_a_gap() -> None:
    page = b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 500_000
    with pytest.raises(NotLooked, match="budget_spent"):
        await fetch(saying(page), account=Account("x", budget=Budget(octets=100_000)))


def body(data: bytes, coding: str, step: int = 7, limit: int = MIB) -> Body:
    read = Body([coding], MIB, limit)
    for start in range(0, len(data), step):
        read.feed(data[start : start + step])
    return read


def deflated(data: bytes, bits: int) -> bytes:
    squeeze = zlib.compressobj(wbits=bits)
    return squeeze.compress(data) + squeeze.flush()


PACKINGS = ["gzip", "zlib", "raw", "identity", "members", "br", "zstd", "frames"]


@settings(max_examples=100)
@given(st.binary(max_size=3000), st.integers(1, 400), st.sampled_from(PACKINGS))
def test_what_was_packed_comes_out_however_it_is_cut(data: bytes, step: int, packing: str) -> None:
    packed, coding = {
        "gzip": (gzip.compress(data), "gzip"),
        "zlib": (deflated(data, 15), "deflate"),
        "raw": (deflated(data, -15), "deflate"),
        "identity": (data, "identity"),
        "members": (gzip.compress(data[:9]) + gzip.compress(data[9:]), "x-gzip"),
        "br": (brotli.compress(data), "br"),
        "zstd": (zstandard.compress(data), "zstd"),
        "frames": (zstandard.compress(data[:9]) + zstandard.compress(data[9:]), "zstd"),
    }[packing]
    read = body(packed, coding, step)
    read.end()
    assert (read.decoded, read.full) == (data, False)


PACK = {"gzip": gzip.compress, "br": brotli.compress, "zstd": zstandard.compress, "deflate": zlib.compress}


@given(st.binary(min_size=50, max_size=500), st.integers(1, 20), st.sampled_from(sorted(PACK)))
def test_a_packed_body_cut_short_is_never_taken_for_whole(data: bytes, missing: int, coding: str) -> None:
    read = body(PACK[coding](data)[:-missing], coding)
    with pytest.raises(Unreached) as refusal:
        read.end()
    assert refusal.value.failure is Failure.HTTP_TRUNCATED


@given(st.binary(max_size=300), st.sampled_from(sorted(PACK)), st.integers(1, 50))
def test_any_bytes_decode_or_are_named(data: bytes, coding: str, step: int) -> None:
    try:
        read = body(data, coding, step, limit=200)
        read.end()
    except Unreached as refusal:
        outcome = refusal.failure
    else:
        outcome = None
        assert len(read.decoded) <= 200
    assert outcome in (None, Failure.HTTP_BAD_ENCODING, Failure.HTTP_TRUNCATED)


def test_padding_behind_a_packed_body_is_dropped_and_endless_members_are_not_read() -> None:
    read = body(gzip.compress(b"x") + bytes(100), "gzip")
    read.end()
    assert read.decoded == b"x"
    with pytest.raises(Unreached, match="members"):
        body(gzip.compress(b"") * 1000, "gzip", 4096)
    with pytest.raises(Unreached, match="frames"):
        body(zstandard.compress(b"") * 1000, "zstd", 4096)


@pytest.mark.parametrize("coding", sorted(PACK))
def test_a_bomb_of_any_coding_goes_off_within_its_cap_and_costs_little_memory(coding: str) -> None:
    packed = PACK[coding](bytes(96 * MIB))
    tracemalloc.start()
    try:
        read = body(packed, coding, 64 * 1024, 8 * MIB)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert read.full
    assert len(read.decoded) <= min(8 * MIB, max(FREE, RATIO * len(packed)))
    assert peak < 48 * MIB


def test_a_frame_that_wants_a_larger_window_than_the_web_allows_is_refused() -> None:
    wide = zstandard.ZstdCompressionParameters.from_level(3, window_log=24)
    squeeze = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    with pytest.raises(Unreached) as refusal:
        body(squeeze.compress(b"a" * 9 * MIB) + squeeze.flush(), "zstd", 4096)
    assert refusal.value.failure is Failure.HTTP_BAD_ENCODING


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=600))
def test_any_bytes_from_a_server_end_in_a_word(data: bytes) -> None:
    async def run() -> None:
        for head in (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"):
            (outcome,) = await asyncio.gather(fetch(saying(head + data), timeout=2.0), return_exceptions=True)
            assert isinstance(outcome, HttpExchange | Unreached), outcome

    asyncio.run(run())
