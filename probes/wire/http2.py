"""HTTP/2 on a stream: one request on one connection. h2 reads the frames, and every part has its cap."""

from __future__ import annotations

import asyncio
from typing import Final

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, Event, InformationalResponseReceived, ResponseReceived, StreamEnded, StreamReset
from h2.exceptions import DenialOfServiceError, H2Error
from h2.settings import SettingCodes, Settings

from probes.observation import Failure
from probes.text import clean
from probes.wire import HttpExchange, HttpRequest, Phases, Unreached
from probes.wire.http2_frames import FAREWELL, LARGEST, Frames, Kind, farewell
from probes.wire.http_asking import Asking
from probes.wire.http_body import Body
from probes.wire.http_reply import INTERIM_LIMIT, codings, kept
from probes.wire.stream import Stream
from probes.wire.watch import Watch

PROTOCOL: Final = "h2"

_BREATH = 128
"""Frames after which the loop gets its turn again."""
_DEFAULT_WINDOW = 65_535
_OURS = 1


class Http11Required(Exception):
    """The server wants this asked over HTTP/1.1, as it said after *seconds*. Source: RFC 9113 7."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Http2Reply:
    """One response being read."""

    def __init__(self, stream: Stream, request: HttpRequest, watch: Watch) -> None:
        self._stream, self._request, self._watch = stream, request, watch
        # As much as will be read, and one byte to see that there is more: a window is never opened again.
        self._window = request.body_limit + 1
        self._framing = H2Connection(H2Configuration(client_side=True, header_encoding=None))
        self._framing.local_settings = Settings(
            client=True,
            initial_values={
                SettingCodes.ENABLE_PUSH: 0,
                SettingCodes.MAX_CONCURRENT_STREAMS: 1,
                SettingCodes.INITIAL_WINDOW_SIZE: self._window,
                SettingCodes.MAX_HEADER_LIST_SIZE: request.header_limit,
            },
        )
        self._frames = Frames(request.header_limit + LARGEST)
        self._received = self._flowed = self._interim = 0
        self._first_byte: float | None = None
        self._status = 0
        self._fields: list[tuple[bytes, bytes]] = []
        self._body: Body | None = None
        self._over = self._truncated = False

    async def run(self, asking: Asking) -> None:
        """Send the request and read all there is to read of the response.

        Raises:
            Unreached: no response, or none that can be read.
            Http11Required: the server does not answer this over HTTP/2.
        """
        self._ask(asking)
        await self._flush()
        self._watch.lap()
        while not self._over:
            data = await self._stream.read()
            if not data:
                raise self._broken_off("closed")
            self._received += len(data)
            await self._take(data)

    def exchange(self, connect: float, tls: float) -> HttpExchange:
        """Return what was read."""
        assert self._body is not None
        return HttpExchange(
            status=self._status,
            headers=kept(self._fields),
            body=self._body.decoded,
            phases=Phases(connect, tls, self._first_byte or 0.0, self._watch.lap()),
            wire_bytes=self._received,
            truncated=self._truncated,
            protocol=PROTOCOL,
        )

    def _ask(self, asking: Asking) -> None:
        self._framing.initiate_connection()
        if self._window > _DEFAULT_WINDOW:
            self._framing.increment_flow_control_window(self._window - _DEFAULT_WINDOW)
        pseudo = (
            (":method", "GET"),
            (":scheme", asking.scheme),
            (":authority", asking.authority),
            (":path", asking.target),
        )
        self._framing.send_headers(_OURS, [*pseudo, *asking.headers], end_stream=True)

    async def _flush(self) -> None:
        if data := self._framing.data_to_send():
            await self._stream.write(data)

    async def _take(self, data: bytes) -> None:
        for number, (kind, frame) in enumerate(self._frames.cut(data), 1):
            if kind == Kind.GOAWAY:
                self._leave(*farewell(frame))
            else:
                self._read(frame)
            if self._over:
                return
            if number % _BREATH == 0:
                await asyncio.sleep(0)
        await self._flush()

    def _read(self, frame: bytes) -> None:
        try:
            events = self._framing.receive_data(frame)
        except DenialOfServiceError as fault:
            raise Unreached(Failure.HTTP_OVERSIZED, clean(str(fault), 160)) from fault
        except H2Error as fault:
            raise Unreached(Failure.HTTP_MALFORMED, clean(str(fault), 160)) from fault
        for event in events:
            self._note(event)
            if self._over:
                return

    def _note(self, event: Event) -> None:
        match event:
            case InformationalResponseReceived():
                self._interim += 1
                if self._interim > INTERIM_LIMIT:
                    raise Unreached(Failure.HTTP_OVERSIZED, f"more than {INTERIM_LIMIT} interim responses")
            case ResponseReceived():
                self._begin(event)
            case DataReceived():
                self._feed(event)
            case StreamEnded():
                assert self._body is not None
                self._body.end()
                self._over = True
            case StreamReset():
                self._reset(int(event.error_code or 0))

    def _begin(self, event: ResponseReceived) -> None:
        self._first_byte = self._watch.lap()
        fields = [(bytes(name), bytes(value)) for name, value in event.headers or ()]
        self._status = _status(fields)
        self._fields = [pair for pair in fields if not pair[0].startswith(b":")]
        self._body = Body(codings(self._fields), self._request.body_limit, self._request.decoded_limit)

    def _feed(self, event: DataReceived) -> None:
        assert self._body is not None
        self._body.feed(bytes(event.data or b""))
        self._flowed += event.flow_controlled_length or 0
        if self._body.full or self._flowed > self._request.body_limit:
            self._over = self._truncated = True

    def _leave(self, last: int, code: int) -> None:
        """Note a GOAWAY: one that lets our stream come to its end is none of our business."""
        if code != FAREWELL or last < _OURS:
            self._reset(code)

    def _reset(self, code: int) -> None:
        if code == ErrorCodes.HTTP_1_1_REQUIRED and self._body is None:
            raise Http11Required(self._watch.seconds)
        raise self._broken_off(f"error {code}")

    def _broken_off(self, how: str) -> Unreached:
        if self._body is None:
            return Unreached(Failure.CONNECTION_CLOSED, f"without a response: {how}")
        return Unreached(Failure.HTTP_TRUNCATED, f"within the body: {how}")


def _status(fields: list[tuple[bytes, bytes]]) -> int:
    """Return the status among *fields*.

    Raises:
        Unreached: HTTP_MALFORMED, it is no number of three digits.
    """
    said = dict(fields).get(b":status", b"")
    if len(said) != 3 or not said.isdigit():
        raise Unreached(Failure.HTTP_MALFORMED, f"status {clean(said, 96)}")
    return int(said)
