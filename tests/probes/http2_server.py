"""Servers of HTTP/2, good and bad, on loopback behind TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived
from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from tests.lab.hostile_http import Script
from tests.lab.model import Cert
from tests.lab.pki import Authority, context
from tests.probes.wire_world import Handler

Fields = list[tuple[str, str]]
PAGE: Fields = [(":status", "200"), ("content-type", "text/html"), ("Server", "x")]


def secured(folder: Path, *protocols: str) -> ssl.SSLContext:
    """Return a server's context that agrees on *protocols*."""
    server = context(Authority.create(folder).leaf(("www.example",), Cert.VALID))
    server.set_alpn_protocols(list(protocols))
    return server


def honest(fields: Fields, body: bytes, asked: Fields | None = None) -> Handler:
    """Return a handler that answers one request as it should; *asked* is given what it was asked."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framing = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        framing.initiate_connection()
        writer.write(framing.data_to_send())
        left: bytes | None = None
        while data := await reader.read(65536):
            for event in framing.receive_data(data):
                if isinstance(event, RequestReceived):
                    if asked is not None:
                        asked.extend((str(name), str(value)) for name, value in event.headers)
                    framing.send_headers(1, [(name.lower(), value) for name, value in fields], end_stream=not body)
                    left = body or None
            left = _send(framing, left)
            writer.write(framing.data_to_send())
            await writer.drain()

    return handle


def _send(framing: H2Connection, left: bytes | None) -> bytes | None:
    while left and (room := min(framing.local_flow_control_window(1), framing.max_outbound_frame_size)):
        framing.send_data(1, left[:room], end_stream=len(left) <= room)
        left = left[room:]
    return left or None


def scripted(script: Script) -> Handler:
    """Return a handler that reads the preface and the request, and then plays *script*."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        async for piece in script():
            writer.write(piece)
            await writer.drain()

    return handle


def settings(**more: int) -> bytes:
    """Return the frame a server begins with."""
    return SettingsFrame(0, settings={getattr(SettingsFrame, name): value for name, value in more.items()}).serialize()


def _flag(frame: Frame, *flags: str) -> None:
    for flag in flags:
        frame.flags.add(flag)


def headers(fields: Fields = PAGE, *flags: str) -> bytes:
    """Return a whole header block on our stream."""
    block = Encoder().encode([(name.lower(), value) for name, value in fields])
    frame = HeadersFrame(1, data=block)
    _flag(frame, "END_HEADERS", *flags)
    return frame.serialize()


def data(body: bytes, *flags: str) -> bytes:
    """Return a DATA frame on our stream."""
    frame = DataFrame(1, data=body)
    _flag(frame, *flags)
    return frame.serialize()


def bomb(copies: int) -> bytes:
    """Return a header block that says one long field *copies* times, a byte each after the first."""
    encoder = Encoder()
    first = encoder.encode([(":status", "200"), ("x-bomb", "a" * 3900)])
    frame = HeadersFrame(1, data=first + bytes([0x80 | 62]) * copies)
    _flag(frame, "END_HEADERS")
    return frame.serialize()


def endless(first: bytes, frames: Iterable[Frame]) -> Script:
    """Return a script that sends *first* and then *frames* for ever."""
    again = b"".join(frame.serialize() for frame in frames) * 100

    async def script() -> AsyncIterator[bytes]:
        yield first
        while True:
            yield again

    return script


def once(*pieces: bytes) -> Script:
    """Return a script that sends *pieces* and ends."""

    async def script() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return script


def _ping() -> Frame:
    return PingFrame(0, opaque_data=b"floodfld")


