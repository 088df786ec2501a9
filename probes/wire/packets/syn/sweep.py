"""One scan's memory: which pairs have been asked, what has been answered, and which answers are not made up."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from probes.target import Address
from probes.wire.packets.syn.answers import Answers
from probes.wire.packets.syn.departures import Delays, Departures
from probes.wire.packets.syn.order import LatinOrder, Places
from probes.wire.packets.syn.register import Register

SILENT, OPEN, CLOSED, UNREACHABLE, GIVEN_UP = range(5)
"""What a port has been found to be, as a number; silent until it answers, or is asked no more."""


@dataclass(frozen=True, slots=True, eq=False)
class Probes:
    """Pairs whose turn it is, in order, the turns they have, and by which of our ports they are asked."""

    turns: Places
    pairs: Places
    by: int

    def __len__(self) -> int:
        return len(self.pairs)

    def after(self, count: int) -> Probes:
        """Return those after the first *count*."""
        return Probes(self.turns[count:], self.pairs[count:], self.by)


class Sweep:
    """Ports of hosts, each asked once a round until it answers.

    *own_ports* are ours: one for each round, and as many for what is asked again in it though it has answered. Times
    are of any clock that never runs backwards, in seconds.
    """

    def __init__(self, hosts: Sequence[Address], ports: Sequence[int], own_ports: Sequence[int]) -> None:
        self._order = LatinOrder(len(hosts), len(ports), secrets.randbits(128))
        self._register = Register(hosts)
        self._ports, self._own_ports = np.array(ports, np.int64), np.array(own_ports, np.int64)
        self._by_port = np.argsort(self._ports)
        # What nobody can know who has not seen a packet to that very host.
        self._host_words = _words(len(hosts))
        self._port_words = _words(len(own_ports) * len(ports)).reshape(len(own_ports), len(ports))
        self.states = np.zeros(len(self._order), np.uint8)
        self._rounds = len(own_ports) // 2
        self._left = Departures(self._order, self._rounds)
        self._left_again = np.zeros(self._rounds, np.float64)
        self.delays = Delays()
        self.missing = np.full(len(hosts), len(ports))
        """How many ports of each host have not answered."""
        self.carried = np.full(len(hosts), -np.inf)
        """When the last packet left that each host has answered."""
        self._round = self._turn = 0

    def begin(self, number: int) -> None:
        """Begin round *number*."""
        self._round, self._turn = number, 0

    def next(self, most: int) -> Probes | None:
        """Return the next pairs of this round that have not answered, *most* or fewer; None when there are no more."""
        while self._turn < len(self._order):
            last = min(self._turn + most, len(self._order))
            pairs = self._order.pairs(self._turn, last)
            silent = np.flatnonzero(self.states[pairs] == SILENT)
            if len(silent):
                return Probes(silent + self._turn, pairs[silent], self._round)
            self._turn = last
        return None

    def asking(self, probes: Probes, count: int, at: float) -> None:
        """Note that the first *count* of *probes* are sent at time *at*."""
        if probes.by < self._rounds:
            self._left.note(probes.by, probes.pairs[:count], at)
        else:
            self._left_again[probes.by - self._rounds] = at

    def asked(self, probes: Probes, count: int) -> None:
        """Note that the first *count* of *probes* have had their turn."""
        if count:
            self._turn = max(self._turn, int(probes.turns[count - 1]) + 1)

    def knock(self, host: int) -> Probes:
        """Return one pair of *host* that has not answered, out of turn."""
        begin = host * len(self._ports)
        pair = begin + int(np.argmax(self.states[begin : begin + len(self._ports)] == SILENT))
        return Probes(np.array([-1]), np.array([pair]), self._round)

    def witnesses(self, hosts: Places, most: int) -> list[Probes]:
        """Return a pair that has answered of each of *most* of *hosts* or fewer, to be asked again out of turn.

        A closed port comes first: nobody sends its answer twice.
        """
        found: list[Probes] = []
        for host in default_rng().permutation(hosts).tolist():
            own = self._own(host)
            answered = [int(np.argmax(own == state)) for state in (CLOSED, OPEN) if (own == state).any()]
            if answered:
                pair = host * len(self._ports) + answered[0]
                found.append(Probes(np.array([-1]), np.array([pair]), self._rounds + self._round))
            if len(found) == most:
                break
        return found

    def hosts(self, pairs: Places) -> Places:
        """Return the place of the host of each pair."""
        return pairs // len(self._ports)

    def ports(self, pairs: Places) -> NDArray[np.int64]:
        """Return the port of each pair."""
        return self._ports[pairs % len(self._ports)]

    def own_port(self, by: int) -> int:
        """Return our port that number *by* stands for."""
        return int(self._own_ports[by])

    def sequences(self, pairs: Places, by: int) -> NDArray[np.int64]:
        """Return the sequence number that each pair's SYN bears from our port *by*."""
        sequences: NDArray[np.int64] = (
            self._host_words[self.hosts(pairs)] ^ self._port_words[by, pairs % len(self._ports)]
        )
        return sequences

    def settle(self, answers: Answers, closed: int = CLOSED) -> None:
        """Believe those of *answers*, to own ports of ours, that return what we sent to whom they come from.

        What has not the state open gets *closed*. A port keeps its first answer.
        """
        pairs, answers = self.genuine(answers)
        sent = self._departed(pairs, self._by(answers.own_ports))
        np.maximum.at(self.carried, self.hosts(pairs), sent)
        real = self.states[pairs] == SILENT
        pairs, answers, sent = pairs[real], answers.where(real), sent[real]
        pairs, first = np.unique(pairs, return_index=True)
        opens = answers.opens[first]
        self.states[pairs] = np.where(opens, OPEN, closed)
        self.delays.add(pairs[opens], np.maximum(answers.at[first] - sent[first], 0.0)[opens])
        np.subtract.at(self.missing, self.hosts(pairs), 1)

    def genuine(self, answers: Answers) -> tuple[Places, Answers]:
        """Return those of *answers* that return what we sent to whom they come from, and their pairs before them."""
        hosts, by = self._register.places(answers.hosts), self._by(answers.own_ports)
        found = np.searchsorted(self._ports, answers.ports, sorter=self._by_port)
        ports = self._by_port[np.minimum(found, len(self._ports) - 1)]
        real = (hosts >= 0) & (self._ports[ports] == answers.ports)
        expected = self._host_words[hosts] ^ self._port_words[by, ports]
        real &= (answers.acknowledged - 1) & 0xFFFFFFFF == expected
        return (hosts * len(self._ports) + ports)[real], answers.where(real)

    def finish(self, host: int, state: int) -> None:
        """Ask *host* no more: its silent ports get *state*."""
        own = self._own(host)
        own[own == SILENT] = state
        self.missing[host] = 0

    def _by(self, own_ports: NDArray[np.int64]) -> Places:
        by: Places = np.argmax(self._own_ports[:, None] == own_ports, axis=0)
        return by

    def _departed(self, pairs: Places, by: Places) -> NDArray[np.float64]:
        """Return when the packets left that asked *pairs* from our ports *by*."""
        again = by >= self._rounds
        first = self._left.of(np.where(again, 0, by), pairs)
        return np.where(again, self._left_again[np.where(again, by - self._rounds, 0)], first)

    def _own(self, host: int) -> NDArray[np.uint8]:
        return self.states[host * len(self._ports) : (host + 1) * len(self._ports)]


def _words(count: int) -> NDArray[np.int64]:
    """Return so many random words of 32 bits that nobody can guess."""
    return np.frombuffer(secrets.token_bytes(4 * count), np.uint32).astype(np.int64)
