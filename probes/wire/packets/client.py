"""The daemon's side of the packet process: it asks, and when nobody can look it says so."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from pathlib import Path

from probes.observation import GapReason
from probes.target import Address
from probes.text import clean
from probes.wire import NotLooked, NotSent, PortLook, PortState, Unreached
from probes.wire.gathering import Swept
from probes.wire.link import Overheard
from probes.wire.packets.messages import (
    Abandon,
    CanScan,
    Declined,
    Done,
    Echo,
    Echoed,
    Missed,
    Overhear,
    Reply,
    Request,
    Resume,
    Returned,
    Scan,
    Scanned,
    Seen,
    Sound,
    Stop,
    Told,
    Unseen,
)
from probes.wire.packets.protocol import ProtocolError, encode, receive
from probes.wire.packets.scan_bodies import RATE_LIMIT
from probes.wire.sounding import Sounded, Sounding

PENDING_LIMIT = 1024
"""Questions under way at once; beyond them we say that we are overloaded."""
PATIENCE = 15.0
"""Seconds the process may take beyond the time its packets need; it queues for pace, and may be busy."""

SCAN_RETRIES = 2
"""How often a silent port is asked again, and as often once more while that draws answers.

Who has less patience than usual asks once more, so that it loses no more to lost packets.
"""
SCAN_TIMEOUT = 1.3
"""Seconds a port has to answer before it is asked again; three times that is about what connecting waits."""

_SURE = 10_000.0
"""Packets a second that a process reaches even where the machine is busy, whatever more it is asked for."""
_PREPARING = 40.0
"""Seconds a scan may take besides: to find neighbours, and to prove them after silence."""

_MIDWAY = frozenset({GapReason.STOPPED, GapReason.OVERLOADED, GapReason.DEFECT})

BESIDE = "the packet process answered beside the question"


class PacketClient:
    """A connection to the packet process at *path*, made when first needed and made anew when lost.

    Of a process that is absent, without its capability, or gone mid-way nothing is concluded about any target.
    """

    def __init__(self, path: Path | str, patience: float = 1.0) -> None:
        self._path, self._scan_timeout = Path(path), SCAN_TIMEOUT * patience
        self._scan_retries = SCAN_RETRIES + (patience < 1)
        self._pending: dict[int, asyncio.Future[Reply]] = {}
        self._tokens = itertools.cycle(range(1, 2**32))
        self._connecting = asyncio.Lock()
        self._writer: asyncio.StreamWriter | None = None
        self._scanning: tuple[asyncio.StreamWriter, bool] | None = None
        self._seen: dict[int, list[Seen | Unseen]] = {}
        self._listener: asyncio.Task[None] | None = None

    async def echo(self, address: Address, count: int, timeout: float) -> tuple[float, ...]:
        """Send *count* echo requests and return the round-trip seconds of those answered, never none.

        Raises:
            Unreached: none was answered; the failure is ECHO_TIMEOUT or what an ICMP error said.
            NotLooked: nothing can be said; NO_RAW_SOCKET when there is no packet process to look for us.
        """
        reply = await self._put(Echo(next(self._tokens), address, count, timeout), count * timeout + PATIENCE)
        match reply:
            case Echoed(_, seconds):
                return seconds
            case Missed(_, failure, detail):
                raise Unreached(failure, clean(detail), timeout)
            case Declined():
                raise _declined(reply)
            case _:
                raise NotLooked(GapReason.NO_RAW_SOCKET, BESIDE)

    async def sound(self, address: Address, asked: Sounding) -> Sounded:
        """Send one crafted packet and return the first word about it, silence included.

        Raises:
            NotLooked: nothing can be said; NO_RAW_SOCKET when there is no packet process to look for us.
        """
        reply = await self._put(Sound(next(self._tokens), address, asked), asked.timeout + PATIENCE)
        if isinstance(reply, Returned):
            return reply.sounded
        if isinstance(reply, Declined):
            raise _declined(reply)
        raise NotLooked(GapReason.NO_RAW_SOCKET, BESIDE)

    async def overhear(self, interface: str) -> Overheard:
        """Return who is heard on the link at *interface*.

        Raises:
            NotLooked: nothing can be said; NO_RAW_SOCKET when there is no packet process to listen for us.
        """
        reply = await self._put(Overhear(next(self._tokens), interface), PATIENCE)
        if isinstance(reply, Told):
            return reply.overheard
        if isinstance(reply, Declined):
            raise _declined(reply)
        raise NotLooked(GapReason.NO_RAW_SOCKET, BESIDE)

    async def can_scan(self) -> bool:
        """Say whether there is a packet process that can scan; it is asked once a connection."""
        try:
            writer = await self._connected()
            if self._scanning is None or self._scanning[0] is not writer:
                reply = await self._put(CanScan(next(self._tokens)), PATIENCE)
                self._scanning = writer, isinstance(reply, Done)
            return self._scanning[1]
        except NotLooked:
            return False

    async def scan(self, addresses: Sequence[Address], ports: Sequence[int], *, rate: float, per_host: float) -> Swept:
        """Send SYNs to *ports* of *addresses*, all of one family; return all their states, or why not, by address.

        Raises:
            NotLooked: nothing can be said of any, even if some have answered.
        """
        rate, per_host = min(rate, RATE_LIMIT), min(per_host, RATE_LIMIT)
        timing = self._scan_retries, self._scan_timeout, rate, per_host
        request = Scan(next(self._tokens), tuple(addresses), tuple(ports), *timing)
        sending = len(ports) / min(min(rate, _SURE) / len(addresses), per_host)
        seen: list[Seen | Unseen] = []
        self._seen[request.token] = seen
        try:
            rounds = 2 * self._scan_retries + 1
            reply = await self._put(request, rounds * (4 * self._scan_timeout + 2 * sending) + _PREPARING)
        finally:
            del self._seen[request.token]
        if isinstance(reply, Declined):
            raise _declined(reply)
        whole = [each.place for each in seen if isinstance(each, Unseen) or len(each.states) == len(ports)]
        if not isinstance(reply, Scanned) or sorted(whole) != list(range(len(addresses))):
            raise NotLooked(GapReason.NO_RAW_SOCKET, BESIDE)
        looks = {addresses[each.place]: _looks(each, ports) for each in seen if isinstance(each, Seen)}
        gaps = {
            addresses[each.place]: NotLooked(each.reason, clean(each.detail))
            for each in seen
            if isinstance(each, Unseen)
        }
        return Swept(looks, gaps, reply.packets)

    async def stop(self) -> None:
        """Silence the packet process; nothing leaves it once this has returned.

        Raises:
            NotLooked: there is no packet process to silence.
        """
        await self._switch(Stop(next(self._tokens)))

    async def resume(self) -> None:
        """Let the packet process speak again.

        Raises:
            NotLooked: there is no packet process.
        """
        await self._switch(Resume(next(self._tokens)))

    async def close(self) -> None:
        """End the connection; questions under way become gaps."""
        if self._listener is not None and self._writer is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, self._writer.wait_closed(), return_exceptions=True)

    async def _switch(self, request: Stop | Resume) -> None:
        if not isinstance(await self._put(request, PATIENCE), Done):
            raise NotLooked(GapReason.NO_RAW_SOCKET, BESIDE)

    async def _put(self, request: Request, seconds: float) -> Reply:
        if len(self._pending) >= PENDING_LIMIT:
            raise NotSent(GapReason.OVERLOADED, "too many questions to the packet process")
        frame = encode(request)
        writer = await self._connected()
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._pending[request.token] = answer
        try:
            async with asyncio.timeout(seconds):
                writer.write(frame)
                await writer.drain()
                return await asyncio.shield(answer)
        except (TimeoutError, OSError) as error:
            raise NotLooked(GapReason.NO_RAW_SOCKET, "the packet process does not answer") from error
        finally:
            del self._pending[request.token]
            if not answer.done() and not writer.is_closing():
                writer.write(encode(Abandon(request.token)))

    async def _connected(self) -> asyncio.StreamWriter:
        async with self._connecting:
            if self._writer is None or self._writer.is_closing():
                try:
                    reader, self._writer = await asyncio.open_unix_connection(self._path)
                except OSError as error:
                    raise NotSent(GapReason.NO_RAW_SOCKET, f"no packet process at {self._path}") from error
                self._listener = asyncio.create_task(self._listen(reader, self._writer))
            return self._writer

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                reply = await receive(reader)
                if isinstance(reply, Request):
                    return
                if isinstance(reply, Seen | Unseen):
                    self._seen.get(reply.token, []).append(reply)
                    continue
                answer = self._pending.get(reply.token)
                if answer is not None and not answer.done():
                    answer.set_result(reply)
        except (ProtocolError, asyncio.IncompleteReadError, OSError):
            return
        finally:
            writer.close()
            self._give_up()

    def _give_up(self) -> None:
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(NotLooked(GapReason.NO_RAW_SOCKET, "the packet process went away"))


def _declined(reply: Declined) -> NotLooked:
    """Return that a question was not put; for reasons that may come up midway, not all of it."""
    kind = NotLooked if reply.reason in _MIDWAY else NotSent
    return kind(reply.reason, clean(reply.detail))


def _looks(seen: Seen, ports: Sequence[int]) -> tuple[PortLook, ...]:
    seconds = iter(seen.seconds)
    return tuple(
        PortLook(port, state, next(seconds) if state is PortState.OPEN else 0.0)
        for port, state in zip(ports, seen.states, strict=True)
    )