def attacks() -> dict[str, tuple[Script, tuple[str, ...]]]:
    """Return what a server may do with HTTP/2, and what a careful client may conclude."""
    big, bad, cut = ("http_oversized",), ("http_malformed",), ("http_truncated",)
    gone, late, clipped = ("connection_closed",), ("http_timeout",), ("clipped",)
    begun = settings() + headers()
    continued = HeadersFrame(1, data=b"").serialize()
    promise = PushPromiseFrame(1, promised_stream_id=2, data=Encoder().encode([(":method", "GET")]))
    _flag(promise, "END_HEADERS")
    return {
        "settings-flood": (endless(settings(), [SettingsFrame(0, settings={3: 7})]), big),
        "ping-flood": (endless(settings(), [_ping()]), big),
        "ping-flood-in-the-body": (endless(begun, [_ping()]), big),
        "window-flood": (endless(settings(), [WindowUpdateFrame(0, window_increment=1)]), (*big, *bad)),
        "window-overflow": (once(settings(), WindowUpdateFrame(0, window_increment=2**31 - 1).serialize()), bad),
        "unknown-flood": (endless(settings(), [_Unknown(0)]), big),
        "reset-flood": (endless(settings(), [RstStreamFrame(1, error_code=8)]), gone),
        "reset-of-strangers": (endless(settings(), [RstStreamFrame(2, error_code=8)]), (*big, *bad)),
        "continuation-flood": (endless(settings() + continued, [ContinuationFrame(1, data=b"")]), (*big, *bad)),
        "continuation-alone": (once(settings(), ContinuationFrame(1, data=b"").serialize()), bad),
        "empty-data-flood": (endless(begun, [DataFrame(1, data=b"")]), (*big, *clipped)),
        "padding-flood": (endless(begun, [_padded()]), (*big, *clipped, *bad)),
        "endless-body": (endless(begun, [DataFrame(1, data=b"a" * 16384)]), (*clipped, *bad)),
        "hpack-bomb": (once(settings(), bomb(16000)), big),
        "hpack-rubbish": (once(settings(), _rubbish()), bad),
        "huge-frame": (once(settings(), b"\xff\xff\xff\x00\x00\x00\x00\x00\x01"), big),
        "push": (once(settings(), promise.serialize()), bad),
        "no-settings": (once(headers(), data(b"x", "END_STREAM")), bad),
        "http1-after-all": (once(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), bad),
        "random": (once(bytes(range(255, 0, -1)) * 16), bad),
        "bad-status": (once(settings(), headers([(":status", "abc")], "END_STREAM")), bad),
        "no-status": (once(settings(), headers([("x", "y")], "END_STREAM")), bad),
        "goaway": (once(settings(), GoAwayFrame(0, last_stream_id=0, error_code=11).serialize()), gone),
        "goaway-cut-short": (once(settings(), b"\x00\x00\x02\x07\x00\x00\x00\x00\x00ab"), bad),
        "refused": (once(settings(), RstStreamFrame(1, error_code=7).serialize()), gone),
        "closed": (once(), gone),
        "closed-after-settings": (once(settings()), gone),
        "cut-short": (once(begun, data(b"half")), cut),
        "reset-in-the-body": (once(begun, data(b"half"), RstStreamFrame(1, error_code=2).serialize()), cut),
        "interim-for-ever": (
            once(settings(), headers([(":status", "103")]) * 50),
            big,
        ),
        "silence": (_silence, late),
        "no-window-for-us": (endless(settings(INITIAL_WINDOW_SIZE=0, MAX_FRAME_SIZE=16384), [_ping()]), big),
    }


class _Unknown(Frame):
    type = 0x77

    def serialize_body(self) -> bytes:
        return b"?" * 50


def _padded() -> DataFrame:
    frame = DataFrame(1, data=b"", pad_length=255)
    _flag(frame, "PADDED")
    return frame


def _rubbish() -> bytes:
    frame = HeadersFrame(1, data=b"\xff" * 30)
    _flag(frame, "END_HEADERS", "END_STREAM")
    return frame.serialize()


async def _silence() -> AsyncIterator[bytes]:
    yield settings()
    await asyncio.sleep(60)
