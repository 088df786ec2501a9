"""The columnar DNS engine: the A and AAAA of many names asked of one server, with many questions under way at once.

It settles what is said plainly; every other question is left to whoever asks more carefully. Answers count only when
they come from the server asked, to the port and ID a question went out with, and repeat that question: an ID that
was used again books nothing wrongly.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from probes.target import Address, Family
from probes.wire import NotLooked
from probes.wire.dns_columns import Index, Names, Templates
from probes.wire.dns_harvest import Harvest
from probes.wire.dns_reading import read
from probes.wire.errand import Errand
from probes.wire.mmsg import Table

TRIES = 3
"""Datagrams sent at most for one question."""
SILENCE = TRIES
"""After so many times the patience without any answer, and with questions waiting for one, a server is left alone."""
PORTS = 16
"""Sockets, each with a port of its own that the kernel chose at random."""
ROWS = 512
"""Datagrams sent or read at once."""
TOGETHER = 128
"""Datagrams sent from one port at a time: the answers to all of them must find room in its socket's buffer."""
WIDTH = 1280
"""Octets of a datagram read: more than we ask for, so whoever sends more is looked at closely."""
GATHERING = 0.001
"""Seconds given to answers to come together, since many are read at little more than the cost of one."""
_EXPIRING = 0.05
_BUFFER = 1 << 20

Turn = Callable[[int], AbstractAsyncContextManager[Errand]]
"""The guard as the engine meets it: admits so many datagrams to the server."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How hard a server is asked, and how long it is waited for.

    *burst* is the number of datagrams let out at once, *window* that of questions under way. *patience* are the
    seconds each try is given, an answer to an earlier one counting until the last is over; *deadline* those given
    to everything.
    """

    burst: int = ROWS
    window: int = 1024
    deadline: float = inf
    patience: float = 5.0 / TRIES


async def ask(server: Address, port: int, names: Names, turn: Turn, manner: Manner) -> Harvest:
    """Ask *server* for the addresses of all *names*; what it said plainly is in the harvest, and nothing else.

    Ends early, with what there is, when the server falls silent, the network says no, or nothing may be sent.
    """
    engine = _Engine(names, turn, manner)
    with contextlib.ExitStack() as stack:
        # Whatever is refused here is refused again to those who ask one by one, and they have words for it.
        stack.enter_context(contextlib.suppress(OSError, NotLooked))
        for _ in range(PORTS):
            engine.sockets.append(stack.enter_context(_connected(server, port)))
        stack.enter_context(engine.listening())
        await engine.run()
    return engine.harvest


