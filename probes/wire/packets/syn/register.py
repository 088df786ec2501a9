"""Finding the place of an address among many, a column at a time."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from probes.target import Address
from probes.wire.packets.syn.frames import Octets, octets

_Keys = NDArray[np.uint64]


class Register:
    """The places of *hosts*, all of one family, none twice."""

    def __init__(self, hosts: Sequence[Address]) -> None:
        self._octets = octets(hosts)
        keys = self._draw()
        while len(np.unique(keys)) < len(
            keys
        ):  # two addresses with one key, which no choice of addresses can bring about
            keys = self._draw()
        self._order = np.argsort(keys)
        self._keys = keys[self._order]

    def places(self, hosts: Octets) -> NDArray[np.int64]:
        """Return the place of each address; -1 for a stranger."""
        at = np.minimum(np.searchsorted(self._keys, self._key(hosts)), len(self._keys) - 1)
        places = self._order[at]
        places[(self._octets[places] != hosts).any(axis=1)] = -1
        return places

    def _draw(self) -> _Keys:
        self._factors = np.frombuffer(secrets.token_bytes(16), np.uint64) | np.uint64(1)
        return self._key(self._octets)

    def _key(self, hosts: Octets) -> _Keys:
        padded = np.zeros((len(hosts), 16), np.uint8)
        padded[:, : hosts.shape[1]] = hosts
        words = padded.view(np.uint64) * self._factors
        return words[:, 0] + words[:, 1]
