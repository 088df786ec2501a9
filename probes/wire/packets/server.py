"""The packet process's side of its socket: who may ask, how much, and an answer to everything that is a question."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Callable

from probes.observation import GapReason
from probes.wire import NotLooked
from probes.wire.packets.echoes import Echoes
from probes.wire.packets.links import Links
from probes.wire.packets.messages import (
    Abandon,
    CanScan,
    Declined,
    Done,
    Echo,
    Message,
    Overhear,
    Reply,
    Resume,
    Scan,
    Sound,
    Stop,
)
from probes.wire.packets.protocol import ProtocolError, encode, receive
from probes.wire.packets.soundings import Soundings
from probes.wire.packets.syn.scanner import Scanner

log = logging.getLogger(__name__)

CONNECTIONS = 8
UNDER_WAY = 1024
"""Requests under way at once, over all connections."""
_CREDENTIALS = struct.Struct("iII")


class Server:
    """Answers those whose user id is in *welcome*, and root."""

    def __init__(
        self, echoes: Echoes, soundings: Soundings, links: Links, scanner: Scanner, welcome: frozenset[int]
    ) -> None:
        self._echoes, self._soundings, self._links, self._scanner = echoes, soundings, links, scanner
        self._welcome = welcome | {0}
        self._connections: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until its other side ends it, or says what is no request.

        What the other side has asked for and cannot be told any more is broken off.
        """
        own: dict[int, asyncio.Task[None]] = {}
        self._connections[writer] = asyncio.current_task()
        try:
            if self._admits(writer):
                await self._serve(reader, writer, own)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except ProtocolError as error:
            log.warning("connection closed: %s", error)
        finally:
            del self._connections[writer]
            for task in own.values():
                task.cancel()
            writer.close()

    async def close(self) -> None:
        """End every connection, and wait until each has ended."""
        conversations = [task for task in self._connections.values() if task is not None]
        for writer in self._connections:
            writer.transport.abort()
        await asyncio.gather(*conversations, return_exceptions=True)

    def _admits(self, writer: asyncio.StreamWriter) -> bool:
        credentials = writer.get_extra_info("socket").getsockopt(
            socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size
        )
        pid, uid, _ = _CREDENTIALS.unpack(credentials)
        if uid not in self._welcome:
            log.warning("connection of process %d refused: user %d is not welcome", pid, uid)
            return False
        if len(self._connections) > CONNECTIONS:
            log.warning("connection of process %d refused: there are %d", pid, CONNECTIONS)
            return False
        return True

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, own: dict[int, asyncio.Task[None]]
    ) -> None:
        def tell(reply: Reply) -> None:
            if not writer.is_closing():
                writer.write(encode(reply))

        while True:
            await writer.drain()  # who does not listen is not asked for more
            self._handle(await receive(reader), tell, own)

    def _handle(self, message: Message, tell: Callable[[Reply], None], own: dict[int, asyncio.Task[None]]) -> None:
        match message:
            case Echo(token) | Sound(token) | Overhear(token) | Scan(token):
                if token in own:
                    raise ProtocolError("a token that is in use")
                if len(self._running) >= UNDER_WAY:
                    tell(Declined(token, GapReason.OVERLOADED, "too many requests under way"))
                    return
                task = own[token] = asyncio.create_task(self._run(message, tell))
                self._keep(task)
                task.add_done_callback(lambda _: own.pop(token))
            case Abandon(token):
                if token in own:
                    own[token].cancel()
            case CanScan(token):
                tell(self._can_scan(token))
            case Stop(token):
                self._keep(asyncio.create_task(self._stop(token, tell)))
            case Resume(token):
                self._echoes.resume()
                self._soundings.resume()
                self._links.resume()
                self._scanner.resume()
                log.info("speaking again")
                tell(Done(token))
            case _:
                raise ProtocolError("an answer where a request belongs")

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _stop(self, token: int, tell: Callable[[Reply], None]) -> None:
        self._echoes.stop()
        self._soundings.stop()
        self._links.stop()
        await self._scanner.stop()
        log.info("silent until told to resume")
        tell(Done(token))

    async def _run(self, request: Echo | Sound | Overhear | Scan, tell: Callable[[Reply], None]) -> None:
        reply: Reply
        try:
            if isinstance(request, Echo):
                reply = await self._echoes.run(request)
            elif isinstance(request, Sound):
                reply = await self._soundings.run(request)
            elif isinstance(request, Overhear):
                reply = await self._links.run(request)
            else:
                reply = await self._scanner.run(request, tell)
        except Exception as defect:
            log.exception("%s failed", _named(request))
            reply = Declined(request.token, GapReason.DEFECT, type(defect).__name__)
        if isinstance(reply, Declined) and reply.reason in (GapReason.OUT_OF_SCOPE, GapReason.DENIED):
            log.warning("%s not sent: %s", _named(request), reply.reason)
        tell(reply)

    def _can_scan(self, token: int) -> Done | Declined:
        try:
            self._scanner.check()
        except NotLooked as refusal:
            return Declined(token, refusal.reason, refusal.detail)
        return Done(token)


def _named(request: Echo | Sound | Overhear | Scan) -> str:
    if isinstance(request, Echo):
        return f"echo request to {request.address}"
    if isinstance(request, Sound):
        return f"sounding of the path to {request.address}"
    if isinstance(request, Overhear):
        return f"overhearing of {request.interface}"
    return f"scan of {request.addresses[0]} and {len(request.addresses) - 1} more"
