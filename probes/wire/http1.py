"""HTTP/1.1 on a stream: h11 frames it, and every part has its cap."""

from __future__ import annotations

import h11

from probes.observation import Failure
from probes.text import clean
from probes.wire import HttpExchange, HttpRequest, Phases, Unreached
from probes.wire.http_asking import Asking
from probes.wire.http_body import Body
from probes.wire.http_reply import INTERIM_LIMIT, codings, kept
from probes.wire.stream import Stream
from probes.wire.watch import Watch

_STATUS_LINE = b"HTTP/"
_HEAD = 64
_TOO_LARGE = 431


class Http1Reply:
    """One response being read."""

    def __init__(self, stream: Stream, request: HttpRequest, watch: Watch) -> None:
        self._stream, self._request, self._watch = stream, request, watch
        self._framing = h11.Connection(h11.CLIENT, max_incomplete_event_size=request.header_limit)
        self._received = self._header_bytes = 0
        self._first_byte: float | None = None
        self._head = b""
        self._final: h11.Response | None = None
        self._body: Body | None = None
        self._ended = self._truncated = False

    async def run(self, asking: Asking) -> None:
        """Send the request and read all there is to read of the response."""
        sent = self._framing.send(_request(asking)), self._framing.send(h11.EndOfMessage())
        await self._stream.write(b"".join(data for data in sent if data))
        self._watch.lap()
        interim = 0
        while not self._truncated:
            event = self._next_event()
            if event is h11.NEED_DATA:
                await self._receive()
            elif isinstance(event, h11.InformationalResponse):
                interim += 1
                if interim > INTERIM_LIMIT:
                    raise Unreached(Failure.HTTP_OVERSIZED, f"more than {INTERIM_LIMIT} interim responses")
            elif isinstance(event, h11.Response):
                self._begin(event)
            elif isinstance(event, h11.Data):
                self._take(event.data)
            else:
                self._end()
                return

    def exchange(self, connect: float, tls: float) -> HttpExchange:
        """Return what was read."""
        assert self._final is not None
        assert self._body is not None
        return HttpExchange(
            status=self._final.status_code,
            headers=kept(self._final.headers),
            body=self._body.decoded,
            phases=Phases(connect, tls, self._first_byte or 0.0, self._watch.lap()),
            wire_bytes=self._received,
            truncated=self._truncated,
            protocol=f"http/{self._final.http_version.decode('ascii')}",
        )

    def _next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        try:
            return self._framing.next_event()
        except h11.ProtocolError as fault:
            words = clean(str(fault), 160)
            if self._ended:
                raise Unreached(Failure.HTTP_TRUNCATED, words) from fault
            if fault.error_status_hint == _TOO_LARGE and self._final is None:
                raise Unreached(Failure.HTTP_OVERSIZED, words) from fault
            raise Unreached(Failure.HTTP_MALFORMED, words) from fault

    async def _receive(self) -> None:
        if self._final is not None and self._received - self._header_bytes >= self._request.body_limit:
            self._truncated = True
            return
        data = await self._stream.read()
        if not data:
            self._at_end()
        elif self._first_byte is None:
            self._first_byte = self._watch.lap()
        self._received += len(data)
        if len(self._head) < len(_STATUS_LINE):
            self._head = (self._head + data)[:_HEAD]
            if not self._head.startswith(_STATUS_LINE[: len(self._head)]):
                raise Unreached(Failure.HTTP_MALFORMED, f"no status line: {clean(self._head, 96)}")
        self._framing.receive_data(data)

    def _at_end(self) -> None:
        if not self._received:
            raise Unreached(Failure.CONNECTION_CLOSED, "without a response")
        if self._final is None:
            raise Unreached(Failure.HTTP_TRUNCATED, "within the headers")
        self._ended = True

    def _begin(self, event: h11.Response) -> None:
        self._final = event
        self._header_bytes = self._received - len(self._framing.trailing_data[0])
        self._body = Body(codings(event.headers), self._request.body_limit, self._request.decoded_limit)

    def _take(self, data: bytes) -> None:
        assert self._body is not None
        self._body.feed(data)
        self._truncated = self._body.full

    def _end(self) -> None:
        assert self._body is not None
        self._body.end()


def _request(asking: Asking) -> h11.Request:
    return h11.Request(
        method="GET",
        target=asking.target,
        headers=[("Host", asking.authority), *asking.headers, ("Connection", "close")],
    )
