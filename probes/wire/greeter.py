"""Greeting TLS servers: one ClientHello on one connection, the server's first word, and no handshake."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from probes.observation import Failure
from probes.wire import Unreached
from probes.wire.account import Account
from probes.wire.greeting import Greeting, Hello
from probes.wire.guard import Guard
from probes.wire.ledger import What
from probes.wire.stream import TcpStream
from probes.wire.tcp import Dialer
from probes.wire.tls_first_word import FirstWord
from probes.wire.tls_hello import client_hello
from probes.wire.watch import watched

_HUNG_UP: Final = frozenset({Failure.CONNECTION_RESET, Failure.TLS_CLOSED})


class Greeter:
    """Says hello and listens to the first word."""

    def __init__(self, guard: Guard, dialer: Dialer) -> None:
        self._guard, self._dialer = guard, dialer

    async def greet(self, hello: Hello, account: Account) -> Greeting:
        """Offer what *hello* says; return what the server chose, or that it refused.

        Raises:
            Unreached: no connection, silence, or a word that is no greeting.
            NotLooked: nothing was sent, or nothing could be.
        """
        async with (
            self._guard.admit(hello.address, hello.port, What.TLS, account) as errand,
            watched(hello.timeout) as watch,
        ):
            stream = await self._dialer.dial(errand)
            try:
                watch.stage = Failure.TLS_TIMEOUT
                return replace(await _first_word(stream, hello), seconds=watch.seconds)
            finally:
                stream.close()


async def _first_word(stream: TcpStream, hello: Hello) -> Greeting:
    word = FirstWord(hello)
    try:
        await stream.write(client_hello(hello))
        while True:
            data = await stream.read()
            if not data:
                raise Unreached(Failure.TLS_CLOSED, "without a word")
            if (greeting := word.feed(data)) is not None:
                return greeting
    except Unreached as refusal:
        if refusal.failure not in _HUNG_UP:
            raise
        return Greeting(None, refused=refusal.failure, detail=refusal.detail)