def _connected(server: Address, port: int) -> socket.socket:
    sock = socket.socket(Family.of(server).socket_family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        sock.connect((str(server), port))
    except OSError:
        sock.close()
        raise
    return sock


class _Engine:
    """All questions by number, as `dns_columns` numbers them, and the slots in which answers are awaited.

    A slot is one ID on one port. *_due* is when the last try of a question is over, infinite while none is under way.
    """

    def __init__(self, names: Names, turn: Turn, manner: Manner) -> None:
        count = 2 * len(names)
        self.sockets: list[socket.socket] = []
        self.harvest = Harvest.empty(count)
        self._names, self._turn, self._manner = names, turn, manner
        self._templates = Templates.of(names)
        self._out, self._in = Table(ROWS, self._templates.rows.shape[1]), Table(ROWS, WIDTH)
        self._slots = np.full(PORTS << 16, -1, np.int32)
        self._used = np.full((count, TRIES), -1, np.int32)
        self._tries = np.zeros(count, np.int8)
        self._closed = np.zeros(count, bool)
        self._due, self._began = np.full(count, inf), np.zeros(count)
        self._port = secrets.randbelow(PORTS)
        self._fresh, self._again = 0, np.empty(0, np.intp)
        self._under_way, self._open = 0, count
        self._octets, self._silent_since, self._expired = 0, time.monotonic(), 0.0
        self._stirring = asyncio.Event()
        self._epoll = select.epoll()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Be woken by what comes in."""
        loop = asyncio.get_running_loop()
        with self._epoll:
            for sock in self.sockets:
                self._epoll.register(sock.fileno(), select.EPOLLIN)
            self._by_number = {sock.fileno(): port for port, sock in enumerate(self.sockets)}
            try:
                yield
            finally:
                loop.remove_reader(self._epoll.fileno())

    async def run(self) -> None:
        """Ask until every question is closed, the time is over or the server is silent."""
        end = time.monotonic() + self._manner.deadline
        while self._open and time.monotonic() < end:
            batch = self._next()
            if batch.size:
                async with self._turn(len(batch)) as errand:
                    errand.count(self._octets)
                    self._octets = 0
                    self._send(batch, errand)
            else:
                await self._stir()
            self._hear()
            if self._expire(time.monotonic()):
                return

    # --- asking --------------------------------------------------------------------------------------------

    def _next(self) -> Index:
        """Return the questions to be put now: none while there is room for few, since many cost little more."""
        room = min(self._manner.window - self._under_way, self._manner.burst, ROWS)
        left = 2 * len(self._names) - self._fresh
        if room < min(self._manner.burst, ROWS, self._manner.window // 2, left + len(self._again)):
            return np.empty(0, np.intp)
        again = self._again[~self._closed[self._again]]
        chosen, self._again = again[:room], again[room:]
        fresh = np.arange(self._fresh, self._fresh + min(room - len(chosen), left))
        self._fresh += len(fresh)
        return np.concatenate((chosen, fresh))

    def _send(self, questions: Index, errand: Errand) -> None:
        """Put *questions*, some from each of our ports in turn; those without a slot or without room come again."""
        first, self._port = self._port, (self._port + -(-len(questions) // TOGETHER)) % PORTS
        ports = (first + np.arange(len(questions)) // TOGETHER) % PORTS
        idents = np.frombuffer(secrets.token_bytes(2 * len(questions)), np.uint16)
        slots = (ports << 16) | idents
        chosen = np.zeros(len(slots), bool)
        chosen[np.unique(slots, return_index=True)[1]] = True
        chosen &= self._slots[slots] < 0
        mine, ports = questions[chosen], ports[chosen]
        lengths = self._templates.fill(self._out.data, mine, idents[chosen])
        sent = self._sent(ports, lengths)
        errand.put(int(lengths[sent].sum()))
        errand.unsent(len(questions) - int(sent.sum()))
        self._again = np.concatenate((self._again, questions[~chosen], mine[~sent]))
        self._await(mine[sent], slots[chosen][sent])

    def _sent(self, ports: Index, lengths: Index) -> NDArray[np.bool_]:
        """Send the rows, each from its port; return which of them went."""
        sent = np.zeros(len(ports), bool)
        for port in np.unique(ports).tolist():
            rows = np.flatnonzero(ports == port)
            with contextlib.suppress(BlockingIOError):
                count = self._out.send(self.sockets[port], int(rows[0]), lengths[rows])
                sent[rows[:count]] = True
        return sent

    def _await(self, questions: Index, slots: Index) -> None:
        now = time.monotonic()
        self._slots[slots] = questions
        self._used[questions, self._tries[questions]] = slots
        self._began[questions] = np.where(self._tries[questions] == 0, now, self._began[questions])
        self._tries[questions] += 1
        self._due[questions] = now + self._manner.patience
        self._under_way += len(questions)

    # --- hearing -------------------------------------------------------------------------------------------

    async def _stir(self) -> None:
        """Wait until something comes in, and a little longer, or until a try may be over."""
        loop = asyncio.get_running_loop()
        self._stirring.clear()
        loop.add_reader(self._epoll.fileno(), self._stirring.set)
        try:
            async with asyncio.timeout(_EXPIRING):
                await self._stirring.wait()
        except TimeoutError:
            return
        finally:
            loop.remove_reader(self._epoll.fileno())
        await asyncio.sleep(GATHERING)

    def _hear(self) -> None:
        """Take what has come to all ports, many at once."""
        ports, lengths, cuts, filled = [], [], [], 0
        for number, _ in self._epoll.poll(0):
            with contextlib.suppress(BlockingIOError):
                arrived, cut = self._in.receive(self.sockets[self._by_number[number]], filled)
                ports.append(np.full(len(arrived), self._by_number[number]))
                lengths.append(arrived)
                cuts.append(cut)
                filled += len(arrived)
            if filled == ROWS:
                break
        if filled:
            self._take(np.concatenate(ports), np.concatenate(lengths), np.concatenate(cuts))

    def _take(self, ports: Index, lengths: Index, cut: NDArray[np.bool_]) -> None:
        """Book what came to *ports*; whatever answers no question of ours is as if it had not come."""
        self._octets += int(lengths.sum())
        data = self._in.data[: len(lengths)]
        idents = (data[:, 0].astype(np.intp) << 8) | data[:, 1]
        held = self._slots[(ports << 16) | idents]
        known = np.flatnonzero(held >= 0)
        if not known.size:
            return
        data, lengths, questions = data[known], lengths[known], held[known].astype(np.intp)
        reading = read(data, lengths, self._names, questions)
        first = np.zeros(len(questions), bool)
        asked = np.flatnonzero(reading.asked)
        first[asked[np.unique(questions[asked], return_index=True)[1]]] = True
        now = time.monotonic()
        self.harvest.gather(questions, reading, first & ~cut[known], now - self._began[questions])
        odd = first & (reading.presence == 0) & ~cut[known]
        for row in np.flatnonzero(odd).tolist():
            question = int(questions[row])
            message = data[row, : lengths[row]].tobytes()
            self.harvest.glean(question, self._names, message, now - float(self._began[question]))
        if first.any():
            self._silent_since = now
            self._close(questions[first])

    # --- the life of a question ----------------------------------------------------------------------------

    def _close(self, questions: Index) -> None:
        """Free the slots of *questions*, and never put them again."""
        self._under_way -= int(np.isfinite(self._due[questions]).sum())
        self._due[questions], self._closed[questions] = inf, True
        self._open -= len(questions)
        used = self._used[questions].ravel()
        self._slots[used[used >= 0]] = -1

    def _expire(self, now: float) -> bool:
        """Have what is due asked again, or close it after the last try; say whether the server has gone silent."""
        if now - self._expired < _EXPIRING:
            return False
        self._expired = now
        late = np.flatnonzero(self._due <= now)
        if not late.size:
            return False
        over = self._tries[late] >= TRIES
        self._close(late[over])
        again = late[~over]
        self._due[again] = inf
        self._under_way -= len(again)
        self._again = np.concatenate((self._again, again))
        return now - self._silent_since > SILENCE * self._manner.patience
