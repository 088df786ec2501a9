"""One scan's memory: which pairs have been asked, what has been answered, and which answers are not made up."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from probes.target import Address
from probes.wire.packets.syn.answers import Answers
from probes.wire.packets.syn.frames import Octets, octets
from probes.wire.packets.syn.order import LatinOrder, Places
from probes.wire.packets.syn.siphash import Column, SipKey, siphash

SILENT, OPEN, CLOSED, UNREACHABLE, GIVEN_UP = range(5)
"""What a port has been found to be, as a number; silent until it answers, or is asked no more."""


@dataclass(frozen=True, slots=True, eq=False)
class Probes:
    """Pairs whose turn it is, in order, and the turns they have."""

    turns: Places
    pairs: Places


class Sweep:
    """Ports of hosts, each asked once a round until it answers. *own_ports* are ours, one for each round."""

    def __init__(self, hosts: Sequence[Address], ports: Sequence[int], own_ports: Sequence[int]) -> None:
        self._order = LatinOrder(len(hosts), len(ports), secrets.randbits(128))
        self._key, self._rounds = SipKey.draw(), {port: number for number, port in enumerate(own_ports)}
        self._octets, self._words = octets(hosts), _words(octets(hosts))
        self._ports, self._own_ports = np.array(ports, np.int64), list(own_ports)
        self.states = np.zeros(len(self._order), np.uint8)
        self.seconds = np.zeros(len(self._order), np.float32)
        self._sent = np.zeros((len(own_ports), len(self._order)), np.float64)
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
        return self._own_ports[self._round]

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

    def asked(self, probes: Probes, count: int, at: float) -> None:
        """Note that the first *count* of *probes* have been sent at wall-clock time *at*."""
        if count:
            self._sent[self._round, probes.pairs[:count]] = at
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
        high, low = self._words
        hosts = self.hosts(pairs)
        return self._mask(high[hosts], low[hosts], self.ports(pairs), np.full(len(pairs), self.own_port)) ^ pairs

    def settle(self, answers: Answers, closed: int = CLOSED) -> None:
        """Believe those of *answers*, to own ports of ours, that return what we sent to whom they come from.

        What has not the state open gets *closed*. A port keeps its first answer.
        """
        pairs, answers = self.genuine(answers)
        real = self.states[pairs] == SILENT
        pairs, answers = pairs[real], answers.where(real)
        pairs, first = np.unique(pairs, return_index=True)
        rounds = np.array([self._rounds[port] for port in answers.own_ports[first].tolist()], np.int64)
        at, hosts = answers.at[first], self.hosts(pairs)
        self.states[pairs] = np.where(answers.opens[first], OPEN, closed)
        self.seconds[pairs] = np.maximum(at - self._sent[rounds, pairs], 0.0)
        np.subtract.at(self.missing, hosts, 1)
        np.maximum.at(self.heard, hosts, at)

    def genuine(self, answers: Answers) -> tuple[Places, Answers]:
        """Return those of *answers* that return what we sent to whom they come from, and their pairs before them."""
        mask = self._mask(*_words(answers.hosts), answers.ports, answers.own_ports)
        pairs = ((answers.acknowledged - 1) & 0xFFFFFFFF) ^ mask
        real = pairs < len(self.states)
        pairs, answers = pairs[real], answers.where(real)
        hosts = self.hosts(pairs)
        real = (self._octets[hosts] == answers.hosts).all(axis=1) & (self.ports(pairs) == answers.ports)
        return pairs[real], answers.where(real)

    def finish(self, host: int, state: int) -> None:
        """Ask *host* no more: its silent ports get *state*."""
        own = self.states[host * len(self._ports) : (host + 1) * len(self._ports)]
        own[own == SILENT] = state
        self.missing[host] = 0

    def _mask(self, high: Column, low: Column, ports: Places, own_ports: Places) -> NDArray[np.int64]:
        word = (ports << 16 | own_ports).astype(np.uint64)
        return (siphash(self._key, high, low, word) & np.uint64(0xFFFFFFFF)).astype(np.int64)


def _words(hosts: Octets) -> tuple[Column, Column]:
    """Return addresses as two words each, IPv4 padded."""
    padded = np.zeros((len(hosts), 16), np.uint8)
    padded[:, : hosts.shape[1]] = hosts
    words = padded.view(np.uint64)
    return words[:, 0].copy(), words[:, 1].copy()
