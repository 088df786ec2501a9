"""One agent: a socket of its own, each question through the guard, and only an answer to it taken for one."""

from __future__ import annotations

import asyncio
import errno
import socket
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from probes.observation import Failure
from probes.target import Family
from probes.wire import NotLooked, Unreached
from probes.wire.account import Account
from probes.wire.errand import Errand
from probes.wire.errors import listen_for_icmp, of_connecting, of_opening
from probes.wire.guard import Guard
from probes.wire.ledger import What
from probes.wire.snmp import Oid, SnmpWalk
from probes.wire.snmp.ber import Malformed
from probes.wire.snmp.envelope import Stray, envelope
from probes.wire.snmp.keys import SnmpKey
from probes.wire.snmp.pdu import REPORT, Pdu, question

TRIES = 2
"""Times a question is put."""
STRAYS = 100
"""Datagrams that answer something else, after which an agent is not listened to any more."""
_LONGEST = 65535
_TIMELINESS: Final[Oid] = (1, 3, 6, 1, 6, 3, 15, 1, 1, 2, 0)
"""usmStatsNotInTimeWindows: its clock is not what we thought. Source: RFC 3414 5."""


class Agent:
    """The agent a walk asks, to be used in `async with`. *octets* counts what it has said."""

    def __init__(self, guard: Guard, walk: SnmpWalk, key: SnmpKey, account: Account) -> None:
        self._guard, self._walk, self._account = guard, walk, account
        self._envelope = envelope(key)
        self._family = Family.of(walk.address)
        self._sock: socket.socket | None = None
        self._noted = Failure.SNMP_TIMEOUT
        self._strays = self.octets = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, reason: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._sock is not None:
            self._sock.close()

    async def next(self, oids: tuple[Oid, ...], repetitions: int) -> Pdu:
        """Return what follows each of *oids*, so many times, or that the agent refuses.

        Raises:
            Unreached: no answer, or none that can be used.
            NotLooked: nothing could be sent.
        """

        def asked(request: int) -> bytes:
            return question(request, oids, repetitions)

        # At most: its engine, its clock, and the question itself.
        for _ in range(3):
            known = self._envelope.ready
            pdu = await self._ask(asked)
            if pdu.kind != REPORT:
                return pdu
            if known and [each.oid for each in pdu.bindings] != [_TIMELINESS]:
                break
        raise Unreached(Failure.SNMP_DENIED, _report(pdu))

    async def _ask(self, asked: Callable[[int], bytes]) -> Pdu:
        began = time.monotonic()
        for attempt in range(TRIES):
            admission = self._guard.admit(self._walk.address, self._walk.port, What.SNMP, self._account)
            try:
                async with admission as errand:
                    return await self._exchange(asked, errand)
            except Unreached as refusal:
                if refusal.failure is not self._noted or attempt + 1 == TRIES:
                    raise
        raise Unreached(self._noted, seconds=time.monotonic() - began)

    async def _exchange(self, asked: Callable[[int], bytes], errand: Errand) -> Pdu:
        request, message = self._envelope.seal(asked)
        sock = self._send(message, errand)
        began = time.monotonic()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._walk.timeout):
                while True:
                    try:
                        data = await loop.sock_recv(sock, _LONGEST)
                    except OSError as fault:
                        raise self._refusal(fault.errno or 0, sock, began) from fault
                    self.octets += len(data)
                    errand.count(len(data))
                    try:
                        return self._envelope.open(data, request)
                    except Stray:
                        self._noted = Failure.SNMP_MISMATCH
                    except Malformed:
                        self._noted = Failure.SNMP_MALFORMED
                    self._strays += 1
                    if self._strays > STRAYS:
                        raise Unreached(self._noted, f"{self._strays} answers to other questions")
        except TimeoutError:
            raise Unreached(self._noted, seconds=time.monotonic() - began) from None

    def _send(self, message: bytes, errand: Errand) -> socket.socket:
        try:
            if self._sock is None:
                self._sock = self._opened()
            self._sock.send(message)
        except OSError as fault:
            errand.unsent(1)
            assert self._sock is not None
            raise of_connecting(fault.errno or 0, self._sock, self._family, at_once=True) from fault
        except (Unreached, NotLooked):
            errand.unsent(1)
            raise
        errand.put(len(message))
        return self._sock

    def _opened(self) -> socket.socket:
        kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        try:
            sock = socket.socket(self._family.socket_family, kind)
        except OSError as fault:
            raise of_opening(fault, self._family) from fault
        listen_for_icmp(sock, self._family, on=True)
        code = sock.connect_ex((str(self._walk.address), self._walk.port))
        if code:
            refusal = of_connecting(code, sock, self._family, at_once=True)
            sock.close()
            if code == errno.EADDRNOTAVAIL:
                raise of_opening(OSError(errno.ENETUNREACH, ""), self._family)
            raise refusal
        return sock

    def _refusal(self, code: int, sock: socket.socket, began: float) -> Unreached | NotLooked:
        seconds = time.monotonic() - began
        if code == errno.ECONNREFUSED:
            return Unreached(Failure.CONNECTION_REFUSED, "port unreachable", seconds)
        refusal = of_connecting(code, sock, self._family, at_once=False)
        if isinstance(refusal, Unreached):
            refusal.seconds = seconds
        return refusal


def _report(pdu: Pdu) -> str:
    return "report " + ", ".join(".".join(map(str, each.oid)) for each in pdu.bindings[:4])
