"""In which order a sweep meets its pairs of host and port, without a list of them."""

from __future__ import annotations

import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

Places = NDArray[np.int64]


class LatinOrder:
    """Every pair once, every host once a pass, the ports of each host in an order of its own.

    Between two packets to one host lie all other hosts, so that the rate towards each is the rate of all divided by
    their number. Memory is that of hosts plus ports. Pairs are numbered `host * ports + port`.
    """

    def __init__(self, hosts: int, ports: int, seed: int) -> None:
        shuffler = default_rng(seed)
        self._hosts, self._ports = shuffler.permutation(hosts), shuffler.permutation(ports)
        self._offsets = shuffler.integers(0, ports, hosts)
        self._host_turns, self._port_turns = np.argsort(self._hosts), np.argsort(self._ports)
        self.hosts, self.ports = hosts, ports

    def __len__(self) -> int:
        return self.hosts * self.ports

    def pairs(self, first: int, last: int) -> Places:
        """Return the pairs met from turn *first* to before turn *last*."""
        turns = np.arange(first, last)
        host = self._hosts[turns % self.hosts]
        port = self._ports[(turns // self.hosts + self._offsets[host]) % self.ports]
        pairs: Places = host * self.ports + port
        return pairs

    def turns(self, pairs: Places) -> Places:
        """Return at which turns *pairs* are met."""
        host, port = pairs // self.ports, pairs % self.ports
        turns: Places = (self._port_turns[port] - self._offsets[host]) % self.ports * self.hosts + self._host_turns[
            host
        ]
        return turns
