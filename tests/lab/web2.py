"""The city's web servers over HTTP/2: the same answers, framed by h2."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import Event, RequestReceived, StreamEnded
from h2.exceptions import ProtocolError

from tests.lab.web import Answer, Request, fields

PROTOCOL = "h2"


async def serve(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Callable[[Request], Awaitable[Answer]]
) -> None:
    """Answer one request of one connection with what *reply* says, and wait for the client to leave."""
    framing = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
    framing.initiate_connection()
    asked: Request | None = None
    left = b""
    while True:
        writer.write(framing.data_to_send())
        await writer.drain()
        if not (data := await reader.read(65536)):
            return
        try:
            events = framing.receive_data(data)
        except ProtocolError:
            return
        for event in events:
            asked = asked or _asked(event)
            if isinstance(event, StreamEnded) and asked is not None:
                said = await reply(asked)
                left = b"" if asked.method == "HEAD" else said.body
                framing.send_headers(1, [(":status", str(said.status.value)), *fields(said)], end_stream=not left)
        left = _sent(framing, left)


def _asked(event: Event) -> Request | None:
    if not isinstance(event, RequestReceived):
        return None
    told = {str(name): str(value) for name, value in event.headers}
    path = told.get(":path", "/").partition("?")[0]
    return Request(told.get(":method", "GET"), path, told.get(":authority", "").partition(":")[0])


def _sent(framing: H2Connection, left: bytes) -> bytes:
    """Send as much of *left* as the client takes; return what is left then."""
    while left and (room := min(framing.local_flow_control_window(1), framing.max_outbound_frame_size)) > 0:
        framing.send_data(1, left[:room], end_stream=len(left) <= room)
        left = left[room:]
    return left
