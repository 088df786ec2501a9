"""One scan's memory: which pairs have been asked, what has been answered, and which answers are not made up."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from probes.target import Address
from probes.wire.packets.syn.answers import Answers
from probes.wire.packets.syn.order import LatinOrder, Places
from probes.wire.packets.syn.register import Register

SILENT, OPEN, CLOSED, UNREACHABLE, GIVEN_UP = range(5)
"""What a port has been found to be, as a number; silent until it answers, or is asked no more."""


@dataclass(frozen=True, slots=True, eq=False)
class Probes:
    """Pairs whose turn it is, in order, and the turns they have."""

    turns: Places
    pairs: Places

    def __len__(self) -> int:
        return len(self.pairs)

    def after(self, count: int) -> Probes:
        """Return those after the first *count*."""
        return Probes(self.turns[count:], self.pairs[count:])


class Sweep:
    """Ports of hosts, each asked once a round until it answers. *own_ports* are ours, one for each round."""

    def __init__(self, hosts: Sequence[Address], ports: Sequence[int], own_ports: Sequence[int]) -> None:
        self._order = LatinOrder(len(hosts), len(ports), secrets.randbits(128))
        self._register = Register(hosts)
        self._ports, self._own_ports = np.array(ports, np.int64), np.array(own_ports, np.int64)
        self._by_port = np.argsort(self._ports)
        # What nobody can know who has not seen a packet to that very host.
        self._host_words = _words(len(hosts))
        self._port_words = _words(len(own_ports) * len(ports)).reshape(len(own_ports), len(ports))
        self.states = np.zeros(len(self._order), np.uint8)
        self.seconds = np.zeros(len(self._order), np.float32)
        self._sent = np.zeros((len(own_ports), len(self._order)), np.float32)
        self._begun = 0.0
        self.missing = np.full(len(hosts), len(ports))
        """How many ports of each host have not answered."""
        self.heard = np.zeros(len(hosts), np.float64)
        """When each host was last heard, by the wall clock."""
        self._round = self._turn = 0

    def begin(self, number: int) -> None:
        """Begin round *number*."""
        self._round, self._turn = number, 0

    @property
    def own_port(self) -> int:
        """The source port of this round."""
        return int(self._own_ports[self._round])

    def next(self, most: int) -> Probes | None:
        """Return the next pairs of this round that have not answered, *most* or fewer; None when there are no more."""
        while self._turn < len(self._order):
            last = min(self._turn + most, len(self._order))
            pairs = self._order.pairs(self._turn, last)
            silent = np.flatnonzero(self.states[pairs] == SILENT)
            if len(silent):
                return Probes(silent + self._turn, pairs[silent])
            self._turn = last
        return None

    def asking(self, pairs: Places, at: float) -> None:
        """Note that *pairs* are sent at wall-clock time *at*."""
        self._begun = self._begun or at
        self._sent[self._round, pairs] = at - self._begun

    def asked(self, probes: Probes, count: int) -> None:
        """Note that the first *count* of *probes* have had their turn."""
        if count:
            self._turn = max(self._turn, int(probes.turns[count - 1]) + 1)

    def knock(self, host: int) -> Probes:
        """Return one pair of *host* that has not answered, out of turn."""
        begin = host * len(self._ports)
        pair = begin + int(np.argmax(self.states[begin : begin + len(self._ports)] == SILENT))
        return Probes(np.array([-1]), np.array([pair]))

    def hosts(self, pairs: Places) -> Places:
        """Return the place of the host of each pair."""
        return pairs // len(self._ports)

    def ports(self, pairs: Places) -> NDArray[np.int64]:
        """Return the port of each pair."""
        return self._ports[pairs % len(self._ports)]

    def sequences(self, pairs: Places) -> NDArray[np.int64]:
        """Return the sequence number that each pair's SYN of this round bears."""
        sequences: NDArray[np.int64] = (
            self._host_words[self.hosts(pairs)] ^ self._port_words[self._round, pairs % len(self._ports)]
        )
        return sequences

    def settle(self, answers: Answers, closed: int = CLOSED) -> None:
        """Believe those of *answers*, to own ports of ours, that return what we sent to whom they come from.

        What has not the state open gets *closed*. A port keeps its first answer.
        """
        pairs, answers = self.genuine(answers)
        real = self.states[pairs] == SILENT
        pairs, answers = pairs[real], answers.where(real)
        pairs, first = np.unique(pairs, return_index=True)
        at, hosts = answers.at[first], self.hosts(pairs)
        sent = self._sent[self._rounds(answers.own_ports[first]), pairs]
        self.states[pairs] = np.where(answers.opens[first], OPEN, closed)
        self.seconds[pairs] = np.maximum(at - self._begun - sent, 0.0)
        np.subtract.at(self.missing, hosts, 1)
        np.maximum.at(self.heard, hosts, at)

    def genuine(self, answers: Answers) -> tuple[Places, Answers]:
        """Return those of *answers* that return what we sent to whom they come from, and their pairs before them."""
        hosts, rounds = self._register.places(answers.hosts), self._rounds(answers.own_ports)
        found = np.searchsorted(self._ports, answers.ports, sorter=self._by_port)
        ports = self._by_port[np.minimum(found, len(self._ports) - 1)]
        real = (hosts >= 0) & (self._ports[ports] == answers.ports)
        expected = self._host_words[hosts] ^ self._port_words[rounds, ports]
        real &= (answers.acknowledged - 1) & 0xFFFFFFFF == expected
        return (hosts * len(self._ports) + ports)[real], answers.where(real)

    def finish(self, host: int, state: int) -> None:
        """Ask *host* no more: its silent ports get *state*."""
        own = self.states[host * len(self._ports) : (host + 1) * len(self._ports)]
        own[own == SILENT] = state
        self.missing[host] = 0

    def _rounds(self, own_ports: NDArray[np.int64]) -> Places:
        rounds: Places = np.argmax(self._own_ports[:, None] == own_ports, axis=0)
        return rounds


def _words(count: int) -> NDArray[np.int64]:
    """Return so many random words of 32 bits that nobody can guess."""
    return np.frombuffer(secrets.token_bytes(4 * count), np.uint32).astype(np.int64)
