"""One GET to one address, bounded in time, header bytes, body bytes and decoded bytes; nothing is followed."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from probes.observation import Failure
from probes.wire import HttpExchange, HttpRequest
from probes.wire.account import Account
from probes.wire.errand import Errand
from probes.wire.guard import Guard
from probes.wire.http1 import Http1Reply
from probes.wire.http2 import PROTOCOL, Http2Reply, Http11Required
from probes.wire.http_asking import Asking, asking
from probes.wire.http_reply import Reply
from probes.wire.ledger import What
from probes.wire.pulse import Pulse
from probes.wire.stream import Stream
from probes.wire.tcp import Dialer
from probes.wire.tls import TlsClient
from probes.wire.watch import watched

_HTTP1: Final = (b"http/1.1",)
_BOTH: Final = (PROTOCOL.encode(), b"http/1.1")

OVERBURDENED: Final = frozenset({429, 503})
"""Statuses by which a server asks to be spared. Source: RFC 6585 4; RFC 9110 15.6.4."""


class Fetcher:
    """Fetches pages. *user_agent* says who asks and where to complain."""

    def __init__(self, guard: Guard, dialer: Dialer, tls: TlsClient, user_agent: str) -> None:
        self._guard, self._dialer, self._tls, self._user_agent = guard, dialer, tls, user_agent
        self._pulse = Pulse()

    async def fetch(self, request: HttpRequest, account: Account) -> HttpExchange:
        """Fetch one URL from one address.

        A body over a cap, on the wire or decoded, is cut there and the exchange marked truncated; headers over
        theirs are a failure. Over TLS the certificate is not looked at. HTTP/2 is offered where *request* wants it;
        a server that then asks for HTTP/1.1 is asked so, on another connection and within the same time.

        Raises:
            Unreached: no response, or none that can be read.
            NotLooked: nothing was sent, or nothing could be.
        """
        asked = asking(request, self._user_agent)
        await self._pulse.turn()
        try:
            return await self._fetch(request, asked, account)
        except Http11Required as wish:
            again = replace(request, http2=False, timeout=request.timeout - wish.seconds)
            return await self._fetch(again, asked, account)

    async def _fetch(self, request: HttpRequest, asked: Asking, account: Account) -> HttpExchange:
        async with self._guard.admit(request.address, request.port, What.HTTP, account) as errand:
            with self._pulse.felt() as span:
                exchange = await self._exchange(request, asked, errand)
            return replace(exchange, phases=replace(exchange.phases, lag=span.lag))

    async def _exchange(self, request: HttpRequest, asked: Asking, errand: Errand) -> HttpExchange:
        async with watched(request.timeout) as watch:
            below = await self._dialer.dial(errand, request.segment)
            stream: Stream = below
            try:
                connect, tls, protocol = watch.lap(), 0.0, ""
                if request.scheme == "https":
                    watch.stage = Failure.TLS_TIMEOUT
                    offered = _BOTH if request.http2 else _HTTP1
                    secured = await self._tls.start(stream, request.host, offered, hold=True)
                    stream, protocol = secured, secured.protocol
                    tls = watch.lap()
                watch.stage = Failure.HTTP_TIMEOUT
                reply: Reply = (Http2Reply if protocol == PROTOCOL else Http1Reply)(stream, request, watch)
                await reply.run(asked)
                stream.finish()
                exchange = replace(reply.exchange(connect, tls), segments=below.segments)
                if exchange.status in OVERBURDENED:
                    errand.spare()
                return exchange
            finally:
                below.close()
