"""One GET to one address, bounded in time, header bytes, body bytes and decoded bytes; nothing is followed."""

from __future__ import annotations

import string
from dataclasses import replace
from typing import Final
from urllib.parse import quote

import h11

from probes.observation import Failure, GapReason
from probes.text import clean
from probes.wire import HttpExchange, HttpRequest, NotLooked, Phases, Unreached
from probes.wire.account import Account
from probes.wire.guard import Guard
from probes.wire.http_body import Body
from probes.wire.ledger import What
from probes.wire.stream import Stream
from probes.wire.tcp import Dialer
from probes.wire.tls import TlsClient
from probes.wire.watch import Watch, watched

INTERIM_LIMIT = 16
"""Interim (1xx) responses read before the final one."""

LOCATION_LIMIT = 8000
"""Bytes kept of where a redirect leads: cut shorter it would lead elsewhere. Source: RFC 9110 4.1."""

PIECE_LIMIT = 10_000
"""Pieces a body may come in; a body in chunks of a byte each costs us far more than it costs the server."""

_PORTS: Final = {"http": 80, "https": 443}
_HOST_CHARACTERS = frozenset(string.ascii_letters + string.digits + "-._:")
_TARGET_SAFE = "%/:?[]@!$&'()*+,;=-._~"
_STATUS_LINE = b"HTTP/"
_HEAD = 64
_LONGEST_HOST = 253
_TOO_LARGE = 431


class Fetcher:
    """Fetches pages. *user_agent* says who asks and where to complain."""

    def __init__(self, guard: Guard, dialer: Dialer, tls: TlsClient, user_agent: str) -> None:
        self._guard, self._dialer, self._tls, self._user_agent = guard, dialer, tls, user_agent

    async def fetch(self, request: HttpRequest, account: Account) -> HttpExchange:
        """Fetch one URL from one address.

        A body over a cap, on the wire or decoded, is cut there and the exchange marked truncated; headers over
        theirs are a failure. Over TLS the certificate is not looked at.

        Raises:
            Unreached: no response, or none that can be read.
            NotLooked: nothing was sent, or nothing could be.
        """
        asking = _ask(request, self._user_agent)
        async with (
            self._guard.admit(request.address, request.port, What.HTTP, account) as errand,
            watched(request.timeout) as watch,
        ):
            below = await self._dialer.dial(errand, request.segment)
            stream: Stream = below
            try:
                connect, tls = watch.lap(), 0.0
                if request.scheme == "https":
                    watch.stage = Failure.TLS_TIMEOUT
                    stream = await self._tls.start(stream, request.host, (b"http/1.1",))
                    tls = watch.lap()
                watch.stage = Failure.HTTP_TIMEOUT
                response = _Response(stream, request, watch)
                await response.run(asking)
                stream.finish()
                return replace(response.exchange(connect, tls), segments=below.segments)
            finally:
                below.close()


class _Response:
    """One response being read."""

    def __init__(self, stream: Stream, request: HttpRequest, watch: Watch) -> None:
        self._stream, self._request, self._watch = stream, request, watch
        self._framing = h11.Connection(h11.CLIENT, max_incomplete_event_size=request.header_limit)
        self._received = self._header_bytes = self._pieces = 0
        self._first_byte: float | None = None
        self._head = b""
        self._final: h11.Response | None = None
        self._body: Body | None = None
        self._ended = self._truncated = False

    async def run(self, asking: h11.Request) -> None:
        """Send the request and read all there is to read of the response."""
        sent = self._framing.send(asking), self._framing.send(h11.EndOfMessage())
        await self._stream.write(b"".join(data for data in sent if data))
        self._watch.lap()
        interim = 0
        while True:
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
            if self._truncated:
                return

    def exchange(self, connect: float, tls: float) -> HttpExchange:
        """Return what was read."""
        assert self._final is not None
        assert self._body is not None
        first_byte = self._first_byte or 0.0
        return HttpExchange(
            status=self._final.status_code,
            headers=tuple(_header(name, value) for name, value in self._final.headers),
            body=self._body.decoded,
            phases=Phases(connect, tls, first_byte, self._watch.lap()),
            wire_bytes=self._received,
            truncated=self._truncated,
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
        codings = [value.decode("latin-1") for name, value in event.headers if name == b"content-encoding"]
        self._body = Body(codings, self._request.body_limit, self._request.decoded_limit)

    def _take(self, data: bytes) -> None:
        assert self._body is not None
        self._body.feed(data)
        self._pieces += 1
        self._truncated = self._body.full or self._pieces >= PIECE_LIMIT

    def _end(self) -> None:
        assert self._body is not None
        self._body.end()


def _header(name: bytes, value: bytes) -> tuple[str, str]:
    return clean(name), clean(value, LOCATION_LIMIT) if name == b"location" else clean(value)


def _ask(request: HttpRequest, user_agent: str) -> h11.Request:
    """Return the request to send; whatever stands in *path* stays within its line.

    Raises:
        NotLooked: the host is none that could be asked for.
    """
    default = _PORTS[request.scheme]
    host = request.host
    if not 0 < len(host) <= _LONGEST_HOST or not _HOST_CHARACTERS.issuperset(host):
        raise NotLooked(GapReason.OUT_OF_SCOPE, f"no host name: {clean(host, 96)}")
    authority = f"[{host}]" if ":" in host else host
    target = quote(request.path, safe=_TARGET_SAFE, errors="replace")
    return h11.Request(
        method="GET",
        target=target if target.startswith("/") else f"/{target}",
        headers=[
            ("Host", authority if request.port == default else f"{authority}:{request.port}"),
            ("User-Agent", user_agent),
            ("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"),
            ("Accept-Language", "zh-CN,zh;q=0.9,en;q=0.5"),
            ("Accept-Encoding", "gzip, deflate"),
            ("Connection", "close"),
        ],
    )
